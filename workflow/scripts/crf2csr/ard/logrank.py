"""Log-rank test of two or more arms."""

from __future__ import annotations

import pandas as pd

from crf2csr.ard import _km
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_times
from crf2csr.errors import Cause

CARD = Card(
    name="Log-rank test",
    formulas={
        "": "chi-square = (O - E)' V^-1 (O - E) over the arms but one, V hypergeometric at each time, df = arms - 1"
    },
    references=("Mantel, Cancer Chemother Rep 1966;50:163",),
    r={"": "survival::survdiff(Surv(AVAL, CNSR == 0) ~ arm)"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add chi-square, degrees of freedom and p over the arms; a single arm is refused."""
    if "total" in analysis.spec:
        raise Cause("a log-rank test compares arms; it has no total", file=analysis.place, field="total")
    if len(analysis.arms) < 2:
        raise Cause("a log-rank test compares two or more arms; the study has one", file=analysis.place, field="method")
    parts = [(where["group1_level"], known_times(rows, analysis.place)) for where, rows, _ in analysis.groups()]
    every = pd.concat([rows.assign(ARM=label) for label, rows in parts])
    about = analysis.common() | {"variable": "AVAL", "group1_level": "All arms"}
    members = facts.set_of(about["dataset"], every.index)
    event = (every["CNSR"] == 0).to_numpy(bool)
    facts.add("N", len(every), "count", members, **about)
    if every["ARM"].nunique() < 2 or not event.any():
        error = "fewer than two arms with times, or no event"
        for name, form in (("chisq", "d3"), ("df", "d0"), ("p_value", "p")):
            facts.add(name, None, form, members, **about, error=error)
        return
    statistic, df, p = _km.logrank(every["AVAL"].to_numpy("float64"), event, every["ARM"].to_numpy(str))
    facts.add("chisq", statistic, "d3", members, **about)
    facts.add("df", df, "d0", members, **about)
    facts.add("p_value", p, "p", members, **about)
