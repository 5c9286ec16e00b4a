"""Analysis visits: which window a day falls in, and which record of a window is analysed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import chosen, flagged, last_of, taken
from crf2csr.groups import ends, numbered, ranked


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
    inside = [((day >= window["from"]) & (day <= window["to"])).fillna(False).astype(bool) for window in windows]
    at = last_of(inside, len(day))
    visits = [window["visit"] for window in windows]
    spans = [f"{window['from']} to {window['to']} days" for window in windows]
    numbers, targets = (pd.Series([window[key] for window in windows], dtype="float64") for key in ("number", "target"))
    target = taken(targets, at, day.index).astype("Int64")
    return pd.DataFrame(
        {
            "AVISIT": chosen(at, visits, day.index),
            "AVISITN": taken(numbers, at, day.index),
            "AWTARGET": target,
            "AWRANGE": chosen(at, spans, day.index),
            "AWTDIFF": (day - target).astype("Int64"),
        }
    )


def in_protocol_window(day: pd.Series, visit: pd.Series, visits: list[dict[str, Any]]) -> pd.Series:
    """Say "Y" or "N" whether a day lies in the window that the protocol gives the visit of this name.

    ``visits`` are those of the study's page (``name``, ``from``, ``to``); a visit without a window says nothing.
    """
    at = np.full(len(day), -1)
    codes, names = pd.factorize(visit)
    known = day.notna().to_numpy()
    for planned in visits:
        if "from" not in planned or "to" not in planned or planned["name"] not in names:
            continue
        here = (codes == names.get_loc(planned["name"])) & known
        inside = ((day >= planned["from"]) & (day <= planned["to"])).fillna(False).astype(bool)
        at[here] = inside.to_numpy()[here]
    return chosen(at, ["N", "Y"], day.index)


def nearest(rows: pd.DataFrame, candidate: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the candidate nearest its target per ``by``; a tie takes the later day, then the later record.

    ``rows`` has AWTDIFF, ADT and ASEQ0 (order of collection).
    """
    at = np.flatnonzero(candidate.to_numpy(bool) & rows["AVISIT"].notna().to_numpy())
    distance, day, order = (ranked(rows[name])[at] for name in ("AWTDIFF", "ADT", "ASEQ0"))
    group = numbered([rows[name] for name in dict.fromkeys([*by, "AVISIT"])])[at]
    return _marked(rows.index, at[ends(group, [np.abs(distance), -day, -order])])


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
    at = np.flatnonzero(early.to_numpy(bool))
    keys = [ranked(rows[name], missing="first")[at] for name in order]
    return _marked(rows.index, at[ends(numbered([rows[name] for name in by])[at], keys, "last")])


def _marked(index: pd.Index, positions: np.ndarray) -> pd.Series:
    """``Y`` at these positions, else missing."""
    met = np.zeros(len(index), dtype=bool)
    met[positions] = True
    return flagged(met, index)
