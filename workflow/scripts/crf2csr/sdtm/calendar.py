"""CALENDAR: when each visit of each subject was, from the form of visits, else from the visit's other forms."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.populations import matches
from crf2csr.sdtm import _timing
from crf2csr.trace import Made, queries


def tabulate(forms: dict[str, pd.DataFrame], page: dict[str, Any], crf: dict[str, Any]) -> Made:
    """Build the calendar from screened forms that have a date of their own.

    Parameters
    ----------
    forms : dict of DataFrame
        Screened forms by name, the form of visits among them.
    page : dict
        The study's page: ``visits``, ``visit_form``.
    crf : dict
        Contracts of the forms, by name in lower case; ``date`` names the field that dates a record.

    Returns
    -------
    Made
        One row per subject and visit as ``_timing.calendar`` gives it, and a query (P11) for each visit
        whose date had to be derived.
    """
    rule = page["visit_form"]
    visits = forms[rule["form"]]
    planned = set(_timing.planned(page)["EVENT"])
    parts = [_dated(frame, crf[name.lower()], planned) for name, frame in sorted(forms.items()) if name != rule["form"]]
    dated = pd.concat(parts, ignore_index=True) if parts else None
    table = _timing.calendar(page, visits, dated)
    made = Made(table)
    derived = table[(table["DERIVED"] == "Y").fillna(False).astype(bool)]
    own = visits.drop_duplicates(_timing.VISIT_KEYS).set_index(_timing.VISIT_KEYS)["REC"].rename("OWN")
    derived = derived.join(own, on=_timing.VISIT_KEYS)
    taken = " The date of " + derived["REC"] + ", " + derived["DATE"] + ", is used."
    record = derived["OWN"].notna()
    for rows, message, record_of in (
        (derived[record], "The visit has no date that can be read.", "OWN"),
        (derived[~record], f"The visit has forms and no record in {rule['form']}.", "REC"),
    ):
        made.queries.append(
            queries(
                rows.assign(REC=rows[record_of]),
                rule="P11",
                field=rule["date"],
                severity="minor",
                form=rule["form"],
                message=message + taken.loc[rows.index],
                value="",
            )
        )
    undated = visits.join(table.set_index(_timing.VISIT_KEYS)["DATE"], on=_timing.VISIT_KEYS)
    undated = undated[
        undated["DATE"].isna() & matches(undated, rule.get("done"), source="config/config.yaml: visit_form")
    ]
    made.queries.append(
        queries(
            undated,
            rule="P11",
            field=rule["date"],
            severity="minor",
            message="The visit was done and has no date that can be read, in its record or in its other forms.",
        )
    )
    made.ledger.enter("calendar", rule["form"], len(table), len(table))
    return made


def _dated(frame: pd.DataFrame, form: dict[str, Any], planned: set[str]) -> pd.DataFrame:
    declared = form["fields"][form["date"]].get("format", "YYYY-MM-DD")
    rows = frame[frame["EVENT"].isin(planned)]
    return rows[[*_timing.VISIT_KEYS, "REC"]].assign(DATE=dates.read_dates(rows[form["date"]], declared)["iso"])
