"""Laboratory toxicity grades by a published table, such as CTCAE version 5.0, in both directions.

The table has one row per test, direction and rule: ``LBTESTCD``, ``term``, ``direction`` (low, high), ``unit`` (a unit,
``xULN`` or ``xBASE``), ``baseline_rule`` (``normal baseline``, ``abnormal baseline``, else any) and ``grade1`` to
``grade4``. A grade is written as the table prints it: ``<LLN-100`` is below the lower limit and at least 100, ``<80``
below 80, ``>3.0-5.0`` above 3 and at most 5, ``1.5-3.0`` both ends included, ``>0-20 above ULN`` counts from the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from crf2csr.errors import Cause

RELATIVE = {"xULN": "ANRHI", "xBASE": "BASE"}
BOUND = r"LLN|ULN|[0-9]+(?:\.[0-9]+)?"
CELL = re.compile(rf"([<>]?)({BOUND})(?:-({BOUND}))?( above ULN)?")
# Limits are products such as 3.0 x ULN: both sides are compared to nine decimals, so that 3 x 0.7 is 2.1.
DECIMALS = 9
USED = ("PARAMCD", "AVAL", "AVALU", "ANRLO", "ANRHI", "BASE", "BNRIND", "POST")

Table = list[dict[str, str]]


def grades(rows: pd.DataFrame, table: Table, direction: str, source: str = "grading table") -> pd.DataFrame:
    """Grade each result in one direction.

    Parameters
    ----------
    rows : DataFrame
        ``PARAMCD`` (test of the table), ``AVAL``, ``AVALU`` (unit), ``ANRLO``, ``ANRHI`` (limits in that unit),
        ``BASE``, ``BNRIND`` and ``POST`` (True after baseline).
    table : list of dict
        The grading table.
    direction : {"low", "high"}

    Returns
    -------
    DataFrame
        ``GRADE`` (Int64 0-4), ``TERM`` (the table's term) and ``WHY`` a test of the table has no grade:
        the result or a limit of the reference range is missing. Where a limit is missing the grades that need
        none are still given.

    Notes
    -----
    A rule relative to an abnormal baseline is for results after a baseline that was HIGH; the baseline itself, and
    results without a baseline, are graded by the reference range. A rule relative to any baseline is passed
    over where there is none. Source: NCI Common Terminology Criteria for Adverse Events v5.0, Investigations.
    """
    rows = rows[[name for name in USED if name in rows]]  # each selection below copies every column
    found = pd.DataFrame(
        {
            "GRADE": pd.array([pd.NA] * len(rows), dtype="Int64"),
            "TERM": pd.Series(np.nan, rows.index, dtype="str"),
            "WHY": pd.Series(np.nan, rows.index, dtype="str"),
        },
        index=rows.index,
    )
    for test in dict.fromkeys(r["LBTESTCD"] for r in table if r["direction"] == direction):
        here = rows["PARAMCD"] == test
        if not here.any():
            continue
        some = rows[here]
        rules = [r for r in table if r["LBTESTCD"] == test and r["direction"] == direction]
        best = pd.Series(0, index=some.index, dtype="Int64")
        open_limit = pd.Series(False, index=some.index)
        for rule in rules:
            met, unknown = _one_rule(some, rule, source)
            best = best.where(best >= met, met)
            open_limit |= unknown
        blank = some["AVAL"].isna()
        undecided = open_limit & (best == 0)
        found.loc[here, "GRADE"] = best.mask(blank | undecided)
        found.loc[here, "TERM"] = rules[0]["term"]
        why = found.loc[here, "WHY"].mask(undecided, "Limit of the reference range is missing")
        found.loc[here, "WHY"] = why.mask(blank, "Result is missing")
    return found


def _one_rule(rows: pd.DataFrame, rule: dict[str, str], source: str) -> tuple[pd.Series, pd.Series]:
    """Highest grade that one rule gives (Int64, 0 for none) and whether a missing limit leaves a grade open."""
    applies = _applies(rows, rule)
    value = rows["AVAL"].astype("float64")
    unit = rule["unit"]
    if unit not in RELATIVE:
        strange = rows.loc[applies & value.notna() & (rows["AVALU"] != unit), "AVALU"]
        if len(strange):
            raise Cause(
                f"is graded in {unit}, but results come in another unit",
                file=source,
                field=rule["LBTESTCD"],
                value=strange.iloc[0],
            )
    scale = rows[RELATIVE[unit]].astype("float64") if unit in RELATIVE else pd.Series(1.0, index=rows.index)
    best = pd.Series(0, index=rows.index, dtype="Int64")
    unknown = pd.Series(False, index=rows.index)
    for number in (1, 2, 3, 4):
        if cell := rule[f"grade{number}"]:
            met = _within(value, cell, scale, rows, source).where(applies, False)
            best = best.mask(met.fillna(False).astype(bool), number)
            unknown |= met.isna()
    return best, unknown & value.notna()


def _applies(rows: pd.DataFrame, rule: dict[str, str]) -> pd.Series:
    """Tell which rows a rule is for, by the subject's baseline."""
    abnormal = rows["POST"].astype(bool) & (rows["BNRIND"] == "HIGH").fillna(False).astype(bool) & rows["BASE"].notna()
    by_baseline = {"abnormal baseline": abnormal, "normal baseline": ~abnormal}
    if rule["baseline_rule"] in by_baseline:
        return by_baseline[rule["baseline_rule"]]
    if rule["unit"] == "xBASE":
        return rows["POST"].astype(bool) & rows["BASE"].notna()
    return pd.Series(True, index=rows.index)


def _within(value: pd.Series, cell: str, scale: pd.Series, rows: pd.DataFrame, source: str) -> pd.Series:
    """Whether values lie in the span of one cell (nullable boolean; missing where a limit is missing)."""
    found = CELL.fullmatch(cell)
    if not found:
        raise Cause("is not a span that can be read", file=source, value=cell)
    sign, first, second, above = found.groups()
    shift = rows["ANRHI"].astype("float64") if above else 0.0
    limits = {"LLN": rows["ANRLO"], "ULN": rows["ANRHI"]}

    def bound(text: str) -> pd.Series:
        known = limits[text].astype("float64") if text in limits else float(text) * scale + shift
        return known.round(DECIMALS) if isinstance(known, pd.Series) else pd.Series(known, index=value.index)

    near, far = bound(first), bound(second) if second else None
    outer, inner = (_compare(value, far, "<="), ">") if sign != "<" else (_compare(value, far, ">="), "<")
    return _compare(value, near, inner if sign else ">=") & outer


OPERATORS: dict[str, Callable[[pd.Series, pd.Series], pd.Series]] = {
    "<": pd.Series.lt,
    "<=": pd.Series.le,
    ">": pd.Series.gt,
    ">=": pd.Series.ge,
}


def _compare(value: pd.Series, limit: pd.Series | None, operator: str) -> pd.Series:
    """Three-valued comparison: missing where the limit is missing; a cell without a second bound is always true."""
    if limit is None:
        return pd.Series(True, index=value.index, dtype="boolean")
    answer = OPERATORS[operator](value.round(DECIMALS), limit).astype("boolean")
    return answer.mask(limit.isna())
