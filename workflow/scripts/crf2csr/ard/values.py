"""The values of single rows, as a table of one patient or of few shows them: no row is counted or summarised.

It is the table's twin of ``points``. What a row lacks has no fact, and the display says what stands there.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._text import as_text
from crf2csr.errors import Cause

CARD = Card(
    name="Values of single rows",
    formulas={"": "The value itself", "n": "Subjects with at least one row", "rows": "Rows shown"},
    r={"": "the value itself", "n": "length(unique(USUBJID))", "rows": "nrow(rows)"},
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add N, n, rows, and for each row (group3 is the subject) the value of each of ``columns: {variable: format}``.

    A format is a name of ``numbers.FORMATS``, or ``text``; dates are ISO texts. ``sort`` orders the rows.
    """
    columns = analysis.options["columns"]
    for where, rows, people in analysis.groups():
        about = analysis.common() | where
        for name in [*columns, *analysis.options.get("sort", [])]:
            if name not in rows:
                raise Cause("is not a variable of these rows", file=analysis.place, field=name)
        ordered = rows.sort_values(analysis.options.get("sort", ["USUBJID"]), kind="stable")
        members = facts.set_of(about["dataset"], rows.index)
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        facts.add("n", rows["USUBJID"].nunique(), "count", members, **about)
        facts.add("rows", len(rows), "count", members, **about)
        texts = {name: as_text(ordered[name], name) for name, form in columns.items() if form == "text"}
        for row, subject in ordered["USUBJID"].items():
            one = about | {"group3": "USUBJID", "group3_level": str(subject), "variable_level": str(row)}
            _row(ordered.loc[row], {n: t.at[row] for n, t in texts.items()}, columns, one, facts)


def _row(row: pd.Series, texts: dict[str, Any], columns: dict[str, str], one: dict[str, Any], facts: Facts) -> None:
    members = facts.set_of(one["dataset"], [row.name])
    for name, form in columns.items():
        if pd.isna(row[name]):
            continue
        if form == "text":
            facts.add(name, None, "text", members, **one, variable=name, stat_text=str(texts[name]))
        else:
            facts.add(name, float(row[name]), form, members, **one, variable=name)
