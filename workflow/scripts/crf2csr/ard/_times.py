"""Times to event as the methods of survival take them."""

from __future__ import annotations

import pandas as pd

from crf2csr.errors import Cause


def known_times(rows: pd.DataFrame, place: str) -> pd.DataFrame:
    """Return the rows with a time and a censoring code; two rows of one subject or a negative time are refused."""
    if rows["USUBJID"].duplicated().any():
        first = rows.loc[rows["USUBJID"].duplicated(), "USUBJID"].iloc[0]
        raise Cause("a subject has more than one row", file=place, field="USUBJID", value=first)
    known = rows[rows["AVAL"].notna() & rows["CNSR"].notna()]
    if (known["AVAL"] < 0).any():
        raise Cause(
            "a time to event is negative", file=place, field="AVAL", value=known.loc[known["AVAL"] < 0, "AVAL"].iloc[0]
        )
    return known
