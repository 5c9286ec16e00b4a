"""Response criteria, declared as data and decided in whole numbers.

A criterion names the score that it is ``of`` and what must hold, all of what it states::

    {of: PPPASI, fall: 50}                              at least 50 % below baseline
    {of: PPPGA, at_most: 1, better_by: 2, base_at_least: 2}
    {of: DLQI, at_most: 1, base_above: 1}

``base_at_least`` and ``base_above`` say whose response is defined; a fall is defined above 0 only.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause

KNOWN = {"of", "fall", "at_most", "better_by", "base_at_least", "base_above"}


def declared(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Criteria of a specification by parameter code; an unknown word or score is refused."""
    codes = {parameter["code"] for parameter in spec["parameters"]}
    found = {p["code"]: p["criterion"] for p in spec["parameters"] if "criterion" in p}
    for code, criterion in found.items():
        strangers = set(criterion) - KNOWN
        if strangers or criterion.get("of") not in codes or not set(criterion) & {"fall", "at_most", "better_by"}:
            raise Cause(
                "is not a response criterion",
                file=f"config/adam/{spec['name'].lower()}.yaml",
                field=code,
                value=criterion,
            )
    return found


def eligible(base: pd.Series, criterion: dict[str, Any]) -> pd.Series:
    """Tell whose response is defined, from the baseline in whole tenths (``Int64``)."""
    met = base.notna()
    above = criterion.get("base_above", 0 if "fall" in criterion else None)
    if above is not None:
        met &= (base > 10 * above).fillna(False).astype(bool)
    if "base_at_least" in criterion:
        met &= (base >= 10 * criterion["base_at_least"]).fillna(False).astype(bool)
    return met.astype(bool)


def met(base: pd.Series, post: pd.Series, criterion: dict[str, Any]) -> pd.Series:
    """Say 1 or 0 (``Int64``) whether the criterion is met; missing where it is undefined.

    Both scores are whole tenths; a fall of p percent is ``100 (base - post) >= p base``, without division.
    """
    ok = pd.Series(True, index=base.index, dtype="boolean")
    if "fall" in criterion:
        ok &= 100 * (base - post) >= criterion["fall"] * base
    if "at_most" in criterion:
        ok &= post <= 10 * criterion["at_most"]
    if "better_by" in criterion:
        ok &= base - post >= 10 * criterion["better_by"]
    return ok.astype("Int64").where(eligible(base, criterion) & post.notna())


def columns(rows: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Fill CRIT1, CRIT1FL .. on the rows of a score: its criteria in the order of the specification."""
    label = {p["code"]: p["label"] for p in spec["parameters"]}
    nth: dict[str, int] = {}
    for code, criterion in declared(spec).items():
        n = nth[criterion["of"]] = nth.get(criterion["of"], 0) + 1
        if f"CRIT{n}" not in spec["variables"]:
            continue
        here = (rows["PARAMCD"] == criterion["of"]) & rows["_POST"].fillna(False).astype(bool)
        answer = met(rows["_BASE"].astype("Int64"), rows["TENTHS"], criterion)
        use = here & answer.notna()
        for name, value in ((f"CRIT{n}", label[code]), (f"CRIT{n}FL", answer.map({1: "Y", 0: "N"}))):
            if name not in rows:
                rows[name] = pd.Series(float("nan"), index=rows.index, dtype="str")
            rows[name] = rows[name].mask(use, value)
    return rows
