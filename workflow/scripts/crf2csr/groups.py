"""Rows that belong together, and their order, in whole numbers: texts are compared once for each distinct one.

What pandas does with ``sort_values`` and ``groupby(...).head(1)`` on columns of text, without copying a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crf2csr.columns import flagged

# Products of counts of distinct values stay below this, so that a number of a group is exact.
LARGEST = 2**62


def numbered(columns: Sequence[pd.Series]) -> np.ndarray:
    """A whole number (int64) for each row, the same for rows that are equal in all columns; missing equals missing."""
    number, many = np.zeros(len(columns[0]), dtype="int64"), 1
    for column in columns:
        codes, distinct = pd.factorize(column)
        size = len(distinct) + 1
        if many * size > LARGEST:
            number, found = pd.factorize(number)
            many = len(found)
        number, many = number * size + (codes + 1), many * size
    return number


def ranked(column: pd.Series, missing: str = "last") -> np.ndarray:
    """A float for each value that sorts as the value does; missing ones sort ``last`` (also negated) or ``first``."""
    if pd.api.types.is_numeric_dtype(column):
        rank = column.to_numpy("float64", na_value=np.nan)
    else:
        codes, _ = pd.factorize(column, sort=True)
        rank = np.where(codes < 0, np.nan, codes)
    return np.where(np.isnan(rank), -np.inf, rank) if missing == "first" else rank


def ends(number: np.ndarray, keys: Sequence[np.ndarray], which: str = "first") -> np.ndarray:
    """Positions of the first (or last) row of each group by ``keys``, and of equal ones by the order of the rows."""
    order = np.lexsort([*reversed(keys), number])
    held = number[order]
    change = held[1:] != held[:-1]
    edge = np.concatenate([[True], change]) if which == "first" else np.concatenate([change, [True]])
    return order[edge] if len(order) else order


def first_of(rows: pd.DataFrame, among: pd.Series, by: list[str], order: list[str]) -> pd.Series:
    """Flag "Y" the first row of ``among`` per ``by`` in the order given (missing values last)."""
    at = np.flatnonzero(among.fillna(False).to_numpy(bool))
    keys = [ranked(rows[name].iloc[at]) for name in order]
    met = np.zeros(len(rows), dtype=bool)
    met[at[ends(numbered([rows[name].iloc[at] for name in by]), keys)]] = True
    return flagged(met, rows.index)
