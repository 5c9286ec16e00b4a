"""The verbs of ``config/checks.yaml``: what records must be to one another. Each returns the cells to ask about.

A check names its ``form``, one verb, the ``field`` that is asked, ``rule``, ``severity`` and ``message``; ``where``
narrows the records, ``unless: {of, where}`` leaves out persons who have such a record in another form. Verbs::

    never: {CMONGO: Y, CMENDAT: {present: true}}             this must not happen in one record
    order: {first: CMSTDAT, last: CMENDAT}                   two dates, either one {field, of, where, pick}
    exists: {of: ICF, where: {ICTYPE: MAIN}}                 the person has such a record in another form
    shared: {fields: [BRTHDAT, SEX]}                         no two persons have all of these in common
    in_force: {date: RFICDAT, from: {V1.0: '2026-01-01'}}    the version that was valid on that day
    factor: {by: [USUBJID], units: {jin: 2}}                 no multiple of the subject's own others
    supply: {date: DADAT, amount: DISPAMT, per_day: 1, least: 0.8}   what is handed out lasts to the next visit
    determines: {by: [DOMAIN, DECOD], fields: [SOC]}         the same key always has the same attributes
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches
from crf2csr.trace import queries

WHERE = "config/checks.yaml"
Asked = list[tuple[pd.DataFrame, str, pd.Series | str]]  # rows, the field asked, what is added to the message


@dataclass
class Records:
    """Screened records of the form under review, the contracts, and the other forms that checks may look at."""

    rows: pd.DataFrame
    crf: dict[str, Any]
    others: dict[str, pd.DataFrame]
    name: str = ""

    def about(self, name: str, form: str | None = None) -> dict[str, Any]:
        """Contract of a field."""
        return self.crf.get((form or self.name).lower(), {}).get("fields", {}).get(name, {})

    @cached_property
    def numeric(self) -> pd.DataFrame:
        """The rows with numbers as numbers, for conditions; what is no number is missing."""
        found = [n for n in self.rows if self.about(n).get("type") in ("int", "num")]
        return self.rows.assign(**{n: number(self.rows[n], self.about(n).get("decimal")) for n in found})


@dataclass
class Check:
    """One check, ready to run."""

    spec: dict[str, Any]
    records: Records
    rows: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Take the records that the check is about."""
        met = matches(self.records.numeric, self.spec.get("where"), source=WHERE)
        if "unless" in self.spec:
            about = self.spec["unless"]
            other = self.records.others[about["of"]]
            excepted = other.loc[matches(other, about.get("where"), source=WHERE), "USUBJID"]
            met &= ~among(self.records.rows["USUBJID"], excepted)
        self.rows = self.records.rows[met]

    def number(self, name: str) -> pd.Series:
        """The numbers of a field of these rows; what is no number is missing."""
        return number(self.rows[name], self.records.about(name).get("decimal"))

    def dates(self, end: Any) -> pd.DataFrame:
        """First and last day of a date of these rows, or of one picked from another form of the person."""
        if isinstance(end, str):
            declared = self.records.about(end).get("format", "YYYY-MM-DD")
            return dates.period(dates.read_dates(self.rows[end], declared)["iso"])
        other = self.records.others[end["of"]]
        other = other[matches(other, end.get("where"), source=WHERE)]
        declared = self.records.about(end["field"], end["of"]).get("format", "YYYY-MM-DD")
        span = dates.period(dates.read_dates(other[end["field"]], declared)["iso"]).assign(USUBJID=other["USUBJID"])
        span = span[span["first"].notna()].sort_values(["USUBJID", "first"], kind="stable")
        picked = span.groupby("USUBJID")
        one = (picked.tail(1) if end.get("pick", "first") == "last" else picked.head(1)).set_index("USUBJID")
        return one.reindex(self.rows["USUBJID"]).set_axis(self.rows.index)


def number(text: pd.Series, decimal: str | None = None) -> pd.Series:
    """Numbers as the floor reads them: one width of characters, plain decimals only, the mark that is declared."""
    clean = text.map({t: dates.tidy(t) for t in text.dropna().unique()})
    return numbers.to_number(numbers.pointed(clean, decimal))


def run(checks: list[dict[str, Any]], records: Records) -> list[pd.DataFrame]:
    """Queries of all checks of a form."""
    asked = []
    for spec in checks:
        verb = [name for name in VERBS if name in spec]
        if len(verb) != 1:
            raise Cause(
                f"a check has one verb of {', '.join(VERBS)}",
                file=WHERE,
                field=spec.get("form"),
                value=spec.get("message"),
            )
        check = Check(spec, records)
        for rows, name, more in VERBS[verb[0]](check, spec[verb[0]]):
            value = rows.get(name, "")
            asked.append(
                queries(
                    rows,
                    rule=spec["rule"],
                    field=name,
                    severity=spec["severity"],
                    value=value,
                    message=spec["message"] + more,
                )
            )
    return asked


def true(met: pd.Series) -> pd.Series:
    """A comparison with a missing value asks nothing: the missing value has its own query."""
    return met.fillna(False).astype(bool)


