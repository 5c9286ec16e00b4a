"""Whole records: which have an answer at all, and which only open a form and leave it blank."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.populations import matches


def empty(rows: pd.DataFrame, form: dict[str, Any]) -> pd.Series:
    """Tell which records have every field blank: a form opened and never filled."""
    return (rows[list(form["fields"])].fillna("").apply(lambda column: column.str.strip()) == "").all(axis=1)


def answered(rows: pd.DataFrame, form: dict[str, Any]) -> pd.Series:
    """Tell which records hold an answer: those that the contract does not except from submission."""
    met = pd.Series(True, index=rows.index)
    for rule in form.get("not_submitted", []):
        met &= ~matches(rows, rule["where"], source=f"config/crf/{form['name'].lower()}.yaml")
    return met
