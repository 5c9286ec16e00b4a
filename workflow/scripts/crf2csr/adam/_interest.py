"""Groups of terms (events of special interest, comorbidities) declared as lists, matched on codes and verbatims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
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
        of them suffices), ``except_group_terms``, ``verbatim`` (for events without a code), ``smq`` (the terms of a
        Standardised MedDRA Query, see ``scopes``), ``where`` (on all).
    """
    found = pd.Series(False, index=rows.index)
    for key, variable in LISTS.items():
        if key in group:
            found |= _fold(rows[prefix + variable]).isin([item.casefold() for item in group[key]])
    if "contains" in group:
        found |= _contains(rows[f"{prefix}DECOD"], group["contains"])
    if "except_group_terms" in group:
        found &= ~_fold(rows[f"{prefix}HLGT"]).isin([item.casefold() for item in group["except_group_terms"]])
    if "smq" in group:
        found |= scopes(rows, group["smq"], prefix).notna()
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


def queries(rows: pd.DataFrame, groups: list[dict[str, Any]]) -> pd.DataFrame:
    """SMQzzNAM, SMQzzCD and SMQzzSC for each group with an ``smq``: name, code and scope of the term of an event."""
    out = {}
    for number, group in enumerate((g for g in groups if "smq" in g), start=1):
        scope = scopes(rows, group["smq"]).where(member(rows, group))
        for variable, value in (("NAM", group["smq"]["name"]), ("CD", group["smq"]["code"])):
            blank = pd.Series(np.nan, index=rows.index, dtype="str")
            out[f"SMQ{number:02d}{variable}"] = blank.mask(scope.notna(), value)
        out[f"SMQ{number:02d}SC"] = scope
    return pd.DataFrame(out, index=rows.index)


def scopes(rows: pd.DataFrame, query: dict[str, Any], prefix: str = "AE") -> pd.Series:
    """NARROW or BROAD where the term of an event is in a Standardised MedDRA Query, else missing.

    A term is found by its name, without regard to capitals, or by its code where the data have --PTCD; of two entries
    the narrow one counts. With ``algorithm: [[A], [B, C]]`` an event counts only where its subject has events of every
    category of one of the sets, its own among them, starting within ``within_days`` of it where that is given.
    """
    held = pd.DataFrame(query["terms"], columns=["term", "code", "scope", "category"])
    held = held.assign(term=held["term"].str.casefold()).sort_values("scope", ascending=False, kind="stable")
    keys = {"term": _fold(rows[f"{prefix}DECOD"])}
    if f"{prefix}PTCD" in rows:
        keys["code"] = rows[f"{prefix}PTCD"].astype("str").str.removesuffix(".0").fillna("")
    if not any((held[key] != "").any() and (value != "").any() for key, value in keys.items()) and len(rows):
        raise Cause(
            "the list and the data have neither names nor codes of terms in common, so no event could be found",
            file=query["file"],
            field="pt_name, pt_code",
        )
    pairs = []
    for key, value in keys.items():
        some = pd.DataFrame({"ROW": rows.index, key: value.to_numpy()})
        pairs.append(some[some[key] != ""].merge(held[held[key] != ""], on=key)[["ROW", "scope", "category"]])
    found = pd.concat(pairs, ignore_index=True).drop_duplicates()
    if "algorithm" in query:
        found = _together(rows, found, query)
    # The list is sorted with the narrow terms first.
    best = found.sort_values("scope", ascending=False, kind="stable").drop_duplicates("ROW").set_index("ROW")["scope"]
    return best.reindex(rows.index).astype("str")


def _together(rows: pd.DataFrame, found: pd.DataFrame, query: dict[str, Any]) -> pd.DataFrame:
    """The pairs (ROW, category) whose subject has all categories of a set of the algorithm."""
    about = rows.loc[found["ROW"], ["USUBJID", "ASTDT"]].reset_index(drop=True)
    one = found.reset_index(drop=True).join(about)
    kept = pd.Series(False, index=one.index)
    for categories in query["algorithm"]:
        whole = one["category"].isin(categories)
        for category in categories:
            other = one.loc[one["category"] == category, ["USUBJID", "ASTDT"]]
            pairs = one[["USUBJID", "ASTDT"]].reset_index().merge(other, on="USUBJID", suffixes=("", "_OTHER"))
            if "within_days" in query:
                apart = (pairs["ASTDT"] - pairs["ASTDT_OTHER"]).abs()
                pairs = pairs[(apart <= query["within_days"]).fillna(False).astype(bool)]
            whole &= one.index.isin(pairs["index"])
        kept |= whole
    return one.loc[kept, ["ROW", "scope", "category"]]


def _fold(text: pd.Series) -> pd.Series:
    return text.fillna("").astype("str").str.casefold()


def _contains(text: pd.Series, parts: list[str]) -> pd.Series:
    folded = _fold(text)
    found = pd.Series(False, index=text.index)
    for part in parts:
        found |= folded.str.contains(part.casefold(), regex=False)
    return found
