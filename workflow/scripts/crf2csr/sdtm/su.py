"""SU: substances used, by the history asked at visits."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates, numbers, records
from crf2csr.sdtm._verbs import Context


def years_of_use(rows: pd.DataFrame, context: Context) -> pd.Series:
    """Years of use as an ISO 8601 duration (``P12Y``); what is not a plain number gives none."""
    said = records.pointed(rows.astype({"SUDUR": "str"}), "SUDUR", context.crf)
    years = numbers.to_number(said.map(dates.tidy, na_action="ignore"))
    return ("P" + years.map(lambda v: f"{v:.10g}", na_action="ignore").astype("str") + "Y").where(years.notna())


DERIVATIONS = {"years_of_use": years_of_use}
# For the annotated CRF: the rules that stand for what a derivation reads of the form.
READS = {"years_of_use": lambda page: [{"assign": "SUDUR"}]}
