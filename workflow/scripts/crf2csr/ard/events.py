"""Subjects with at least one event, and events, for each declared line.

A line is a condition on the rows. Rows whose tested variable is missing never meet a condition by accident:
a bound says what becomes of them (``missing: keep`` or ``drop``), and each line counts those that it could not judge.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.populations import matches

CARD = Card(
    name="Subjects and events by condition",
    formulas={
        "n": "Distinct subjects with at least one row that meets the condition",
        "events": "Rows that meet the condition",
        "p": "n / N",
    },
    references=(),
    r={"n": "length(unique(USUBJID[condition]))", "events": "sum(condition)"},
)


def unjudged(rows: pd.DataFrame, where: dict[str, Any] | None) -> pd.Series:
    """Tell which rows lack a value that a condition compares (a test for presence is not a comparison)."""
    lacking = pd.Series(False, index=rows.index)
    for variable, wanted in (where or {}).items():
        if variable == "any":
            for one in wanted:
                lacking |= unjudged(rows, one)
        elif not (isinstance(wanted, dict) and set(wanted) == {"present"}):
            lacking |= rows[variable].isna()
    return lacking


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, p, events and events_unknown for each of ``lines: [{id, where}]``; N is the arm's population.

    ``events_unknown`` counts rows that lack a value the line's condition needs, whatever their fate.
    """
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": "line"}
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        for line in analysis.options["lines"]:
            mine = rows[matches(rows, line.get("where"), source=analysis.place)]
            lost = rows[unjudged(rows, line.get("where"))]
            subjects, members = mine["USUBJID"].nunique(), facts.set_of(about["dataset"], mine.index)
            one = about | {"variable_level": line["id"]}
            facts.add("n", subjects, "count", members, **one)
            facts.add("p", subjects / len(people) if len(people) else None, "percent", members, **one)
            facts.add("events", len(mine), "count", members, **one)
            facts.add("events_unknown", len(lost), "count", facts.set_of(about["dataset"], lost.index), **one)
