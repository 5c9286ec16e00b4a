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

from crf2csr.errors import Cause

CELL = re.compile(r"(<=|>=|<|>)([0-9]+(?:\.[0-9]+)?)")
OPERATORS: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "<": pd.Series.lt,
    "<=": pd.Series.le,
    ">": pd.Series.gt,
    ">=": pd.Series.ge,
}
DECIMALS = 9  # products of decimals such as 3 x 0.7 are compared to this many, so that they equal 2.1
DIRECTIONS = {"high": "H", "low": "L", "fall": "D"}
NO_RESULT, NO_LIMIT, NO_BASE, NO_SEX = (
    "Result is missing",
    "Upper limit of the reference range is missing",
    "Baseline is missing",
    "Sex is missing",
)

USED = ("PARAMCD", "AVAL", "AVALU", "BASE", "AVALCV", "CONVU", "BASECV", "ANRHI", "SEX", "POST")
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
    rows = rows[[name for name in USED if name in rows]]  # each selection below copies every column
    level = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    why = pd.Series(np.nan, index=rows.index, dtype="str")
    for rule in (r for r in table if r["direction"] == direction):
        here = (rows["PARAMCD"] == rule["LBTESTCD"]).to_numpy(bool)
        if not here.any():
            continue
        some = rows[here]
        value, lacking = _measured(some, rule, source)
        sexless = some["SEX"].isna() & (rule["sex"] != "")
        lacking = lacking.mask(sexless, NO_SEX)
        mine = ((some["SEX"] == rule["sex"]) | sexless) if rule["sex"] else pd.Series(True, index=some.index)
        if rule["unit"] == "xBASE" or direction == "fall":
            mine &= some["POST"].astype(bool)
        mine = mine.fillna(False).astype(bool)
        reached = pd.Series(0, index=some.index, dtype="Int64")
        for number in (1, 2, 3):
            if rule[f"level{number}"]:
                reached = reached.mask(_meets(value, rule[f"level{number}"], source), number)
        told = mine & lacking.isna()
        level = level.mask(told.reindex(rows.index, fill_value=False), reached.reindex(rows.index))
        why = why.mask((mine & lacking.notna()).reindex(rows.index, fill_value=False), lacking.reindex(rows.index))
    return pd.DataFrame({"LEVEL": level, "WHY": why})


def _measured(rows: pd.DataFrame, rule: dict[str, str], source: str) -> tuple[pd.Series, pd.Series]:
    """The quantity that a rule compares, and why a row has none."""
    unit, value, base = rule["unit"], rows["AVAL"], rows["BASE"]
    lacking = pd.Series(np.nan, index=rows.index, dtype="str")
    if unit == "xULN":
        limit = rows["ANRHI"].where(rows["ANRHI"] > 0)
        return value / limit, lacking.mask(limit.isna(), NO_LIMIT).mask(value.isna(), NO_RESULT)
    if unit in ("xBASE", "%BASE"):
        known = base.where(base > 0)
        share = value / known if unit == "xBASE" else 100 * (known - value) / known
        return share, lacking.mask(known.isna(), NO_BASE).mask(value.isna(), NO_RESULT)
    standard, conventional = rows["AVALU"] == unit, rows["CONVU"] == unit
    strange = rows[~(standard | conventional).fillna(False).astype(bool) & value.notna()]
    if len(strange):
        raise Cause(
            f"has levels in {unit}, but results come in another unit",
            file=source,
            field=rule["LBTESTCD"],
            value=strange["AVALU"].iloc[0],
        )
    value, base = (
        plain.where(standard.fillna(False).astype(bool), other)
        for plain, other in ((value, rows["AVALCV"]), (base, rows["BASECV"]))
    )
    lacking = lacking.mask(value.isna(), NO_RESULT)
    if rule["direction"] == "fall":
        return base - value, lacking.mask(base.isna(), NO_BASE)
    return value, lacking


def _meets(value: pd.Series, cell: str, source: str) -> pd.Series:
    found = CELL.fullmatch(cell)
    if not found:
        raise Cause("is not a comparison that can be read", file=source, value=cell)
    sign, bound = found.groups()
    return OPERATORS[sign](value.round(DECIMALS), float(bound)).fillna(False).astype(bool)
