"""Numbers that a file holds in binary become the text that a person would have written."""

from __future__ import annotations

import numpy as np


def plain(value: float) -> str:
    """The shortest decimal that is this number and no other, without exponent.

    >>> plain(36.6), plain(118.0), plain(1e-7)
    ('36.6', '118', '0.0000001')
    """
    if value == 0:
        return "0"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return np.format_float_positional(value, unique=True, trim="-")


def texts(values: np.ndarray) -> np.ndarray:
    """``plain`` of every number of an array of floats (missing: blank); each distinct number is written once."""
    known = ~np.isnan(values)
    distinct, place = np.unique(values[known], return_inverse=True)
    out = np.full(values.shape, "", dtype=object)
    out[known] = np.array([plain(float(v)) for v in distinct], dtype=object)[place]
    return out
