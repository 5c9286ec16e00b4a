"""Class R problems: an export that must be refused. Each function writes a corrupted copy of an export folder.

They never live in data/raw. `corrupt(name, source, target)` calls one by its name;
`seal=False` leaves the manifest's sha256
as it was, for a test of the fingerprint itself.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import yaml

CORRUPTIONS: dict = {}


def corruption(problem: int, form: str):
    """Register a function of (text of the file as bytes) -> bytes as a corruption of one form's file."""

    def register(function):
        CORRUPTIONS[function.__name__] = (problem, form, function)
        return function

    return register


def corrupt(name: str, source, target, seal: bool = True) -> Path:
    """Copy `source` to `target` with one corruption; the path of the file that is wrong."""
    _, form, function = CORRUPTIONS[name]
    target = Path(target)
    shutil.copytree(source, target)
    path = target / f"{form}.csv"
    path.write_bytes(function(path.read_bytes()))
    if seal:
        reseal(target)
    return path


def second_file(source, target, form: str = "VS", seal: bool = True) -> Path:
    """Problem 8: an older cut of a form lies beside the new one, and the manifest names both."""
    target = Path(target)
    shutil.copytree(source, target)
    older = target / f"{form}_20260901.csv"
    lines = (target / f"{form}.csv").read_bytes().splitlines(keepends=True)
    older.write_bytes(b"".join(lines[: len(lines) // 2]))
    manifest = _manifest(target)
    entry = next(file for file in manifest["files"] if file["name"] == f"{form}.csv")
    manifest["files"].append({**entry, "name": older.name, "rows": max(0, len(lines) // 2 - 1)})
    _save(target, manifest)
    if seal:
        reseal(target)
    return older


def reseal(folder) -> None:
    """Recompute every sha256 of the manifest."""
    folder = Path(folder)
    manifest = _manifest(folder)
    for file in manifest["files"]:
        file["sha256"] = hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()
    _save(folder, manifest)


def _manifest(folder: Path) -> dict:
    return yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))


def _save(folder: Path, manifest: dict) -> None:
    text = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=200)
    (folder / "manifest.yaml").write_bytes(text.encode())


def _line(content: bytes, number: int, change) -> bytes:
    """Change one physical line (header = 1)."""
    lines = content.split(b"\n")
    lines[number - 1] = change(lines[number - 1])
    return b"\n".join(lines)


@corruption(18, "AE")
def undecodable_byte(content: bytes) -> bytes:
    """A lone 0xFF in the third line."""
    return _line(content, 3, lambda line: line + b"\xff")


@corruption(18, "CO")
def wrong_encoding(content: bytes) -> bytes:
    """The file declared GB18030 ends in half a character."""
    return _line(content, 2, lambda line: line + b"\x81")


@corruption(18, "DS")
def utf16(content: bytes) -> bytes:
    """A file declared UTF-8 that is UTF-16."""
    return content.decode().encode("utf-16")


@corruption(19, "VS")
def nul(content: bytes) -> bytes:
    """A NUL in the second line."""
    return _line(content, 2, lambda line: line.replace(b",", b",\x00", 1))


@corruption(19, "VS")
def ragged_row(content: bytes) -> bytes:
    """One field too many in the fifth line."""
    return _line(content, 5, lambda line: line + b",extra")


@corruption(19, "LB")
def short_row(content: bytes) -> bytes:
    """One field too few in the fifth line."""
    return _line(content, 5, lambda line: line.rsplit(b",", 1)[0])


@corruption(19, "CM")
def unbalanced_quote(content: bytes) -> bytes:
    """A quote that is opened in the fourth line and never closed."""
    return _line(content, 4, lambda line: line.rsplit(b",", 1)[0] + b',"N')


@corruption(19, "DA")
def total_line(content: bytes) -> bytes:
    """A summary line at the end."""
    rows = content.count(b"\n") - 1
    return content + b"Total records: %d\n" % rows


@corruption(19, "SU")
def separator_line(content: bytes) -> bytes:
    """A spreadsheet's `sep=` line before the header."""
    return b"sep=,\n" + content


@corruption(22, "VS")
def duplicate_column(content: bytes) -> bytes:
    """WEIGHT twice."""
    header = content.split(b"\n", 1)[0].split(b",")
    at = header.index(b"HEIGHT")
    return _line(content, 1, lambda line: b",".join([*header[:at], b"WEIGHT", *header[at + 1 :]]))


@corruption(22, "PGA")
def missing_column(content: bytes) -> bytes:
    """PGASC, a required column without quoted neighbours, taken out."""
    lines = content.rstrip(b"\n").split(b"\n")
    at = lines[0].split(b",").index(b"PGASC")
    kept = [b",".join(cell for k, cell in enumerate(line.split(b",")) if k != at) for line in lines]
    return b"\n".join(kept) + b"\n"


@corruption(22, "PGA")
def renamed_column(content: bytes) -> bytes:
    """PGASC renamed to PGASCORE."""
    return _line(content, 1, lambda line: line.replace(b"PGASC,", b"PGASCORE,"))


@corruption(22, "NRS")
def label_row(content: bytes) -> bytes:
    """A row of labels as second header."""
    header, rest = content.split(b"\n", 1)
    labels = b",".join(b"label of " + name for name in header.split(b","))
    return header + b"\n" + labels + b"\n" + rest


@corruption(23, "DM")
def damaged_subject(content: bytes) -> bytes:
    """A subject id of DM as a spreadsheet leaves it."""
    return _line(content, 2, lambda line: line.replace(b"01-0001", b"1-Jan").replace(b"01-0002", b"1-Jan"))


@corruption(23, "AE")
def damaged_subject_elsewhere(content: bytes) -> bytes:
    """The leading zeros of a subject id lost in AE."""
    return _line(content, 2, lambda line: line.replace(b",01-00", b",1-", 1))


@corruption(18, "DM")
def byte_order_mark(content: bytes) -> bytes:
    """A byte order mark before the header: to be stripped, not refused."""
    return b"\xef\xbb\xbf" + content
