"""RS: clinician-rated disease response; the items of one assessment share RSGRPID."""

from __future__ import annotations

import pandas as pd

from crf2csr.sdtm._verbs import Context


def assessment(rows: pd.DataFrame, context: Context) -> pd.Series:
    """Number the assessments of a subject in the order of the export: the link between items and total."""
    nth = rows.groupby("USUBJID").cumcount() + 1
    return str(rows.attrs["form"]) + "-" + nth.astype("str")


DERIVATIONS = {"assessment": assessment}
