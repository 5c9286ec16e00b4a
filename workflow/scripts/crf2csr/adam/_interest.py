"""Groups of terms (events of special interest, comorbidities) declared as lists, matched on codes and verbatims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.populations import matches

LISTS = {
    "terms": "DECOD",
    "high_level_terms": "HLT",
    "group_terms": "HLGT",
    "classes": "BODSYS",
    "categories": "CAT",
}


def member(
    rows: pd.DataFrame, group: dict[str, Any], prefix: str = "AE", source: str = "config/aesi.yaml"
) -> pd.Series:
    """Tell which events belong to a group.

    Parameters
    ----------
    rows : DataFrame
        Events with --TERM and the dictionary's variables; --DECOD is missing where a term is not coded.
    group : dict
        ``terms``, ``contains``, ``high_level_terms``, ``group_terms``, ``classes``, ``categories`` (any
        of them suffices), ``except_group_terms``, ``verbatim`` (for events without a code), ``where`` (on all).
    """
    found = pd.Series(False, index=rows.index)
    for key, variable in LISTS.items():
        if key in group:
            found |= _fold(rows[prefix + variable]).isin([item.casefold() for item in group[key]])
    if "contains" in group:
        found |= _contains(rows[f"{prefix}DECOD"], group["contains"])
    if "except_group_terms" in group:
        found &= ~_fold(rows[f"{prefix}HLGT"]).isin([item.casefold() for item in group["except_group_terms"]])
    if "verbatim" in group:
        found |= rows[f"{prefix}DECOD"].isna() & _contains(rows[f"{prefix}TERM"], group["verbatim"])
    return found & matches(rows, group.get("where"), source=source)


def names(rows: pd.DataFrame, groups: list[dict[str, Any]]) -> pd.DataFrame:
    """One variable CQzzNAM per group, in the order of the list: the group's label where the event belongs."""
    out = {}
    for number, group in enumerate(groups, start=1):
        blank = pd.Series(np.nan, index=rows.index, dtype="str")
        out[f"CQ{number:02d}NAM"] = blank.mask(member(rows, group), group["label"])
    return pd.DataFrame(out, index=rows.index)


def _fold(text: pd.Series) -> pd.Series:
    return text.fillna("").astype("str").str.casefold()


def _contains(text: pd.Series, parts: list[str]) -> pd.Series:
    folded = _fold(text)
    found = pd.Series(False, index=text.index)
    for part in parts:
        found |= folded.str.contains(part.casefold(), regex=False)
    return found
