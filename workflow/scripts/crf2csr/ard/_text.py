"""Values as text, as listings and sentences say them."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates, numbers


def as_text(values: pd.Series, name: str, digits: int | None = None) -> pd.Series:
    """Text as it is listed: dates in ISO form, whole numbers without a point, others in their shortest form.

    With ``digits`` a number is rounded half away from zero to so many decimals.
    """
    if digits is not None and pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        shown = {value: str(numbers.rounded(value, digits)) for value in known.unique()}
        return values.map(shown).astype("str")
    if name.endswith("DT") and pd.api.types.is_integer_dtype(values):
        return dates.to_iso(values.astype("Int64")).astype("str")
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype("str")
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna()
        if (whole == whole.round()).all():
            return values.astype("Int64").astype("str")
        return values.map(repr, na_action="ignore").astype("str")
    return values.astype("Int64").astype("str")
