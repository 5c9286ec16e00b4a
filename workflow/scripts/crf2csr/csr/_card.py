"""What stands on the card of a printed number beside the number itself: other defaults, and who entered."""

from __future__ import annotations

from typing import Any

import pandas as pd

CELL = ["chapter", "analysis", "variable", "group1_level", "group2_level", "group3_level"]
ACCOUNT = ("N", "n_missing", "n_left_out", "entered", "left_out")


def beside(facts: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Facts that the cards of ``shown`` need, in the order of ``facts``, the shown ones among them.

    These are the values that other defaults give for a shown statistic, and who entered its cell and who did not.
    """
    named = facts[[*CELL, "variable_level", "stat_name"]].astype(object)
    keys = named.where(named.notna(), "")
    cell = pd.MultiIndex.from_frame(keys[CELL])
    whole = pd.MultiIndex.from_frame(keys)
    kept = facts.index.isin(shown.index)
    other = facts["context"].notna().to_numpy() & whole.isin(whole[kept])
    account = facts["stat_name"].isin(ACCOUNT).to_numpy() & facts["context"].isna().to_numpy() & cell.isin(cell[kept])
    return facts[kept | other | account]


def methods(cards: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The cards of all chapters, by method."""
    return {name: card for chapter in sorted(cards) for name, card in cards[chapter].items()}
