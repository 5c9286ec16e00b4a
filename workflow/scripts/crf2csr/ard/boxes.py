"""Box plots: quartiles, whiskers to the last value within 1.5 interquartile ranges, and the values beyond them."""

from __future__ import annotations

import numpy as np

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts, one_row_each

CARD = Card(
    name="Box plot",
    formulas={
        "q": "Inverse of the empirical distribution, averaged where it is flat",
        "median": "Middle value, or the mean of the two middle values",
        "whisker_low": "Smallest value that is at least q1 - 1.5 (q3 - q1)",
        "whisker_high": "Largest value that is at most q3 + 1.5 (q3 - q1)",
        "outlier": "A value beyond a whisker",
    },
    references=("Tukey, Exploratory Data Analysis 1977",),
    r={"q1": "quantile(x, 0.25, type = 2)", "q3": "quantile(x, 0.75, type = 2)", "median": "median(x)"},
)
REACH = 1.5


def box(values: np.ndarray) -> dict[str, float]:
    """Quartiles and whiskers of known values (1-d, not empty)."""
    q1, median, q3 = (float(np.quantile(values, q, method="averaged_inverted_cdf")) for q in (0.25, 0.5, 0.75))
    reach = REACH * (q3 - q1)
    return {
        "q1": q1,
        "median": median,
        "q3": q3,
        "whisker_low": float(values[values >= q1 - reach].min()),
        "whisker_high": float(values[values <= q3 + reach].max()),
    }


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, the box and each value beyond it, for every group; ``decimals`` are those collected."""
    digits = analysis.options.get("decimals", 0)
    form = f"d{digits + 1}"
    for where, rows, people in analysis.groups():
        one_row_each(rows, analysis.place)
        variable = analysis.variables[0]
        about = analysis.common() | where | {"variable": variable}
        known = rows.loc[rows[variable].notna(), variable].astype("float64")
        members = facts.set_of(about["dataset"], known.index)
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        facts.add("n", len(known), "count", members, **about)
        made = box(known.to_numpy()) if len(known) else {}
        none = {} if made else {"warning": "no value"}
        for name in ("q1", "median", "q3", "whisker_low", "whisker_high"):
            facts.add(name, made.get(name), form, members, **about, **none)
        beyond = known[(known < made["whisker_low"]) | (known > made["whisker_high"])] if made else known
        facts.add("outliers", len(beyond), "count", facts.set_of(about["dataset"], beyond.index), **about)
        for row, value in beyond.items():
            facts.add(
                "outlier", float(value), form, facts.set_of(about["dataset"], [row]), **about, variable_level=str(row)
            )
