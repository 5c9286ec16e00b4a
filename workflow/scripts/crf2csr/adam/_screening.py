"""Who was screened again: what belongs to a screening that failed before the one that led to treatment."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates

FAILURE = "SCREEN FAILURE"


def of_failed_screening(rows: pd.DataFrame, date: str, ds: pd.DataFrame, first_dose: pd.Series) -> pd.Series:
    """Flag rows dated on or before a screen failure of a subject who was treated later.

    ``date`` names the --DTC of ``rows``; ``first_dose`` has days by USUBJID, missing where never treated. A partial
    date is flagged by the last day that it can mean.
    """
    failures = ds[ds["DSDECOD"] == FAILURE]
    day = dates.period(failures["DSSTDTC"])["last"].astype("Int64")
    before = (day < failures["USUBJID"].map(first_dose).astype("Int64")).fillna(False).astype(bool)
    failed = day[before].groupby(failures.loc[before, "USUBJID"]).max()
    until = rows["USUBJID"].map(failed).astype("Int64")
    return (dates.period(rows[date])["last"].astype("Int64") <= until).fillna(False).astype(bool)
