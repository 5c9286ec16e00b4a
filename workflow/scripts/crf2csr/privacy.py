"""What a delivered page shows of dates and ages: days from an origin of each subject, and bands of years.

The floors below keep what was collected. Where ``privacy`` of the study's page says ``dates: days`` (a case report
does unless it says otherwise), everything that a page would embed or print passes here first: rows of every floor
down to the cells of the raw export, facts, displays, queries. A date that can be read becomes ``day 412``, a partial
one ``days 255 to 285``, one that cannot be read or belongs to nobody ``[date withheld]``. `guard` then searches what
was made for any date of a subject, in the usual ways of writing one, and refuses to deliver it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.errors import Cause

WITHHELD, NO_DATE = "[withheld]", "[date withheld]"
DESCRIBES = ("case report", "case series")
BAND = 5
_MONTH = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_LONG = rf"(?:{_MONTH})[A-Z]*"
YEAR = r"(?:19|20)\d{2}"
# What looks like a date in running text, longest shapes first. A year alone is none: results look like years.
DATE = re.compile(
    rf"(?<![0-9A-Za-z.])(?:{YEAR}年\d{{1,2}}月(?:\d{{1,2}}日)?"
    rf"|{YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:T\d{{2}}:\d{{2}}(?::\d{{2}})?)?|\d{{1,2}}[-/.]\d{{1,2}}[-/.]{YEAR}"
    rf"|\d{{1,2}}[-/. ]?{_LONG}[-/. ,]*{YEAR}|{_LONG}[. ]+\d{{1,2}}(?:st|nd|rd|th)?,? +{YEAR}|{_LONG}[-/. ,]*{YEAR}"
    rf"|{YEAR}[-/ ]?{_LONG}[-/ ]?\d{{1,2}}|{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"|{YEAR}[-/](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])/{YEAR})(?![0-9A-Za-z])",
    re.IGNORECASE,
)


def rule(page: dict[str, Any]) -> dict[str, Any] | None:
    """The rule in force for a study, completed by its defaults; None where dates are shown."""
    given = page.get("privacy")
    if given is None and page["study"].get("design") not in DESCRIBES:
        return None
    found = {"dates": "days", "origin": page.get("phases", {}).get("onset"), "words": "day", "age_band": BAND} | (
        given or {}
    )
    return None if found["dates"] == "shown" else found


def days_words(first: pd.Series, last: pd.Series, origin: pd.Series, word: str) -> pd.Series:
    """Say the days from the origin (day 1; no day 0) of periods of days; ``[date withheld]`` without an origin."""
    a, b = dates.study_day(first, origin), dates.study_day(last, origin)
    one = word + " " + a.astype("str")
    many = word + "s " + a.astype("str") + " to " + b.astype("str")
    said = one.where((a == b).fillna(False).astype(bool), many)
    return said.where(a.notna() & b.notna(), NO_DATE)


class Mask:
    """Replaces dates and ages, by subject.

    Parameters
    ----------
    about : dict
        The rule: ``origin`` (a variable of ADSL), ``words``, ``age_band``, ``withheld`` (form: fields).
    adsl : DataFrame
        Gives the origin of each USUBJID, and of each SUBJID.
    """

    def __init__(self, about: dict[str, Any], adsl: pd.DataFrame) -> None:
        if about["origin"] not in adsl:
            raise Cause(
                "is not a variable of ADSL", file="config/config.yaml", field="privacy.origin", value=about["origin"]
            )
        self.about, self.word = about, about["words"]
        self.origins: dict[str, int] = {}
        for name in ("USUBJID", "SUBJID"):
            if name in adsl:
                known = adsl[adsl[about["origin"]].notna()]
                self.origins |= dict(zip(known[name], known[about["origin"]].astype("int64"), strict=True))
        alone = adsl["USUBJID"].nunique() == 1
        self.sole = next(iter(self.origins.values()), None) if alone else None
        self._cache: dict[tuple[str, int | None], str] = {}

    def of(self, subjects: pd.Series | None, index: pd.Index) -> pd.Series:
        """The origin of each row (Int64); the only one of the study where rows name no subject."""
        if subjects is None:
            return pd.Series(self.sole if self.sole is not None else pd.NA, index=index, dtype="Int64")
        return subjects.map(self.origins).astype("Int64")

    def text(self, text: str, origin: int | None = None) -> str:
        """One text with every date in it replaced."""
        key = (text, origin)
        if key not in self._cache:
            self._cache[key] = DATE.sub(lambda found: self._one(found.group(), origin), text)
        return self._cache[key]

    def _one(self, written: str, origin: int | None) -> str:
        plain = re.sub(r"(?<=\d)\.(?=\d)", "-", re.sub(r"T\d{2}:.*", "", written, flags=re.IGNORECASE))
        iso = dates.read_date(plain, "YYYY-MM-DD")[0]
        if not iso or origin is None:
            return NO_DATE
        return str(self.isos(pd.Series([iso], dtype="str"), pd.Series([origin], dtype="Int64")).iloc[0])

    def isos(self, iso: pd.Series, origin: pd.Series) -> pd.Series:
        """Cells that hold an ISO date, full or partial, as days; a blank stays blank."""
        span = dates.period(iso)
        said = days_words(span["first"], span["last"], origin, self.word)
        return said.where(iso.notna() & (iso.fillna("") != ""), iso)

    def texts(self, values: pd.Series, origin: pd.Series) -> pd.Series:
        """Free text: each distinct pair of text and origin is read once."""
        plain = values.astype(object)
        known = plain.notna()
        pairs = list(
            zip(plain[known].astype(str), origin[known].astype(object).where(origin[known].notna(), None), strict=True)
        )
        told = [self.text(text, None if at is None else int(at)) for text, at in pairs]
        out = plain.copy()
        out[known] = told
        return out.astype("str")

    def band(self, years: pd.Series) -> pd.Series:
        """Ages as bands of years, ``65-69``."""
        width = self.about["age_band"]
        number = pd.to_numeric(years, errors="coerce")
        low = (number // width * width).astype("Int64")
        said = low.astype("str") + "-" + (low + width - 1).astype("str")
        return said.where(
            low.notna(), pd.Series(WITHHELD, index=years.index).where(years.astype("str").fillna("") != "")
        )

    # ---- rows of the floors ----

    def adam(self, table: pd.DataFrame, variables: dict[str, Any]) -> pd.DataFrame:
        """Rows of an analysis data set; variables of the type date are whole days."""
        origin = self.of(table.get("USUBJID"), table.index)
        made = {}
        for name in table.columns:
            if name.startswith("BRTH"):
                made[name] = _hidden(table[name])
            elif is_day(name, table[name], variables):
                day = table[name].astype("Int64")
                made[name] = days_words(day, day, origin, self.word).where(day.notna()).astype("str")
            else:
                made[name] = self._plain(name, table[name], origin)
        return pd.DataFrame(made, index=table.index)

    def sdtm(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of a domain; variables that end in DTC are ISO 8601."""
        subjects = table.get("USUBJID", table.get("SUBJID"))
        origin = self.of(subjects, table.index)
        made = {}
        for name in table.columns:
            if name.startswith("BRTH"):
                made[name] = _hidden(table[name])
            elif name.endswith("DTC") or name in ("DATE", "DATAUSE"):
                made[name] = self.isos(table[name].astype("str"), origin)
            else:
                made[name] = self._plain(name, table[name], origin)
        return pd.DataFrame(made, index=table.index)

    def _plain(self, name: str, values: pd.Series, origin: pd.Series) -> pd.Series:
        if name == "AGE":
            return self.band(values)
        return values if pd.api.types.is_numeric_dtype(values) or name == "_REC" else self.texts(values, origin)

    def raw(self, table: pd.DataFrame, form: dict[str, Any] | None, hidden: dict[str, str]) -> pd.DataFrame:
        """Staged cells of a form; the contract says which fields are dates, ``hidden`` which are withheld or banded."""
        fields = {f.get("column") or n: (n, f) for n, f in (form or {"fields": {}})["fields"].items()}
        key = ((form or {}).get("keys") or {}).get("SUBJID", "SUBJID")
        origin = self.of(table.get(key), table.index)
        made = {}
        for name in table.columns:
            field, about = fields.get(name, (name, {}))
            if hidden.get(field) == "band":
                made[name] = self.band(table[name].where(table[name].astype("str") != "")).fillna("")
            elif hidden.get(field) == "withheld":
                made[name] = _hidden(table[name])
            elif about.get("type") in ("date", "pdate"):
                made[name] = self.cells(table[name], about.get("format", "YYYY-MM-DD"), origin)
            else:
                made[name] = self._plain("", table[name], origin)
        return pd.DataFrame(made, index=table.index)

    def cells(self, written: pd.Series, declared: str, origin: pd.Series) -> pd.Series:
        """Cells of a field of dates, as entered."""
        blank = written.fillna("").astype("str").str.strip() == ""
        return self.isos(dates.read_dates(written, declared)["iso"], origin).fillna(NO_DATE).where(~blank, written)


