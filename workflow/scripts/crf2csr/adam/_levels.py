"""Laboratory outliers in three levels by a published table, such as that of the FDA's Integrated Guide.

The table has one row per test, direction and sex: ``LBTESTCD``, ``direction`` (``high``, ``low`` or ``fall``, a drop
from the baseline), ``unit`` (a unit of the result or its conventional unit; ``xULN``, ``xBASE``; ``%BASE``, the fall in
per cent of the baseline), ``sex`` (blank: both) and ``level1`` to ``level3``, each a comparison such as ``>3``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from crf2csr.columns import chosen
from crf2csr.errors import Cause

CELL = re.compile(r"(<=|>=|<|>)([0-9]+(?:\.[0-9]+)?)")
OPERATORS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
DECIMALS = 9  # products of decimals such as 3 x 0.7 are compared to this many, so that they equal 2.1
DIRECTIONS = {"high": "H", "low": "L", "fall": "D"}
NO_RESULT, NO_LIMIT, NO_BASE, NO_SEX = (
    "Result is missing",
    "Upper limit of the reference range is missing",
    "Baseline is missing",
    "Sex is missing",
)
REASONS = [NO_RESULT, NO_LIMIT, NO_BASE, NO_SEX]
WORDS = ["PARAMCD", "AVALU", "CONVU", "SEX"]
USED = [*WORDS, "AVAL", "BASE", "AVALCV", "BASECV", "ANRHI", "POST"]
Table = list[dict[str, str]]


def levels(rows: pd.DataFrame, table: Table, direction: str, source: str = "table of levels") -> pd.DataFrame:
    """Level of each result in one direction.

    Parameters
    ----------
    rows : DataFrame
        ``PARAMCD``, ``AVAL``, ``AVALU`` and ``BASE`` (standard unit), ``AVALCV``, ``CONVU``, ``BASECV`` (conventional
        unit), ``ANRHI``, ``SEX`` and ``POST`` (True after baseline).
    table : list of dict
        The table of levels.
    direction : {"high", "low", "fall"}

    Returns
    -------
    DataFrame
        ``LEVEL`` (Int64 0-3; missing where the table has no such test or the level cannot be told) and ``WHY`` it
        cannot be told. A level that refers to the baseline is for results after it.
    """
    about = rows[USED].astype(dict.fromkeys(WORDS, "category"))  # words are compared once, and cheap to select
    codes, tests = pd.factorize(about["PARAMCD"])
    level, why = np.full(len(rows), -1), np.full(len(rows), -1)
    for rule in (r for r in table if r["direction"] == direction):
        if rule["LBTESTCD"] not in tests:
            continue
        here = np.flatnonzero(codes == tests.get_loc(rule["LBTESTCD"]))
        some = about.iloc[here]
        value, lacking = _measured(some, rule, source)
        mine = np.ones(len(here), dtype=bool)
        if rule["sex"]:
            sexless = some["SEX"].isna().to_numpy()
            lacking[sexless] = REASONS.index(NO_SEX)
            mine = (some["SEX"] == rule["sex"]).to_numpy(bool) | sexless
        if rule["unit"] == "xBASE" or direction == "fall":
            mine = mine & some["POST"].to_numpy(bool)
        reached = np.zeros(len(here), dtype="int64")
        for number in (1, 2, 3):
            if rule[f"level{number}"]:
                reached[_meets(value, rule[f"level{number}"], source)] = number
        told, open_ = mine & (lacking < 0), mine & (lacking >= 0)
        level[here[told]] = reached[told]
        why[here[open_]] = lacking[open_]
    known = pd.arrays.IntegerArray(level, level < 0)
    return pd.DataFrame({"LEVEL": pd.Series(known, index=rows.index), "WHY": chosen(why, REASONS, rows.index)})


def _measured(rows: pd.DataFrame, rule: dict[str, str], source: str) -> tuple[np.ndarray, np.ndarray]:
    """The quantity that a rule compares (NaN: missing), and why a row has none (position in REASONS, or -1)."""
    unit, value, base = rule["unit"], _floats(rows["AVAL"]), _floats(rows["BASE"])
    if unit == "xULN":
        limit = _positive(_floats(rows["ANRHI"]))
        return value / limit, _lacking(len(rows), (limit, NO_LIMIT), (value, NO_RESULT))
    if unit in ("xBASE", "%BASE"):
        known = _positive(base)
        share = value / known if unit == "xBASE" else 100 * (known - value) / known
        return share, _lacking(len(rows), (known, NO_BASE), (value, NO_RESULT))
    standard, conventional = ((rows[name] == unit).to_numpy(bool) for name in ("AVALU", "CONVU"))
    strange = np.flatnonzero(~(standard | conventional) & ~np.isnan(value))
    if len(strange):
        raise Cause(
            f"has levels in {unit}, but results come in another unit",
            file=source,
            field=rule["LBTESTCD"],
            value=rows["AVALU"].iloc[strange[0]],
        )
    value, base = (
        np.where(standard, plain, _floats(rows[other])) for plain, other in ((value, "AVALCV"), (base, "BASECV"))
    )
    if rule["direction"] == "fall":
        return base - value, _lacking(len(rows), (value, NO_RESULT), (base, NO_BASE))
    return value, _lacking(len(rows), (value, NO_RESULT))


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy("float64", na_value=np.nan)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _lacking(rows: int, *needed: tuple[np.ndarray, str]) -> np.ndarray:
    """Position of the reason of the last of these quantities that a row lacks, -1 where it lacks none."""
    found = np.full(rows, -1)
    for quantity, reason in needed:
        found[np.isnan(quantity)] = REASONS.index(reason)
    return found


def _meets(value: np.ndarray, cell: str, source: str) -> np.ndarray:
    found = CELL.fullmatch(cell)
    if not found:
        raise Cause("is not a comparison that can be read", file=source, value=cell)
    sign, bound = found.groups()
    return OPERATORS[sign](value.round(DECIMALS), float(bound))
