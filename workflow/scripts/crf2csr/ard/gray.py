"""Gray's test: is the cumulative incidence of a cause the same in all arms, with competing events present."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr.ard import _aj
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_causes, known_options
from crf2csr.errors import Cause

CARD = Card(
    name="Gray's test of cumulative incidences",
    formulas={
        "": "Score of an arm: sum over event times of d_arm - d R_arm / sum of R, R = Y (1 - F) / S just before; "
        "chi-square = z' V^-1 z over the arms but one, df = arms - 1"
    },
    references=("Gray, Ann Stat 1988;16:1141",),
    r={"": "cmprsk::cuminc(CMPAVAL, CMPSTAT, group = arm)$Tests"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add chi-square, degrees of freedom and p of each cause (``group2``) over the arms; a single arm is refused.

    Options as of ``cumulative_incidence``: ``causes``, ``time``, ``status``.
    """
    o = known_options(analysis, {"causes", "time", "status"})
    for name in ("total", "by"):
        if name in analysis.spec:
            raise Cause("Gray's test compares arms", file=analysis.place, field=name)
    if len(analysis.arms) < 2:
        raise Cause("Gray's test compares two or more arms; the study has one", file=analysis.place, field="method")
    parts: list[pd.DataFrame] = []
    causes: dict[str, int] = {}
    for where, rows, _ in analysis.groups():
        known, causes = known_causes(analysis, rows)
        parts.append(known.assign(ARM=where["group1_level"]))
    every = pd.concat(parts)
    about = analysis.common() | {"variable": o.get("time", "CMPAVAL"), "group1_level": "All arms"}
    members = facts.set_of(about["dataset"], every.index)
    status = every["STATUS"].to_numpy()
    for label, number in causes.items():
        one = about | {"group2": "cause", "group2_level": label}
        mine = every.index[status == number]
        facts.add("N", len(every), "count", members, **one)
        facts.add("events", len(mine), "count", facts.set_of(about["dataset"], mine), **one)
        arm = every["ARM"].to_numpy(str)
        statistic, df, p = float("nan"), 0, float("nan")
        if len(mine):
            statistic, df, p = _aj.gray_test(every["TIME"].to_numpy(), status, arm, number)
        none = {"error": "fewer than two arms with times, or no event"} if np.isnan(statistic) else {}
        facts.add("chisq", statistic, "d3", members, **one, **none)
        facts.add("df", None if none else df, "d0", members, **one, **none)
        facts.add("p_value", p, "p", members, **one, **none)
