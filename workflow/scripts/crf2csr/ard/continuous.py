"""Descriptive statistics of a measured value.

Quantiles average the inverted empirical distribution where it is flat (R type 2, SAS PCTLDEF 5); the standard
deviation has n - 1 in its denominator. A value that is missing is not imputed but counted.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._describe import EXTRA, describe
from crf2csr.ard._facts import Analysis, Facts, one_row_each
from crf2csr.columns import among

CARD = Card(
    name="Descriptive statistics",
    formulas={
        "mean": "Sum of values / n",
        "sd": "Square root of sum (x - mean)^2 / (n - 1)",
        "se": "sd / square root of n",
        "q1": "Inverse of the empirical distribution, averaged where it is flat",
        "q3": "Inverse of the empirical distribution, averaged where it is flat",
        "median": "Middle value, or the mean of the two middle values",
    },
    references=("Hyndman and Fan, Am Stat 1996;50:361 (definition 2)",),
    r={
        "q1": "quantile(x, 0.25, type = 2)",
        "q3": "quantile(x, 0.75, type = 2)",
        "mean": "mean(x)",
        "sd": "sd(x)",
        "median": "median(x)",
    },
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add N, n, n_missing and the statistics of each variable; ``decimals`` are those collected."""
    decimals = analysis.options.get("decimals", 0)
    for where, rows, people in analysis.groups():
        one_row_each(rows, analysis.place)
        for variable in analysis.variables:
            digits = decimals.get(variable, 0) if isinstance(decimals, dict) else decimals
            about = analysis.common() | where | {"variable": variable}
            _one(about, rows, people, digits, facts)


def _one(about: dict[str, Any], rows: pd.DataFrame, people: pd.DataFrame, digits: int, facts: Facts) -> None:
    values = pd.to_numeric(rows[about["variable"]]).astype("float64")
    known = values[values.notna()]
    absent = people.index[~among(people["USUBJID"], rows.loc[known.index, "USUBJID"])]
    members = facts.set_of(about["dataset"], known.index)
    facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
    facts.add("n", len(known), "count", members, **about)
    facts.add("n_missing", len(absent), "count", facts.set_of("adsl", absent), **about)
    none = {"warning": "no value"} if known.empty else {}
    for name, value in describe(known.to_numpy()).items():
        facts.add(name, value, f"d{digits + EXTRA[name]}", members, **about, **none)
