"""Proportion of responders: exact and approximate intervals, and the exact one-sided test.

Every subject of the population counts in the denominator; one without a row is a non-responder, or is left
out with ``missing: exclude`` (observed cases).

References: Clopper and Pearson, Biometrika 1934;26:404. Wilson, JASA 1927;22:209. Brown, Cai and DasGupta,
Stat Sci 2001;16:101 (Jeffreys). Berry and Armitage, Statistician 1995;44:417 (mid-P).
"""

from __future__ import annotations

from typing import Any

from crf2csr.ard._binomial import INTERVALS, boundary, p_greater
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause

CARD = Card(
    name="Proportion of responders",
    formulas={
        "p": "x / n",
        "clopper_pearson_low": "Beta quantile a of (x, n - x + 1); 0 where x = 0; a = (1 - level) / 2",
        "clopper_pearson_high": "Beta quantile 1 - a of (x + 1, n - x); 1 where x = n",
        "wilson": "Both roots p of |x/n - p| = z sqrt(p (1 - p) / n), z the exact normal quantile",
        "jeffreys": "Beta quantiles a and 1 - a of (x + 1/2, n - x + 1/2); 0 where x = 0, 1 where x = n",
        "mid_p": "p with P(X > x) + P(X = x) / 2 equal to a and 1 - a",
        "p_value": "P(X >= x) under p0, X binomial (n, p0)",
        "boundary": "Smallest x with P(X >= x) <= alpha under p0",
        "attained_alpha": "P(X >= boundary) under p0",
    },
    references=(
        "Clopper and Pearson, Biometrika 1934;26:404",
        "Wilson, JASA 1927;22:209",
        "Brown, Cai and DasGupta, Stat Sci 2001;16:101",
        "Berry and Armitage, Statistician 1995;44:417",
    ),
    r={
        "clopper_pearson": "binom.test(x, n)$conf.int",
        "wilson": "prop.test(x, n, correct = FALSE)$conf.int",
        "jeffreys": "qbeta(c(a, 1 - a), x + 0.5, n - x + 0.5)",
        "p_value": "binom.test(x, n, p0, alternative = 'greater')$p.value",
    },
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, N, p, the intervals named in ``intervals`` and the tests against ``null_rates``."""
    o = analysis.options
    level, missing = o.get("level", 0.95), o.get("missing", "nonresponder")
    if missing not in ("nonresponder", "exclude"):
        raise Cause("`missing` is nonresponder or exclude", file=analysis.place, value=missing)
    for where, rows, people in analysis.groups():
        where = analysis.common() | {"variable": analysis.spec.get("variable", "AVAL")} | where
        _group(where, rows, people, missing, level, o, facts)
        if "without" in analysis.spec:
            mine = analysis.left_out
            mine = mine[mine[analysis.arm_variable] == where["group1_level"]] if analysis.arm_variable in mine else mine
            facts.add("n_left_out", len(mine), "count", facts.set_of("adsl", mine.index), **where)


def _group(
    where: dict[str, Any], rows: Any, people: Any, missing: str, level: float, o: dict[str, Any], facts: Facts
) -> None:
    value, place = rows[where["variable"]], f"analysis {where['analysis']}"
    if rows["USUBJID"].duplicated().any():
        raise Cause(
            "a subject has more than one row",
            file=place,
            field="USUBJID",
            value=rows.loc[rows["USUBJID"].duplicated(), "USUBJID"].iloc[0],
        )
    strange = value[value.notna() & ~value.isin([0, 1])]
    if len(strange):
        raise Cause("a response is 0 or 1", file=place, field=where["variable"], value=strange.iloc[0])
    dataset = where["dataset"]
    yes, no = rows.index[value == 1], rows.index[value == 0]
    absent = people.index[~people["USUBJID"].isin(rows.loc[value.notna(), "USUBJID"])]
    everyone = facts.set_of("adsl", people.index if missing == "nonresponder" else people.index.difference(absent))
    x = len(yes)
    n = len(people) if missing == "nonresponder" else len(yes) + len(no)
    facts.add("n", x, "count", facts.set_of(dataset, yes), **where)
    facts.add("n_not", len(no), "count", facts.set_of(dataset, no), **where)
    facts.add("n_missing", len(absent), "count", facts.set_of("adsl", absent), **where)
    facts.add("N", n, "count", everyone, **where)
    none = {"warning": "no subject in the denominator"} if n == 0 else {}
    facts.add("p", x / n if n else None, "percent", everyone, **where, **none)
    for name in o.get("intervals", ["clopper_pearson"]):
        lower, upper = INTERVALS[name](x, n, level) if n else (None, None)
        facts.add(f"{name}_low", lower, "percent_bound", everyone, **where, **none)
        facts.add(f"{name}_high", upper, "percent_bound", everyone, **where, **none)
    for p0 in o.get("null_rates", []):
        tested = where | {"variable_level": f"{p0:g}"} | none
        count, attained = boundary(n, p0, o["alpha_one_sided"])
        facts.add("p0", p0, "percent", None, **tested)
        facts.add("p_value", p_greater(x, n, p0) if n else None, "p", everyone, **tested)
        facts.add("boundary", count, "count", None, **tested)
        facts.add("attained_alpha", attained, "p", None, **tested)
        verdict = "rejected" if n and x >= count else "not rejected"
        facts.add("verdict", float(n > 0 and x >= count), "text", everyone, **tested, stat_text=verdict)
