"""Laboratory toxicity grades by a published table, such as CTCAE version 5.0, in both directions.

The table has one row per test, direction and rule: ``LBTESTCD``, ``term``, ``direction`` (low, high), ``unit`` (a unit,
``xULN`` or ``xBASE``), ``baseline_rule`` (``normal baseline``, ``abnormal baseline``, else any) and ``grade1`` to
``grade4``. A grade is written as the table prints it: ``<LLN-100`` is below the lower limit and at least 100, ``<80``
below 80, ``>3.0-5.0`` above 3 and at most 5, ``1.5-3.0`` both ends included, ``>0-20 above ULN`` counts from the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crf2csr.columns import chosen
from crf2csr.errors import Cause

RELATIVE = {"xULN": "high", "xBASE": "base"}
BOUND = r"LLN|ULN|[0-9]+(?:\.[0-9]+)?"
CELL = re.compile(rf"([<>]?)({BOUND})(?:-({BOUND}))?( above ULN)?")
# Limits are products such as 3.0 x ULN: both sides are compared to nine decimals, so that 3 x 0.7 is 2.1.
DECIMALS = 9
NO_RESULT, NO_LIMIT = "Result is missing", "Limit of the reference range is missing"
REASONS = [NO_RESULT, NO_LIMIT]

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
    codes, tests = pd.factorize(rows["PARAMCD"])
    about = _Results.of(rows)
    grade, term, why = np.full(len(rows), -1), np.full(len(rows), -1), np.full(len(rows), -1)
    terms: list[str] = []
    for test in dict.fromkeys(r["LBTESTCD"] for r in table if r["direction"] == direction):
        if test not in tests:
            continue
        here = np.flatnonzero(codes == tests.get_loc(test))
        some = about.at(here)
        rules = [r for r in table if r["LBTESTCD"] == test and r["direction"] == direction]
        best, open_limit = np.zeros(len(here), dtype="int64"), np.zeros(len(here), dtype=bool)
        for rule in rules:
            met, unknown = _one_rule(some, rule, source)
            best = np.maximum(best, met)
            open_limit |= unknown
        blank = np.isnan(some.value)
        undecided = open_limit & (best == 0)
        grade[here] = np.where(blank | undecided, -1, best)
        term[here] = len(terms)
        terms.append(rules[0]["term"])
        why[here] = np.where(blank, REASONS.index(NO_RESULT), np.where(undecided, REASONS.index(NO_LIMIT), -1))
    return pd.DataFrame(
        {
            "GRADE": pd.Series(pd.arrays.IntegerArray(grade, grade < 0), index=rows.index),
            "TERM": chosen(term, terms, rows.index),
            "WHY": chosen(why, REASONS, rows.index),
        }
    )


@dataclass
class _Results:
    """What is compared, an entry for each result (n); missing numbers are NaN, ``unit`` is a position in ``units``."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    base: np.ndarray
    after: np.ndarray
    abnormal: np.ndarray
    unit: np.ndarray
    units: pd.Index

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Results:
        numbers = (rows[name].to_numpy("float64", na_value=np.nan) for name in ("AVAL", "ANRLO", "ANRHI", "BASE"))
        value, low, high, base = numbers
        after = rows["POST"].to_numpy(bool)
        abnormal = after & (rows["BNRIND"] == "HIGH").to_numpy(bool) & ~np.isnan(base)
        unit, units = pd.factorize(rows["AVALU"])
        return cls(value.round(DECIMALS), low, high, base, after, abnormal, unit, units)

    def at(self, here: np.ndarray) -> _Results:
        arrays = {name: held[here] for name, held in vars(self).items() if name != "units"}
        return replace(self, **arrays)


def _one_rule(rows: _Results, rule: dict[str, str], source: str) -> tuple[np.ndarray, np.ndarray]:
    """Highest grade that one rule gives (0 for none) and whether a missing limit leaves a grade open."""
    applies, known = _applies(rows, rule), ~np.isnan(rows.value)
    unit = rule["unit"]
    if unit not in RELATIVE:
        own = rows.units.get_loc(unit) if unit in rows.units else len(rows.units)
        strange = np.flatnonzero(applies & known & (rows.unit != own))
        if len(strange):
            code = rows.unit[strange[0]]
            raise Cause(
                f"is graded in {unit}, but results come in another unit",
                file=source,
                field=rule["LBTESTCD"],
                value=rows.units[code] if code >= 0 else np.nan,
            )
    scale = getattr(rows, RELATIVE[unit]) if unit in RELATIVE else np.ones(len(rows.value))
    best, unknown = np.zeros(len(rows.value), dtype="int64"), np.zeros(len(rows.value), dtype=bool)
    for number in (1, 2, 3, 4):
        if cell := rule[f"grade{number}"]:
            met, open_limit = _within(rows, cell, scale, source)
            best[met & applies] = number
            unknown |= open_limit & applies
    return best, unknown & known


def _applies(rows: _Results, rule: dict[str, str]) -> np.ndarray:
    """Tell which rows a rule is for, by the subject's baseline."""
    by_baseline = {"abnormal baseline": rows.abnormal, "normal baseline": ~rows.abnormal}
    if rule["baseline_rule"] in by_baseline:
        return by_baseline[rule["baseline_rule"]]
    if rule["unit"] == "xBASE":
        return rows.after & ~np.isnan(rows.base)
    return np.ones(len(rows.value), dtype=bool)


def _within(rows: _Results, cell: str, scale: np.ndarray, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Whether values lie in the span of one cell, and whether a missing limit leaves it open."""
    found = CELL.fullmatch(cell)
    if not found:
        raise Cause("is not a span that can be read", file=source, value=cell)
    sign, first, second, above = found.groups()
    shift = rows.high if above else 0.0
    limits = {"LLN": rows.low, "ULN": rows.high}

    def bound(text: str) -> np.ndarray:
        return (limits[text] if text in limits else float(text) * scale + shift).round(DECIMALS)

    outer, inner = ("<=", ">") if sign != "<" else (">=", "<")
    met, lacking = _compare(rows.value, bound(first), inner if sign else ">=")
    if second:
        also, open_too = _compare(rows.value, bound(second), outer)
        # An end that is surely not kept decides, whether the other is known or not.
        lacking = (lacking & (also | open_too)) | (open_too & (met | lacking))
        met = met & also
    return met, lacking


OPERATORS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _compare(value: np.ndarray, limit: np.ndarray, operator: str) -> tuple[np.ndarray, np.ndarray]:
    """Whether each value meets its limit, and where that cannot be told since the limit is missing."""
    return OPERATORS[operator](value, limit), np.isnan(limit)
