"""How text becomes a number, and how a number becomes the text that is printed.

Rounding is half away from zero on decimal arithmetic (the convention of SAS), never on binary floats. What a
difference or a mean of floats misses of a half is put right first, ``GUARD`` decimals behind the last one shown:
6.70 - 5.75 is 0.95 and shows as 1.0, though the float is 0.9499999999999993.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from crf2csr.columns import per_value

GUARD = 9
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)


# Marks of full width keep their width: that a text was tidied is told apart from which mark it has.
EXCHANGED = str.maketrans(",.，．", ".,．，")


def pointed(text: pd.Series, decimal: str | None) -> pd.Series:
    """Numbers that are declared to have a decimal comma, with comma and point exchanged; words stay as they are.

    What is no plain number then was none: a point in such a number is as ambiguous as an undeclared comma.
    """
    if decimal != ",":
        return text
    return text.map({t: t.translate(EXCHANGED) if any(c.isdigit() for c in t) else t for t in text.dropna().unique()})


def is_number(text: pd.Series) -> pd.Series:
    """Tell which texts are plain decimal numbers: no ``1_000``, ``inf``, ``nan``, ``1e5``, other digits."""
    return per_value(text.astype("str"), lambda texts: texts.str.fullmatch(NUMBER.pattern).fillna(False).astype(bool))


def to_number(text: pd.Series) -> pd.Series:
    """Convert texts to float64; whatever is not a plain decimal number becomes missing."""
    return per_value(
        text.astype("str"),
        lambda texts: pd.to_numeric(texts.where(is_number(texts)), errors="raise").astype("float64"),
    )


def rounded(value: float, digits: int) -> Decimal:
    """Round half away from zero at ``digits`` decimals, on the shortest decimal that names the float.

    Noise of binary arithmetic beyond ``GUARD`` more decimals does not count.
    """
    named = Decimal(repr(float(value)))
    # Where a float has not so many decimals there is nothing to put right, and a Decimal no room.
    settled = rounded_decimal(named, digits + GUARD) if abs(named) < 10**12 else named
    return rounded_decimal(settled, digits)


def rounded_decimal(value: Decimal, digits: int) -> Decimal:
    """Round a decimal half away from zero at ``digits`` decimals; zero has no sign."""
    result = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def _fixed(digits: int) -> Callable[[float], str]:
    return lambda value: str(rounded(value, digits))


def _p_value(value: float) -> str:
    return "<0.0001" if value < 0.0001 else ">0.9999" if value > 0.9999 else str(rounded(value, 4))


def _percent(value: float) -> str:
    """A proportion in 0..1 as a percentage: 1 decimal, 100 as ``100``, 0 as ``0``."""
    percent = rounded(float(Decimal(repr(float(value))) * 100), 1)
    return str(int(percent)) if percent in (0, 100) else str(percent)


FORMATS = {
    "count": lambda value: str(int(value)),
    "percent": _percent,
    "points": lambda value: str(rounded(float(Decimal(repr(float(value))) * 100), 2)),
    "percent_bound": lambda value: str(rounded(float(Decimal(repr(float(value))) * 100), 1)),
    "p": _p_value,
    "d0": _fixed(0),
    "d1": _fixed(1),
    "d2": _fixed(2),
    "d3": _fixed(3),
    "d4": _fixed(4),
    "proportion": _fixed(4),
}


def shown(value: float | None, name: str) -> str:
    """Format one number by the name of its format; a missing or undefined number shows as ``NE``."""
    if value is None or pd.isna(value):
        return "NE"
    if math.isinf(value):
        return "NE"
    return FORMATS[name](value)


def count_percent(count: int, share: float | None) -> str:
    """``n (xx.x)``; 0 shows as ``0``."""
    if count == 0 or share is None or pd.isna(share):
        return str(int(count))
    return f"{int(count)} ({_percent(share)})"
