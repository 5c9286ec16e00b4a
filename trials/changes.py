"""Corrupt a copy of an export in the one way that a trial declares; nothing else in the folder changes.

A trial changes cells of one record (``at`` finds it, ``set``, ``add`` or ``drop`` says what becomes of it), or a whole
file by a function of ``synthetic.corrupt`` or ``trials.files`` (``file``), or the manifest (``manifest``).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from synthetic import corrupt
from trials import files

csv.field_size_limit(1 << 30)
PLACE = re.compile(r"\{(\w+)([+-]\d+)?\}")  # {FIELD} of the record as it was; {FIELD+7}: a date and so many days


@dataclass
class Change:
    """What was done: where, and the record as it was."""

    form: str
    file: str
    line: int | None = None
    cells: dict[str, tuple[str, str]] = field(default_factory=dict)  # field: (before, after)
    record: dict[str, str] = field(default_factory=dict)
    what: str = ""

    def words(self) -> str:
        """One line for a reader."""
        place = self.file + (f" line {self.line}" if self.line else "")
        cells = [f"{name} {_short(before)} -> {_short(after)}" for name, (before, after) in self.cells.items()]
        return f"{place}: {'; '.join([self.what] * bool(self.what) + cells)}"


def _short(text: str) -> str:
    seen = text.encode("unicode_escape").decode() if any(unicodedata.category(c)[0] == "C" for c in text) else text
    return repr(seen if len(seen) <= 60 else f"{seen[:40]}... ({len(text)} characters)")


@dataclass
class Export:
    """A folder of raw files with its manifest, and what is known of its persons."""

    folder: Path
    persons: dict[str, list[str]]  # treated, screened, any: subject numbers, the least burdened first
    planted: set[tuple[str, int]]  # (form, line) of records that have a problem already

    @classmethod
    def of(cls, folder: Path, truth: Path) -> Export:
        """Read which persons are free of planted problems."""
        rows = list(csv.DictReader((truth / "planted.csv").read_text(encoding="utf-8").splitlines()))
        load = Counter(row["subjid"] for row in rows)
        people = list(csv.DictReader((truth / "subjects.csv").read_text(encoding="utf-8").splitlines()))
        clean = [p for p in people if p["CLEAN"] == "Y" and not p["EARLIER_SUBJID"]]
        order = sorted(clean, key=lambda p: (load[p["SUBJID"]], p["SUBJID"]))
        persons = {
            "treated": [p["SUBJID"] for p in order if p["TREATED"] == "Y"],
            "screened": [p["SUBJID"] for p in people if p["SCREEN_FAILURE"] and not load[p["SUBJID"]] > 1],
        }
        persons["any"] = [p["SUBJID"] for p in people]
        return cls(folder, persons, {(row["form"], int(row["line"])) for row in rows})

    def manifest(self) -> dict[str, Any]:
        """The manifest as it is now."""
        return yaml.safe_load((self.folder / "manifest.yaml").read_text(encoding="utf-8"))

    def entry(self, form: str) -> dict[str, Any]:
        """The manifest's entry of a form."""
        return next(file for file in self.manifest()["files"] if file["form"] == form)

    def text(self, form: str) -> str:
        """A form's file, decoded as declared."""
        entry = self.entry(form)
        return (self.folder / entry["name"]).read_bytes().decode(entry["encoding"])

    def save(self, form: str, text: str) -> None:
        """Write a form's file in its declared encoding; the manifest counts its records anew."""
        entry = self.entry(form)
        _write(self.folder / entry["name"], text.encode(entry["encoding"]))
        manifest = self.manifest()
        counted = sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) - 1
        next(f for f in manifest["files"] if f["name"] == entry["name"])["rows"] = counted
        self.keep(manifest)

    def keep(self, manifest: dict[str, Any]) -> None:
        """Write the manifest."""
        _write(self.folder / "manifest.yaml", yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True).encode())


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # the folder may be made of links
    path.write_bytes(content)


def records(text: str) -> list[tuple[int, int, dict[str, str]]]:
    """First line, last line and cells of each record, read with Python's own reader."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(lines)
    out, before = [], lines.line_num
    for cells in lines:
        out.append((before + 1, lines.line_num, dict(zip(header, cells, strict=True))))
        before = lines.line_num
    return out


def fits(cells: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether a record is as wanted: ``*`` for something, patterns of a shell, a list of several."""
    for name, value in wanted.items():
        options = value if isinstance(value, list) else [value]
        if not any(cells[name] != "" if one == "*" else fnmatchcase(cells[name], str(one)) for one in options):
            return False
    return True


