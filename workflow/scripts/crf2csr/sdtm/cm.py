"""CM: concomitant medication and prior therapy, as collected. What contradicts itself is asked, never changed."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates
from crf2csr.sdtm import _mapping
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._reference import reference_point
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made

DERIVATIONS = {"reference_point": reference_point}


def tabulate(context: Context) -> Made:
    """Build CM with the queries on its dates (P37)."""
    made = _mapping.tabulate(context)
    made.queries += contradictions(made.data, context)
    return made


def contradictions(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P37: start, end and "ongoing" against one another; partial dates are compared as periods."""
    start, end = dates.period(rows["CMSTDTC"]), dates.period(rows["CMENDTC"])
    reversed_dates = (end["last"] < start["first"]).fillna(False).astype(bool)
    ongoing = (rows["CMENRTPT"] == "ONGOING").fillna(False).astype(bool)
    ended = rows["CMENDTC"].notna()
    found = [
        (reversed_dates, "CMENDTC", "major", "Medication ends before it starts; both dates are kept."),
        (ongoing & ended, "CMENDTC", "minor", "Medication is ongoing and has an end date."),
        (~ongoing & ~ended, "CMENDTC", "minor", "Medication is not ongoing and has no end date that can be read."),
        (rows["CMSTDTC"].isna(), "CMSTDTC", "minor", "Medication has no start date that can be read."),
    ]
    return [
        query
        for met, variable, severity, message in found
        for query in ask(rows[met], context, variable, rule="P37", message=message, severity=severity)
    ]