def _field(check: Check, otherwise: str | None = None) -> str:
    name = check.spec.get("field", otherwise)
    if name is None:
        raise Cause(
            "this check must name the field that is asked",
            file=WHERE,
            field=check.spec.get("form"),
            value=check.spec["message"],
        )
    return str(name)


def never(check: Check, condition: dict[str, Any]) -> Asked:
    """Rows that meet a condition which no row should."""
    view = check.records.numeric.loc[check.rows.index]
    return [(check.rows[matches(view, condition, source=WHERE)], _field(check), "")]


def order(check: Check, ends: dict[str, Any]) -> Asked:
    """Rows where the first date is later than the last on every day that the two can mean."""
    first, last = check.dates(ends["first"]), check.dates(ends["last"])
    wrong = true(first["first"] > last["last"])
    asked = _field(check, ends["last"] if isinstance(ends["last"], str) else None)
    other = first["first"] if asked == ends["last"] else last["last"]
    return [(check.rows[wrong], asked, " (" + dates.to_iso(other[wrong]) + ")")]


def exists(check: Check, wanted: dict[str, Any]) -> Asked:
    """Rows of persons who have no such record in the other form."""
    other = check.records.others[wanted["of"]]
    found = other.loc[matches(other, wanted.get("where"), source=WHERE), "USUBJID"]
    return [(check.rows[~among(check.rows["USUBJID"], found)], _field(check), "")]


def shared(check: Check, wanted: dict[str, Any]) -> Asked:
    """Rows of different persons that agree in all fields; dates must be full."""
    rows, full = check.rows, pd.Series(True, index=check.rows.index)
    for name in wanted["fields"]:
        about = check.records.about(name)
        if about.get("type") in ("date", "pdate"):
            full &= dates.is_full(dates.read_dates(rows[name], about.get("format", "YYYY-MM-DD"))["iso"])
        full &= rows[name].str.strip() != ""
    rows = rows[full]
    groups = [rows[name] for name in wanted["fields"]]
    twins = rows.groupby(groups)["USUBJID"].transform("nunique") > 1
    members = rows.groupby(groups)["SUBJID"].transform(lambda ids: ", ".join(sorted(set(ids))))
    return [(rows[twins], _field(check), " (" + members[twins] + ")")]


def in_force(check: Check, wanted: dict[str, Any]) -> Asked:
    """Rows whose version was not the one in force on their date."""
    begins = pd.Series(wanted["from"]).sort_values(kind="stable")
    days = dates.to_day(begins.astype("str")).astype("int64").to_numpy()
    day = check.dates(wanted["date"])
    known = day["first"].notna() & (day["first"] == day["last"])
    place = np.searchsorted(days, day["first"].fillna(0).astype("int64").to_numpy(), side="right") - 1
    due = pd.Series(
        np.where(place >= 0, begins.index.to_numpy()[np.maximum(place, 0)], ""), index=check.rows.index, dtype="str"
    )
    wrong = known & (check.rows[_field(check)].str.strip() != due)
    return [(check.rows[wrong], _field(check), " (" + due[wrong] + ")")]


def factor(check: Check, wanted: dict[str, Any]) -> Asked:
    """Values that are the subject's median times the factor of another unit, within the tolerance."""
    name = _field(check)
    value = check.number(name)
    group = [check.rows[k] for k in wanted["by"]]
    usual = value.groupby(group).transform("median")
    several = value.groupby(group).transform("count") >= wanted.get("at_least", 3)
    out: Asked = []
    for unit, times in wanted["units"].items():
        near = several & ((value / (usual * times) - 1).abs() <= wanted.get("tolerance", 0.05))
        out.append((check.rows[near], name, f" ({unit})"))
    return out


def supply(check: Check, wanted: dict[str, Any]) -> Asked:
    """Amounts handed out that cannot last to the person's next visit (``least``: share of the need that passes)."""
    table = (
        pd.DataFrame(
            {
                "who": check.rows["USUBJID"],
                "day": check.dates(wanted["date"])["first"].astype("float64"),
                "out": check.number(wanted["amount"]),
            }
        )
        .dropna(subset=["day"])
        .sort_values(["who", "day"], kind="stable")
    )
    days = table.groupby("who")["day"].shift(-1) - table["day"]
    short = true((table["out"] > 0) & (table["out"] < wanted["least"] * wanted["per_day"] * days))
    return [(check.rows.loc[table.index[short]], wanted["amount"], "")]


def determines(check: Check, wanted: dict[str, Any]) -> Asked:
    """Rows whose attributes are not those that most rows of the same key have."""
    rows, out = check.rows, []
    group = [rows[k] for k in wanted["by"]]
    for name in wanted["fields"]:
        votes = rows.groupby([*group, rows[name]])[name].transform("size")
        most = votes.groupby(group).transform("max")
        several = rows.groupby(group)[name].transform("nunique") > 1
        tied = votes.where(votes == most).groupby(group).transform("count") > most
        out.append(several & ((votes < most) | tied))
    wrong = pd.concat(out, axis=1).any(axis=1)
    return [(rows[wrong], _field(check), "")]


VERBS: dict[str, Callable[[Check, dict[str, Any]], Asked]] = {
    f.__name__: f for f in (never, order, exists, shared, in_force, factor, supply, determines)
}