def is_day(name: str, values: pd.Series, variables: dict[str, Any]) -> bool:
    """Tell whether a variable of ADaM holds days: by its type, or by its name (DT) and whole numbers."""
    return variables.get(name, {}).get("type") == "date" or (
        name.endswith("DT") and pd.api.types.is_integer_dtype(values)
    )


def _hidden(values: pd.Series) -> pd.Series:
    filled = values.notna() & (values.astype("str").fillna("").str.strip() != "")
    return pd.Series(WITHHELD, index=values.index, dtype="str").where(filled)


def hidden_fields(page: dict[str, Any], dm: dict[str, Any], about: dict[str, Any]) -> dict[str, dict[str, str]]:
    """For each form the fields that are withheld (date of birth, and those that the study names) or banded (age)."""
    found: dict[str, dict[str, str]] = {
        form: dict.fromkeys(names, "withheld") for form, names in about.get("withheld", {}).items()
    }
    if "birth" in page["subjects"]:
        found.setdefault(page["subjects"]["form"], {})[page["subjects"]["birth"]] = "withheld"
    for block in dm.get("records", []):
        for variable, how in (("BRTHDTC", "withheld"), ("AGE", "band")):
            given = block["set"].get(variable, {})
            for verb in ("date", "number", "assign"):
                if verb in given:
                    found.setdefault(given.get("of", block["form"]), {}).setdefault(given[verb], how)
    return found


