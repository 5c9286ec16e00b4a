"""SV: visits as they were. One row per subject, visit number and date."""

from __future__ import annotations

from crf2csr.sdtm import _mapping
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made, queries

KEY = ["USUBJID", "VISITNUM", "SVSTDTC"]


def tabulate(context: Context) -> Made:
    """Build SV; a second record of one visit on one day joins the first (P07), which keeps its values."""
    made = _mapping.tabulate(context)
    rows = made.data
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
    recs = rows.groupby(KEY, dropna=False, sort=False)["_REC"].transform(" ".join)
    made.ledger.enter(
        "SV: one row per visit and day",
        "SV",
        len(rows),
        int((~again).sum()),
        {"second record of the visit": int(again.sum())},
    )
    made.data = rows.assign(_REC=recs)[~again].reset_index(drop=True)
    return made
