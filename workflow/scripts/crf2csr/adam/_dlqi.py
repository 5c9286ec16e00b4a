"""DLQI from its items, by the rules of its authors (Finlay and Khan 1994; instructions for use).

Ten items score 0-3 each. Item 7 has two parts and scores the higher of its answers. One missing item scores
0; with two or more missing the total is not scored. A domain with a missing item is not scored. An item that
was answered in a way that cannot be read makes total and domain unscored: it is not missing.
"""

from __future__ import annotations

import pandas as pd

ITEMS = [f"DLQI1{n:02d}" for n in range(1, 11)]
SECOND_PART = "DLQI107A"
DOMAINS = {
    "DLQISYM": ITEMS[0:2],
    "DLQIDAY": ITEMS[2:4],
    "DLQILEI": ITEMS[4:6],
    "DLQIWRK": ITEMS[6:7],
    "DLQIPER": ITEMS[7:9],
    "DLQITRT": ITEMS[9:10],
}


def scores(score: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Score assessments.

    Parameters
    ----------
    score : DataFrame
        One row per assessment, columns ``ITEMS`` and ``SECOND_PART``: item scores (float), missing where there
        is no usable answer.
    given : DataFrame
        The same shape: whether anything was entered.

    Returns
    -------
    DataFrame
        DLQI (0-30) and the domains of ``DOMAINS`` as Int64; NMISS, the number of missing items; REASON, why
        there is no total.
    """
    both = score[["DLQI107", SECOND_PART]]
    items = score[ITEMS].assign(DLQI107=both.max(axis=1))
    entered = given[ITEMS].assign(DLQI107=given["DLQI107"] | given[SECOND_PART])
    unread = (given & score.isna())[[*ITEMS, SECOND_PART]]
    bad = unread[ITEMS].assign(DLQI107=unread["DLQI107"] | unread[SECOND_PART])
    missing = ~entered
    out = pd.DataFrame(index=score.index)
    out["NMISS"] = missing.sum(axis=1).astype("Int64")
    able = (out["NMISS"] <= 1).astype(bool) & ~bad.any(axis=1)
    out["DLQI"] = items.fillna(0).sum(axis=1).astype("Int64").where(able)
    for name, some in DOMAINS.items():
        whole = ~(missing[some] | bad[some]).any(axis=1)
        out[name] = items[some].sum(axis=1).astype("Int64").where(whole)
    reason = pd.Series(float("nan"), index=score.index, dtype="str")
    reason = reason.mask(out["NMISS"] > 1, out["NMISS"].astype("str") + " items missing")
    out["REASON"] = reason.mask(bad.any(axis=1), "An item cannot be read")
    return out
