"""An Excel workbook (XLSX) as it lies in its archive: sheets, cells as stored, and how each is shown.

The parts of the archive are read in memory, each within a bound; nothing is unpacked to a disk.
Source: ECMA-376 part 1 (SpreadsheetML), sections 18.3 (cells), 18.8 (styles), 22.9.2.19 (escapes in strings).
"""

from __future__ import annotations

import io as memory
import posixpath
import re
import zipfile
from dataclasses import dataclass, field

from crf2csr.errors import Cause
from crf2csr.raw import _xml

# A workbook of raw data is megabytes; what declares to unpack to more than this is an attack or an accident.
LARGEST = 1 << 30
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(slots=True)
class Cell:
    """One cell: ``kind`` is ``text``, ``number``, ``truth``, ``error`` or ``iso``; ``shown`` its number format."""

    kind: str
    text: str
    shown: str
    formula: bool


@dataclass
class Sheet:
    """One sheet: cells by row and column (from 1), merged ranges, what is hidden, whether it has comments."""

    name: str
    hidden: bool
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    comments: bool = False


def letters(column: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


class Columns(dict[str, int]):
    """Number of the column of ``AB``; 0 for what is no column. Each is counted once."""

    def __missing__(self, name: str) -> int:
        """Count a column that was not seen before."""
        number = 0
        for letter in name if re.fullmatch("[A-Z]{1,3}", name) else "":
            number = number * 26 + ord(letter) - 64
        self[name] = number
        return number


class Workbook:
    """A workbook that is open in memory.

    Parameters
    ----------
    content : bytes
        The file.
    file : str
        Its name, for messages.

    Attributes
    ----------
    sheets : dict
        Name of each sheet of cells -> whether it is hidden, in the order of the workbook.
    from_1904 : bool
        Whether days are counted from 1904.

    Raises
    ------
    Cause
        Not a workbook, damaged, encrypted, or declared to unpack to more than ``LARGEST`` bytes.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        if content.startswith(b"\xd0\xcf\x11\xe0"):
            raise Cause("is encrypted or of the old format XLS; save it as XLSX without a password", file=file)
        try:
            self._archive = zipfile.ZipFile(memory.BytesIO(content))
            parts = self._archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise Cause(f"is not an XLSX workbook ({error})", file=file) from None
        if (size := sum(part.file_size for part in parts)) > LARGEST:
            raise Cause(f"would unpack to {size} bytes; more than {LARGEST} are refused", file=file)
        self._parts = {part.filename for part in parts}
        self.sheets: dict[str, bool] = {}
        self.from_1904 = False
        self._paths: dict[str, str] = {}
        self._main = (self._related("", "officeDocument") or ["xl/workbook.xml"])[0]
        self._read_main()
        self._formats: list[str] | None = None
        self._strings: list[str] | None = None

    def _part(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except Exception as error:  # a damaged archive raises errors of many kinds, those of the codecs among them
            raise Cause(f"a part of the workbook cannot be read ({error})", file=self.file, field=name) from None

    def _walk(self, name: str, start: _xml.Start, end: _xml.End) -> None:
        _xml.parse(self._part(name), "UTF-8", f"{self.file}!{name}", start, end)

    def _relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Id -> kind and path of what a part is related to."""
        folder, base = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{base}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, about: dict[str, str], _: int) -> None:
            if _xml.bare(tag) == "Relationship" and about.get("TargetMode") != "External":
                target = about.get("Target", "")
                full = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[about.get("Id", "")] = (about.get("Type", "").rsplit("/", 1)[-1], full)

        if path in self._parts:
            self._walk(path, start, _nothing)
        return found

    def _related(self, name: str, kind: str) -> list[str]:
        return [path for known, path in self._relations(name).values() if known == kind]

    def _read_main(self) -> None:
        relations = self._relations(self._main)

        def start(tag: str, about: dict[str, str], _: int) -> None:
            local = _xml.bare(tag)
            if local == "workbookPr":
                self.from_1904 = about.get("date1904") in ("1", "true")
            elif local == "sheet":
                link = next((value for name, value in about.items() if name.endswith(" id")), "")
                kind, path = relations.get(link, ("", ""))
                if kind == "worksheet":
                    name = about.get("name", "")
                    self.sheets[name] = about.get("state", "visible") != "visible"
                    self._paths[name] = path

        self._walk(self._main, start, _nothing)

    def _text_of(self) -> list[str]:
        """The strings that cells share."""
        if self._strings is None:
            self._strings = []
            for path in self._related(self._main, "sharedStrings"):
                collector = _Strings(self._strings)
                self._walk(path, collector.start, collector.end)
        return self._strings

    def _format_of(self) -> list[str]:
        """Number format of each style: its code, or ``#n`` for the built-in format n."""
        if self._formats is None:
            own: dict[str, str] = {}
            styles: list[str] = []
            path: list[str] = []

            def start(tag: str, about: dict[str, str], _: int) -> None:
                path.append(_xml.bare(tag))
                if path[-1] == "numFmt":
                    own[about.get("numFmtId", "")] = about.get("formatCode", "")
                elif path[-2:] == ["cellXfs", "xf"]:
                    styles.append(about.get("numFmtId", "0"))

            def end(tag: str, text: str) -> None:
                path.pop()

            for part in self._related(self._main, "styles"):
                self._walk(part, start, end)
            self._formats = [own.get(number, f"#{number}") for number in styles]
        return self._formats

    def read(self, name: str) -> Sheet:
        """Read one sheet."""
        sheet = Sheet(name, self.sheets[name])
        path = self._paths[name]
        sheet.comments = any("omment" in kind for kind, _ in self._relations(path).values())
        reader = _Cells(sheet, self._text_of(), self._format_of(), self.file)
        self._walk(path, reader.start, reader.end)
        return sheet


