"""Units of laboratory tests: known pairs of analyte and unit are converted exactly, all others are asked about."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import numbers
from crf2csr.columns import each
from crf2csr.groups import per_row

# What a value may be off by when the unit is right in kind: a decimal point that moved.
STEPS = (10.0, 100.0, 1000.0)


def spelled(unit: str, spellings: dict[str, str]) -> str:
    """One spelling per unit, for comparison only: spellings of the configuration, NFKC, no blanks, no case."""
    for word, plain in spellings.items():
        unit = unit.replace(word, plain)
    return "".join(unicodedata.normalize("NFKC", unit).split()).casefold()


def known_units(labs: dict[str, Any]) -> pd.DataFrame:
    """One row per analyte and printable unit: ``analyte``, ``spelled``, ``printed``, ``times``, ``over``, ``loinc``."""
    spellings = labs.get("spellings", {})
    rows = [
        (name, spelled(unit, spellings), unit, str(rule.get("times", 1)), str(rule.get("over", 1)), rule.get("loinc"))
        for name, about in labs["analytes"].items()
        for unit, rule in about.get("units", {}).items()
    ]
    return pd.DataFrame(rows, columns=["analyte", "spelled", "printed", "times", "over", "loinc"])


def find(analyte: pd.Series, unit: pd.Series, labs: dict[str, Any]) -> pd.DataFrame:
    """Return ``times``, ``over``, ``loinc`` of each row's analyte and unit; missing where the pair is unknown."""
    known = known_units(labs).drop_duplicates(["analyte", "spelled"]).set_index(["analyte", "spelled"])
    spellings = labs.get("spellings", {})
    factors = known[["times", "over", "loinc"]]
    keys = pd.DataFrame(
        {"analyte": analyte.astype("str"), "spelled": each(unit, lambda u: spelled(u, spellings))}, index=analyte.index
    )
    return per_row(keys, lambda pairs: pairs.join(factors, on=["analyte", "spelled"])[list(factors)])


def exact(value: float, times: str, over: str, digits: int) -> float:
    """Value x times / over in decimals; rounded half away from zero only where something was converted."""
    if times == "1" and over == "1":
        return value
    return float(numbers.rounded_decimal(Decimal(repr(value)) * Decimal(times) / Decimal(over), digits))


def convert(values: pd.Series, factors: pd.DataFrame, digits: int) -> pd.Series:
    """Convert numbers to the standard unit; missing where the factor is unknown. Each distinct case once."""
    cases = pd.DataFrame({"value": values, "times": factors["times"], "over": factors["over"]})

    def made(case: pd.DataFrame) -> pd.Series:
        known = case[case.notna().all(axis=1)]
        listed = zip(known["value"].tolist(), known["times"], known["over"], strict=True)
        found = pd.Series([exact(*one, digits) for one in listed], index=known.index, dtype="float64")
        return found.reindex(case.index)

    return per_row(cases, made)


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
    now = values * factors["times"].astype("float64") / factors["over"].astype("float64")
    low, high = _plausible(analyte, labs)
    judged = values.notna() & low.notna()
    has_units = analyte.isin(known["analyte"].unique())
    lost = judged & factors["times"].isna() & has_units
    shown = now.where(factors["times"].notna(), values)
    odd = judged & ~lost & ~((shown >= low) & (shown <= high))
    # Few values are doubtful; each distinct one is put into words once.
    for name, part in values[lost | odd].groupby(analyte):
        bottom, top = labs["analytes"][name]["plausible"]
        bounds = f"{bottom:g} to {top:g} {labs['analytes'][name].get('unit', '')}".rstrip()
        units = known[known["analyte"] == name]
        size = units["times"].astype("float64") / units["over"].astype("float64")
        for value, index in part.groupby(part).groups.items():
            fitting = units.loc[(value * size).between(bottom, top), "printed"].tolist()
            said.loc[index[lost[index]]] = "The unit is missing or not known for this analyte; no standard result." + (
                f" Plausible units: {', '.join(fitting)}." if fitting else ""
            )
            said.loc[index[odd[index]]] = (
                f"Implausible: expected within {bounds}; {_guess(value, fitting, bottom, top)}"
            )
    return said


def _plausible(analyte: pd.Series, labs: dict[str, Any]) -> tuple[pd.Series, pd.Series]:
    """Lowest and highest plausible value of each row's analyte, in its standard unit; missing if not declared."""
    bounds = {name: about["plausible"] for name, about in labs["analytes"].items() if "plausible" in about}
    low, high = ({name: float(b[side]) for name, b in bounds.items()} for side in (0, 1))
    return each(analyte, low.get, "float64"), each(analyte, high.get, "float64")


def _guess(value: float, fitting: list[str], low: float, high: float) -> str:
    if fitting:
        return f"is the unit {' or '.join(fitting)}? Nothing was changed."
    steps = [
        f"{step:g} times too {way}"
        for step in STEPS
        for way, v in (("high", value / step), ("low", value * step))
        if low <= v <= high
    ]
    return f"is the value {steps[0]}? Nothing was changed." if steps else "please check. Nothing was changed."


def implausible(values: pd.Series, analyte: pd.Series, labs: dict[str, Any]) -> pd.Series:
    """Tell which standard values lie outside what is plausible for their analyte (missing is not)."""
    low, high = _plausible(analyte, labs)
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
                f"More than {limit:g} times off the person's other results; is the unit {unit.printed}? "
                "Nothing was changed."
            )
    return said
