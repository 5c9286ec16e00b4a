"""Difference of each arm from a reference arm in the share of responders: intervals, exact test, odds ratio, strata.

A responder is a subject whose ``variable`` is 1, or, with ``lines: [{id, where}]``, one with a row that meets the
condition of the line, or, with ``terms: [group, term]``, one with an event of the term. The facts stand under the
compared arm; those of the reference arm begin with ``reference_``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _coded, _responses, _strata, _two_proportions
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause

CARD = Card(
    name="Difference between two arms in the proportion of responders",
    formulas={
        "p": "x1 / n1, the compared arm",
        "reference_p": "x0 / n0, the reference arm",
        "difference": "d = x1/n1 - x0/n0",
        "newcombe_low": "d - sqrt((p1 - l1)^2 + (u0 - p0)^2), (l, u) the Wilson interval of each arm",
        "newcombe_high": "d + sqrt((u1 - p1)^2 + (p0 - l0)^2), (l, u) the Wilson interval of each arm",
        "newcombe_cc": "As Newcombe, from Wilson intervals with continuity correction",
        "miettinen_nurminen": "Both t with |d - t| = z sqrt((p1 (1 - p1)/n1 + p0 (1 - p0)/n0) N/(N - 1)), "
        "p1 and p0 the most likely proportions with p1 - p0 = t",
        "agresti_caffo": "Wald after adding one responder and one non-responder to each arm",
        "wald": "d +- z sqrt(p1 (1 - p1)/n1 + p0 (1 - p0)/n0); for comparison only",
        "wald_cc": "Wald, wider by (1/n1 + 1/n0)/2 and no more than |d|; for comparison only",
        "fisher_p": "Total probability of the tables no more likely than this one, margins fixed (hypergeometric)",
        "odds_ratio": "Conditional maximum likelihood under the non-central hypergeometric distribution, or, with "
        "`odds_ratio: sample`, x1 (n0 - x0) / ((n1 - x1) x0)",
        "odds_ratio_low": "Odds ratio with P(X >= x1) = a (exact), or exp(log OR - z sqrt(sum of 1/cell))",
        "odds_ratio_high": "Odds ratio with P(X <= x1) = a (exact), or exp(log OR + z sqrt(sum of 1/cell))",
        "cmh": "(sum of x1 - E)^2 / sum of V over strata, hypergeometric E and V, 1 df, no continuity correction",
        "mh_odds_ratio": "Sum of a d / n over sum of b c / n; interval of Robins, Breslow and Greenland",
        "mh_difference": "Sum of w d over sum of w, w = n1 n0 / n in each stratum; standard error of Sato",
    },
    references=(
        "Newcombe, Stat Med 1998;17:873",
        "Miettinen and Nurminen, Stat Med 1985;4:213",
        "Agresti and Caffo, Am Stat 2000;54:280",
        "Mantel and Haenszel, JNCI 1959;22:719",
        "Robins, Breslow and Greenland, Biometrics 1986;42:311",
        "Sato, Biometrics 1989;45:1323",
    ),
    r={
        "fisher_p": "fisher.test(matrix(c(x1, n1 - x1, x0, n0 - x0), 2))$p.value",
        "odds_ratio": "fisher.test(matrix(c(x1, n1 - x1, x0, n0 - x0), 2)), to 4 digits",
        "wald": "prop.test(c(x1, x0), c(n1, n0), correct = FALSE)$conf.int",
        "cmh": "mantelhaen.test(table(response, arm, stratum), correct = FALSE)",
        "mh_odds_ratio": "mantelhaen.test(table(response, arm, stratum))",
        "mh_difference": "metafor::rma.mh(measure = 'RD', ...)",
    },
)

Numbers = tuple[float, ...]
# The odds ratio that is declared, and the one that stands beside it.
RATIOS: dict[str, Callable[[int, int, int, int, float], tuple[float, float, float]]] = {
    "conditional": _two_proportions.exact_odds_ratio,
    "sample": _two_proportions.odds_ratio,
}
OTHER_RATIO = {
    "conditional": ("SAS default (PROC FREQ): sample odds ratio, Wald", "sample"),
    "sample": ("R default (fisher.test): conditional odds ratio, exact", "conditional"),
}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the comparison of every other arm with ``reference``; a single arm is refused.

    Options: ``reference`` (label of an arm), ``level``, ``intervals``, ``odds_ratio`` (conditional, sample),
    ``missing``, ``lines``, ``terms`` (variables of the two levels; ``at_least`` keeps those that reach this share of
    some arm), ``strata`` (variables of ADSL), ``compare`` (values of other defaults).
    """
    o = analysis.options
    _checked(analysis)
    if "terms" in o:
        analysis = replace(analysis, rows=_coded.coded(analysis.rows, o["terms"], [], analysis.place))
    groups: dict[tuple[Any, ...], dict[str, tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]]] = {}
    for where, rows, people in analysis.groups():
        cell = tuple(value for name, value in where.items() if name != "group1_level")
        groups.setdefault(cell, {})[where["group1_level"]] = (where, rows, people)
    responders = _responders(analysis)
    for arm in (label for label in analysis.arms if label != o["reference"]):
        for arms in groups.values():
            where, rows, people = arms[arm]
            _, other_rows, others = arms[o["reference"]]
            about = analysis.common() | where
            if "terms" in o:
                left_out = len(analysis.rows[o["terms"]].drop_duplicates()) - len(responders)
                facts.add("terms_left_out", left_out, "count", None, **about)
            else:
                about |= {"variable": "line" if "lines" in o else analysis.variables[0]}
            for level, respond in responders:
                one = about | level
                _compare(one, (respond(rows, people), people), (respond(other_rows, others), others), o, facts)


