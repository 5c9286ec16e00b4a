"""One cell against the contract of its field: type, codelist, bounds, shape of dates, presence.

Whatever is found is asked, with the text as entered; nothing is changed here. What can be read in one way only
is said as ``info``: the reader downstream reads it so.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr import dates, numbers
from crf2csr.populations import matches
from crf2csr.trace import queries

COMMA = re.compile(r"[+-]?\d+(?:[.,]\d+)*,\d+(?:\.\d+)?", re.ASCII)
WIDE = "The text is read as {}: other widths of characters or unseen marks are set aside."


def _foreign(text: str) -> bool:
    """Tell what a programming language would take for a number, not a form: ``1_000``, ``inf``, other digits."""
    if text.casefold().lstrip("+-") == "nan":
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def field_queries(rows: pd.DataFrame, name: str, field: dict[str, Any], codes: set[str] | None) -> pd.DataFrame:
    """Queries on the filled cells of one field.

    Parameters
    ----------
    rows : DataFrame
        Records as entered (canonical columns), with REC, SUBJID, EVENT.
    name, field : str, dict
        The field and its contract.
    codes : set of str, optional
        Words that a coded field may hold; without it any word goes.
    """
    text = rows[name].fillna("").astype("str")
    verdicts = {t: verdict(t, field, codes) for t in text.unique() if t.strip()}
    parts = []
    for found in sorted({v for v in verdicts.values() if v is not None}):
        rule, severity, message = found
        hit = text.isin([t for t, v in verdicts.items() if v == found])
        parts.append(queries(rows[hit], rule=rule, field=name, message=message, severity=severity))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def verdict(text: str, field: dict[str, Any], codes: set[str] | None) -> tuple[str, str, str] | None:
    """Rule, severity and message for one text as entered, or nothing where it is as the contract says."""
    kind = field["type"]
    if kind in ("date", "pdate"):
        return _date(text, field)
    if kind == "time":
        return _time(text)
    if kind in ("int", "num"):
        return _number(text, field)
    if kind in ("code", "multi") and codes is not None:
        return _code(text, kind, codes)
    return None


def _widths(text: str) -> bool:
    return dates.plain(text) != text.strip(" ")


def _date(text: str, field: dict[str, Any]) -> tuple[str, str, str] | None:
    declared = field.get("format", "YYYY-MM-DD")
    iso, status = dates.read_date(text, declared)
    if status == "other shape" and _widths(text) and dates.read_date(dates.plain(text), declared)[1] == "ok":
        return "P15", "info", WIDE.format(iso)
    if status == "partial" and field["type"] == "pdate" and dates.plain(text) == iso:
        return None  # a partial date is allowed here and stands as ISO 8601 writes it
    if status == "partial" and field["type"] == "pdate":
        return "P01", "info", f"The date is partial; it is tabulated as {iso} and never completed in SDTM."
    if status == "partial":
        return "P01", "minor", f"A full date is expected; it is tabulated as {iso}."
    if status == "unknown":
        return (
            "P01",
            "info" if field["type"] == "pdate" else "minor",
            "The date is wholly unknown; it is tabulated as missing.",
        )
    if status == "other shape":
        return "P02", "minor", f"The date is expected as {declared}; this shape has one reading, {iso}, which is used."
    if status in ("ambiguous", "unreadable"):
        return (
            "P02",
            "minor",
            f"The date is expected as {declared}; this has no single reading and is tabulated as missing.",
        )
    if status == "impossible":
        return "P03", "major", "There is no such day; the date is tabulated as missing."
    return None


def _time(text: str) -> tuple[str, str, str] | None:
    clean = dates.plain(text)
    if clean == "24:00":
        return "P04", "info", "24:00 is read as 00:00 of the next day."
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", clean, re.ASCII):
        return "P16", "minor", "A time is expected as HH:MM; it is tabulated as missing."
    return ("P15", "info", WIDE.format(clean)) if _widths(text) else None


def _number(text: str, field: dict[str, Any]) -> tuple[str, str, str] | None:
    declared = field.get("decimal", ".")
    clean = dates.tidy(text) if declared == "." else dates.tidy(text).translate(numbers.EXCHANGED)
    if re.fullmatch(numbers.NUMBER, clean):
        value = float(clean)
        lo, hi = field.get("lo"), field.get("hi")
        outside = (lo is not None and value < lo) or (hi is not None and value > hi)
        broken = field["type"] == "int" and value % 1 != 0
        if outside or broken:
            return _out_of_bounds(field, broken)
        return ("P15", "info", WIDE.format(clean)) if _widths(text) else None
    if COMMA.fullmatch(clean):
        return (
            "P14",
            "minor",
            "A comma stands in the number and none is declared for this export; it is tabulated as missing."
            if declared == "."
            else "A point stands in the number and a decimal comma is declared for it; it is tabulated as missing.",
        )
    if _foreign(clean):
        return "P17", "minor", "This is not a number as a form writes it; it is tabulated as missing."
    return "P16", "minor", "A number is expected; the text is kept and has no numeric value."


def _out_of_bounds(field: dict[str, Any], broken: bool) -> tuple[str, str, str]:
    """A score out of its range is no score; a measurement out of its range may be in another unit."""
    lo, hi = field.get("lo"), field.get("hi")
    span = f"{'' if lo is None else lo} to {'' if hi is None else hi}".strip()
    about = field.get("out_of_bounds", {})
    if "unit" in field:
        kind = "A whole number" if broken else "A value"
        said = f"{kind} of {span} {field['unit']} is expected; is the unit another one? It is kept as collected."
        return about.get("rule", "P12"), about.get("severity", "minor"), said
    said = (
        f"{'A whole number' if field['type'] == 'int' else 'A number'} of {span} is expected; it has no standard value."
    )
    return about.get("rule", "P32"), about.get("severity", "major"), said


def _code(text: str, kind: str, codes: set[str]) -> tuple[str, str, str] | None:
    if text.strip() in codes:
        return None
    clean = dates.plain(text)
    if clean in codes:
        return "P15", "info", WIDE.format(clean)
    parts = {part.strip() for part in clean.split("|") if part.strip()}
    if "|" in clean and parts <= codes:
        return None if kind == "multi" else ("P36", "info", "Several boxes are ticked where one is expected.")
    if re.fullmatch(numbers.NUMBER, clean):
        return "P32", "major", f"One of {', '.join(sorted(codes))} is expected; it has no standard value."
    return "R-CODE", "minor", "The word is not in the codelist of its field; it has no controlled term."


def missing(rows: pd.DataFrame, form: dict[str, Any]) -> pd.DataFrame:
    """Queries (R-REQUIRED) on blank cells that the contract wants filled in records that have an answer."""
    parts = [pd.DataFrame()]
    for name, field in form["fields"].items():
        if field.get("required") != "Y":
            continue
        blank = rows[name].fillna("").astype("str").str.strip() == ""
        blank &= matches(rows, field.get("asked"), source=f"config/crf/{form['name'].lower()}.yaml: {name}")
        parts.append(
            queries(
                rows[blank],
                rule="R-REQUIRED",
                field=name,
                severity="minor",
                message="The answer is required and missing.",
            )
        )
    return pd.concat(parts, ignore_index=True)


def off_calendar(rows: pd.DataFrame, form: dict[str, Any], cutoff: str | None, birth: pd.Series | None) -> pd.DataFrame:
    """Queries P05 on dates after the data cut-off or before birth (``birth``: last possible day of birth)."""
    parts = [pd.DataFrame()]
    for name, field in form["fields"].items():
        if field["type"] not in ("date", "pdate"):
            continue
        span = dates.period(dates.read_dates(rows[name], field.get("format", "YYYY-MM-DD"))["iso"])
        if cutoff:
            end = dates.to_day(pd.Series([cutoff], dtype="str")).iloc[0]
            late = (span["first"] > end).fillna(False).astype(bool)
            parts.append(
                queries(
                    rows[late],
                    rule="P05",
                    field=name,
                    severity="major",
                    message=f"The date is after the data cut-off, {cutoff}.",
                )
            )
        if birth is not None:
            early = (span["last"] < birth).fillna(False).astype(bool)
            parts.append(
                queries(
                    rows[early],
                    rule="P05",
                    field=name,
                    severity="major",
                    message="The date is before the subject was born.",
                )
            )
    return pd.concat(parts, ignore_index=True)


def labels(rows: pd.DataFrame, event: pd.Series) -> pd.DataFrame:
    """Queries P09 on visit labels: read as another word (info), or unknown (``event`` missing)."""
    unknown = event.isna()
    read = ~unknown & (event != rows["EVENT"])
    return pd.concat(
        [
            queries(
                rows[unknown],
                rule="P09",
                field="EVENT",
                severity="minor",
                message="The label names no visit of this study; the record is kept without a visit number.",
            ),
            queries(
                rows[read],
                rule="P09",
                field="EVENT",
                severity="info",
                message="The label is read as " + event[read] + ".",
            ),
        ],
        ignore_index=True,
    )
