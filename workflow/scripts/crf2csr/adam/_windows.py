"""Analysis visits: which window a day falls in, and which record of a window is analysed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def _no_text(index: pd.Index) -> pd.Series:
    return pd.Series(np.nan, index=index, dtype="str")


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
        {"AVISIT": _no_text(day.index), "AVISITN": np.nan, "AWTARGET": np.nan, "AWRANGE": _no_text(day.index)},
        index=day.index,
    )
    for window in windows:
        inside = ((day >= window["from"]) & (day <= window["to"])).fillna(False).astype(bool)
        out.loc[inside, "AVISIT"] = window["visit"]
        out.loc[inside, ["AVISITN", "AWTARGET"]] = [window["number"], window["target"]]
        out.loc[inside, "AWRANGE"] = f"{window['from']} to {window['to']} days"
    out["AWTDIFF"] = (day - out["AWTARGET"].astype("Int64")).astype("Int64")
    return out.astype({"AVISITN": "float64", "AWTARGET": "Int64"})


def in_protocol_window(day: pd.Series, visit: pd.Series, visits: list[dict[str, Any]]) -> pd.Series:
    """Say "Y" or "N" whether a day lies in the window that the protocol gives the visit of this name.

    ``visits`` are those of the study's page (``name``, ``from``, ``to``); a visit without a window says nothing.
    """
    flag = _no_text(day.index)
    for planned in visits:
        if "from" not in planned or "to" not in planned:
            continue
        here = (visit == planned["name"]).fillna(False).astype(bool) & day.notna()
        inside = ((day >= planned["from"]) & (day <= planned["to"])).fillna(False).astype(bool)
        flag = flag.mask(here, "N").mask(here & inside, "Y")
    return flag


def nearest(rows: pd.DataFrame, candidate: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the candidate nearest its target per ``by``; a tie takes the later day, then the later record.

    ``rows`` has AWTDIFF, ADT and ASEQ0 (order of collection).
    """
    needed = list(dict.fromkeys([*by, "AVISIT", "AWTDIFF", "ADT", "ASEQ0"]))
    pool = rows.loc[candidate & rows["AVISIT"].notna(), needed]
    pool = pool.assign(_distance=pool["AWTDIFF"].abs())
    ordered = pool.sort_values(["_distance", "ADT", "ASEQ0"], ascending=[True, False, False], kind="stable")
    first = ordered.groupby([*by, "AVISIT"], dropna=False).head(1).index
    flag = _no_text(rows.index)
    flag.loc[first] = "Y"
    return flag


def before_dose(rows: pd.DataFrame, first_dose: pd.Series) -> pd.Series:
    """Tell which records were made on or before the first dose (a day).

    Where ``rows`` has ATM and TRTSTM (seconds since midnight) and both are known, a record of the first
    day counts only up to the time of the dose; else the day decides.
    """
    early = (rows["ADT"] <= first_dose).fillna(False).astype(bool)
    if "ATM" in rows and "TRTSTM" in rows:
        late = (rows["ADT"] == first_dose) & (rows["ATM"] > rows["TRTSTM"])
        early &= ~late.fillna(False).astype(bool)
    return early


def baseline(rows: pd.DataFrame, first_dose: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the last non-missing value on or before the first dose (a day) per ``by``."""
    early = before_dose(rows, first_dose) & rows["AVAL"].notna()
    order = ["ADT", *(["ATM"] if "ATM" in rows else []), "ASEQ0"]
    last = rows.loc[early, list(dict.fromkeys([*by, *order]))].sort_values(order, kind="stable", na_position="first")
    flag = _no_text(rows.index)
    flag.loc[last.groupby(by, dropna=False).tail(1).index] = "Y"
    return flag
