"""Marks of single events: told apart where they would lie upon one another."""

from __future__ import annotations

import pandas as pd


def lanes(groups: pd.Series, x: pd.Series, gap: float, at_most: int) -> pd.Series:
    """The lane of each mark, from 0: in one lane of a group no two marks are nearer than ``gap``.

    Each mark takes the first lane that is free, from the left. Where ``at_most`` lanes are full it lies in the one
    whose last mark is farthest away: a group of very many marks is a band of them.

    Parameters
    ----------
    groups, x : Series
        Group and place of each mark, with one index; no place is missing.
    gap : float
        Least distance, in units of ``x``.
    """
    last: dict[object, list[float]] = {}
    found = {}
    order = pd.DataFrame({"group": groups, "x": x}).sort_values("x", kind="stable")
    for mark, group, place in zip(order.index, order["group"], order["x"].astype("float64"), strict=True):
        ends = last.setdefault(group, [])
        free = next((n for n, end in enumerate(ends) if place - end >= gap), None)
        if free is None and len(ends) < at_most:
            ends.append(place)
            free = len(ends) - 1
        elif free is None:
            free = min(range(len(ends)), key=ends.__getitem__)
        ends[free] = place
        found[mark] = free
    return pd.Series(found, dtype="int64").reindex(groups.index)
