"""Descriptive statistics of a value of records, of which a subject may have several, as the duration of events.

A record without the value is counted and not imputed.
"""

from __future__ import annotations

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._describe import EXTRA, describe
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="Descriptive statistics of records",
    formulas={
        "n": "Records with a value",
        "subjects": "Distinct subjects with at least one such record",
        "n_missing": "Records without a value",
        "mean": "Sum of values / n",
        "sd": "Square root of sum (x - mean)^2 / (n - 1)",
        "median": "Middle value, or the mean of the two middle values",
        "q1": "Inverse of the empirical distribution, averaged where it is flat",
        "q3": "Inverse of the empirical distribution, averaged where it is flat",
    },
    references=("Hyndman and Fan, Am Stat 1996;50:361 (definition 2)",),
    r={"mean": "mean(x)", "sd": "sd(x)", "median": "median(x)", "q": "quantile(x, c(0.25, 0.75), type = 2)"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add, for each of ``lines: [{id, where}]``, n, subjects, n_missing and the statistics of ``variable``."""
    o = analysis.options
    variable, digits = o["variable"], o.get("decimals", 0)
    if variable not in analysis.rows:
        raise Cause("is not a variable of these rows", file=analysis.place, field=variable)
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": variable}
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        for line in o["lines"]:
            mine = rows[matches(rows, line.get("where"), source=analysis.place)]
            value = pd.to_numeric(mine[variable]).astype("float64")
            known = value[value.notna()]
            members = facts.set_of(about["dataset"], known.index)
            one = about | {"variable_level": line["id"]}
            lost = mine.index[value.isna()]
            facts.add("n", len(known), "count", members, **one)
            facts.add("subjects", mine.loc[known.index, "USUBJID"].nunique(), "count", members, **one)
            facts.add("n_missing", len(lost), "count", facts.set_of(about["dataset"], lost), **one)
            none = {"warning": "no value"} if known.empty else {}
            for name, result in describe(known.to_numpy()).items():
                facts.add(name, result, f"d{digits + EXTRA[name]}", members, **one, **none)
