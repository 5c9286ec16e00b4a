"""Excel workbooks: one sheet per form. What Excel may have changed while somebody typed is asked about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.raw import _numeric, _shown
from crf2csr.raw._csv import SUMMARY
from crf2csr.raw._staged import Told, check_names, chosen, tell, text_frame, unread
from crf2csr.raw._workbook import Cell, Sheet, Workbook, letters

OPTIONS = frozenset({"part", "labels"})
MESSAGES = {
    "date": "Excel made a date of what was typed into a field that is none.",
    "digits": "Excel keeps 15 digits and shows long numbers with an exponent: the text may have been another.",
    "year": "The date is shown without a year; the one that is stored was added by Excel and is not staged.",
    "month": "The date is shown to the month; the day that is stored was added by Excel and is not staged.",
    "no date": "The number is shown as a date and is none.",
    "error": "The cell holds an error of Excel.",
    "number": "Numbers in a text field: leading zeros, if there were any, are lost.",
    "truth": "Excel made a logical value of what was typed.",
    "formula": "The values come from formulas; those that were stored with the workbook are staged.",
}
SEVERITIES = {"number": "info", "formula": "info", "month": "minor", "truth": "minor"}
# Doubts that are told once for a column; the others are told cell by cell.
ONCE = ("number", "formula", "truth", "month")


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage one sheet of a workbook: names in the first row, one record per row.

    Parameters
    ----------
    content : bytes
        The file.
    entry : dict
        Its entry in the manifest: ``part`` (the sheet), ``labels`` (a row of labels ``above`` or ``below`` the names).
    file : str
        Its name, for messages.
    form : dict, optional
        The contract of the form: a number or a date in a field of text is asked about.

    Returns
    -------
    DataFrame
        Every column as text, dates and times in ISO 8601, and ``LINE``, the row.

    Raises
    ------
    Cause
        A formula without a stored value (sheet and cell are named), merged cells, a blank row among the records, a cell
        outside the named columns, a workbook that is damaged, encrypted or too large.
    """
    workbook = Workbook(content, file)
    name = chosen(entry, list(workbook.sheets), "sheet", file)
    sheet = workbook.read(name)
    if sheet.merged:
        raise Cause("cells are merged", file=file, field=f"{name}!{sheet.merged[0]}")
    header, labels, rows, aside = _rows(sheet, entry, file)
    told = unread(entry, list(workbook.sheets), "sheet") + _hidden(sheet)
    types = _types(form)
    cells: dict[str, list[str]] = {}
    for column, title in header.items():
        made = [_text(row.get(column), workbook.from_1904) for _, row in rows]
        cells[title] = [text for text, _ in made]
        doubts = [
            (line, text, _judged(doubt, row.get(column), types.get(title)))
            for (line, row), (text, doubt) in zip(rows, made, strict=True)
        ]
        told += _told(title, [(line, text, d) for line, text, found in doubts for d in found])
    frame = text_frame(cells, [line for line, _ in rows])
    frame.attrs["aside"] = aside
    if labels:
        frame.attrs["labels"] = labels
    return tell(frame, told)


def _rows(
    sheet: Sheet, entry: dict[str, Any], file: str
) -> tuple[dict[int, str], dict[str, str], list[tuple[int, dict[int, Cell]]], list[tuple[int, str]]]:
    """Names by column, labels by name, records by row, and lines below them that count them."""
    filled = {n: {c: cell for c, cell in row.items() if cell.text != ""} for n, row in sorted(sheet.rows.items())}
    filled = {n: row for n, row in filled.items() if row}
    named, labelled = {"above": (2, 1), "below": (1, 2)}.get(entry.get("labels", ""), (1, 0))
    if named not in filled:
        raise Cause("the row of names is empty", file=file, line=named, field=sheet.name)
    header = {column: cell.text for column, cell in sorted(filled[named].items())}
    check_names(list(header.values()), file, named)
    above = max(named, labelled)
    records = [(line, row) for line, row in filled.items() if line > above]
    aside: list[tuple[int, str]] = []
    while len(header) > 1 and records and len(records[-1][1]) == 1:
        (only,) = records[-1][1].values()
        if only.kind != "text" or not SUMMARY.fullmatch(only.text):
            break
        aside.insert(0, (records[-1][0], only.text))
        records.pop()
    expected = above
    for line, row in records:
        expected += 1
        if line != expected:
            raise Cause("a blank row stands among the records", file=file, line=expected, field=sheet.name)
        if stray := [column for column in row if column not in header]:
            where = f"{sheet.name}!{letters(stray[0])}{line}"
            raise Cause("a cell stands in a column without a name", file=file, line=line, field=where)
    labels = {title: filled.get(labelled, {})[c].text for c, title in header.items() if c in filled.get(labelled, {})}
    return header, labels, records, aside