def _checked(analysis: Analysis) -> None:
    """Refuse what cannot be compared, and every option that the room does not know."""
    o, place = analysis.options, analysis.place
    if len(analysis.arms) < 2:
        raise Cause("a difference compares two or more arms; the study has one", file=place, field="method")
    if "total" in analysis.spec:
        raise Cause("a difference compares arms; it has no total", file=place, field="total")
    if o.get("reference") not in analysis.arms:
        raise Cause("is not an arm that is shown", file=place, field="reference", value=o.get("reference"))
    if "terms" in o and ("lines" in o or "by" in analysis.spec):
        raise Cause("`terms` stand without `lines` and without `by`", file=place, field="terms")
    if "at_least" in o and "terms" not in o:
        raise Cause("`at_least` chooses among `terms`", file=place, field="at_least", value=o["at_least"])
    unknown = set(o.get("intervals", [])) - set(_two_proportions.INTERVALS)
    if unknown:
        raise Cause("is not an interval of the house", file=place, field="intervals", value=min(unknown))
    if o.get("odds_ratio", "conditional") not in RATIOS:
        raise Cause("`odds_ratio` is conditional or sample", file=place, value=o["odds_ratio"])
    absent = [name for name in o.get("strata", []) if name not in analysis.subjects]
    if absent:
        raise Cause("is not a variable of ADSL", file=place, field="strata", value=absent[0])


Respond = Callable[[pd.DataFrame, pd.DataFrame], _responses.Responses]


def _responders(analysis: Analysis) -> list[tuple[dict[str, Any], Respond]]:
    """Each line or term with the function that finds its responders; the one variable where none is declared."""
    o, place = analysis.options, analysis.place
    if "terms" in o:
        return _terms(analysis, o["terms"], o.get("at_least", 0.0))
    if "lines" not in o:
        missing = o.get("missing", "nonresponder")
        return [({}, partial(_responses.known, variable=analysis.variables[0], missing=missing, place=place))]
    return [
        ({"variable_level": line["id"]}, partial(_responses.having, where=line.get("where"), place=place))
        for line in o["lines"]
    ]


def _terms(analysis: Analysis, terms: list[str], share: float) -> list[tuple[dict[str, Any], Respond]]:
    """Each term that is common enough, in the order of the alphabet, with the function that finds who had it."""
    upper, lower = terms
    events = dict(iter(analysis.rows.groupby(terms)))

    def among(rows: pd.DataFrame, people: pd.DataFrame, one: pd.DataFrame) -> _responses.Responses:
        return _responses.having(rows[rows.index.isin(one.index)], people, None, analysis.place)

    return [
        (
            {"group2": upper, "group2_level": group, "group3": lower, "group3_level": term},
            partial(among, one=events[(group, term)]),
        )
        for group, term in sorted(_coded.common(analysis.groups(), terms, share))
    ]


Side = tuple[_responses.Responses, pd.DataFrame]


