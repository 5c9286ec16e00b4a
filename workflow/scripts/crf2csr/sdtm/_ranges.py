"""Reference ranges: as printed beside the result, else from the laboratory's table, converted with the value."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.columns import each, last_met
from crf2csr.groups import distinct, per_row
from crf2csr.sdtm import _units
from crf2csr.sdtm._results import neat

NUMBER = numbers.NUMBER.pattern.replace("[+-]?", "-?")
ONE = re.compile(rf"({NUMBER})", re.ASCII)
TWO = re.compile(rf"({NUMBER})\s*(?:-|~|TO)\s*({NUMBER})", re.ASCII)
BELOW = re.compile(rf"(?:<=?)\s*({NUMBER})", re.ASCII)
ABOVE = re.compile(rf"(?:>=?)\s*({NUMBER})", re.ASCII)


def printed(low: pd.Series, high: pd.Series) -> pd.DataFrame:
    """Read the two cells of a printed range; ``0-5``, ``<40`` and ``>=90`` in either cell count as both.

    Returns
    -------
    DataFrame
        ``low``, ``high`` (float) and ``unreadable`` (True where a cell holds something else).
    """
    cells = pd.DataFrame({"low": low.fillna("").astype("str"), "high": high.fillna("").astype("str")})
    return per_row(cells, _read)


def _read(cells: pd.DataFrame) -> pd.DataFrame:
    read = [_limits(a, b) for a, b in zip(cells["low"], cells["high"], strict=True)]
    types = {"low": "float64", "high": "float64", "unreadable": bool}
    return pd.DataFrame(read, columns=list(types)).astype(types)


def _limits(low: str, high: str) -> tuple[float, float, bool]:
    a, b = neat(low).upper(), neat(high).upper()
    if a and (whole := _whole(a)):
        return (*whole, bool(b) and b != a)
    if b and (whole := _whole(b)):
        return (*whole, bool(a))
    good_a, good_b = ONE.fullmatch(a), ONE.fullmatch(b)
    wrong = (bool(a) and not good_a) or (bool(b) and not good_b)
    if wrong:
        return np.nan, np.nan, True
    return float(a) if good_a else np.nan, float(b) if good_b else np.nan, False


def _whole(text: str) -> tuple[float, float] | None:
    """A range that stands in one cell."""
    if found := TWO.fullmatch(text):
        return float(found[1]), float(found[2])
    if found := BELOW.fullmatch(text):
        return np.nan, float(found[1])
    if found := ABOVE.fullmatch(text):
        return float(found[1]), np.nan
    return None


def of_table(people: pd.DataFrame, table: pd.DataFrame, laboratories: list[str]) -> pd.DataFrame:
    """Look up the range that a laboratory had for a test, sex and age on a day.

    Parameters
    ----------
    people : DataFrame
        ``name`` (as printed), ``sex``, ``age`` (whole years), ``day`` (Int64), one row per result.
    table : DataFrame
        LAB, LBTEST, SEX (a sex or ALL), AGELO, AGEHI, VALIDFROM, VALIDTO, UNIT, LO, HI; blank is open.
    laboratories : list of str
        Which laboratory is meant when several print the same name: the first.

    Returns
    -------
    DataFrame
        ``LAB``, ``UNIT``, ``LO``, ``HI`` on the index of ``people``; missing where there is none. Where two
        rows fit, the later validity counts.
    """
    t = table.assign(
        name=table["LBTEST"].map(lambda s: neat(s).casefold(), na_action="ignore"),
        agelo=numbers.to_number(table["AGELO"]),
        agehi=numbers.to_number(table["AGEHI"]),
        start=dates.to_day(table["VALIDFROM"].astype("str")),
        end=dates.to_day(table["VALIDTO"].astype("str")),
        rank=table["LAB"].map({lab: n for n, lab in enumerate(laboratories)}).fillna(len(laboratories)),
    ).rename(columns={"SEX": "for_sex"})
    everyone = pd.DataFrame(
        {
            "name": each(people["name"], lambda s: neat(s).casefold()),
            "sex": people["sex"],
            "age": _between(people["age"], pd.concat([t["agelo"], t["agehi"]])),
            "day": _between(people["day"], pd.concat([t["start"], t["end"]])),
        }
    )
    # Whoever lies on the same side of every bound finds the same range: one of them is looked up for all.
    row, first = distinct(everyone)
    left = people.iloc[first].assign(name=everyone["name"].iloc[first], row=range(len(first)))
    pairs = left[left["name"].notna()].merge(t, on="name", how="inner")
    fits = (pairs["for_sex"] == "ALL") | (pairs["for_sex"] == pairs["sex"]).fillna(False)
    fits &= pairs["agelo"].isna() | (pairs["age"] >= pairs["agelo"]).fillna(False)
    fits &= pairs["agehi"].isna() | (pairs["age"] <= pairs["agehi"]).fillna(False)
    fits &= pairs["start"].isna() | (pairs["day"] >= pairs["start"]).fillna(False)
    fits &= pairs["end"].isna() | (pairs["day"] <= pairs["end"]).fillna(False)
    found = pairs[fits.astype(bool)].sort_values(["row", "rank", "start"], ascending=[True, True, False], kind="stable")
    found = found.drop_duplicates("row").set_index("row")[["LAB", "UNIT", "LO", "HI"]]
    return found.reindex(range(len(first))).take(row).set_axis(people.index)


def _between(values: pd.Series, bounds: pd.Series) -> np.ndarray:
    """Number of the bound that a value is, or of the gap between bounds that it lies in; -1 where it is missing."""
    edges = np.unique(bounds.dropna().to_numpy("float64"))
    known = values.to_numpy("float64", na_value=np.nan)
    place = np.searchsorted(edges, known, side="left") + np.searchsorted(edges, known, side="right")
    return np.where(np.isnan(known), -1, place)


def converted(limits: pd.DataFrame, factors: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Both limits in the standard unit."""
    return pd.DataFrame({side: _units.convert(limits[side], factors, digits) for side in ("low", "high")})


def indicator(number: pd.Series, sign: pd.Series, low: pd.Series, high: pd.Series) -> pd.Series:
    """LOW, NORMAL or HIGH; missing without a range (a lower limit of 0 alone is none).

    A limit (``<0.5``) counts where it leaves no doubt.
    """
    known = number.notna() & ((low > 0) | high.notna())
    plain, below, above = known & (sign == ""), known & sign.isin(["<", "<="]), known & sign.isin([">", ">="])
    bottom, top = low.isna() | (low <= 0), high.isna()
    return last_met(
        number.index,
        (plain, "NORMAL"),
        (plain & (number < low), "LOW"),
        (plain & (number > high), "HIGH"),
        (below & bottom & (top | (number <= high)), "NORMAL"),
        (below & low.notna() & ((number < low) | ((number == low) & (sign == "<"))), "LOW"),
        (above & top & (number >= low), "NORMAL"),
        (above & high.notna() & ((number > high) | ((number == high) & (sign == ">"))), "HIGH"),
    )