def anywhere(value: Any, told: Callable[[str], str]) -> Any:
    """The same structure with ``told`` applied to each text in it."""
    if isinstance(value, str):
        return told(value)
    if isinstance(value, dict):
        return {key: anywhere(inner, told) for key, inner in value.items()}
    return [anywhere(inner, told) for inner in value] if isinstance(value, list) else value


# ---- the last look ----


def flat(value: Any) -> str:
    """All texts and numbers of a structure as one text; an escape such as a line feed's is a space, not a letter."""
    return re.sub(r"\\(?:[nrtbf]|u[0-9a-f]{4})", " ", json.dumps(value, ensure_ascii=False))


def written(days: Iterable[int]) -> set[str]:
    """Every usual way to write these days, folded: what `guard` looks for."""
    stamps = pd.to_datetime(pd.Series(sorted({int(d) for d in days}), dtype="int64"), unit="D")
    forms: tuple[str, ...] = (
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%d.%m.%Y",
        "%Y%m%d",
    )
    forms += ("%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%B %Y", "%b %Y", "%Y年%m月%d日")
    said = {text.upper() for form in forms for text in stamps.dt.strftime(form)}
    return said | {re.sub(r"(?<![0-9])0(?=[0-9])", "", text) for text in said}


def days_of(tables: dict[str, pd.DataFrame], adam: dict[str, Any], forms: dict[str, Any]) -> tuple[set[int], set[str]]:
    """All full days that the data of the subjects hold, and all partial dates in fields of dates, as entered."""
    days: set[int] = set()
    partial: set[str] = set()
    for name, table in tables.items():
        floor, _, stem = name.partition("/")
        if floor == "adam":
            typed = [
                v
                for v, about in adam.get(stem, {}).get("variables", {}).items()
                if about.get("type") == "date" and v in table
            ]
            days |= {int(d) for v in typed for d in table[v].dropna().unique()}
        elif floor == "sdtm":
            isos = [c for c in table if c.endswith("DTC")]
            days |= {int(d) for c in isos for d in dates.to_day(table[c].astype("str")).dropna().unique()}
        elif floor == "raw" and stem in forms:
            fields = forms[stem]["fields"].items()
            for column, about in ((f.get("column") or n, f) for n, f in fields if f["type"] in ("date", "pdate")):
                iso = dates.read_dates(table[column], about.get("format", "YYYY-MM-DD"))["iso"]
                days |= {int(d) for d in dates.to_day(iso).dropna().unique()}
                short = table[column][iso.notna() & ~dates.is_full(iso)].astype("str")
                partial |= {text.upper() for text in short.unique() if len(text) > 4}
    return days, partial


def guard(parts: dict[str, str], days: set[int], partial: set[str], allowed: Iterable[str]) -> None:
    """Refuse to deliver texts (by name) that hold a date of a subject; ``allowed`` are dates of the study itself."""
    sought = (written(days) | partial) - {text.upper() for text in allowed}
    for name, text in parts.items():
        for found in DATE.finditer(text):
            if re.sub(r"T\d{2}:.*", "", found.group().upper()) in sought:
                around = text[max(0, found.start() - 60) : found.end() + 20]
                raise Cause(
                    "dates are not to be shown, and a date of a subject would stand in the page",
                    file=name,
                    value=around,
                )