def _compare(about: dict[str, Any], arm: Side, reference: Side, o: dict[str, Any], facts: Facts) -> None:
    (one, _), (other, _) = arm, reference
    for prefix, side in (("", one), ("reference_", other)):
        counted = facts.set_of("adsl", side.people)
        facts.add(f"{prefix}n", side.x, "count", facts.set_of(about["dataset"], side.yes), **about)
        facts.add(f"{prefix}N", side.n, "count", counted, **about)
        facts.add(f"{prefix}n_missing", len(side.absent), "count", facts.set_of("adsl", side.absent), **about)
        facts.add(f"{prefix}p", side.x / side.n if side.n else None, "percent", counted, **about)
    both = facts.set_of("adsl", one.people.append(other.people))
    table = (one.x, one.n, other.x, other.n)
    enough = one.n > 0 and other.n > 0
    none = {} if enough else {"warning": "no subject in one of the arms"}
    level, compare = o.get("level", 0.95), bool(o.get("compare")) and enough

    def put(names: list[str], form: str, values: Numbers | None, **more: Any) -> None:
        for name, value in zip(names, values or (np.nan,) * len(names), strict=True):
            facts.add(name, value, form, both, **about, **none, **more)

    put(["difference"], "percent_bound", (one.x / one.n - other.x / other.n,) if enough else None)
    intervals = o.get("intervals", ["newcombe"])
    for name in intervals:
        ends = _two_proportions.INTERVALS[name](*table, level) if enough else None
        put([f"{name}_low", f"{name}_high"], "percent_bound", ends)
    put(["fisher_p"], "p", (_two_proportions.fisher(*table),) if enough else None)
    ratio = o.get("odds_ratio", "conditional")
    names = ["odds_ratio", "odds_ratio_low", "odds_ratio_high"]
    put(names, "d2", RATIOS[ratio](*table, level) if enough else None, **_borders(table))
    if compare:
        for context, interval in OTHER_INTERVALS.items():
            for name in intervals[:1]:
                put([f"{name}_low", f"{name}_high"], "percent_bound", interval(*table, level), context=context)
        for context, correct in OTHER_TESTS.items():
            put(["fisher_p"], "p", (_two_proportions.chi_square(*table, correct),), context=context)
        context, other_ratio = OTHER_RATIO[ratio]
        put(names, "d2", RATIOS[other_ratio](*table, level), context=context)
    if o.get("strata"):
        _stratified(about, arm, reference, (o["strata"], level, compare), facts)


OTHER_INTERVALS = {
    "R default (prop.test): Wald with continuity correction": _two_proportions.wald_cc,
    "SAS default (PROC FREQ RISKDIFF): Wald": _two_proportions.wald,
}
OTHER_TESTS = {
    "R default (prop.test, chisq.test): chi-square with continuity correction": True,
    "SAS default (PROC FREQ CHISQ): chi-square": False,
}


def _borders(table: tuple[int, int, int, int]) -> dict[str, str]:
    """A warning where a cell is 0, since an odds ratio is then 0, infinite or not defined."""
    x1, n1, x0, n0 = table
    return {"warning": "a cell is 0"} if n1 > 0 < n0 and 0 in (x1, n1 - x1, x0, n0 - x0) else {}


def _stratified(
    about: dict[str, Any], arm: Side, reference: Side, plan: tuple[list[str], float, bool], facts: Facts
) -> None:
    """Add the test, the common odds ratio and the common difference; who has no stratum is left out and counted."""
    strata, level, compare = plan
    counts, members, lost = [], [], []
    for side, people in (arm, reference):
        mine = people.loc[side.people]
        placed = mine[strata].notna().all(axis=1)
        lost.append(mine.index[~placed])
        mine = mine[placed].assign(_X=mine.index[placed].isin(side.responders))
        members.append(mine.index)
        counts.append(mine.groupby(strata, observed=True)["_X"].agg(["sum", "count"]))
    tables = pd.concat(counts, axis=1, keys=["arm", "reference"]).fillna(0).sort_index()
    x1, n1, x0, n0 = tables.to_numpy("float64").T
    both = facts.set_of("adsl", members[0].append(members[1]))
    gone = lost[0].append(lost[1])
    facts.add("strata", len(tables), "d0", both, **about)
    facts.add("left_out", len(gone), "count", facts.set_of("adsl", gone), **about | _beside(about, "No stratum"))

    def put(names: list[str], forms: list[str], values: Numbers, **more: Any) -> None:
        undefined = {"warning": "no stratum informs on it"} if np.isnan(values[0]) else {}
        for name, form, value in zip(names, forms, values, strict=True):
            facts.add(name, value, form, both, **about, **undefined, **more)

    test, table = ["cmh_chisq", "cmh_p"], (x1, n1, x0, n0)
    put(test, ["d3", "p"], _strata.cochran_mantel_haenszel(*table, correct=False))
    facts.add("cmh_df", 1, "d0", None, **about)
    if compare:
        context = "R default (mantelhaen.test): with continuity correction"
        put(test, ["d3", "p"], _strata.cochran_mantel_haenszel(*table, correct=True), context=context)
    names = ["mh_odds_ratio", "mh_odds_ratio_low", "mh_odds_ratio_high"]
    put(names, ["d2"] * 3, _strata.odds_ratio(*table, level))
    names = ["mh_difference", "mh_difference_se", "mh_difference_low", "mh_difference_high"]
    put(names, ["percent_bound"] * 4, _strata.difference(*table, level))


def _beside(about: dict[str, Any], reason: str) -> dict[str, str]:
    """The reason as a level, unless the level is taken by the line."""
    return {} if "variable_level" in about else {"variable_level": reason}
