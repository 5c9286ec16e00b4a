"""Time to event by Kaplan-Meier: quartiles, landmarks, the risk table and the steps of the curve.

The interval is log-log (the default of SAS) unless ``conf_type`` says otherwise; a quantile is the middle of a flat
piece, its interval that of Brookmeyer and Crowley. Risk table: at risk on a day are those whose time is that day
or later; events and censorings are those before it, so the three add up to N.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _km
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_options, known_times
from crf2csr.columns import among

CARD = Card(
    name="Kaplan-Meier estimate",
    formulas={
        "": "S(t) = product over event times up to t of (1 - d / n), d events and n at risk",
        "cum": "1 - S(t)",
        "surv_se": "S(t) sqrt(sum d / (n (n - d)))  (Greenwood)",
        "surv_low": "S(t)^exp(z s), s = se(log S) / -log S  (log-log)",
        "median": "Time at which S passes 1/2; the middle of the piece where S is exactly 1/2",
        "q1": "Time at which S passes 3/4; the middle of a piece where S is exactly 3/4",
        "q3": "Time at which S passes 1/4; the middle of a piece where S is exactly 1/4",
        "median_low": "Where the upper pointwise limit passes 1/2",
        "median_high": "Where the lower pointwise limit passes 1/2",
    },
    references=(
        "Kaplan and Meier, JASA 1958;53:457",
        "Brookmeyer and Crowley, Biometrics 1982;38:29",
        "Kalbfleisch and Prentice 1980",
    ),
    r={
        "": "survival::survfit(Surv(AVAL, CNSR == 0) ~ 1, conf.type = 'log-log')",
        "median": "quantile(survival::survfit(Surv(AVAL, CNSR == 0) ~ 1, conf.type = 'log-log'), 0.5)",
    },
)

QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the estimates per arm. Options: ``conf_type``, ``level``, ``landmarks`` and ``grid`` (labels -> days)."""
    o = known_options(analysis, {"conf_type", "level", "landmarks", "grid"})
    kind, level = o.get("conf_type", "log-log"), o.get("level", 0.95)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": "AVAL"}
        known = known_times(rows, analysis.place)
        absent = people[~among(people["USUBJID"], known["USUBJID"])]
        event = known["CNSR"] == 0
        everyone = facts.set_of(about["dataset"], known.index)
        facts.add("N", len(known), "count", everyone, **about)
        facts.add("n_missing", len(absent), "count", facts.set_of("adsl", absent.index), **about)
        facts.add("events", int(event.sum()), "count", facts.set_of(about["dataset"], known.index[event]), **about)
        facts.add(
            "censored", int((~event).sum()), "count", facts.set_of(about["dataset"], known.index[~event]), **about
        )
        if "EVNTDESC" in known:
            for text, part in known.groupby("EVNTDESC", sort=True):
                facts.add(
                    "ended",
                    len(part),
                    "count",
                    facts.set_of(about["dataset"], part.index),
                    **about,
                    variable_level=str(text),
                )
        made = _km.curve(known["AVAL"].to_numpy("float64"), event.to_numpy(bool))
        for name, share in QUARTILES.items():
            for suffix, value in zip(("", "_low", "_high"), _km.quantile(made, share, kind, level), strict=True):
                facts.add(name + suffix, value, "d1", everyone, **about, unit="days")
        _other_defaults(facts, about, made, kind, level, everyone)
        for label, day in o.get("landmarks", {}).items():
            one = about | {"variable_level": str(label)}
            _landmark(facts, one, _km.at(made, day, kind, level), everyone)
            for other, said in _others(kind):
                _bounds(facts, one | {"context": said}, _km.at(made, day, other, level), everyone)
        for label, day in o.get("grid", {}).items():
            _risk(facts, about | {"variable_level": str(label)}, known, event, float(day))
        _steps(facts, about, made, known, event, kind, level)


