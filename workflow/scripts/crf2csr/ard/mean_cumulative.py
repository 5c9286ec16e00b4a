"""Recurrent events: the mean number of events per subject by a day, with the robust variance.

Every subject is at risk from the first day to the end of its own follow-up and stays at risk after an event. Events
without a date, or dated outside the time at risk, do not enter the curve; their numbers are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Mean cumulative function of recurrent events",
    formulas={
        "": "M(t) = sum over days s up to t of d(s) / n(s); d events on the day, n subjects at risk",
        "mcf_se": "Square root of sum over subjects of (sum over s of Y(s) / n(s) (dN(s) - d(s) / n(s)))^2",
        "mcf_low": "M exp(-z se / M)",
        "mcf_high": "M exp(z se / M)",
    },
    references=("Nelson, J Qual Technol 1988;20:24", "Lawless and Nadeau, Technometrics 1995;37:158"),
    r={"": "survival::survfit(Surv(day - 1, day, event) ~ 1, id = USUBJID)$cumhaz"},
)


@dataclass
class Mean:
    """The curve at each distinct day of an event (1-d arrays of one length)."""

    day: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    mcf: np.ndarray
    se: np.ndarray


def curve(end: np.ndarray, subject: np.ndarray, day: np.ndarray) -> Mean:
    """Mean cumulative function.

    Parameters
    ----------
    end : array of float
        Last day at risk of each subject (day 1 is the first).
    subject, day : arrays
        Position of the subject in ``end`` and day of each event, 1 <= day <= end.
    """
    days, which = np.unique(np.asarray(day, dtype="float64"), return_inverse=True)
    ordered = np.sort(end)
    at_risk = len(ordered) - np.searchsorted(ordered, days, side="left").astype("float64")
    events = np.bincount(which, minlength=len(days)).astype("float64")
    rate = events / at_risk if len(days) else events
    # Influence of a subject: its own events over n, less the mean rate over the days that it was at risk.
    own = np.zeros((len(end), len(days)))
    np.add.at(own, (np.asarray(subject, dtype="int64"), which), 1.0)
    risk = end[:, None] >= days[None, :]
    influence = np.cumsum((own - risk * rate) * risk / at_risk, axis=1) if len(days) else own
    return Mean(days, at_risk, events, np.cumsum(rate), np.sqrt((influence**2).sum(axis=0)))


def at(made: Mean, day: float, level: float) -> tuple[float, float, float, float]:
    """M, its standard error and the log-scale interval at a day; the interval is undefined where M is 0."""
    position = int(np.searchsorted(made.day, day, side="right")) - 1
    if position < 0:
        return 0.0, 0.0, float("nan"), float("nan")
    mcf, se = float(made.mcf[position]), float(made.se[position])
    reach = np.exp(-float(ndtri((1 - level) / 2)) * se / mcf)
    return mcf, se, float(mcf / reach), float(mcf * reach)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the mean number of events per subject at each of ``grid`` (labels -> days), and the steps of the curve.

    Options: ``start`` and ``end``, dates of ADSL; ``date`` of the event; ``level``.
    """
    o = analysis.options
    start, end, date, level = o.get("start", "TRTSDT"), o["end"], o.get("date", "ASTDT"), o.get("level", 0.95)
    for name in (start, end):
        if name not in analysis.subjects:
            raise Cause("is not a variable of ADSL", file=analysis.place, field=name)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": date}
        length = (people[end] - people[start] + 1).astype("float64")
        mine, lost = people[length >= 1], people[~(length >= 1)]
        last = length[mine.index].to_numpy()
        position = pd.Series(np.arange(len(mine)), index=mine["USUBJID"])
        own = rows[among(rows["USUBJID"], mine["USUBJID"])]
        stray = rows.index[~among(rows["USUBJID"], mine["USUBJID"])]
        begin = own["USUBJID"].map(mine.set_index("USUBJID")[start])
        day = (own[date] - begin + 1).astype("float64")
        subject = own["USUBJID"].map(position)
        inside = (day >= 1) & (day <= subject.map(pd.Series(last)))
        everyone = facts.set_of("adsl", mine.index)
        facts.add("N", len(mine), "count", everyone, **about)
        facts.add("n_no_time", len(lost), "count", facts.set_of("adsl", lost.index), **about)
        facts.add("events_no_time", len(stray), "count", facts.set_of(about["dataset"], stray), **about)
        for name, some in (
            ("events", inside),
            ("n_undated", day.isna()),
            ("n_outside", day.notna() & ~inside),
        ):
            chosen = own.index[some]
            facts.add(name, len(chosen), "count", facts.set_of(about["dataset"], chosen), **about)
        made = curve(last, subject[inside].to_numpy("int64"), day[inside].to_numpy())
        for label, when in o.get("grid", {}).items():
            one = about | {"variable_level": str(label)}
            _point(facts, one, float(when), at(made, float(when), level), mine, last, everyone)
        _steps(facts, about, made, level, everyone)


def _point(
    facts: Facts,
    one: dict[str, Any],
    when: float,
    found: tuple[float, float, float, float],
    people: pd.DataFrame,
    last: np.ndarray,
    everyone: int,
) -> None:
    none = {"warning": "nobody was followed so long"} if not (last >= when).any() else {}
    followed = people.index[last >= when]
    facts.add("grid", when, "d0", None, **one)
    facts.add("at_risk", len(followed), "count", facts.set_of("adsl", followed), **one)
    for name, value in zip(("mcf", "mcf_se", "mcf_low", "mcf_high"), found, strict=True):
        facts.add(name, None if none else value, "d3" if name == "mcf_se" else "d2", everyone, **one, **none)


def _steps(facts: Facts, about: dict[str, Any], made: Mean, level: float, everyone: int) -> None:
    for day in made.day:
        one = about | {"group3": "step", "group3_level": f"{day:g}"}
        mcf, _, low, high = at(made, float(day), level)
        for name, value in (("time", float(day)), ("mcf", mcf), ("mcf_low", low), ("mcf_high", high)):
            facts.add(f"step_{name}", value, "d0" if name == "time" else "d2", everyone, **one)