def find(export: Export, edit: dict[str, Any], subject: str | None) -> tuple[int, dict[str, str]]:
    """Line and cells of the record that an edit is about: of the least burdened person who has one."""
    form, wanted = edit["form"], edit.get("at", {})
    found = []
    for first, last, cells in records(export.text(form)):
        if first == last and (form, first) not in export.planted and fits(cells, wanted):
            found.append((first, cells))
    if "SUBJID" not in wanted and found and "SUBJID" in found[0][1]:
        allowed = [subject] if subject else export.persons[edit.get("who", "treated")]
        place = {person: n for n, person in enumerate(allowed)}
        found = sorted(((n, c) for n, c in found if c["SUBJID"] in place), key=lambda f: (place[f[1]["SUBJID"]], f[0]))
    if not found:
        raise LookupError(f"no record of {form} is {wanted}")
    return found[edit.get("nth", 0)]


def filled(text: str, cells: dict[str, str]) -> str:
    """A text with its places filled from a record."""

    def fill(match: re.Match[str]) -> str:
        value = cells[match.group(1)]
        days = match.group(2)
        return (date.fromisoformat(value[:10]) + timedelta(days=int(days))).isoformat() if days else value

    return PLACE.sub(fill, text)


def _new(name: str, told: Any, cells: dict[str, str]) -> str:
    """The text that a cell gets: a text with places, or one of the deeds."""
    if not isinstance(told, dict):
        return filled(str(told), cells)
    ((deed, how),) = told.items()
    value = cells[name]
    if deed == "times":
        return f"{float(value) * float(how):.3g}"
    if deed == "shape":
        return date.fromisoformat(value).strftime(how)
    if deed == "letters":  # so many of one letter
        return str(how[0]) * int(how[1])
    if deed == "wide":
        return value.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)})
    raise ValueError(f"no such deed: {deed}")


def line_of(cells: list[str]) -> str:
    """One record as RFC 4180 writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def edit(export: Export, told: dict[str, Any], subject: str | None = None) -> Change:
    """Change, add or drop one record of one form."""
    form = told["form"]
    line, cells = find(export, told, subject)
    text = export.text(form)
    # Only LF ends a line of these files; str.splitlines would also cut at others.
    lines = [part + "\n" for part in text.split("\n")[:-1]]
    change = Change(form, export.entry(form)["name"], line, record=cells)
    if told.get("drop"):
        lines.pop(line - 1)
        change.what = "record taken out"
    else:
        after = {name: _new(name, value, cells) for name, value in (told.get("set") or told.get("add") or {}).items()}
        change.cells = {name: (cells[name], value) for name, value in after.items()}
        made = line_of([after.get(name, value) for name, value in cells.items()])
        if "add" in told:
            lines.append(made)
            change.line, change.what = len("".join(lines[:-1]).split("\n")), "copy of a record added at the end"
        else:
            lines[line - 1] = made
    export.save(form, "".join(lines))
    return change


def apply(export: Export, trial: dict[str, Any]) -> Change:
    """Do what a trial says in the export's folder, and seal the manifest anew."""
    if "file" in trial:
        change = _file(export, trial)
    elif "manifest" in trial:
        return _manifest(export, trial)  # a delivery seals itself, or does not on purpose
    else:
        change = edit(export, trial)
        for more in trial.get("also", []):
            other = edit(export, more, change.record.get("SUBJID"))
            change.what = "; ".join(filter(None, [change.what, other.words()]))
    corrupt.reseal(export.folder)
    return change


def _file(export: Export, trial: dict[str, Any]) -> Change:
    """Corrupt a file as a whole."""
    known = {name: (form, function) for name, (_, form, function) in corrupt.CORRUPTIONS.items()} | files.CHANGES
    form, function = known[trial["file"]]
    form = trial.get("form", form)
    path = export.folder / export.entry(form)["name"]
    _write(path, function(path.read_bytes()))
    return Change(form, path.name, what=" ".join((function.__doc__ or "").split()))


def _manifest(export: Export, trial: dict[str, Any]) -> Change:
    """Change the entry of one form, or deliver its file in another shape."""
    form, manifest = trial["form"], export.manifest()
    entry = next(file for file in manifest["files"] if file["form"] == form)
    deed = files.DELIVERIES.get(trial["manifest"])
    if deed is None:
        raise ValueError(f"no such delivery: {trial['manifest']}")
    before = (export.folder / entry["name"]).read_bytes()
    deed(export.folder, manifest, entry, before)
    export.keep(manifest)
    return Change(form, "manifest.yaml", what=" ".join((deed.__doc__ or "").split()))