class _Strings:
    """Collects strings; what only tells how to pronounce them is left out."""

    def __init__(self, into: list[str]) -> None:
        self.into = into
        self.parts: list[str] = []
        self.aloud = 0

    def start(self, tag: str, _: dict[str, str], __: int) -> None:
        local = _xml.bare(tag)
        if local in ("si", "is"):
            self.parts = []
        self.aloud += local == "rPh"

    def end(self, tag: str, text: str) -> None:
        local = _xml.bare(tag)
        self.aloud -= local == "rPh"
        if local == "t" and not self.aloud:
            self.parts.append(text)
        elif local == "si":
            self.into.append(unescaped("".join(self.parts)))


KINDS = {"b": "truth", "e": "error", "d": "iso", "n": "number", "str": "text", "inlineStr": "text", "s": "text"}


class _Cells:
    """Collects the cells of a sheet."""

    def __init__(self, sheet: Sheet, strings: list[str], formats: list[str], file: str) -> None:
        self.sheet, self.strings, self.formats, self.file = sheet, strings, formats, file
        self.row = self.column = 0
        self.about: dict[str, str] = {}
        self.value: str | None = None
        self.formula = False
        self.inline = _Strings([])
        self.names, self.columns = _xml.Bare(), Columns()

    def start(self, tag: str, about: dict[str, str], line: int) -> None:
        local = self.names[tag]
        if local == "row":
            self.row = self._whole(about.get("r"), self.row + 1)
            self.column = 0
            if about.get("hidden") in ("1", "true"):
                self.sheet.hidden_rows.append(self.row)
        elif local == "c":
            if "r" in about:
                self.column = self.columns[about["r"].rstrip("0123456789")]
                if not self.column:
                    raise Cause("is no reference of a cell", file=self.file, field=self.sheet.name, value=about["r"])
            else:
                self.column += 1
            self.about, self.value, self.formula = about, None, False
        elif local == "f":
            self.formula = True
        elif local in ("is", "rPh"):
            self.inline.start(tag, about, line)
        elif local == "mergeCell":
            self.sheet.merged.append(about.get("ref", ""))
        elif local == "col" and about.get("hidden") in ("1", "true"):
            first = self._whole(about.get("min"), 1)
            self.sheet.hidden_columns.append((first, self._whole(about.get("max"), first)))

    def _of(self, known: list[str], place: str) -> str:
        """The shared string or the style that a cell refers to."""
        if not re.fullmatch("[0-9]{1,9}", place) or int(place) >= len(known):
            rule = "the cell refers to what the workbook does not have"
            raise Cause(rule, file=self.file, field=self._where(), value=place)
        return known[int(place)]

    def _where(self) -> str:
        return f"{self.sheet.name}!{letters(self.column)}{self.row}"

    def _whole(self, text: str | None, default: int) -> int:
        if text is None:
            return default
        if not re.fullmatch("[0-9]{1,7}", text):
            raise Cause("is no number of a row or column", file=self.file, field=self.sheet.name, value=text)
        return int(text)

    def end(self, tag: str, text: str) -> None:
        local = self.names[tag]
        if local == "v":
            self.value = text
        elif local == "c":
            self._close()
        elif local in ("t", "rPh"):
            self.inline.end(tag, text)
        elif local == "is":
            self.value = "".join(self.inline.parts)

    def _close(self) -> None:
        kind = self.about.get("t", "n")
        if kind not in KINDS:
            raise Cause("is no kind of a cell", file=self.file, field=self._where(), value=kind)
        if self.formula and (self.value is None or (self.value == "" and kind != "str")):
            rule = "a formula has no stored value; open the workbook in Excel, calculate and save it"
            raise Cause(rule, file=self.file, line=self.row, field=self._where())
        if self.value is None:
            return
        text = self.value
        if kind == "s":
            text = self._of(self.strings, text)
        shown = self._of(self.formats, self.about.get("s", "0")) if self.formats else "#0"
        if kind in ("str", "inlineStr"):
            text = unescaped(text)
        row = self.sheet.rows.setdefault(self.row, {})
        if self.column in row:
            raise Cause("the cell stands twice", file=self.file, field=self._where())
        row[self.column] = Cell(KINDS[kind], text, shown, self.formula)


def unescaped(text: str) -> str:
    """The text with ``_x000D_`` and its like put back into characters."""
    if "_x" not in text:
        return text
    return ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)


def _nothing(_: str, __: str) -> None:
    """For walks that need no end."""
