"""SV: visits as they were. One row per subject, visit number and date."""

from __future__ import annotations

import pandas as pd

from crf2csr.sdtm import _mapping, _timing
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made, queries

KEY = ["USUBJID", "VISITNUM", "SVSTDTC"]


def tabulate(context: Context) -> Made:
    """Build SV; a second record of one visit on one day joins the first (P07), which keeps its values.

    A visit that only its other forms know gets a row with their first date (P11, asked in the calendar);
    every date that was taken from another form is flagged.
    """
    made = _mapping.tabulate(context)
    rows = _known_otherwise(made.data.assign(SVDTDRFL=_derived(made.data, context)), context)
    made.ledger.enter("SV: visits that only other forms know are added", "calendar", len(rows), len(rows))
    again = rows.duplicated(KEY, keep="first")
    made.queries.append(
        queries(
            rows[again],
            rule="P07",
            field="VISDAT",
            severity="major",
            value=rows.loc[again, "SVSTDTC"],
            message="The visit has a second record on the same day; the first one is tabulated.",
        )
    )
    several = rows.duplicated(KEY, keep=False)
    joined = rows[several].groupby(KEY, dropna=False, sort=False)["_REC"].transform(" ".join)
    recs = rows["_REC"].where(~several, joined.reindex(rows.index))
    made.ledger.enter(
        "SV: one row per visit and day",
        "SV",
        len(rows),
        int((~again).sum()),
        {"second record of the visit": int(again.sum())},
    )
    made.data = rows.assign(_REC=recs)[~again].reset_index(drop=True)
    return made


def _derived(rows: pd.DataFrame, context: Context) -> pd.Series:
    """Y where the date of the row's visit was taken from another form."""
    if context.calendar.empty:
        return pd.Series(float("nan"), index=rows.index, dtype="str")
    flags = context.calendar.set_index(_timing.VISIT_KEYS)["DERIVED"].astype("str")
    return rows[_timing.VISIT_KEYS].join(flags, on=_timing.VISIT_KEYS)["DERIVED"].astype("str")


def _known_otherwise(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Add a row for each visit of the calendar that no record of the form of visits stands for."""
    calendar = context.calendar[(context.calendar["DERIVED"] == "Y").fillna(False).astype(bool)]
    known = pd.MultiIndex.from_frame(rows[_timing.VISIT_KEYS])
    alone = calendar[~pd.MultiIndex.from_frame(calendar[_timing.VISIT_KEYS]).isin(known)]
    if alone.empty:
        return rows
    unplanned = [visit["event"] for visit in context.page["visits"] if visit.get("unscheduled")]
    asked = pd.Series("Y", index=alone.index, dtype="str").where(~alone["EVENT"].isin(unplanned))
    persons = rows.drop_duplicates("SUBJID").set_index("SUBJID")["USUBJID"]
    added = alone[[*_timing.VISIT_KEYS, "VISITNUM", "VISIT", "VISITDY"]].assign(
        STUDYID=context.page["study"]["id"],
        DOMAIN=context.spec["name"],
        USUBJID=alone["SUBJID"].map(persons),
        SVPRESP=asked,
        SVOCCUR=asked,
        SVSTDTC=alone["DATE"],
        SVENDTC=alone["DATE"],
        SVDTDRFL="Y",
        _REC=alone["REC"],
    )
    dm = context.domains["dm"].drop_duplicates("USUBJID").set_index("USUBJID")["RFSTDTC"]
    added = _timing.add_days(added, context.spec["name"], added["USUBJID"].map(dm))
    both = pd.concat([rows, added], ignore_index=True)
    return both.sort_values(["USUBJID", *context.spec["sort"]], kind="stable", ignore_index=True, na_position="last")
