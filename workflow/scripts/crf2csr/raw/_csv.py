"""Delimited text cut into cells: RFC 4180 to the letter, every line counted.

The places of quotes, line ends and delimiters are found at once over the whole file; from them come the line of
each record and every refusal. Only then are the cells cut.
"""

from __future__ import annotations

import io as memory
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.raw._staged import check_names
from crf2csr.raw._text import decode

# What an exporting program writes below the data, in a line of its own: a count of its records.
SUMMARY = re.compile(r"\W*(?:(?:(?:grand )?total|sum|number of)\b|合计|总计|共计).*", re.IGNORECASE)
WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
OPTIONS = frozenset({"delimiter", "separator_line", "labels"})
QUOTE, LF, CR = 34, 10, 13


class Layout:
    """Where the records of a text begin and end, and how many cells each has.

    Attributes
    ----------
    starts, ends : array of int
        Byte offsets of each record, without its line end.
    lines : array of int
        Physical line on which each record begins.
    cells : array of int
        Number of cells of each record.
    """

    def __init__(self, text: bytes, delimiter: int, file: str, first_line: int = 1) -> None:
        self.first_line = first_line
        self.bytes = np.frombuffer(text, dtype="uint8")
        self.file = file
        quotes = np.flatnonzero(self.bytes == QUOTE)
        feeds = np.flatnonzero(self.bytes == LF)
        if (returns := np.flatnonzero(self.bytes == CR)).size:
            paired = np.isin(returns + 1, feeds, assume_unique=True)
            # A pair of CR and LF is one line end; it is named by its LF.
            feeds = np.sort(np.concatenate([feeds, returns[~paired]]))
        if quotes.size:
            self._refuse_stray(quotes, delimiter, feeds)
        outer = self._outside(feeds, quotes)
        marks = self._outside(np.flatnonzero(self.bytes == delimiter), quotes)
        size = self.bytes.size
        self.starts = np.concatenate([[0], outer + 1])
        before = np.clip(outer - 1, 0, None)
        pair = (self.bytes[outer] == LF) & (self.bytes[before] == CR) & (outer > 0) if size else outer > 0
        self.ends = np.concatenate([outer - pair, [size]])
        if self.starts[-1] == size:
            self.starts, self.ends = self.starts[:-1], self.ends[:-1]
        self.lines = np.searchsorted(feeds, self.starts) + first_line
        self.cells = np.searchsorted(marks, self.ends) - np.searchsorted(marks, self.starts) + 1

    @staticmethod
    def _outside(places: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """The places that no pair of quotes encloses."""
        return places[np.searchsorted(quotes, places) % 2 == 0] if quotes.size else places

    def _refuse_stray(self, quotes: np.ndarray, delimiter: int, feeds: np.ndarray) -> None:
        """A quote is only allowed around a whole cell, or doubled inside one (RFC 4180, rules 5 to 7)."""
        before = np.where(quotes > 0, self.bytes[quotes - 1], LF)
        behind = np.where(quotes + 1 < self.bytes.size, self.bytes[(quotes + 1) % self.bytes.size], LF)
        # Every second quote closes. One before an opening quote or behind a closing one makes a doubled quote.
        beside = np.where(np.arange(quotes.size) % 2 == 0, before, behind)
        good = np.isin(beside, [delimiter, LF, CR, QUOTE])
        bad = quotes[~good]
        if quotes.size % 2:
            bad = np.append(bad, quotes[-1])
        if bad.size:
            line = int(np.searchsorted(feeds, bad[0])) + self.first_line
            rule = "a quote is unbalanced or stands inside an unquoted cell (RFC 4180)"
            raise Cause(rule, file=self.file, line=line)

    def text_of(self, record: int) -> str:
        """One record as it stands in the file."""
        return self.bytes[self.starts[record] : self.ends[record]].tobytes().decode("utf-8")


def delimiter_of(entry: dict[str, Any], file: str) -> str:
    """The declared delimiter: one ASCII character, or a word for it."""
    mark = entry.get("delimiter", ",")
    mark = WORDS.get(mark, mark)
    if len(mark) != 1 or not mark.isascii() or mark in '"\r\n\x00':
        raise Cause(
            f"is neither one ASCII character nor one of {sorted(WORDS)}", file=file, field="delimiter", value=mark
        )
    return str(mark)


def _separator_line(text: str, entry: dict[str, Any], delimiter: str, file: str) -> int:
    """Length of the line ``sep=;`` that a spreadsheet program reads and that is no data."""
    found = re.match(r"sep=(.?)[^\r\n]*(?:\r\n|\r|\n|\Z)", text, re.IGNORECASE)
    declared = entry.get("separator_line", False)
    if found is None:
        if declared:
            raise Cause("the declared `sep=` line is missing", file=file, line=1, field="separator_line")
        return 0
    if not declared:
        rule = "a `sep=` line stands before the header; declare `separator_line: true` and the delimiter"
        raise Cause(rule, file=file, line=1)
    if found.group(1) != delimiter or len(found.group().rstrip("\r\n")) != len("sep=") + 1:
        raise Cause("the `sep=` line names another delimiter", file=file, line=1, field="delimiter", value=delimiter)
    return found.end()


def read(content: bytes, entry: dict[str, Any], file: str) -> pd.DataFrame:
    """Read one delimited file.

    Parameters
    ----------
    content : bytes
        The file.
    entry : dict
        Its entry in the manifest: ``encoding``, ``delimiter``, ``separator_line``, ``labels`` (a row of labels
        ``above`` or ``below`` the row of names).
    file : str
        Its name, for messages.

    Returns
    -------
    DataFrame
        Every column as text, and ``LINE``, the physical line on which each record begins (the first line is 1).
        ``attrs["aside"]`` holds (line, text) of lines below the data that count its records;
        ``attrs["labels"]`` the row of labels, if any.

    Raises
    ------
    Cause
        Undecodable byte, NUL, unbalanced quote, ragged row, empty file, blank line, column that stands twice.
    """
    text = decode(content, entry["encoding"], file)
    delimiter = delimiter_of(entry, file)
    skipped = _separator_line(text, entry, delimiter, file)
    plain = text[skipped:].encode("utf-8")
    layout = Layout(plain, ord(delimiter), file, 2 if skipped else 1)
    lines = layout.lines
    if not lines.size:
        raise Cause("is empty: not even a header", file=file)
    width, last = int(layout.cells[0]), lines.size
    aside: list[tuple[int, str]] = []
    while width > 1 and last > 1 and layout.cells[last - 1] == 1 and SUMMARY.fullmatch(layout.text_of(last - 1)):
        last -= 1
        aside.insert(0, (int(lines[last]), layout.text_of(last)))
    ragged = (layout.cells[:last] != width) | (layout.starts[:last] == layout.ends[:last])
    if ragged.any():
        first = int(ragged.argmax())
        found = 0 if layout.starts[first] == layout.ends[first] else layout.cells[first]
        rule = f"ragged row: {found} cells where the header has {width}"
        raise Cause(rule, file=file, line=int(lines[first]))
    table = _cut(plain[: layout.ends[last - 1]], delimiter, width)
    return _frame(table, lines[:last], entry, file, aside)


def _cut(plain: bytes, delimiter: str, width: int) -> pa.Table:
    """All records, the header among them, as text (of what is in memory: no file is opened here)."""
    return read_csv(
        memory.BytesIO(plain),
        read_options=ReadOptions(
            use_threads=False,
            column_names=[str(n) for n in range(width)],
            block_size=min(max(len(plain) + 1, 1 << 20), (1 << 31) - 1),
        ),
        parse_options=ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False),
        convert_options=ConvertOptions(
            check_utf8=False,
            column_types={str(n): pa.string() for n in range(width)},
            strings_can_be_null=False,
        ),
    )


def _frame(
    table: pa.Table, lines: np.ndarray, entry: dict[str, Any], file: str, aside: list[tuple[int, str]]
) -> pd.DataFrame:
    """The records below the header, under its names."""
    where = {"above": (1, 0), "below": (0, 1)}.get(entry.get("labels", ""), (0, None))
    name_row, label_row = where
    above = 1 + max(where[0], where[1] or 0)
    if table.num_rows < above:
        raise Cause("the declared row of labels is missing", file=file, field="labels")
    header = [column[name_row].as_py() for column in table.columns]
    check_names(header, file, int(lines[name_row]))
    records = table.slice(above).rename_columns(header)
    frame = records.to_pandas(types_mapper={pa.string(): io.TEXT}.get, use_threads=False)
    frame.insert(0, "LINE", pd.Series(lines[above:], dtype="int64"))
    frame.attrs["aside"] = aside
    if label_row is not None:
        frame.attrs["labels"] = {n: c[label_row].as_py() for n, c in zip(header, table.columns, strict=True)}
    return frame
