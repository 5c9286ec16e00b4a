"""Delimited text, read strictly: RFC 4180, declared encoding, every cell as entered, every line counted."""

from __future__ import annotations

import csv
import io as memory
import re
from typing import Any

import pandas as pd

from crf2csr.errors import Cause

# What an exporting program writes below the data, in a line of its own: a count of its records.
SUMMARY = re.compile(r"\W*(?:(?:(?:grand )?total|sum|number of)\b|合计|总计|共计).*", re.IGNORECASE)

csv.field_size_limit(2**31 - 1)


def decode(content: bytes, encoding: str, file: str) -> str:
    """Decode strictly; an undecodable byte is named by file, line and offset. A BOM is not data."""
    codec = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig"}.get(encoding.lower(), encoding)
    try:
        text = content.decode(codec, errors="strict")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        bad = content[error.start : error.end].hex(" ")
        raise Cause(f"byte {bad} at offset {error.start} is not {encoding}", file=file, line=line) from None
    except LookupError:
        raise Cause("is not an encoding that is known", file=file, field="encoding", value=encoding) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise Cause("a NUL character stands in the text", file=file, line=line)
    return text


def _refuse_stray_quotes(text: str, delimiter: str, file: str) -> None:
    """A quote is only allowed around a whole cell (RFC 4180, rules 5 to 7)."""
    mark = re.escape(delimiter)
    quoted = re.compile(rf'(?:^|(?<=[{mark}\n]))"(?:[^"]|"")*"(?=[{mark}\r\n]|\Z)')
    rest = quoted.sub(lambda match: "\n" * match.group().count("\n"), text)
    if '"' in rest:
        line = rest[: rest.index('"')].count("\n") + 1
        raise Cause("a quote is unbalanced or stands inside an unquoted cell (RFC 4180)", file=file, line=line)


def read(
    content: bytes, entry: dict[str, Any], file: str
) -> tuple[list[str], list[list[str]], list[int], list[tuple[int, str]]]:
    """Read one delimited file.

    Parameters
    ----------
    content : bytes
        The file.
    entry : dict
        Its entry in the manifest: ``encoding``, ``delimiter``.
    file : str
        Its name, for messages.

    Returns
    -------
    header : list of str
    rows : list of list of str
        One list per logical record, each as long as the header.
    lines : list of int
        Physical line on which each record begins (the header is line 1).
    aside : list of (int, str)
        Lines below the data that count its records: no records, but to be told.

    Raises
    ------
    Cause
        Undecodable byte, NUL, unbalanced quote, ragged row, empty file, blank line inside the data.
    """
    text = decode(content, entry["encoding"], file)
    delimiter = entry.get("delimiter", ",")
    if text.lower().startswith("sep="):
        raise Cause(
            "a `sep=` line stands before the header; declare the delimiter in the manifest instead", file=file, line=1
        )
    if '"' in text:
        _refuse_stray_quotes(text, delimiter, file)
    reader = csv.reader(memory.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    ends: list[int] = []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as error:
        raise Cause(f"is not RFC 4180 ({error})", file=file, line=reader.line_num) from None
    if not rows:
        raise Cause("is empty: not even a header", file=file)
    starts = [1, *(end + 1 for end in ends[:-1])]
    width = len(rows[0])
    aside: list[tuple[int, str]] = []
    while width > 1 and len(rows) > 1 and len(rows[-1]) == 1 and SUMMARY.fullmatch(rows[-1][0]):
        aside.insert(0, (starts.pop(), rows.pop()[0]))
    for row, line in zip(rows, starts, strict=True):
        if len(row) != width:
            raise Cause(f"ragged row: {len(row)} cells where the header has {width}", file=file, line=line)
    return rows[0], rows[1:], starts[1:], aside


def stage(content: bytes, entry: dict[str, Any], file: str) -> pd.DataFrame:
    """Stage a file without loss: its columns as text, and ``LINE``, the physical line of each record.

    Lines that count the records stand in ``attrs["aside"]``.
    """
    header, rows, lines, aside = read(content, entry, file)
    seen: set[str] = set()
    for name in header:
        if name in seen:
            raise Cause("this column stands twice", file=file, line=1, field=name)
        if name == "LINE":
            raise Cause("this name is reserved for the line of a record", file=file, line=1, field=name)
        seen.add(name)
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
    frame = pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in zip(header, columns, strict=True)})
    frame.insert(0, "LINE", pd.Series(lines, dtype="int64"))
    frame.attrs["aside"] = aside
    return frame
