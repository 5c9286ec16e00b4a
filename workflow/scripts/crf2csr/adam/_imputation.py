"""Partial dates become analysis dates by the written rule, and say what was imputed.

Start: a full date is kept. A partial one becomes the first day of the period that it names, or the first
dose where that falls in the period; a wholly missing one becomes the first dose. An imputed start is never
after the end (its last possible day), last contact or the data cut-off.
End: a full date is kept. A partial one becomes the last day of its period, never after last contact, death or
the cut-off; a wholly missing one stays missing.

A limit moves an imputed day within the period that was collected, never out of it: when the limit lies before
the whole period the two entries contradict each other, which is a data query and not a date.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr import dates

FLAGS = {"D": "D", "M": "M", "Y": "Y", "": np.nan}


def starts(iso: pd.Series, first_dose: pd.Series, end_iso: pd.Series, *limits: pd.Series) -> pd.DataFrame:
    """Analysis start of each record.

    Parameters
    ----------
    iso : Series of str
        Start as collected, ISO 8601 truncated on the right; missing where nothing is known.
    first_dose : Series of Int64
        First dose of the record's subject in days since 1970-01-01; missing where never treated.
    end_iso : Series of str
        End as collected.
    *limits : Series of Int64
        Days that an imputed start may not pass: last contact, cut-off; a missing limit is no limit.

    Returns
    -------
    DataFrame
        ``DT`` (Int64 days) and ``DTF`` (D, M or Y for an imputed day, month or year; else missing).
    """
    known, end = dates.period(iso), dates.period(end_iso)["last"]
    dose = first_dose.astype("Int64")
    dosed_within = ((dose >= known["first"]) & (dose <= known["last"])).fillna(False).astype(bool)
    day = known["first"].mask(dosed_within, dose)
    nothing = known["first"].isna()
    day = day.mask(nothing, dose)
    day = _capped(day, known["first"], end, *limits)
    day = known["first"].where(known["unknown"] == "", day)
    return _result(day, known["unknown"])


def ends(iso: pd.Series, *limits: pd.Series) -> pd.DataFrame:
    """Analysis end of each record, as ``starts``; ``limits`` are last contact, death and cut-off."""
    known = dates.period(iso)
    day = _capped(known["last"], known["first"], *limits)
    return _result(known["last"].where(known["unknown"] == "", day), known["unknown"])


def _capped(day: pd.Series, floor: pd.Series, *limits: pd.Series) -> pd.Series:
    """Bring ``day`` down to the earliest limit, but not below ``floor`` (the first day of a known period)."""
    for limit in limits:
        bound = limit.astype("Int64")
        bound = bound.where((bound >= floor).fillna(True).astype(bool), floor)
        day = day.mask((day > bound).fillna(False).astype(bool), bound)
    return day


def _result(day: pd.Series, unknown: pd.Series) -> pd.DataFrame:
    flag = unknown.map(FLAGS).astype("str")
    return pd.DataFrame({"DT": day.astype("Int64"), "DTF": flag.where(day.notna())})
