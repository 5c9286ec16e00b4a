"""Analysis visits: which window a day falls in, and which record of a window is analysed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def assign(day: pd.Series, windows: list[dict[str, Any]]) -> pd.DataFrame:
    """Name the window of each study day.

    Parameters
    ----------
    day : Series of Int64
        Study day (no day 0).
    windows : list of dict
        ``visit``, ``number``, ``from``, ``to``, ``target`` in study days; they do not overlap.

    Returns
    -------
    DataFrame
        AVISIT, AVISITN, AWTARGET, AWTDIFF (days from target, negative if early; day 0 does not exist),
        AWRANGE; missing outside every window.
    """
    out = pd.DataFrame(
        {"AVISIT": pd.Series(np.nan, index=day.index, dtype="str"), "AVISITN": np.nan, "AWTARGET": np.nan,
         "AWRANGE": pd.Series(np.nan, index=day.index, dtype="str")}, index=day.index)
    for window in windows:
        inside = ((day >= window["from"]) & (day <= window["to"])).fillna(False).astype(bool)
        out.loc[inside, "AVISIT"] = window["visit"]
        out.loc[inside, ["AVISITN", "AWTARGET"]] = [window["number"], window["target"]]
        out.loc[inside, "AWRANGE"] = f"{window['from']} to {window['to']} days"
    out["AWTDIFF"] = (day - out["AWTARGET"].astype("Int64")).astype("Int64")
    return out.astype({"AVISITN": "float64", "AWTARGET": "Int64"})


def nearest(rows: pd.DataFrame, candidate: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the candidate nearest its target per ``by``; a tie takes the later day, then the later record.

    ``rows`` has AWTDIFF, ADT and ASEQ0 (order of collection).
    """
    pool = rows[candidate & rows["AVISIT"].notna()]
    pool = pool.assign(_distance=pool["AWTDIFF"].abs())
    ordered = pool.sort_values(["_distance", "ADT", "ASEQ0"], ascending=[True, False, False], kind="stable")
    first = ordered.groupby([*by, "AVISIT"], dropna=False).head(1).index
    flag = pd.Series(np.nan, index=rows.index, dtype="str")
    flag.loc[first] = "Y"
    return flag


def baseline(rows: pd.DataFrame, first_dose: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the last non-missing value on or before first dose (both as days) per ``by``."""
    early = (rows["ADT"] <= first_dose).fillna(False).astype(bool) & rows["AVAL"].notna()
    last = rows[early].sort_values(["ADT", "ASEQ0"], kind="stable").groupby(by, dropna=False).tail(1).index
    flag = pd.Series(np.nan, index=rows.index, dtype="str")
    flag.loc[last] = "Y"
    return flag
