"""Analysis sets, declared on the study's page: who belongs, and for whom which condition fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import populations

PAGE = "config/config.yaml: analysis_sets"


def derive(rows: pd.DataFrame, sets: list[dict[str, Any]]) -> pd.DataFrame:
    """Fill the flag of each set, in the order declared.

    A set has ``flag``; ``within`` (flag of a wider set, optional); ``needs``, a list of conditions (``where`` with
    its ``reason`` for who fails it, and optionally ``variable``, "Y" for who of the wider set fails it); and
    optionally ``why``, the variable that holds all reasons of a member of the wider set.
    """
    rows = rows.copy()
    for one in sets:
        wider = rows[one["within"]] == "Y" if "within" in one else pd.Series(True, index=rows.index)
        inside, why = wider.copy(), pd.Series("", index=rows.index, dtype="str")
        for need in one["needs"]:
            fails = wider & ~populations.matches(rows, need["where"], source=f"{PAGE}: {one['flag']}")
            inside &= ~fails
            why = why.mask(fails, why + "; " + need["reason"])
            if "variable" in need:
                rows[need["variable"]] = yes(fails).where(wider)
        rows[one["flag"]] = yes(inside)
        if "why" in one:
            rows[one["why"]] = why.str.slice(2).where(why != "")
    return rows


def yes(condition: pd.Series) -> pd.Series:
    """Say "Y" where true, "N" elsewhere; a missing answer is no."""
    return pd.Series(np.where(condition.fillna(False).astype(bool), "Y", "N"), index=condition.index, dtype="str")
