"""Columns of text in bulk: membership and functions of text, at the cost of the distinct values and not of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def among(values: pd.Series, known: Any) -> pd.Series:
    """``values.isin(known)``, without making a Python object of each known text as pandas does for Arrow strings."""
    listed = getattr(known, "array", known)
    if not (_arrow(values.array) and _arrow(listed)):
        return values.isin(known)
    texts = pa.array(values.array)
    met = pc.is_in(texts, value_set=pc.unique(pa.array(listed)).cast(texts.type))
    return pd.Series(np.asarray(met, dtype=bool), index=values.index, name=values.name)


def each(values: pd.Series, function: Callable[[Any], Any], dtype: str = "str") -> pd.Series:
    """``function`` of each value, called once for each distinct one; a missing value stays missing."""
    codes, distinct = pd.factorize(values)
    made = pd.Series([function(text) for text in distinct], dtype=dtype)
    return pd.Series(made.array.take(codes, allow_fill=True), index=values.index, name=values.name)


def texts(values: pd.Series) -> list[str | None]:
    """Each value as text, None where it is missing."""
    if _arrow(values.array):
        return pa.array(values.array).to_pylist()
    return [None if pd.isna(value) else str(value) for value in values]


def _arrow(array: Any) -> bool:
    return isinstance(getattr(array, "dtype", None), pd.StringDtype) and array.dtype.storage == "pyarrow"
