"""Conditions on rows, declared as data: who and what an analysis is about.

A condition maps a variable to what it must be::

    {SAFFL: Y}                          equal
    {AVISIT: [Week 8, Week 12]}         one of
    {AESTDTC: {present: true}}          not missing and not blank
    {PARAMCD: {not: [PAIN]}}            none of; a missing value passes
    {ADY: {ge: 1, le: 84, missing: drop}}   bounds; ``missing`` must be stated when values are missing
    {any: [{AESER: Y}, {AEOUT: FATAL}]}     one or more of several conditions

A comparison never loses a missing value silently: without ``missing`` it is refused.
"""

from __future__ import annotations

import operator
from typing import Any

import pandas as pd

from crf2csr.errors import Cause

BOUNDS = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


def matches(frame: pd.DataFrame, where: dict[str, Any] | None, *, source: str = "") -> pd.Series:
    """Return a boolean Series: which rows meet every condition of ``where`` (all rows for none).

    Raises
    ------
    Cause
        For a variable that the rows do not have, an unknown comparison, or a bound on missing values
        whose fate is not stated.
    """
    met = pd.Series(True, index=frame.index)
    for variable, wanted in (where or {}).items():
        if variable == "any":
            met &= pd.concat([matches(frame, one, source=source) for one in wanted], axis=1).any(axis=1)
            continue
        if variable not in frame:
            raise Cause("is not a variable of these rows", file=source, field=variable)
        met &= _one(frame[variable], wanted, source)
    return met


def _one(values: pd.Series, wanted: Any, source: str) -> pd.Series:
    if not isinstance(wanted, dict):
        return _equal(values, wanted if isinstance(wanted, list) else [wanted])
    unknown = set(wanted) - {"present", "not", "missing", *BOUNDS}
    if unknown:
        raise Cause(
            f"is not a comparison; known: present, not, {', '.join(BOUNDS)}, missing",
            file=source,
            field=str(values.name),
            value=sorted(unknown)[0],
        )
    absent = values.isna()
    if not pd.api.types.is_numeric_dtype(values):
        absent = absent | (values.astype("str").str.strip() == "").fillna(False)
    met = pd.Series(True, index=values.index)
    if "present" in wanted:
        met &= ~absent if wanted["present"] else absent
    if "not" in wanted:
        listed = wanted["not"] if isinstance(wanted["not"], list) else [wanted["not"]]
        met &= ~_equal(values, listed)
    bounds = {name: limit for name, limit in wanted.items() if name in BOUNDS}
    if bounds:
        if absent.any() and wanted.get("missing") not in ("keep", "drop"):
            raise Cause(
                f"{int(absent.sum())} values are missing; the condition must say `missing: keep` or `missing: drop`",
                file=source,
                field=str(values.name),
            )
        inside = pd.Series(True, index=values.index)
        for name, limit in bounds.items():
            inside &= BOUNDS[name](values, limit).fillna(False).astype(bool)
        met &= inside.where(~absent, wanted.get("missing") == "keep").astype(bool)
    return met


def _equal(values: pd.Series, listed: list[Any]) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        try:
            return values.isin([float(item) for item in listed]).fillna(False).astype(bool)
        except ValueError:
            raise Cause("a number is compared with a word", field=str(values.name), value=listed) from None
    return values.isin([str(item) for item in listed]).fillna(False).astype(bool)
