"""Events by two levels of coded terms: what several methods ask of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause

NOT_CODED = "Not coded"


def coded(rows: pd.DataFrame, terms: list[str], others: list[str], place: str) -> pd.DataFrame:
    """The subject, the two terms and ``others`` of each row; a term that is missing is said to be.

    Few columns, since the rows of each term are taken out of these once per line and arm.
    """
    needed = ["USUBJID", *terms, *others]
    unknown = [name for name in needed if name not in rows]
    if unknown:
        raise Cause("is not a variable of these rows", file=place, field=unknown[0])
    rows = rows[list(dict.fromkeys(needed))].copy()
    for name in terms:
        rows[name] = rows[name].astype("str").fillna(NOT_CODED)
    return rows


def common(groups: list[Any], terms: list[str], share: float) -> set[tuple[str, str]]:
    """The terms that reach the share of subjects in some arm; ``groups`` are those of an analysis."""
    enough: set[tuple[str, str]] = set()
    for _, mine, people in groups:
        n = mine.groupby(terms)["USUBJID"].nunique()
        enough |= set(n.index[n >= share * len(people)])
    return enough
