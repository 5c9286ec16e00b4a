"""Subjects by level of a variable, with percentages.

A subject with several rows counts once in each level that it has. Who has no level is counted as missing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Subjects by level",
    formulas={"": "n = number of distinct subjects with the level; % = 100 n / N"},
    references=(),
    r={"n": "tapply(USUBJID, level, function(s) length(unique(s)))"},
)


def levels_of(values: pd.Series, declared: list[Any] | None, order: str) -> list[str]:
    """Return the levels: as declared with any other found at the end, else by ``frequency`` or ``alphabet``."""
    found = values.dropna().astype("str")
    counted = found.value_counts()
    ranked = (
        sorted(counted.index, key=lambda level: (-counted[level], level))
        if order == "frequency"
        else sorted(counted.index)
    )
    listed = [str(level) for level in declared or []]
    return listed + [level for level in ranked if level not in listed]


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add N, and n, p and events (rows) for each level; options ``levels``, ``order``, ``denominator``.

    ``denominator: population`` (default) takes every subject of the arm, ``observed`` those with a known level.
    """
    o = analysis.options
    basis, order = o.get("denominator", "population"), o.get("order", "alphabet")
    if basis not in ("population", "observed"):
        raise Cause("`denominator` is population or observed", file=analysis.place, value=basis)
    if order not in ("alphabet", "frequency"):
        raise Cause("`order` is alphabet or frequency", file=analysis.place, value=order)
    for variable in analysis.variables:
        if variable not in analysis.rows:
            raise Cause("is not a variable of these rows", file=analysis.place, field=variable)
        listed = o.get("levels", {}).get(variable)
        levels = levels_of(analysis.rows[variable], listed, order)
        for where, rows, people in analysis.groups():
            about = analysis.common() | where | {"variable": variable}
            _one(analysis, about, rows.assign(LEVEL=rows[variable].astype("str")), people, levels, basis, facts)


def _one(
    analysis: Analysis,
    about: dict[str, Any],
    rows: pd.DataFrame,
    people: pd.DataFrame,
    levels: list[str],
    basis: str,
    facts: Facts,
) -> None:
    known = rows[rows["LEVEL"].notna()]
    held = among(people["USUBJID"], known["USUBJID"])
    base = people if basis == "population" else people[held]
    facts.add("N", len(base), "count", facts.set_of("adsl", base.index), **about)
    for level in levels:
        mine = known[known["LEVEL"] == level]
        subjects = mine["USUBJID"].nunique()
        members = facts.set_of(about["dataset"], mine.index)
        none = {"warning": "no subject in the denominator"} if base.empty else {}
        facts.add("n", subjects, "count", members, **about, variable_level=level)
        facts.add(
            "p", subjects / len(base) if len(base) else None, "percent", members, **about, variable_level=level, **none
        )
        facts.add("events", len(mine), "count", members, **about, variable_level=level)
    unknown = rows.index[rows["LEVEL"].isna()]
    facts.add("events_missing", len(unknown), "count", facts.set_of(about["dataset"], unknown), **about)
    absent = people[~held]
    facts.add("n_missing", len(absent), "count", facts.set_of("adsl", absent.index), **about)
    if basis == "population":
        share = len(absent) / len(base) if len(base) else None
        facts.add("p_missing", share, "percent", facts.set_of("adsl", absent.index), **about)