def _text(cell: Cell | None, from_1904: bool) -> tuple[str, str]:
    """Text of a cell, and ``date`` or what else is to be said of it."""
    if cell is None or cell.kind == "text":
        return (cell.text if cell else ""), ""
    if cell.kind == "error":
        return cell.text, "error"
    if cell.kind == "truth":
        return {"1": "TRUE", "0": "FALSE"}.get(cell.text, cell.text), "truth"
    if cell.kind == "iso":
        return cell.text.removesuffix("T00:00:00"), "date"
    try:
        number = float(cell.text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not cell.text.isascii() or "_" in cell.text:
        return cell.text, "error"
    kinds = _shown.parts(cell.shown)
    if kinds and kinds != "e":
        text, doubt = _shown.moment(number, cell.shown, from_1904)
        return text, doubt or "date"
    text = _numeric.plain(number)
    digits = text.strip("-").replace(".", "").strip("0")
    return text, "digits" if kinds == "e" or len(digits) > 15 or abs(number) >= 1e11 else "number"


def _types(form: dict[str, Any] | None) -> dict[str, str]:
    """Column -> type of its field; the identifiers are text."""
    if form is None:
        return {}
    keys = form.get("keys") or {key: key for key in ("STUDYID", "SITEID", "SUBJID", "EVENT")}
    named = {column: "text" for key, column in keys.items() if key in ("STUDYID", "SITEID", "SUBJID", "EVENT")}
    return named | {field.get("column") or name: field["type"] for name, field in form["fields"].items()}


def _judged(doubt: str, cell: Cell | None, kind: str | None) -> list[str]:
    """The doubts that remain, given the type of the field (none where the contract does not know it)."""
    found = ["formula"] if cell is not None and cell.formula else []
    dated = kind in ("date", "pdate", "time")
    if doubt in ("error", "no date") or (doubt in ("year", "month") and dated):
        return [*found, doubt]
    if doubt in ("date", "year", "month") and kind is not None and not dated:
        return [*found, "date"]
    if doubt == "digits" and kind in ("text", "code", "multi"):
        return [*found, doubt]
    if doubt == "number" and kind == "text":
        return [*found, doubt]
    return [*found, doubt] if doubt == "truth" else found


def _told(column: str, doubts: list[tuple[int, str, str]]) -> Iterator[Told]:
    """The doubts of one column as queries."""
    for doubt in dict.fromkeys(d for _, _, d in doubts):
        mine = [(line, text) for line, text, d in doubts if d == doubt]
        severity = SEVERITIES.get(doubt, "major")
        for line, text in mine[:1] if doubt in ONCE else mine:
            message = MESSAGES[doubt] + (f" Cells: {len(mine)}." if doubt in ONCE else "")
            yield Told(line, "R-EXCEL", column, text, message, severity)


def _hidden(sheet: Sheet) -> list[Told]:
    """What a person who opens the workbook does not see; it is staged like the rest."""
    found = []
    if sheet.hidden:
        found.append((1, sheet.name, "The sheet is hidden; it is staged."))
    if sheet.hidden_rows:
        rows = ", ".join(str(row) for row in sheet.hidden_rows[:20])
        found.append((sheet.hidden_rows[0], rows, f"Rows are hidden ({len(sheet.hidden_rows)}); they are staged."))
    if sheet.hidden_columns:
        names = ", ".join(f"{letters(first)}:{letters(last)}" for first, last in sheet.hidden_columns)
        found.append((1, names, "Columns are hidden; they are staged."))
    told = [Told(line, "R-HIDDEN", "*", value, message, "minor") for line, value, message in found]
    if sheet.comments:
        told.append(Told(1, "R-COMMENT", "*", sheet.name, "The sheet has comments on cells; they are not staged."))
    return told
