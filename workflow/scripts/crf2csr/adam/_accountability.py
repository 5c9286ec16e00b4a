"""Tablets from drug accountability, and compliance with the schedule.

compliance = 100 x (dispensed - returned) / scheduled tablets. What was handed out and never brought back for
counting cannot be told from what was taken, so such a subject has no compliance.
"""

from __future__ import annotations

import pandas as pd


def tablets(da: pd.DataFrame) -> pd.DataFrame:
    """Dispensed, returned and taken tablets per subject (index USUBJID; columns DISPENSED, RETURNED, TAKEN).

    ``da`` is SDTM DA with the tests DISPAMT and RETAMT. TAKEN is missing where an amount is missing or
    where tablets were dispensed later than the last count of returns.
    """
    rows = da[da["DATESTCD"].isin(["DISPAMT", "RETAMT"])]
    kind = rows["DATESTCD"].map({"DISPAMT": "DISPENSED", "RETAMT": "RETURNED"})
    by = [rows["USUBJID"], kind]
    total = rows.groupby(by)["DASTRESN"].sum().unstack().reindex(columns=["DISPENSED", "RETURNED"])
    lacking = rows["DASTRESN"].isna().groupby(rows["USUBJID"]).any()
    out = rows[(kind == "DISPENSED") & (rows["DASTRESN"] > 0)].groupby("USUBJID")["DADTC"].max()
    back = rows[kind == "RETURNED"].groupby("USUBJID")["DADTC"].max()
    about = pd.DataFrame({"out": out, "back": back}).reindex(total.index)
    open_end = about["back"].isna() | (about["out"] >= about["back"]).fillna(False).astype(bool)
    total["TAKEN"] = (total["DISPENSED"] - total["RETURNED"]).mask(lacking.reindex(total.index) | open_end)
    return total.astype("float64")


def compliance(taken: pd.Series, days: pd.Series, per_day: float) -> pd.Series:
    """Per cent of the tablets scheduled in ``days`` of treatment; not truncated at 0 or 100."""
    scheduled = days.astype("float64") * per_day
    return (100 * taken.astype("float64") / scheduled).where(scheduled > 0)
