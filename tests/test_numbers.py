"""Numbers as a form writes them, and rounding as SAS does."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf2csr import numbers

pytestmark = pytest.mark.req("URS-TLF-02")

NOT_NUMBERS = [
    "1_000",
    "inf",
    "-inf",
    "nan",
    "NaN",
    "1e5",
    "٣",
    "６",
    "1,2",
    "1,234",
    "",
    " ",
    "0x10",
    "1.2.3",
    "--1",
    "120/80",
    "ND",
]


@pytest.mark.req("URS-SDT-03")
@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_what_only_a_programming_language_or_another_locale_takes_for_a_number_is_none(text):
    assert numbers.to_number(pd.Series([text], dtype="str")).isna().all()


@pytest.mark.req("URS-SDT-03")
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3))
def test_every_plain_decimal_is_read(value):
    assert numbers.to_number(pd.Series([f"{value:f}"], dtype="str"))[0] == float(value)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(0.5, 0, "1"), (-0.5, 0, "-1"), (2.675, 2, "2.68"), (1.005, 2, "1.01"), (0.25, 1, "0.3"), (-0.04, 1, "0.0")],
)
def test_halves_go_away_from_zero_on_the_decimal_that_names_the_float(value, digits, shown):
    assert str(numbers.rounded(value, digits)) == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(6.70 - 5.75, 1, "1.0"), ((1.71 + 1.72) / 2, 2, "1.72"), (5.75 - 6.70, 1, "-1.0"), (0.4499999, 1, "0.4")],
)
def test_what_binary_arithmetic_misses_of_a_half_does_not_turn_it(value, digits, shown):
    assert str(numbers.rounded(value, digits)) == shown


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_rounded_number_is_never_further_away_than_half_a_unit(value, digits):
    made = numbers.rounded(value, digits)
    noise = Fraction(1, 2 * 10 ** (digits + numbers.GUARD))
    assert abs(Fraction(made) - Fraction(Decimal(repr(value)))) <= Fraction(1, 2 * 10**digits) + noise
    assert str(made) != "-0"


@pytest.mark.req("URS-TLF-01")
@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (0.0, "percent", "0"),
        (1.0, "percent", "100"),
        (0.125, "percent", "12.5"),
        (0.00125, "points", "0.13"),
        (0.99999, "p", ">0.9999"),
        (0.00001, "p", "<0.0001"),
        (float("nan"), "d1", "NE"),
        (float("inf"), "d1", "NE"),
        (None, "d1", "NE"),
    ],
)
def test_formats(value, name, text):
    assert numbers.shown(value, name) == text
