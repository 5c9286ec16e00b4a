"""Corruptions of a whole file, and files delivered in another shape, beside those of ``synthetic.corrupt``.

``CHANGES`` maps a name to (form, function of bytes); ``DELIVERIES`` maps a name to a function of (folder, manifest,
entry, content) that writes files and changes the entry.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from synthetic.corrupt import _line as one_line

CHANGES: dict[str, tuple[str, Any]] = {}
DELIVERIES: dict[str, Any] = {}


def change(form: str):
    """Register a corruption of the file of a form."""

    def register(function):
        CHANGES[function.__name__] = (form, function)
        return function

    return register


def delivery(function):
    """Register another way to deliver a file."""
    DELIVERIES[function.__name__] = function
    return function


@change("VS")
def lone_returns(content: bytes) -> bytes:
    """Lines end in CR alone."""
    return content.replace(b"\n", b"\r")


@change("VS")
def pairs_of_line_ends(content: bytes) -> bytes:
    """Lines end in CR and LF."""
    return content.replace(b"\n", b"\r\n")


@change("VS")
def no_last_line_end(content: bytes) -> bytes:
    """The last line has no end."""
    return content.rstrip(b"\n")


@change("VS")
def cut_inside_a_record(content: bytes) -> bytes:
    """The file ends in the middle of its last record."""
    last = content.rstrip(b"\n").rpartition(b"\n")[2]
    return content[: len(content) - 1 - len(last) // 2]


@change("VS")
def cut_between_records(content: bytes) -> bytes:
    """The last forty records are missing, and the manifest still counts them."""
    return b"\n".join(content.split(b"\n")[:-41]) + b"\n"


@change("VS")
def header_only(content: bytes) -> bytes:
    """Nothing but the header, and the manifest still counts the records."""
    return content.partition(b"\n")[0] + b"\n"


@change("VS")
def nothing(content: bytes) -> bytes:
    """An empty file."""
    return content[:0]


@change("VS")
def header_in_lower_case(content: bytes) -> bytes:
    """All names of columns in lower case."""
    return one_line(content, 1, bytes.lower)


@change("VS")
def blank_behind_a_name(content: bytes) -> bytes:
    """A blank behind the name VSDAT."""
    return one_line(content, 1, lambda line: line.replace(b",VSDAT,", b",VSDAT ,"))


@change("VS")
def one_more_column(content: bytes) -> bytes:
    """A column that the contract does not know, at the end."""
    head, *rest = content.rstrip(b"\n").split(b"\n")
    return b"\n".join([head + b",VSNEW", *(line + b",1" for line in rest)]) + b"\n"


@change("VS")
def delimiter_at_the_end(content: bytes) -> bytes:
    """Every line ends in one more delimiter, the header too."""
    return content.replace(b"\n", b",\n")


@change("VS")
def columns_in_another_order(content: bytes) -> bytes:
    """SYSBP and DIABP change places, header and values alike."""
    lines = [line.split(b",") for line in content.rstrip(b"\n").split(b"\n")]
    a, b = lines[0].index(b"SYSBP"), lines[0].index(b"DIABP")
    for cells in lines:
        cells[a], cells[b] = cells[b], cells[a]
    return b"\n".join(b",".join(cells) for cells in lines) + b"\n"


@change("VS")
def header_in_the_middle(content: bytes) -> bytes:
    """Two exports one behind the other: the header stands again at line 100."""
    head = content.partition(b"\n")[0]
    return one_line(content, 100, lambda line: head + b"\n" + line)


@change("VS")
def marked_header_in_the_middle(content: bytes) -> bytes:
    """Two exports one behind the other, each with its byte order mark."""
    head = content.partition(b"\n")[0]
    return b"\xef\xbb\xbf" + one_line(content, 100, lambda line: b"\xef\xbb\xbf" + head + b"\n" + line)


@change("VS")
def mark_in_the_middle(content: bytes) -> bytes:
    """A byte order mark before the record at line 100."""
    return one_line(content, 100, lambda line: b"\xef\xbb\xbf" + line)


@change("AE")
def two_encodings(content: bytes) -> bytes:
    """One record with Chinese text (line 14) in GBK, all others in UTF-8."""
    return one_line(content, 14, lambda line: line.decode().encode("gbk") if not line.isascii() else line + b"\xc4\xe3")


@change("VS")
def semicolons(content: bytes) -> bytes:
    """Semicolons between the cells, and the manifest says commas."""
    return content.replace(b",", b";")


@change("VS")
def blank_line(content: bytes) -> bytes:
    """A blank line between two records."""
    return one_line(content, 20, lambda line: b"\n" + line)


@change("AE")
def an_archive(content: bytes) -> bytes:
    """A ZIP archive under the name of a CSV file, with a member that would leave the folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../AE.csv", content)
    return out.getvalue()


