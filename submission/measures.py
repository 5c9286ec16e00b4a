"""Type and length of a column as define.xml states them, measured on the values that are submitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from submission.frames import Variable

DATE = r"\d{4}-\d{2}-\d{2}"
TIME = DATE + r"T\d{2}:\d{2}(:\d{2})?"
PARTIAL = r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?)?"


def measured(variable: Variable, column: pd.Series) -> dict[str, Any]:
    """``DataType`` with ``Length`` and ``SignificantDigits`` where the standard wants them."""
    if variable.kind == "date":
        return {"DataType": "integer", "Length": 8}
    if variable.kind == "text":
        held = column[column != ""]
        if variable.name.endswith("DTC"):
            return {"DataType": _moment(held)}
        if variable.name.endswith("DUR") and held.str.fullmatch(r"P[\dYMWDTHS.]+").all() and len(held):
            return {"DataType": "durationDatetime"}
        return {"DataType": "text", "Length": max(1, int(held.str.len().max()) if len(held) else 1)}
    shown = column.dropna().map(_decimal)
    if variable.kind == "integer":
        return {"DataType": "integer", "Length": max(1, int(shown.str.len().max()) if len(shown) else 1)}
    fraction = shown.str.partition(".")[2].str.len().max() if len(shown) else 0
    length = int(shown.str.len().max()) if len(shown) else 1
    return {"DataType": "float", "Length": max(1, length), "SignificantDigits": int(fraction)}


def _decimal(value: float) -> str:
    return f"{int(value)}" if value == int(value) else np.format_float_positional(value, trim="-")


def _moment(held: pd.Series) -> str:
    for kind, pattern in (("date", DATE), ("datetime", TIME), ("partialDatetime", PARTIAL)):
        if held.str.fullmatch(pattern).all():
            return kind
    return "incompleteDatetime"
