"""What a result is called, and the hash of what it says: how a second computation is laid beside the first.

The name is a stable key in plain text; the hash covers the name, the method, its options and the value, so a
result that has changed since it was verified is seen to have changed.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

NOTHING = 1e-12  # below it a number is 0 but for the noise of floats, unless it is a p-value
DIGITS = 10  # significant digits of the value in the hash: the last ones of a float may differ between processors


def identify(facts: pd.DataFrame, chapter: str | pd.Series) -> pd.Series:
    r"""Return the name of each result.

    It reads ``chapter|analysis|group1=level|group2=level|group3=level|variable=level|statistic|context``; a part that a
    result does not have is left empty, a ``|`` inside a text is written ``\|``.

    Parameters
    ----------
    facts : DataFrame
        Analysis results; one row each.
    chapter : str or Series
        The chapter of all rows, or of each.
    """
    chapters = chapter if isinstance(chapter, pd.Series) else pd.Series(chapter, index=facts.index)
    named = _text(chapters) + "|" + _text(facts["analysis"])
    for name, level in [(f"group{k}", f"group{k}_level") for k in (1, 2, 3)] + [("variable", "variable_level")]:
        value = _text(facts[level])
        named = named + "|" + _text(facts[name]) + value.where(facts[level].isna(), "=" + value)
    return (named + "|" + _text(facts["stat_name"]) + "|" + _text(facts["context"])).rename("id")


def _text(values: pd.Series) -> pd.Series:
    plain = values.astype(object).where(values.notna(), "").astype(str)
    return plain.str.replace("\\", "\\\\", regex=False).str.replace("|", "\\|", regex=False)


def hashes(ids: pd.Series, facts: pd.DataFrame) -> pd.Series:
    """Return the first 16 hexadecimal digits of the SHA-256 of name, method, options, value and text of each result."""
    value = facts["stat"].mask((facts["stat"].abs() < NOTHING) & (facts["format"] != "p"), 0.0)
    columns = (ids, facts["method"], facts["options"], value, facts["stat_text"])
    made = [
        hashlib.sha256(json.dumps([_plain(v) for v in row], ensure_ascii=False).encode()).hexdigest()[:16]
        for row in zip(*(c.astype(object) for c in columns), strict=True)
    ]
    return pd.Series(made, index=facts.index, name="hash", dtype="str")


def _plain(value: Any) -> str | None:
    if isinstance(value, float):
        return None if np.isnan(value) else f"{value + 0.0:.{DIGITS}g}"
    return None if value is None or value is pd.NA else str(value)
