"""Rows that belong together, and their order, in whole numbers: texts are compared once for each distinct one.

What pandas does with ``sort_values`` and ``groupby(...).head(1)`` on columns of text, without copying a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import flagged

# Products of counts of distinct values stay below this, so that a number of a group is exact.
LARGEST = 2**62


def numbered(columns: Sequence[pd.Series]) -> np.ndarray:
    """A whole number (int64) for each row, the same for rows that are equal in all columns; missing equals missing."""
    number, many = np.zeros(len(columns[0]), dtype="int64"), 1
    for column in columns:
        number, many = _apart(number, many, column)
    return number


def _apart(number: np.ndarray, many: int, column: pd.Series) -> tuple[np.ndarray, int]:
    """Rows of one number told apart by one more column: their numbers, and below what these are."""
    codes, distinct = pd.factorize(column)
    size = len(distinct) + 1
    if many * size > LARGEST:
        number, found = pd.factorize(number)
        many = len(found)
    return number * size + (codes + 1), many * size


def distinct(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of each row among the distinct ones, in the order of their first rows, and where those first rows are."""
    codes, held = pd.factorize(numbered([rows[name] for name in rows]))
    first = np.empty(len(held), dtype="int64")
    first[codes[::-1]] = np.arange(len(rows) - 1, -1, -1)
    return codes, first


def per_row(rows: pd.DataFrame, function: Callable[[pd.DataFrame], Any]) -> Any:
    """``function`` of a table, a column or table of as many rows, worked out on the distinct rows alone."""
    codes, first = distinct(rows)
    made = function(rows.iloc[first].reset_index(drop=True)).take(codes)
    made.index = rows.index
    return made


def repeated(rows: pd.DataFrame) -> np.ndarray:
    """Places of the rows that may have their like: all that do, and few others where the first columns tell most apart.

    Whoever asks for like rows among these finds all of them.
    """
    places, number, many = np.arange(len(rows)), np.zeros(len(rows), dtype="int64"), 1
    for name in rows:
        number, many = _apart(number, many, rows[name].iloc[places] if len(places) < len(rows) else rows[name])
        if many > 2 * len(places):
            like = pd.Series(number).duplicated(keep=False).to_numpy()
            places, number = places[like], number[like]
            if not len(places):
                break
            number, held = pd.factorize(number)
            many = len(held)
    return places


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
