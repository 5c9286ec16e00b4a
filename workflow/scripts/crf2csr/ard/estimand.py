"""Estimands: their attributes as declared, and the subjects whom each intercurrent event touches.

``about: estimands`` gives the attributes of every declared estimand, its strategy for each event and the number of
subjects in its population. ``about: events`` counts subjects by event and by strategy, those for whom it is the first
of all events, and on which side of a visit it falls.

Reference: ICH E9(R1) addendum on estimands, 2019.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.estimands import STRATEGIES
from crf2csr.populations import matches

CARD = Card(
    name="Estimands and intercurrent events",
    formulas={
        "": "As declared for the estimand",
        "N": "Subjects of the population",
        "n": "Distinct subjects with the event from the first dose on",
        "p": "n / N",
        "events": "Occurrences of the event",
        "n_first": "Subjects for whom it is the first event; of several on one day composite comes first",
        "n_by": "Subjects whose first such event is on or before the analysed visit, or its target day for want of one",
        "n_after": "Subjects whose first such event is later",
        "n_none": "N less the subjects with any event",
    },
    references=("ICH E9(R1), addendum on estimands and sensitivity analysis in clinical trials, 2019",),
    r={"n": "length(unique(USUBJID))", "p": "length(unique(USUBJID)) / N"},
)

ATTRIBUTES = ("label", "role", "sap", "treatment", "variable", "summary", "missing")
ANY = "any"


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the facts of the estimands, or of the events, as the option ``about`` says.

    For ``events`` the option ``strategies_of`` names the estimand by whose strategies they are grouped, ``day`` the
    target day of the visit, and ``beside: {visit: {dataset, where}}`` the analysed record of each subject.
    """
    declared = (analysis.page.get("estimands") or {}).get("estimands", [])
    events = {event["id"]: event["label"] for event in analysis.page.get("intercurrent_events", [])}
    about = analysis.options.get("about")
    if about == "estimands":
        _attributes(analysis, declared, events, facts)
    elif about == "events":
        _touched(analysis, declared, events, facts)
    else:
        raise Cause("`about` is estimands or events", file=analysis.place, field="about", value=about)


def _attributes(analysis: Analysis, declared: list[dict[str, Any]], events: dict[str, str], facts: Facts) -> None:
    for estimand in declared:
        about = analysis.common() | {"variable": "estimand", "variable_level": estimand["id"]}
        for name in ATTRIBUTES:
            if name in estimand:
                facts.add(name, None, "text", **about, stat_text=estimand[name])
        population = estimand["population"]
        facts.add("population", None, "text", **about, stat_text=population["words"])
        people = analysis.subjects[matches(analysis.subjects, {population["flag"]: "Y"}, source=analysis.place)]
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        for event, label in events.items():
            one = about | {"group2": "event", "group2_level": label}
            facts.add("strategy", None, "text", **one, stat_text=estimand["events"][event])


def _touched(analysis: Analysis, declared: list[dict[str, Any]], events: dict[str, str], facts: Facts) -> None:
    wanted = analysis.options.get("strategies_of")
    chosen = [estimand["events"] for estimand in declared if estimand["id"] == wanted]
    if not chosen:
        raise Cause(
            f"is not an estimand of the study; known: {', '.join(e['id'] for e in declared)}",
            file=analysis.place,
            field="strategies_of",
            value=wanted,
        )
    if "by" in analysis.spec:
        raise Cause("events are grouped by strategy and by nothing else", file=analysis.place, field="by")
    strategies, deadline = chosen[0], _deadline(analysis)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where
        rows = _marked(rows, strategies, deadline)
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about, variable="event")
        for strategy in (name for name in STRATEGIES if name in strategies.values()):
            group = about | {"group2": "strategy", "group2_level": strategy}
            all_of_it = group | {"variable": "strategy", "variable_level": strategy}
            _count(all_of_it, rows[rows["_STRATEGY"] == strategy], rows, people, facts)
            for event in (code for code in events if strategies[code] == strategy):
                one = group | {"group3": "event", "group3_level": events[event]}
                one |= {"variable": "event", "variable_level": event}
                _count(one, rows[rows["ICECD"] == event], rows, people, facts)
        every = about | {"variable": "strategy", "variable_level": ANY}
        _count(every, rows, rows, people, facts)
        free = people.index[~among(people["USUBJID"], rows["USUBJID"])]
        facts.add("n_none", len(free), "count", facts.set_of("adsl", free), **every)
        facts.add("p_none", len(free) / len(people) if len(people) else None, "percent", None, **every)


def _deadline(analysis: Analysis) -> pd.Series:
    """The day of each subject's analysed visit, its target day where there is none (days since 1970)."""
    if "visit" not in analysis.beside:
        raise Cause("events are set against a visit: name its records", file=analysis.place, field="beside.visit")
    if "day" not in analysis.options:
        raise Cause("events are set against a visit: name its target day", file=analysis.place, field="options.day")
    target = analysis.subjects.set_index("USUBJID")["TRTSDT"] + int(analysis.options["day"]) - 1
    seen = analysis.beside["visit"].drop_duplicates("USUBJID").set_index("USUBJID")["ADT"]
    day = seen.reindex(target.index).astype("Int64")
    return day.where(day.notna(), target.astype("Int64"))


def _marked(rows: pd.DataFrame, strategies: dict[str, str], deadline: pd.Series) -> pd.DataFrame:
    """Events in order, each with its strategy, whether it is the subject's first, and whether it is by the visit."""
    strategy = rows["ICECD"].map(strategies)
    rank = strategy.map({name: n for n, name in enumerate(STRATEGIES)})
    marked = rows.assign(
        _STRATEGY=strategy,
        _RANK=rank,
        _BY=(rows["ASTDT"] <= rows["USUBJID"].map(deadline).astype("Int64")).fillna(False).astype(bool),
    )
    marked = marked.sort_values(["ASTDT", "_RANK", "ASEQ"], kind="stable")
    return marked.assign(_FIRST=~marked["USUBJID"].duplicated())


def _count(about: dict[str, Any], rows: pd.DataFrame, every: pd.DataFrame, people: pd.DataFrame, facts: Facts) -> None:
    """Subjects and occurrences of one event, or of several taken together."""
    first = rows[~rows["USUBJID"].duplicated()]
    members = facts.set_of(about["dataset"], rows.index)
    facts.add("n", len(first), "count", members, **about)
    facts.add("p", len(first) / len(people) if len(people) else None, "percent", members, **about)
    facts.add("events", len(rows), "count", members, **about)
    for name, some in (
        ("n_first", every[every["_FIRST"] & every.index.isin(rows.index)]),
        ("n_by", first[first["_BY"]]),
        ("n_after", first[~first["_BY"]]),
    ):
        share = len(some) / len(people) if len(people) else None
        mine = facts.set_of(about["dataset"], some.index)
        facts.add(name, len(some), "count", mine, **about)
        facts.add(name.replace("n_", "p_"), share, "percent", mine, **about)
