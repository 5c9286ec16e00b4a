"""How long, how much and how regularly the drug was taken: per subject, from intervals and from tablets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates

# Intakes a day of the frequencies of the controlled terminology (FREQ) that name one.
A_DAY = {
    "QD": 1.0,
    "BID": 2.0,
    "TID": 3.0,
    "QID": 4.0,
    "QOD": 0.5,
    "QHS": 1.0,
    "QAM": 1.0,
    "QPM": 1.0,
    "Q12H": 2.0,
    "Q8H": 3.0,
    "QS": 1 / 7,
}


def intervals(ex: pd.DataFrame, last: pd.Series) -> pd.DataFrame:
    """Intervals of dosing with START, END (days), DAYS and TAKEN (amount of drug in the interval).

    An interval without an end lasts until the day before the next one, else until the last dose (``last``, days
    by USUBJID). TAKEN is missing where dose, frequency or the start is not known.
    """
    rows = ex.assign(START=dates.to_day(ex["EXSTDTC"]), END=dates.to_day(ex["EXENDTC"]))
    rows = rows.sort_values(["USUBJID", "START", "EXSEQ"], kind="stable", ignore_index=True)
    following = rows.groupby("USUBJID")["START"].shift(-1) - 1
    open_end = following.where(following.notna(), rows["USUBJID"].map(last)).astype("Int64")
    rows["END"] = rows["END"].where(rows["END"].notna(), open_end)
    rows["DAYS"] = (rows["END"] - rows["START"] + 1).clip(lower=0)
    intakes = np.ceil(rows["DAYS"].astype("float64") * rows["EXDOSFRQ"].map(A_DAY).astype("float64"))
    rows["TAKEN"] = intakes * rows["EXDOSE"].astype("float64")
    return rows


def coverage(rows: pd.DataFrame, last: pd.Series) -> pd.DataFrame:
    """Days with drug, days without and interruptions, by USUBJID.

    A day in two intervals counts once. An interruption is a run of days between the first and the last dose that
    no interval with a dose above 0 covers, whether a record says so or not.
    """
    dosed = rows[
        (rows["EXDOSE"] > 0).fillna(False).astype(bool)
        & rows["START"].notna()
        & (rows["DAYS"] > 0).fillna(False).astype(bool)
    ]
    reached = dosed.groupby("USUBJID")["END"].cummax()
    before = reached.groupby(dosed["USUBJID"]).shift(1)
    fresh = dosed["START"].where(before.isna() | (dosed["START"] > before).fillna(False).astype(bool), before + 1)
    days = (dosed["END"] - fresh + 1).clip(lower=0)
    gap = (dosed["START"] - before > 1).fillna(False).astype(bool)
    by = dosed["USUBJID"]
    out = pd.DataFrame({"DDUR": days.groupby(by).sum(), "NINTR": gap.groupby(by).sum()}).astype("Int64")
    unfinished = (last.reindex(out.index).astype("Int64") > reached.groupby(by).max()).fillna(False)
    out["NINTR"] = out["NINTR"] + unfinished.astype("Int64")
    return out


def tablets(da: pd.DataFrame) -> pd.DataFrame:
    """Tablets dispensed (TDISP) and returned (TRET) by USUBJID, and REASON where the count is not complete.

    ``da`` has one row per count (DATESTCD DISPAMT or RETAMT, DASTRESN). A count is incomplete where one of the
    two is not known at a visit, or where nothing was counted after the last tablets were dispensed.
    """
    rows = da[da["DATESTCD"].isin(["DISPAMT", "RETAMT"])]
    rows = rows.assign(
        DAY=dates.to_day(rows["DADTC"]),
        WHEN=rows["VISITNUM"].astype("str") + " " + rows["DADTC"].fillna("").astype("str"),
    )
    wide = rows.groupby(["USUBJID", "WHEN", "DATESTCD"])["DASTRESN"].sum(min_count=1).unstack("DATESTCD")
    wide = wide.reindex(columns=["DISPAMT", "RETAMT"])
    total = wide.groupby("USUBJID").sum().set_axis(["TDISP", "TRET"], axis=1)
    half = wide.isna().any(axis=1).groupby("USUBJID").any()
    given = (
        rows[(rows["DATESTCD"] == "DISPAMT") & (rows["DASTRESN"] > 0).fillna(False).astype(bool)]
        .groupby("USUBJID")["DAY"]
        .max()
    )
    counted = rows[rows["DATESTCD"] == "RETAMT"].groupby("USUBJID")["DAY"].max()
    open_count = (
        (given >= counted.reindex(given.index)).fillna(True).reindex(total.index, fill_value=False).astype(bool)
    )
    reason = pd.Series(np.nan, index=total.index, dtype="str")
    reason = reason.mask(open_count, "No tablets were counted after the last were dispensed")
    total["REASON"] = reason.mask(half, "Tablets dispensed or returned were not counted at a visit")
    return total


def planned(treated: pd.DataFrame, arms: list[dict[str, Any]]) -> pd.DataFrame:
    """Planned dose and units (tablets) a day of each treated subject, by USUBJID; missing where not declared."""
    doses = {arm["label"]: arm.get("dose", {}) for arm in arms}
    arm = treated.set_index("USUBJID")["TRT01A"]
    table = pd.DataFrame(
        {
            "DOSE": arm.map({k: v.get("a_day") for k, v in doses.items()}),
            "UNITS": arm.map({k: v.get("units_a_day") for k, v in doses.items()}),
        },
        index=arm.index,
    )
    return table.astype("float64")


def compliance(da: pd.DataFrame, treated: pd.DataFrame, arms: list[dict[str, Any]]) -> pd.DataFrame:
    """COMPL = 100 x (dispensed - returned) / scheduled tablets by USUBJID, never truncated.

    Columns TDISP, TRET, TSCHED, COMPL and REASON (why COMPL is missing). Scheduled: units a day x days from
    the first to the last dose.
    """
    counts = tablets(da).reindex(treated["USUBJID"].to_numpy())
    days = (treated["TRTEDT"] - treated["TRTSDT"] + 1).set_axis(counts.index).astype("float64")
    counts["TSCHED"] = planned(treated, arms)["UNITS"] * days
    counts["REASON"] = counts["REASON"].mask(counts["TDISP"].isna(), "No tablets were counted")
    counts["REASON"] = counts["REASON"].mask(counts["TSCHED"].isna(), "Scheduled tablets are not known")
    share = 100 * (counts["TDISP"] - counts["TRET"]) / counts["TSCHED"]
    counts["COMPL"] = share.where(counts["REASON"].isna())
    return counts