@delivery
def two_files(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """An older cut of the form lies beside the new one, and the manifest names both."""
    older = entry["name"].replace(".csv", "_20260901.csv")
    half = content[: content.rfind(b"\n", 0, len(content) // 2) + 1]
    (folder / older).write_bytes(half)
    manifest["files"].append({**entry, "name": older, "sha256": sha256(half).hexdigest()})


@delivery
def outside(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The manifest's file name climbs out of the folder."""
    (folder.parent / entry["name"]).write_bytes(content)
    entry["name"] = f"../{entry['name']}"


@delivery
def not_there(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The file that the manifest names was not delivered."""
    (folder / entry["name"]).unlink()


@delivery
def other_bytes(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The manifest was made for other bytes than the file has."""
    entry["sha256"] = "0" * 64


@delivery
def decimal_comma(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The export has a comma in every number and semicolons between cells, and the manifest says both."""
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    out = io.StringIO()
    write = csv.writer(out, delimiter=";", lineterminator="\n").writerow
    for cells in rows:
        write([re.sub(r"(?<=[0-9])\.(?=[0-9])", ",", cell) for cell in cells])
    _declared(folder, entry, out.getvalue().encode("utf-8"), delimiter=";", decimal=",")


@delivery
def comma_over_points(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The manifest declares a decimal comma and the numbers of the export have points."""
    _declared(folder, entry, content, decimal=",")


def _declared(folder: Path, entry: dict[str, Any], content: bytes, **keys: str) -> None:
    (folder / entry["name"]).write_bytes(content)
    entry.update(keys, sha256=sha256(content).hexdigest())


@delivery
def entities(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The form comes as an ODM document whose entities would expand to gigabytes (the billion laughs)."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY l0 "ha">{levels}]><ODM>&l9;</ODM>'
    _instead(folder, entry, "AE.xml", text.encode(), adapter="odm")


@delivery
def external_entity(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The form comes as an ODM document that asks for a file of the machine."""
    text = '<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/hostname">]><ODM>&x;</ODM>'
    _instead(folder, entry, "AE.xml", text.encode(), adapter="odm")


@delivery
def swollen_workbook(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The form comes as a workbook that would unpack to more than a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    # Only the directory is made to say so: the refusal must come before anything is unpacked.
    swollen = bytearray(out.getvalue())
    at = swollen.rfind(b"PK\x01\x02") + 24
    swollen[at : at + 4] = (3 << 30).to_bytes(4, "little")
    _instead(folder, entry, "AE.xlsx", bytes(swollen), adapter="xlsx")


@delivery
def formulas_without_values(folder: Path, manifest: dict[str, Any], entry: dict[str, Any], content: bytes) -> None:
    """The form comes as a workbook in which a formula has no stored value."""
    head = content.partition(b"\n")[0].decode().split(",")
    names = "".join(f'<c r="{_letters(n)}1" t="inlineStr"><is><t>{name}</t></is></c>' for n, name in enumerate(head, 1))
    cells = f'<row r="1">{names}</row><row r="2"><c r="A2"><f>1+1</f></c></row>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    kin = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = (
        f'<workbook xmlns="{main}" xmlns:r="{kin}"><sheets><sheet name="AE" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    ties = "http://schemas.openxmlformats.org/package/2006/relationships"
    tie = '<Relationships xmlns="{}"><Relationship Id="r1" Type="{}/{}" Target="{}"/></Relationships>'
    rel = tie.format(ties, kin, "worksheet", "worksheets/sheet1.xml")
    top = tie.format(ties, kin, "officeDocument", "xl/workbook.xml")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("_rels/.rels", top),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", rel),
            ("xl/worksheets/sheet1.xml", sheet),
        ):
            archive.writestr(name, text)
    _instead(folder, entry, "AE.xlsx", out.getvalue(), adapter="xlsx")


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _instead(folder: Path, entry: dict[str, Any], name: str, content: bytes, adapter: str) -> None:
    """Deliver another file in place of the form's."""
    (folder / name).write_bytes(content)
    entry.pop("delimiter", None)
    entry.update(name=name, adapter=adapter, sha256=sha256(content).hexdigest())
