"""Two values of each subject side by side, as a scatter plot draws them; who has not both is counted by reason."""

from __future__ import annotations

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts, one_row_each
from crf2csr.populations import matches

CARD = Card(
    name="Pairs of values",
    formulas={"x": "The value itself", "y": "The value itself", "n": "Subjects with both values"},
)
NO_ROW = "No record"


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add x and y of each subject (group3 is the subject), n plotted, and n not plotted by reason.

    Options: ``x`` and ``y``, conditions on the rows, each true for at most one row of a subject; ``reason``, a
    variable of those rows that says why a value is missing.
    """
    o = analysis.options
    found = []
    for where, rows, people in analysis.groups():
        axes = {axis: _one(rows, o[axis], people, axis, analysis.place) for axis in ("x", "y")}
        both = axes["x"]["AVAL"].notna() & axes["y"]["AVAL"].notna()
        found.append((where, people, axes, both, _reasons(people, axes, o.get("reason"))[~both]))
    # A reason that is seen in one arm is counted in all of them.
    reasons = sorted({text for *_, lost in found for text in lost})
    for where, people, axes, both, lost in found:
        about = analysis.common() | where | {"variable": "AVAL"}
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        facts.add("n", int(both.sum()), "count", facts.set_of("adsl", people.index[both]), **about)
        facts.add("n_missing", len(lost), "count", facts.set_of("adsl", lost.index), **about)
        for text in reasons:
            some = lost.index[lost == text]
            facts.add("left_out", len(some), "count", facts.set_of("adsl", some), **about, variable_level=text)
        drawn = {axis: axes[axis].loc[both, ["AVAL", "_ROW"]].to_numpy("float64") for axis in ("x", "y")}
        for number, subject in enumerate(people.loc[both, "USUBJID"]):
            one = about | {"group3": "USUBJID", "group3_level": str(subject)}
            for axis, (value, row) in ((axis, own[number]) for axis, own in drawn.items()):
                facts.add(axis, float(value), "d2", facts.set_of(about["dataset"], [int(row)]), **one)


def _reasons(people: pd.DataFrame, axes: dict[str, pd.DataFrame], variable: str | None) -> pd.Series:
    """Why a subject lacks a value: what the row says, of x before y; else that there is no row."""
    reason = pd.Series(NO_ROW, index=people.index, dtype="str")
    for axis in ("y", "x") if variable else ():
        given = axes[axis][variable].astype("str")
        reason = reason.where(~(axes[axis]["AVAL"].isna() & given.notna()), given)
    return reason


def _one(rows: pd.DataFrame, where: dict[str, object], people: pd.DataFrame, axis: str, place: str) -> pd.DataFrame:
    """The one row of each subject that meets the condition, aligned with ``people``."""
    found = rows[matches(rows, where, source=place)]
    one_row_each(found, place, axis)
    own = found.assign(_ROW=found.index).set_index("USUBJID")
    return own.reindex(people["USUBJID"]).set_axis(people.index)
