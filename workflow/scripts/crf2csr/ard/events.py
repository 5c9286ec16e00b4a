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


def unjudged(rows: pd.DataFrame, where: dict[str, Any] | None, source: str = "") -> pd.Series:
    """Tell which rows lack a value that decides the condition: neither met nor failed by what is known of them."""
    met, failed = _verdicts(rows, where, source)
    return ~met & ~failed


def _verdicts(rows: pd.DataFrame, where: dict[str, Any] | None, source: str) -> tuple[pd.Series, pd.Series]:
    """Rows that certainly meet a condition, and rows that certainly fail it; a test for presence always decides."""
    met, failed = pd.Series(True, index=rows.index), pd.Series(False, index=rows.index)
    for variable, wanted in (where or {}).items():
        if variable == "any":
            parts = [_verdicts(rows, one, source) for one in wanted]
            yes = pd.concat([part[0] for part in parts], axis=1).any(axis=1)
            no = pd.concat([part[1] for part in parts], axis=1).all(axis=1)
        else:
            yes = matches(rows, {variable: wanted}, source=source)
            presence = isinstance(wanted, dict) and set(wanted) == {"present"}
            blind = pd.Series(False, index=rows.index) if presence else rows[variable].isna()
            yes, no = yes & ~blind, ~yes & ~blind
        met, failed = met & yes, failed | no
    return met, failed


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, p, events and events_unknown for each of ``lines: [{id, where}]``; N is the arm's population.

    ``events_unknown`` counts rows that lack a value which would decide the line's condition, whatever their fate.
    """
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": "line"}
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        for line in analysis.options["lines"]:
            mine = rows[matches(rows, line.get("where"), source=analysis.place)]
            lost = rows[unjudged(rows, line.get("where"), analysis.place)]
            subjects, members = mine["USUBJID"].nunique(), facts.set_of(about["dataset"], mine.index)
            one = about | {"variable_level": line["id"]}
            facts.add("n", subjects, "count", members, **one)
            facts.add("p", subjects / len(people) if len(people) else None, "percent", members, **one)
            facts.add("events", len(mine), "count", members, **one)
            facts.add("events_unknown", len(lost), "count", facts.set_of(about["dataset"], lost.index), **one)
