"""Shift from the category at baseline to that after it; each subject stands in exactly one cell.

The row is the category at baseline, the column that after it (the worst or the last of several); who lacks one of
the two is in the row or column ``Missing``, who lacks both in their crossing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among, each, looked_up, per_value
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    share=False,  # a percentage is of its row
    name="Shift table",
    formulas={"": "Each subject stands once: category at baseline by category after it; % of the row"},
    references=(),
    r={"n": "table(baseline, after)"},
)

MISSING = "Missing"


def category(values: pd.Series) -> pd.Series:
    """Categories as text: grade 2 and 2.0 are ``2``; missing is ``Missing``."""
    if pd.api.types.is_numeric_dtype(values):
        return per_value(
            values, lambda v: v.astype("Int64").astype("str").where(v.notna()).astype("str").fillna(MISSING)
        )
    return values.astype("str").fillna(MISSING)


def pick(rows: pd.DataFrame, levels: list[str], how: str, severity: list[str], order: list[str]) -> pd.Series:
    """Return one category per USUBJID: the ``worst`` by severity (ascending), or the ``last`` by ``order``.

    A known category wins over a missing one.
    """
    known = rows[rows["CAT"] != MISSING]
    if how == "worst":
        rank = each(known["CAT"], {level: n for n, level in enumerate(severity)}.get, "float64")
        chosen = known.assign(RANK=rank).sort_values(["RANK", *order], kind="stable")
    else:
        chosen = known.sort_values(order, kind="stable")
    return chosen.groupby("USUBJID")["CAT"].last()


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n and row percentage for each cell, and the totals.

    Options: ``levels`` in order; ``baseline`` and ``post``, conditions on the rows; ``pick`` worst or last, for
    ``worst`` the ``severity`` (levels, mildest first); ``order`` of records in time. A percentage is of the
    subjects of its row who have a category after baseline. ``records_unused`` counts the records of neither.
    """
    o, variable = analysis.options, analysis.spec.get("variable", "ANRIND")
    levels = [str(level) for level in o["levels"]]
    severity, how = [str(level) for level in o.get("severity", levels)], o.get("pick", "last")
    if how not in ("worst", "last") or sorted(severity) != sorted(levels):
        raise Cause("`pick` is worst or last, and `severity` names every level once", file=analysis.place, value=how)
    order = o.get("order", ["ADT", "ASEQ"])
    for where, rows, people in analysis.groups():
        rows = rows.assign(CAT=category(rows[variable]))
        strange = set(rows["CAT"].unique()) - {*levels, MISSING}
        if strange:
            raise Cause(
                "rows hold a category that the analysis does not list",
                file=analysis.place,
                field=variable,
                value=sorted(strange)[0],
            )
        needed = list(dict.fromkeys(["USUBJID", "CAT", *order]))  # a selection copies every column that it keeps
        before = rows.loc[matches(rows, o["baseline"], source=analysis.place), needed]
        after = rows.loc[matches(rows, o["post"], source=analysis.place), needed]
        person = people.assign(
            ROW=people["USUBJID"].map(pick(before, levels, "last", severity, order)).astype("str").fillna(MISSING),
            COLUMN=people["USUBJID"].map(pick(after, levels, how, severity, order)).astype("str").fillna(MISSING),
        )
        _cells(
            analysis,
            analysis.common() | where | {"variable": variable},
            pd.concat([before, after]),
            person,
            levels,
            facts,
        )
    _unused(analysis, facts)


def _unused(analysis: Analysis, facts: Facts) -> None:
    """Count, per arm, the records that are neither at baseline nor after it: no date, or not to be analysed."""
    o, rows = analysis.options, analysis.rows
    used = matches(rows, o["baseline"], source=analysis.place) | matches(rows, o["post"], source=analysis.place)
    for arm in analysis.arms:
        people = analysis.subjects[analysis.subjects[analysis.arm_variable] == arm]
        left = rows[~used & among(rows["USUBJID"], people["USUBJID"])]
        members = facts.set_of(analysis.spec["dataset"], left.index)
        facts.add("records_unused", len(left), "count", members, **analysis.common(), group1_level=arm)


def _cells(
    analysis: Analysis, about: dict[str, Any], rows: pd.DataFrame, person: pd.DataFrame, levels: list[str], facts: Facts
) -> None:
    facts.add("N", len(person), "count", facts.set_of("adsl", person.index), **about)
    shared = {k: v for k, v in about.items() if k not in ("group3", "group3_level")}
    members = _members(analysis, facts, rows, person)
    before, after = person["ROW"].to_numpy(dtype=object), person["COLUMN"].to_numpy(dtype=object)
    for first in [*levels, MISSING, "Total"]:
        inside = np.ones(len(person), dtype=bool) if first == "Total" else before == first
        assessed = int((inside & (after != MISSING)).sum())
        for then in [*levels, MISSING, "Total"]:
            cell = inside if then == "Total" else inside & (after == then)
            one = shared | {"group3": "Baseline", "group3_level": first, "variable_level": then}
            found = members(cell)
            facts.add("n", int(cell.sum()), "count", found, **one)
            if then in levels and first != "Total":
                facts.add("p", int(cell.sum()) / assessed if assessed else None, "percent", found, **one)


def _members(analysis: Analysis, facts: Facts, rows: pd.DataFrame, person: pd.DataFrame) -> Callable[[np.ndarray], int]:
    """Return what gives the set for a choice of subjects: their rows where each has one, else themselves.

    The way from subject to rows is laid once, since a shift table asks for it in every cell.
    """
    place = pd.Series(np.arange(len(person)), index=person["USUBJID"])
    # In the order of the data set, so that no choice of them must be sorted again.
    index, first = np.unique(rows.index.to_numpy(dtype="int64"), return_index=True)
    owner = looked_up(rows["USUBJID"].iloc[first], place).to_numpy(dtype="int64")
    people = person.index.to_numpy(dtype="int64")
    has_row = np.zeros(len(person), dtype=bool)
    has_row[owner] = True

    def chosen(cell: np.ndarray) -> int:
        if has_row[cell].all():
            return facts.set_of(analysis.spec["dataset"], index[cell[owner]])
        return facts.set_of("adsl", people[cell])

    return chosen
