"""Columns in bulk: membership, look-ups and functions of text, at the cost of the distinct values and not of the rows.

A look-up is done in two steps, ``positions`` and ``taken``, so that several columns of one table are looked up at the
price of one. A text that takes few values is made of whole numbers by ``chosen``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))


def among(values: pd.Series, known: Any) -> pd.Series:
    """``values.isin(known)``, without making a Python object of each known text as pandas does for Arrow strings."""
    listed = getattr(known, "array", known)
    if not (_arrow(values.array) and _arrow(listed)):
        return values.isin(known)
    texts = pa.array(values.array)
    met = pc.is_in(texts, value_set=pc.unique(pa.array(listed)).cast(texts.type))
    return pd.Series(np.asarray(met, dtype=bool), index=values.index, name=values.name)


def positions(values: pd.Series, known: pd.Series | pd.Index) -> np.ndarray:
    """Position of each value among ``known`` (refused where they are not distinct), -1 where it is not one of them."""
    listed = known.array
    if not (_arrow(values.array) and _arrow(listed)):
        return pd.Index(known).get_indexer(pd.Index(values)).astype("int64")
    texts, these = pa.array(values.array), pa.array(listed)
    if pc.count_distinct(these, mode="all").as_py() != len(these):
        raise ValueError("a value stands twice among those that are looked up")
    found = pc.index_in(texts, value_set=these.cast(texts.type), skip_nulls=True)
    return np.asarray(found.fill_null(-1), dtype="int64")


def taken(column: pd.Series, at: np.ndarray, index: pd.Index) -> pd.Series:
    """The values of a column at these positions, missing where a position is -1."""
    return pd.Series(pd.api.extensions.take(column.values, at, allow_fill=True), index=index, name=column.name)


def chosen(numbers: np.ndarray, words: Sequence[str | None], index: pd.Index) -> pd.Series:
    """The text that each number stands for, by its position among ``words``; missing where a number is -1."""
    found = pa.array(np.asarray(words, dtype=object), pa.large_string()).take(pa.array(numbers, mask=numbers < 0))
    return pd.Series(TEXT.__from_arrow__(found), index=index)


def flagged(met: np.ndarray | pd.Series, index: pd.Index) -> pd.Series:
    """``Y`` where true, else missing."""
    return chosen(np.where(np.asarray(met, dtype=bool), 0, -1), ["Y"], index)


def put(values: pd.Series, met: np.ndarray | pd.Series, other: pd.Series | str) -> pd.Series:
    """Texts with ``other`` in the place of those for which ``met`` is true (``values.mask(met, other)``)."""
    if not _arrow(values.array):
        return values.mask(met, other)
    held = pa.array(values.array)
    instead = pa.scalar(other, held.type) if isinstance(other, str) else pa.array(other.array).cast(held.type)
    made = pc.if_else(pa.array(np.asarray(met, dtype=bool)), instead, held)
    return pd.Series(TEXT.__from_arrow__(made), index=values.index, name=values.name)


def each(values: pd.Series, function: Callable[[Any], Any], dtype: str = "str") -> pd.Series:
    """``function`` of each value, called once for each distinct one; a missing value stays missing."""
    codes, distinct = pd.factorize(values)
    made = pd.Series([function(text) for text in distinct], dtype=dtype)
    return pd.Series(made.array.take(codes, allow_fill=True), index=values.index, name=values.name)


def blank(values: pd.Series) -> pd.Series:
    """Which texts have nothing but white space, or nothing; a missing one is not such."""
    if not _arrow(values.array):
        return values.str.strip() == ""
    held = pa.array(values.array)
    met = pc.or_(pc.utf8_is_space(held), pc.equal(pc.binary_length(held), 0))
    return pd.Series(np.asarray(met.fill_null(False), dtype=bool), index=values.index, name=values.name)


def coded(values: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Number of each value among the distinct ones, and these in the order of their first rows; missing is one."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return codes, pd.Series(distinct, dtype=values.dtype, name=values.name)


def per_value(values: pd.Series, function: Callable[[pd.Series], Any]) -> Any:
    """``function`` of a column, a column or table of as many rows, worked out on the distinct values alone."""
    codes, distinct = coded(values)
    made = function(distinct).take(codes)
    made.index = values.index
    return made


def looked_up(values: pd.Series, table: pd.Series) -> pd.Series:
    """``values.map(table)``: what stands in ``table`` under each value; missing where nothing does."""
    return taken(table, positions(values, table.index), values.index).rename(values.name)


def last_met(index: pd.Index, *cases: tuple[pd.Series, str]) -> pd.Series:
    """The text of the last of the conditions that each row meets; missing where it meets none."""
    return chosen(last_of([met for met, _ in cases], len(index)), [text for _, text in cases], index)


def last_of(conditions: Sequence[pd.Series], rows: int) -> np.ndarray:
    """Position of the last of the conditions that each row meets, -1 where it meets none."""
    place = np.full(rows, -1)
    for number, met in enumerate(conditions):
        place[met.to_numpy(bool)] = number
    return place


def whole_text(values: pd.Series) -> pd.Series:
    """Whole numbers as text; none is missing."""
    text = pc.cast(pa.array(values.to_numpy("int64")), pa.string())
    return pd.Series(text, index=values.index, dtype=TEXT, name=values.name)


def texts(values: pd.Series) -> list[str | None]:
    """Each value as text, None where it is missing."""
    if _arrow(values.array):
        return pa.array(values.array).to_pylist()
    return [None if pd.isna(value) else str(value) for value in values]


def _arrow(array: Any) -> bool:
    return isinstance(getattr(array, "dtype", None), pd.StringDtype) and array.dtype.storage == "pyarrow"