def _others(kind: str) -> list[tuple[str, str]]:
    """Types of interval that are a default elsewhere, or the simplest, and what the card calls them."""
    named = {"log": "R default: log interval", "log-log": "SAS default: log-log interval", "plain": "plain interval"}
    return [(other, said) for other, said in named.items() if other != kind]


def _other_defaults(
    facts: Facts, about: dict[str, Any], made: _km.Curve, kind: str, level: float, members: int
) -> None:
    """What other defaults give for the quartiles."""
    for name, share in QUARTILES.items():
        for other, said in _others(kind):
            _, lower, upper = _km.quantile(made, share, other, level)
            for suffix, value in (("_low", lower), ("_high", upper)):
                facts.add(name + suffix, value, "d1", members, **about, unit="days", context=said)
        for said, value in (
            ("lifelines default: first time at or below, no middle of a flat piece", _km.earliest(made, share)),
            ("R default: a flat piece without end ends at the last follow-up", _km.to_the_end(made, share)),
        ):
            facts.add(name, value, "d1", members, **about, unit="days", context=said)


def _landmark(facts: Facts, one: dict[str, Any], estimate: tuple[float, float, float, float], members: int) -> None:
    surv, se, _, _ = estimate
    none = {"warning": "nobody was followed so long"} if np.isnan(surv) else {}
    facts.add("surv", surv, "percent", members, **one, **none)
    facts.add("surv_se", se, "percent_bound", members, **one, **none)
    facts.add("cum", 1 - surv, "percent", members, **one, **none)
    _bounds(facts, one | none, estimate, members)


def _bounds(facts: Facts, one: dict[str, Any], estimate: tuple[float, float, float, float], members: int) -> None:
    _, _, lower, upper = estimate
    facts.add("surv_low", lower, "percent_bound", members, **one)
    facts.add("surv_high", upper, "percent_bound", members, **one)
    facts.add("cum_low", 1 - upper, "percent_bound", members, **one)
    facts.add("cum_high", 1 - lower, "percent_bound", members, **one)


def _risk(facts: Facts, one: dict[str, Any], known: pd.DataFrame, event: pd.Series, day: float) -> None:
    before = known["AVAL"] < day
    facts.add("grid", day, "d0", None, **one)
    for name, chosen in (("at_risk", ~before), ("events_before", before & event), ("censored_before", before & ~event)):
        facts.add(name, int(chosen.sum()), "count", facts.set_of(one["dataset"], known.index[chosen]), **one)


def _steps(
    facts: Facts, about: dict[str, Any], made: _km.Curve, known: pd.DataFrame, event: pd.Series, kind: str, level: float
) -> None:
    """One group of facts per distinct time: what the figure draws."""
    lower, upper = _km.interval(made.surv, made.se_log, kind, level)
    for i, day in enumerate(made.time):
        one = about | {"group3": "step", "group3_level": f"{day:g}"}
        at_risk = facts.set_of(about["dataset"], known.index[known["AVAL"] >= day])
        now = known["AVAL"] == day
        facts.add("step_time", day, "d0", at_risk, **one)
        facts.add("step_surv", made.surv[i], "percent", at_risk, **one)
        facts.add("step_surv_low", lower[i], "percent_bound", at_risk, **one)
        facts.add("step_surv_high", upper[i], "percent_bound", at_risk, **one)
        facts.add("step_cum", 1 - made.surv[i], "percent", at_risk, **one)
        facts.add("step_cum_low", 1 - upper[i], "percent_bound", at_risk, **one)
        facts.add("step_cum_high", 1 - lower[i], "percent_bound", at_risk, **one)
        facts.add("step_at_risk", made.at_risk[i], "count", at_risk, **one)
        facts.add(
            "step_events", made.events[i], "count", facts.set_of(about["dataset"], known.index[now & event]), **one
        )
        facts.add(
            "step_censored", made.censored[i], "count", facts.set_of(about["dataset"], known.index[now & ~event]), **one
        )
