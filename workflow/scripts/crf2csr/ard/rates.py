"""Exposure-adjusted incidence: subjects with an event per 100 patient-years, with the exact Poisson interval.

Time at risk of a subject runs from the first dose to its first event, or to the earliest of the declared ends,
both days counted; 365.25 days are a year. Reference: Garwood, Biometrika 1936;28:437.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import gammaincinv

from crf2csr import dates
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="Exposure-adjusted incidence rate",
    formulas={
        "": "100 x / T; x subjects with an event, T years at risk up to the first event or the end",
        "rate_low": "100 qgamma(a, x) / T, a = (1 - level) / 2; 0 where x = 0",
        "rate_high": "100 qgamma(1 - a, x + 1) / T",
    },
    references=("Garwood, Biometrika 1936;28:437",),
    r={"": "poisson.test(x, T)$conf.int * 100"},
)

DAYS_PER_YEAR = 365.25


def garwood(x: int, level: float) -> tuple[float, float]:
    """Exact interval of a Poisson count; the lower end at x = 0 is 0."""
    a = (1 - level) / 2
    return (0.0 if x == 0 else float(gammaincinv(x, a))), float(gammaincinv(x + 1, 1 - a))


def end_of_risk(people: pd.DataFrame, ends: dict[str, Any], page: dict[str, Any], source: str) -> pd.Series:
    """Return the earliest known end per subject, in days since 1970-01-01.

    ``ends`` maps a date variable of ADSL to days added (a number or the name of a setting), or ``cutoff`` to the
    setting ``study.cutoff``.
    """
    known: dict[str, pd.Series] = {}
    for name, plus in ends.items():
        if name == "cutoff":
            day = dates.to_day(pd.Series([page["study"]["cutoff"]], dtype="str")).iloc[0]
            known[name] = pd.Series(day, index=people.index, dtype="Int64")
        elif name in people:
            known[name] = people[name] + int(page[plus] if isinstance(plus, str) else plus)
        else:
            raise Cause("is not a date of ADSL that can end the time at risk", file=source, field=name)
    return pd.DataFrame(known, index=people.index).min(axis=1, skipna=True).astype("Int64")


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add, for each of ``lines``, n, years at risk, rate per 100 years and its exact interval.

    Facts on what could not be dated: ``n_undated`` subjects whose events have no date (at risk to the end),
    ``n_before`` subjects whose first event is dated before the first dose (at risk for one day), ``n_no_time``
    subjects without a first dose or an end (no time at risk; not in N), ``events_no_time`` the events of these.
    """
    o = analysis.options
    start, event_date, level = o.get("start", "TRTSDT"), o.get("date", "ASTDT"), o.get("level", 0.95)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": event_date}
        begin, end = people[start], end_of_risk(people, o["ends"], analysis.page, analysis.place)
        timed = (begin.notna() & end.notna() & (end >= begin).fillna(False)).astype(bool)
        lost, mine = people[~timed], people[timed]
        facts.add("N", len(mine), "count", facts.set_of("adsl", mine.index), **about)
        facts.add("n_no_time", len(lost), "count", facts.set_of("adsl", lost.index), **about)
        whole = (end - begin + 1)[timed].astype("float64")
        for line in o["lines"]:
            some = rows[matches(rows, line.get("where"), source=analysis.place)]
            at_risk = among(some["USUBJID"], mine["USUBJID"])
            one, stray = about | {"variable_level": line["id"]}, some.index[~at_risk]
            facts.add("events_no_time", len(stray), "count", facts.set_of(about["dataset"], stray), **one)
            _line(one, some[at_risk], mine, whole, begin, (event_date, level), facts)


def _line(
    about: dict[str, Any],
    had: pd.DataFrame,
    people: pd.DataFrame,
    whole: pd.Series,
    begin: pd.Series,
    how: tuple[str, float],
    facts: Facts,
) -> None:
    date, level = how
    first = people["USUBJID"].map(had.groupby("USUBJID")[date].min()).astype("Int64")
    has = among(people["USUBJID"], had["USUBJID"])
    undated, before = has & first.isna(), (first < begin[people.index]).fillna(False).astype(bool)
    to_event = (first - begin[people.index] + 1).clip(lower=1).astype("float64")
    days = whole.where(~(to_event < whole), to_event)
    x, years = int(has.sum()), float(days.sum()) / DAYS_PER_YEAR
    everyone, events = facts.set_of("adsl", people.index), facts.set_of(about["dataset"], had.index)
    facts.add("n", x, "count", events, **about)
    facts.add("events", len(had), "count", events, **about)
    facts.add("years", years, "d2", everyone, **about)
    facts.add("n_undated", int(undated.sum()), "count", facts.set_of("adsl", people.index[undated]), **about)
    facts.add("n_before", int(before.sum()), "count", facts.set_of("adsl", people.index[before]), **about)
    lower, upper = garwood(x, level)
    none = {"warning": "no time at risk"} if years == 0 else {}
    for name, value in (("rate", x), ("rate_low", lower), ("rate_high", upper)):
        facts.add(
            name, 100 * value / years if years else None, "d1", everyone, **about, unit="per 100 patient-years", **none
        )
