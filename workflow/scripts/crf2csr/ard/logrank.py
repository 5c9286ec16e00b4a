"""Log-rank test of two or more arms, in one piece or stratified."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr.ard import _km
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_options, known_times, strata_of
from crf2csr.errors import Cause

CARD = Card(
    name="Log-rank test",
    formulas={
        "": "chi-square = (O - E)' V^-1 (O - E) over the arms but one, V hypergeometric at each time, df = arms - 1; "
        "with strata O, E and V are summed over them",
        "observed": "Events seen in the arm",
        "expected": "Sum over event times of d n_arm / n",
    },
    references=("Mantel, Cancer Chemother Rep 1966;50:163",),
    r={"": "survival::survdiff(Surv(AVAL, CNSR == 0) ~ arm + strata(...))"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add chi-square, degrees of freedom and p over the arms, and events seen and expected by arm.

    Option ``strata``: variables of ADSL; a subject without one of them is left out and counted. A single arm is
    refused.
    """
    o = known_options(analysis, {"strata"})
    if "total" in analysis.spec:
        raise Cause("a log-rank test compares arms; it has no total", file=analysis.place, field="total")
    if len(analysis.arms) < 2:
        raise Cause("a log-rank test compares two or more arms; the study has one", file=analysis.place, field="method")
    parts = [(where["group1_level"], known_times(rows, analysis.place)) for where, rows, _ in analysis.groups()]
    every = pd.concat([rows.assign(ARM=label) for label, rows in parts])
    about = analysis.common() | {"variable": "AVAL", "group1_level": "All arms"}
    strata = None
    if "strata" in o:
        every, strata, gone = strata_of(every, analysis)
        absent = facts.set_of("adsl", gone.index)
        facts.add("left_out", len(gone), "count", absent, **about, variable_level="stratum not known")
    members = facts.set_of(about["dataset"], every.index)
    event = (every["CNSR"] == 0).to_numpy(bool)
    facts.add("N", len(every), "count", members, **about)
    if every["ARM"].nunique() < 2 or not event.any():
        error = "fewer than two arms with times, or no event"
        for name, form in (("chisq", "d3"), ("df", "d0"), ("p_value", "p")):
            facts.add(name, None, form, members, **about, error=error)
        return
    arm = every["ARM"].to_numpy(str)
    made = _km.logrank(every["AVAL"].to_numpy("float64"), event, arm, strata)
    facts.add("chisq", made.statistic, "d3", members, **about)
    facts.add("df", made.df, "d0", members, **about)
    facts.add("p_value", made.p, "p", members, **about)
    for label, seen, expected in zip(made.groups, made.observed, made.expected, strict=True):
        mine = np.flatnonzero(event & (arm == label))
        one = about | {"variable_level": str(label)}
        facts.add("observed", seen, "count", facts.set_of(about["dataset"], every.index[mine]), **one)
        facts.add("expected", expected, "d1", facts.set_of(about["dataset"], every.index[arm == label]), **one)
