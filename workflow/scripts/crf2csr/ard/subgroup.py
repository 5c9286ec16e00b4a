"""Response in subgroups: n/N, proportion and exact interval at each level of many variables of ADSL.

A subject without a level stands in a level of its own, Missing. A variable that ``needs`` a level is left out when
fewer than ``min_subjects`` subjects have that level; it is named with their number. The number of looks is a fact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._binomial import INTERVALS
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._subjects import (
    as_text,
    known_keys,
    known_options,
    levels_of,
    of_adsl,
    own_options,
    responses,
    too_few,
)
from crf2csr.errors import Cause

CARD = Card(
    name="Proportion of responders in subgroups",
    formulas={
        "p": "x / n, among the subjects at the level",
        "clopper_pearson_low": "Beta quantile a of (x, n - x + 1); 0 where x = 0; a = (1 - level) / 2",
        "clopper_pearson_high": "Beta quantile 1 - a of (x + 1, n - x); 1 where x = n",
        "wilson": "Both roots p of |x/n - p| = z sqrt(p (1 - p) / n), z the exact normal quantile",
        "looks": "Number of subgroup variables with estimates",
        "subgroups": "Number of levels of these variables that any subject has",
        "too_few": "Number of subjects at the level that a variable needs, where it is below min_subjects",
    },
    references=("Clopper and Pearson, Biometrika 1934;26:404", "Wang et al., N Engl J Med 2007;357:2189"),
    r={
        "clopper_pearson": "binom.test(x, n)$conf.int",
        "wilson": "prop.test(x, n, correct = FALSE)$conf.int",
        "p": "tapply(AVAL, level, mean)",
    },
)

OPTIONS = {"level", "missing", "intervals", "min_subjects", "subgroups"}
MISSING = "Missing"


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, n_not, n_missing, N, p and the ``intervals`` at each level of each of ``subgroups``.

    ``subgroups: [{variable, levels, needs}]``; levels that are not listed stand behind those that are. ``missing``
    is nonresponder or exclude, as for a proportion.
    """
    o = known_options(analysis, OPTIONS)
    for name in o.get("intervals", ["clopper_pearson"]):
        if name not in INTERVALS:
            raise Cause("is not an interval of a proportion", file=analysis.place, field="intervals", value=name)
    shown: dict[str, tuple[pd.Series, list[str]]] = {}
    rare: dict[str, pd.Series] = {}
    for planned in o["subgroups"]:
        variable = planned["variable"]
        known_keys(analysis, planned, {"variable", "levels", "needs"})
        if variable in shown or variable in rare:
            raise Cause("is a subgroup twice", file=analysis.place, field=variable)
        few = too_few(analysis, planned)
        if few is not None:
            rare[variable] = few
        else:
            shown[variable] = _levels(analysis, planned)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"options": own_options(analysis, "subgroups")}
        found = responses(analysis, rows, people)
        for variable, (level, levels) in shown.items():
            mine = level.loc[people.index]
            for one in levels:
                _one(facts, about | _cell(variable, one), found[(mine == one).to_numpy()], o)
        for variable, there in rare.items():
            mine = people.index[there.loc[people.index]]
            facts.add("too_few", len(mine), "count", facts.set_of("adsl", mine), **about, variable=variable)
        about |= {"variable": analysis.variables[0]}
        everyone = facts.set_of("adsl", people.index)
        held = sum(int((level == one).any()) for level, levels in shown.values() for one in levels)
        facts.add("looks", len(shown), "d0", everyone, **about)
        facts.add("subgroups", held, "d0", everyone, **about)


def _cell(variable: str, level: str) -> dict[str, str]:
    return {"variable": variable, "group2": variable, "group2_level": level}


def _levels(analysis: Analysis, planned: dict[str, Any]) -> tuple[pd.Series, list[str]]:
    """Level of each subject, and all levels in order; Missing comes last where a subject has none."""
    values = as_text(of_adsl(analysis, planned["variable"]))
    levels = levels_of(values, planned.get("levels"))
    if MISSING in levels:
        raise Cause(
            "this word means subjects without a level",
            file=analysis.place,
            field=planned["variable"],
            value=MISSING,
        )
    return values.fillna(MISSING), levels + ([MISSING] if values.isna().any() else [])


def _one(facts: Facts, about: dict[str, Any], found: pd.DataFrame, o: dict[str, Any]) -> None:
    y = found["Y"].to_numpy()
    known = ~np.isnan(y)
    counted = found if o.get("missing", "nonresponder") == "nonresponder" else found[known]
    everyone = facts.set_of("adsl", counted.index)
    x, n = int((y == 1).sum()), len(counted)
    for name, rows in (("n", found["ROW"][y == 1]), ("n_not", found["ROW"][y == 0])):
        facts.add(name, len(rows), "count", facts.set_of(about["dataset"], rows), **about)
    facts.add("n_missing", int((~known).sum()), "count", facts.set_of("adsl", found.index[~known]), **about)
    facts.add("N", n, "count", everyone, **about)
    none = {} if n else {"warning": "no subject in the denominator"}
    facts.add("p", x / n if n else None, "percent", everyone, **about, **none)
    for name in o.get("intervals", ["clopper_pearson"]):
        lower, upper = INTERVALS[name](x, n, o.get("level", 0.95)) if n else (None, None)
        facts.add(f"{name}_low", lower, "percent_bound", everyone, **about, **none)
        facts.add(f"{name}_high", upper, "percent_bound", everyone, **about, **none)
