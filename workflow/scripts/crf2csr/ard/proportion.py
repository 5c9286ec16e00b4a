"""Proportion of responders: exact and approximate intervals, and the exact one-sided test.

Every subject of the population counts in the denominator; one without a row is a non-responder, or is left
out with ``missing: exclude`` (observed cases). ``compare: true`` adds what other defaults give for the first interval
and for the test.
"""

from __future__ import annotations

from typing import Any

from crf2csr.ard import _binomial, _responses
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
        "wilson_cc": "As Wilson, from x - 1/2 for the lower and x + 1/2 for the upper end",
        "agresti_coull": "Wald from x + z^2/2 of n + z^2, not cut at 0 and 1",
        "likelihood": "p with 2 (log L(x/n) - log L(p)) equal to the chi-square quantile, 1 df",
        "logit": "Inverse logit of log(x/(n - x)) +- z sqrt(1/x + 1/(n - x)); 0 to 1 where x = 0 or n",
        "blaker": "Hull of the p with P(X >= x) + the largest lower tail not above it exceeding 2 a (and mirrored)",
        "wald": "x/n +- z sqrt(x/n (1 - x/n) / n); for comparison only",
        "wald_cc": "Wald, wider by 1/(2n) on either side, within 0 to 1; for comparison only",
        "mid_p": "p with P(X > x) + P(X = x) / 2 equal to a and 1 - a",
        "p_value": "P(X >= x) under p0, X binomial (n, p0)",
        "boundary": "Smallest x with P(X >= x) <= alpha under p0",
        "attained_alpha": "P(X >= boundary) under p0",
    },
    references=(
        "Clopper and Pearson, Biometrika 1934;26:404",
        "Wilson, JASA 1927;22:209",
        "Newcombe, Stat Med 1998;17:857",
        "Brown, Cai and DasGupta, Stat Sci 2001;16:101",
        "Berry and Armitage, Statistician 1995;44:417",
        "Agresti and Coull, Am Stat 1998;52:119",
        "Blaker, Can J Stat 2000;28:783",
    ),
    r={
        "clopper_pearson": "binom.test(x, n)$conf.int",
        "wilson": "prop.test(x, n, correct = FALSE)$conf.int",
        "wilson_cc": "prop.test(x, n, if (x / n > 0.5) 1e-9 else 1 - 1e-9)$conf.int",
        "jeffreys": "qbeta(c(a, 1 - a), x + 0.5, n - x + 0.5)",
        "p_value": "binom.test(x, n, p0, alternative = 'greater')$p.value",
    },
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, N, p, the intervals named in ``intervals`` and the tests against ``null_rates``."""
    o = analysis.options
    level, missing = o.get("level", 0.95), o.get("missing", "nonresponder")
    unknown = set(o.get("intervals", [])) - set(_binomial.INTERVALS)
    if unknown:
        raise Cause("is not an interval of the house", file=analysis.place, field="intervals", value=min(unknown))
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
    found = _responses.known(rows, people, where["variable"], missing, f"analysis {where['analysis']}")
    dataset, x, n = where["dataset"], found.x, found.n
    everyone = facts.set_of("adsl", found.people)
    facts.add("n", x, "count", facts.set_of(dataset, found.yes), **where)
    facts.add("n_not", len(found.no), "count", facts.set_of(dataset, found.no), **where)
    facts.add("n_missing", len(found.absent), "count", facts.set_of("adsl", found.absent), **where)
    facts.add("N", n, "count", everyone, **where)
    none = {"warning": "no subject in the denominator"} if n == 0 else {}
    facts.add("p", x / n if n else None, "percent", everyone, **where, **none)
    intervals = o.get("intervals", ["clopper_pearson"])
    for name in intervals:
        lower, upper = _binomial.INTERVALS[name](x, n, level) if n else (None, None)
        facts.add(f"{name}_low", lower, "percent_bound", everyone, **where, **none)
        facts.add(f"{name}_high", upper, "percent_bound", everyone, **where, **none)
    compare = bool(o.get("compare")) and n > 0
    if compare and intervals:
        for context, (lower, upper) in _other_intervals(x, n, level).items():
            facts.add(f"{intervals[0]}_low", lower, "percent_bound", everyone, **where, context=context)
            facts.add(f"{intervals[0]}_high", upper, "percent_bound", everyone, **where, context=context)
    for p0 in o.get("null_rates", []):
        tested = where | {"variable_level": f"{p0:g}"} | none
        count, attained = _binomial.boundary(n, p0, o["alpha_one_sided"])
        facts.add("p0", p0, "percent", None, **tested)
        facts.add("p_value", _binomial.at_least(x, n, p0) if n else None, "p", everyone, **tested)
        facts.add("boundary", count, "count", None, **tested)
        facts.add("attained_alpha", attained, "p", None, **tested)
        verdict = "rejected" if n and x >= count else "not rejected"
        facts.add("verdict", float(n > 0 and x >= count), "text", everyone, **tested, stat_text=verdict)
        for context, p in _other_tests(x, n, p0).items() if compare else ():
            facts.add("p_value", p, "p", everyone, **tested, context=context)


def _other_intervals(x: int, n: int, level: float) -> dict[str, _binomial.Interval]:
    """What other software prints for the same count when nothing is asked for."""
    # prop.test limits its correction to the distance from the null rate of 1/2 that it assumes.
    correction = min(0.5, abs(x - n / 2))
    return {
        "R default (prop.test): Wilson with continuity correction": _binomial.wilson_cc(x, n, level, correction),
        "SAS default (PROC FREQ): Wald": _binomial.wald(x, n, level),
    }


def _other_tests(x: int, n: int, p0: float) -> dict[str, float]:
    return {
        "R and scipy default (binom.test): two-sided, counts no more likely": _binomial.two_sided(x, n, p0),
        "SAS exact two-sided (PROC FREQ): 2 x one-sided": _binomial.doubled(x, n, p0),
        "SAS default (PROC FREQ): z, one-sided towards the estimate": _binomial.z_one_sided(x, n, p0),
    }
