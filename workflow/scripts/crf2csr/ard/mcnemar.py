"""Paired responses of the same subjects, at two visits for instance: McNemar's test, exact, and the odds ratio."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from crf2csr.ard import _binomial, _responses
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="McNemar's test",
    formulas={
        "n_both": "Subjects with a response at both times",
        "n_first": "b, subjects with a response at the first time alone",
        "n_second": "c, subjects with a response at the second time alone",
        "p_value": "2 min(P(X <= c), P(X >= c)), X binomial (b + c, 1/2)",
        "mid_p": "As the exact p, with half the probability of the observed count",
        "odds_ratio": "c / b, given b + c; its interval is r / (1 - r) at the Clopper-Pearson limits r of c / (b + c)",
    },
    references=("McNemar, Psychometrika 1947;12:153", "Clopper and Pearson, Biometrika 1934;26:404"),
    r={"p_value": "binom.test(c, b + c)$p.value", "odds_ratio": "exact2x2::mcnemar.exact(table(first, second))"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the four counts, the exact and the mid-P test and the odds ratio of second against first.

    Options: ``first`` and ``second``, conditions on the rows; ``missing`` (exclude, nonresponder); ``level``;
    ``compare`` with other defaults.
    """
    o, place = analysis.options, analysis.place
    missing, level = o.get("missing", "exclude"), o.get("level", 0.95)
    for name in ("first", "second"):
        if name not in o:
            raise Cause("needs the condition of both times", file=place, field=name)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": analysis.variables[0]}
        first, second = (
            _responses.known(rows[matches(rows, o[time], source=place)], people, about["variable"], missing, place)
            for time in ("first", "second")
        )
        both_known = first.people.intersection(second.people)
        one, two = both_known.isin(first.responders), both_known.isin(second.responders)
        everyone = facts.set_of("adsl", both_known)
        absent = people.index.difference(both_known)
        facts.add("N", len(both_known), "count", everyone, **about)
        facts.add("n_missing", len(absent), "count", facts.set_of("adsl", absent), **about)
        cells = {"n_both": one & two, "n_first": one & ~two, "n_second": ~one & two, "n_neither": ~one & ~two}
        for name, who in cells.items():
            facts.add(name, int(who.sum()), "count", facts.set_of("adsl", both_known[who]), **about)
        b, c = int(cells["n_first"].sum()), int(cells["n_second"].sum())
        names = ("p_value", "mid_p", "odds_ratio", "odds_ratio_low", "odds_ratio_high")
        if b + c == 0:
            for name in names:
                facts.add(name, None, "p", everyone, **about, warning="no subject differs between the two times")
            continue
        ends = _binomial.clopper_pearson(c, b + c, level)
        low, high = (end / (1 - end) if end < 1 else np.inf for end in ends)
        values = (_binomial.doubled(c, b + c, 0.5), _mid_p(c, b + c), c / b if b else np.inf, low, high)
        for name, value in zip(names, values, strict=True):
            facts.add(name, value, "p" if name in names[:2] else "d2", everyone, **about)
        if o.get("compare"):
            for context, correction in (
                ("R default (mcnemar.test): chi-square with continuity correction", 1.0),
                ("SAS default (PROC FREQ AGREE): chi-square", 0.0),
            ):
                chisq = max(abs(b - c) - correction, 0.0) ** 2 / (b + c)
                facts.add("p_value", float(chdtrc(1, chisq)), "p", everyone, **about, context=context)


def _mid_p(x: int, n: int) -> float:
    """Two-sided: the smaller tail with half the probability of the count, doubled."""
    above = (_binomial.at_least(x, n, 0.5) + _binomial.at_least(x + 1, n, 0.5)) / 2
    return min(1.0, 2 * min(above, 1 - above))
