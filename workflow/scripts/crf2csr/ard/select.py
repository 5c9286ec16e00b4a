"""Rows of a listing: chosen, ordered, and named by their position in the data set."""

from __future__ import annotations

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._text import as_text
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Rows of a listing",
    formulas={"": "Every row that meets the condition"},
    references=(),
    r={},
)


def analyze(analysis: Analysis, facts: Facts) -> pd.DataFrame:
    """Return the listing: ``_ROW`` and the text of each of ``columns``; add the facts rows, n and N.

    A column is ``{variable, decimals}``, with ``of: adsl`` where it is taken from the subject's row of ADSL. Dates
    (whole days in variables that end in DT, the naming rule of ADaM) become ISO dates. ``sort`` names variables
    of the data set or columns; a missing value comes last.
    """
    o, rows = analysis.options, analysis.rows
    people = analysis.subjects.set_index("USUBJID")
    columns: dict[str, pd.Series] = {}
    for about in o["columns"]:
        name, outer = about["variable"], about.get("of") == "adsl"
        source = people if outer else rows
        if name not in source:
            raise Cause("is not a variable of these rows", file=analysis.place, field=name)
        columns[name] = rows["USUBJID"].map(people[name]) if outer else rows[name]
    order = o.get("sort", ["USUBJID"])
    unknown = [name for name in order if name not in rows and name not in columns]
    if unknown:
        raise Cause("is not a variable to sort by", file=analysis.place, field="sort", value=unknown[0])
    keys = pd.DataFrame({name: columns[name] if name in columns else rows[name] for name in order}, index=rows.index)
    ordered = keys.sort_values(order, kind="stable", na_position="last").index
    digits = {about["variable"]: about.get("decimals") for about in o["columns"]}
    made = pd.DataFrame({name: as_text(values, name, digits[name]).loc[ordered] for name, values in columns.items()})
    made.insert(0, "_ROW", ordered.to_numpy("int64"))
    about = analysis.common() | {"group1_level": "All listed"}
    facts.add("rows", len(rows), "count", facts.set_of(analysis.spec["dataset"], rows.index), **about)
    subjects = analysis.subjects[among(analysis.subjects["USUBJID"], rows["USUBJID"])]
    facts.add("n", len(subjects), "count", facts.set_of("adsl", subjects.index), **about)
    facts.add("N", len(people), "count", facts.set_of("adsl", analysis.subjects.index), **about)
    return made.reset_index(drop=True)
