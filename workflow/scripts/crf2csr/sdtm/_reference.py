"""What "ongoing" refers to: the point in time up to which a log was kept."""

from __future__ import annotations

import pandas as pd

from crf2csr.sdtm._verbs import Context


def reference_point(rows: pd.DataFrame, context: Context) -> pd.Series:
    """Date of last contact of the row's subject, else the data cut-off (ISO)."""
    last = context.domains["dm"].drop_duplicates("USUBJID").set_index("USUBJID")["RFPENDTC"]
    known = rows["USUBJID"].map(last).astype("str")
    cutoff = context.page["study"].get("cutoff")
    return known.fillna(str(cutoff)) if cutoff else known
