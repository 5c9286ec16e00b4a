"""Units of laboratory tests: known pairs of analyte and unit are converted exactly, all others are asked about."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import numbers

# What a value may be off by when the unit is right in kind: a decimal point that moved.
STEPS = (10.0, 100.0, 1000.0)


def spelled(unit: str, spellings: dict[str, str]) -> str:
    """One spelling per unit, for comparison only: spellings of the configuration, NFKC, no blanks, no case."""
    for word, plain in spellings.items():
        unit = unit.replace(word, plain)
    return "".join(unicodedata.normalize("NFKC", unit).split()).casefold()


def known_units(labs: dict[str, Any]) -> pd.DataFrame:
    """One row per analyte and unit that may be printed: ``analyte``, ``spelled``, ``printed``, ``times``, ``over``, ``loinc``."""
    spellings = labs.get("spellings", {})
    rows = [
        (name, spelled(unit, spellings), unit, str(rule.get("times", 1)), str(rule.get("over", 1)), rule.get("loinc"))
        for name, about in labs["analytes"].items() for unit, rule in about.get("units", {}).items()
    ]
    return pd.DataFrame(rows, columns=["analyte", "spelled", "printed", "times", "over", "loinc"])


def find(analyte: pd.Series, unit: pd.Series, labs: dict[str, Any]) -> pd.DataFrame:
    """Return ``times``, ``over``, ``loinc`` of each row's analyte and printed unit; missing where the pair is unknown."""
    known = known_units(labs).drop_duplicates(["analyte", "spelled"]).set_index(["analyte", "spelled"])
    spellings = labs.get("spellings", {})
    words = {u: spelled(u, spellings) for u in unit.dropna().unique()}
    keys = pd.DataFrame({"analyte": analyte.astype("str"), "spelled": unit.map(words).astype("str")}, index=analyte.index)
    return keys.join(known[["times", "over", "loinc"]], on=["analyte", "spelled"])[["times", "over", "loinc"]]


def exact(value: float, times: str, over: str, digits: int) -> float:
    """value x times / over in decimals; rounded half away from zero only where something was converted."""
    if times == "1" and over == "1":
        return value
    return float(numbers.rounded_decimal(Decimal(repr(value)) * Decimal(times) / Decimal(over), digits))


def convert(values: pd.Series, factors: pd.DataFrame, digits: int) -> pd.Series:
    """Convert numbers to the standard unit; missing where the factor is unknown. Each distinct case once."""
    out = pd.Series(np.nan, index=values.index, dtype="float64")
    ready = values.notna() & factors["times"].notna()
    for (times, over), index in factors[ready].groupby(["times", "over"]).groups.items():
        part = values.loc[index]
        out.loc[index] = part.map({v: exact(v, times, over, digits) for v in part.unique().tolist()})
    return out


def proposals(values: pd.Series, analyte: pd.Series, factors: pd.DataFrame, labs: dict[str, Any]) -> pd.Series:
    """Say what is wrong with values that no living person can have, and which unit would make sense of them.

    Parameters
    ----------
    values : Series of float
        As printed.
    analyte : Series of str
    factors : DataFrame
        ``times`` and ``over`` of the printed unit, missing where it is not known.

    Returns
    -------
    Series of str
        A sentence for each doubtful value; missing where the value is plausible or cannot be judged.
    """
    said = pd.Series(np.nan, index=values.index, dtype="str")
    known = known_units(labs)
    for name in analyte[values.notna()].dropna().unique():
        about = labs["analytes"].get(name, {})
        if "plausible" not in about:
            continue
        low, high = about["plausible"]
        here = values[(analyte == name) & values.notna()]
        units = known[known["analyte"] == name]
        for value, index in here.groupby(here).groups.items():
            own = factors.loc[index, ["times", "over"]]
            now = own["times"].astype("float64") / own["over"].astype("float64") * value
            lost = own["times"].isna() & bool(len(units))
            odd = ~lost & ~now.where(own["times"].notna(), value).between(low, high)
            fitting = [u.printed for u in units.itertuples(index=False) if low <= value * float(u.times) / float(u.over) <= high]
            said.loc[now.index[lost]] = "The unit is missing or not known for this analyte; no standard result." + (
                f" Plausible units: {', '.join(fitting)}." if fitting else "")
            bounds = f"{low:g} to {high:g} {about.get('unit', '')}".rstrip()
            said.loc[now.index[odd]] = f"Implausible: expected within {bounds}; {_guess(value, fitting, low, high)}"
    return said


def _guess(value: float, fitting: list[str], low: float, high: float) -> str:
    if fitting:
        return f"is the unit {' or '.join(fitting)}? Nothing was changed."
    steps = [f"{step:g} times too {way}" for step in STEPS for way, v in (("high", value / step), ("low", value * step)) if low <= v <= high]
    return f"is the value {steps[0]}? Nothing was changed." if steps else "please check. Nothing was changed."


def implausible(values: pd.Series, analyte: pd.Series, labs: dict[str, Any]) -> pd.Series:
    """Tell which standard values lie outside what is plausible for their analyte (missing is not)."""
    bounds = {name: about["plausible"] for name, about in labs["analytes"].items() if "plausible" in about}
    low = analyte.map({name: float(b[0]) for name, b in bounds.items()}).astype("float64")
    high = analyte.map({name: float(b[1]) for name, b in bounds.items()}).astype("float64")
    return ((values < low) | (values > high)).fillna(False).astype(bool)


def against_own(values: pd.Series, person: pd.Series, analyte: pd.Series, labs: dict[str, Any]) -> pd.Series:
    """Say which values differ from the person's own others as one unit differs from another.

    Only for analytes that vary little within a person (``steady``: the factor that is too much). A value is
    asked about when it is off by more than that factor and another unit would bring it back within it.

    Parameters
    ----------
    values : Series of float
        In the standard unit.
    person, analyte : Series of str
    """
    said = pd.Series(np.nan, index=values.index, dtype="str")
    known = known_units(labs)
    for name, about in labs["analytes"].items():
        if "steady" not in about:
            continue
        here = values[(analyte == name) & values.notna() & (values > 0)]
        grouped = here.groupby(person[here.index])
        count, median = grouped.transform("size"), grouped.transform("median")
        usual = median.where(count > 2, grouped.transform("sum") - here).where(count > 1)
        ratio = here / usual
        limit = float(about["steady"])
        off = (ratio > limit) | (ratio < 1 / limit)
        units = pd.concat([known[known["analyte"] == name], known[known["analyte"] == about.get("same_as")]])
        for unit in units.itertuples(index=False):
            factor = float(unit.times) / float(unit.over)
            back = ratio * factor
            fits = off & (factor != 1) & back.between(1 / limit, limit) & said.loc[here.index].isna()
            said.loc[fits.index[fits]] = (
                f"More than {limit:g} times off the person's other results; is the unit {unit.printed}? Nothing was changed.")
    return said
