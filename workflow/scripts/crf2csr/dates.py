"""Dates as collected become ISO 8601 with right truncation; dates as analysed become days.

A date is read by the shape that the contract declares for its column, then by an explicit table of shapes
that cannot be misread. The ambiguous and the impossible are refused, and day and month are never swapped.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crf2csr.columns import per_value

MONTHS = {
    m: i
    for i, m in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], start=1)
}
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"), "-")
UNKNOWN = r"(?:UN|UK|NK|UNK|XX|\?\?)"

# Shapes that a column may declare.
DECLARED = {
    "YYYY-MM-DD": r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})",
    "YYYY/MM/DD": r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    "MM/DD/YYYY": r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
    "DD/MM/YYYY": r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})",
    "MM-DD-YYYY": r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})",
    "DD-MON-YYYY": r"(?P<d>\d{1,2})-(?P<mon>[A-Z]{3})-(?P<y>\d{4})",
}
# Shapes that can only mean one thing: partial dates of the common EDC systems ...
PARTIAL = [
    r"(?P<y>\d{4})",
    r"(?P<y>\d{4})-(?P<m>\d{2})",
    r"(?P<y>\d{4})/(?P<m>\d{2})",
    r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])",
    rf"(?P<y>\d{{4}})-{UNKNOWN}(?:-{UNKNOWN})?",
    rf"(?P<y>\d{{4}})-(?P<m>\d{{2}})-{UNKNOWN}",
    rf"(?P<y>\d{{4}})-{UNKNOWN}-(?P<d>\d{{2}})",
    r"(?P<y>\d{4})---(?P<d>\d{2})",
    rf"{UNKNOWN}[-/ ]{UNKNOWN}[-/ ](?P<y>\d{{4}})",
    rf"{UNKNOWN}[-/ ](?P<mon>[A-Z]{{3}})[-/ ](?P<y>\d{{4}})",
    rf"{UNKNOWN}[-/ ](?P<m>\d{{2}})[-/ ](?P<y>\d{{4}})",
    rf"(?P<d>\d{{1,2}})[-/ ]{UNKNOWN}[-/ ](?P<y>\d{{4}})",
    r"(?P<y>\d{4})年(?:(?P<m>\d{1,2})月)?",
]
# ... and full dates in another shape than the declared one.
OTHER = [
    DECLARED["YYYY-MM-DD"],
    DECLARED["YYYY/MM/DD"],
    DECLARED["DD-MON-YYYY"],
    r"(?P<d>\d{1,2}) (?P<mon>[A-Z]{3}) (?P<y>\d{4})",
    r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日",
    r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})",
]
# Day and month in either order, which only one reading can survive where one of them is above 12 or both agree.
EITHER_ORDER = r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})"
AMBIGUOUS = r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
ALL_UNKNOWN = rf"{UNKNOWN}(?:[-/ ]{UNKNOWN})*"
STATUSES = ("blank", "ok", "partial", "unknown", "other shape", "ambiguous", "impossible", "unreadable")
# Marks that are written and not seen: zero-width characters, soft hyphen, byte order mark.
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\u00ad\ufeff"))


def plain(text: str) -> str:
    """NFKC, one kind of dash, nothing unseen, no blanks at the rim: for typed fields only, never for verbatim."""
    return unicodedata.normalize("NFKC", text).translate(DASHES).translate(UNSEEN).strip()


def tidy(text: str) -> str:
    """Capitals of the ``plain`` text."""
    return plain(text).upper()


def _assemble(match: re.Match[str]) -> str | None:
    """ISO text of the parts found, or None where no such day exists."""
    part = match.groupdict()
    year = int(part["y"])
    month = MONTHS.get(part["mon"]) if part.get("mon") else int(part["m"]) if part.get("m") else None
    if (part.get("mon") and month is None) or not 1900 <= year <= 2100:
        return None
    day = int(part["d"]) if part.get("d") else None
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    if month is None:
        return f"{year:04d}" if day is None else f"{year:04d}---{day:02d}"
    if day is None:
        return f"{year:04d}-{month:02d}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_date(text: str, declared: str) -> tuple[str, str]:
    """Return (ISO 8601 text or "", one of ``STATUSES``) for one date as entered.

    >>> read_date("20-UNK-2026", "YYYY-MM-DD")
    ('2026---20', 'partial')
    >>> read_date("03/05/2026", "YYYY-MM-DD")
    ('', 'ambiguous')
    """
    clean = tidy(text)
    if not clean:
        return "", "blank"
    as_entered = clean == text.strip().upper()
    tables = (([DECLARED[declared]], "ok"), (PARTIAL, "partial"), (OTHER, "other shape"))
    for shapes, status in tables:
        for shape in shapes:
            if match := re.fullmatch(shape, clean, re.ASCII):
                iso = _assemble(match)
                if iso is None:
                    return "", "impossible"
                return iso, status if as_entered or status != "ok" else "other shape"
    if re.fullmatch(ALL_UNKNOWN, clean, re.ASCII):
        return "", "unknown"
    if match := re.fullmatch(EITHER_ORDER, clean, re.ASCII):
        return _either_order(match)
    return "", "ambiguous" if re.fullmatch(AMBIGUOUS, clean, re.ASCII) else "unreadable"


def _either_order(match: re.Match[str]) -> tuple[str, str]:
    """Read day and month in the one order that gives a date; two different dates are ambiguous."""
    a, b, year = (int(part) for part in match.groups())
    found = set()
    for month, day in ((a, b), (b, a)):
        with suppress(ValueError):
            found.add(date(year, month, day).isoformat())
    if len(found) == 1 and 1900 <= year <= 2100:
        return found.pop(), "other shape"
    return "", "ambiguous" if found else "impossible"


def read_dates(text: pd.Series, declared: str) -> pd.DataFrame:
    """Read a column of dates; each distinct text is read once. Columns ``iso`` (NaN if none), ``status``."""

    def read(texts: pd.Series) -> pd.DataFrame:
        found = pd.DataFrame([read_date(one, declared) for one in texts], columns=["iso", "status"], dtype="str")
        return found.assign(iso=found["iso"].where(found["iso"] != ""))

    return per_value(text.fillna("").astype("str"), read)


def with_time(iso: pd.Series, time: pd.Series) -> pd.DataFrame:
    """Join full dates and times ``HH:MM``; ``24:00`` is 00:00 of the next day. Columns ``iso``, ``status``."""
    read = per_value(time.fillna("").astype("str"), _times)
    full = is_full(iso)
    timed, midnight = full & (read["status"] == "ok"), full & (read["status"] == "24:00")
    out = iso.where(~timed, iso + "T" + read["clean"])
    if midnight.any():
        out = out.where(~midnight, to_iso(to_day(iso) + 1) + "T00:00")
    return pd.DataFrame({"iso": out, "status": read["status"]})


def _times(time: pd.Series) -> pd.DataFrame:
    """Times without blanks at the rim, missing where there is none, and what is to be said of them."""
    clean = time.str.strip().replace("", np.nan)
    valid = clean.str.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]").fillna(False).astype(bool)
    midnight = (clean == "24:00").fillna(False).astype(bool)
    status = pd.Series("ok", index=time.index, dtype="str").where(clean.notna(), "blank")
    status = status.where(~midnight, "24:00").where(clean.isna() | valid | midnight, "unreadable")
    return pd.DataFrame({"clean": clean, "status": status})


def is_full(iso: pd.Series) -> pd.Series:
    """Tell which ISO texts name at least a full day."""
    return per_value(iso.astype("str"), lambda texts: texts.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool))


def to_day(iso: pd.Series) -> pd.Series:
    """Days since 1970-01-01 as ``Int64`` for full dates (a time is ignored), else missing."""
    return per_value(iso, _days)


def _days(iso: pd.Series) -> pd.Series:
    full = iso.astype("str").str.match(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool)
    days = pd.Series(pd.NA, index=iso.index, dtype="Int64")
    if full.any():
        stamps = pd.to_datetime(iso[full].astype("str").str.slice(0, 10), format="%Y-%m-%d")
        days[full] = stamps.to_numpy().astype("datetime64[D]").astype("int64")
    return days


def to_iso(days: pd.Series) -> pd.Series:
    """ISO dates for days since 1970-01-01; missing stays missing."""
    return per_value(days, _isos)


def _isos(days: pd.Series) -> pd.Series:
    out = pd.Series(np.nan, index=days.index, dtype="str")
    known = days.notna()
    if known.any():
        out[known] = np.datetime_as_string(days[known].to_numpy(dtype="int64").astype("datetime64[D]"))
    return out


def study_day(day: pd.Series, reference: pd.Series) -> pd.Series:
    """Study day: 1 on the reference date, -1 on the day before; there is no day 0."""
    difference = day.astype("Int64") - reference.astype("Int64")
    return difference + (difference >= 0).astype("Int64")


def period(iso: pd.Series) -> pd.DataFrame:
    """First and last day (``Int64``) of the period that a partial date names, and what is unknown.

    Columns ``first``, ``last``, ``unknown`` (``""`` full, ``D`` day, ``M`` month, ``Y`` all). A day known
    without its month (``2026---20``) names the whole year.
    """
    return per_value(iso.fillna("").astype("str"), _periods)


def _periods(isos: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame([_span(one) for one in isos], columns=["first", "last", "unknown"])
    return table.astype({"first": "Int64", "last": "Int64", "unknown": "str"})


def age_years(birth: pd.Series, at: pd.Series) -> pd.Series:
    """Whole years of age; a birth date known to the month or year is taken at the end of that period.

    Who was not yet born has no age.
    """
    born = to_iso(period(birth)["last"])
    full = is_full(at) & born.notna()
    b, a = born.where(full), at.where(full)
    years = per_value(a, _year) - per_value(b, _year)
    before_birthday = (a.str.slice(5, 10) < b.str.slice(5, 10)).fillna(False).astype("Int64")
    whole = (years - before_birthday).astype("Int64")
    return whole.where(whole >= 0)


def _year(iso: pd.Series) -> pd.Series:
    return iso.str.slice(0, 4).astype("Int64")


def _span(iso: str) -> tuple[int | None, int | None, str]:
    epoch = date(1970, 1, 1)
    if re.match(r"\d{4}-\d{2}-\d{2}", iso):
        day = (date.fromisoformat(iso[:10]) - epoch).days
        return day, day, ""
    if re.fullmatch(r"\d{4}-\d{2}", iso):
        first = date(int(iso[:4]), int(iso[5:]), 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return (first - epoch).days, (last - epoch).days, "D"
    if re.match(r"\d{4}", iso):
        year = int(iso[:4])
        return (date(year, 1, 1) - epoch).days, (date(year, 12, 31) - epoch).days, "M"
    return None, None, "Y"
