"""Times to event as the methods of survival take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._facts import Analysis, Facts, one_row_each
from crf2csr.columns import among
from crf2csr.errors import Cause


def known_options(analysis: Analysis, names: set[str]) -> dict[str, Any]:
    """Return the options of the analysis; one that the method does not know is refused."""
    unknown = set(analysis.options) - names
    if unknown:
        raise Cause("is not an option of this method", file=analysis.place, field="options", value=sorted(unknown)[0])
    return analysis.options


def known_times(rows: pd.DataFrame, place: str) -> pd.DataFrame:
    """Return the rows with a time and a censoring code; two rows of one subject or a negative time are refused."""
    one_row_each(rows, place)
    known = rows[rows["AVAL"].notna() & rows["CNSR"].notna()]
    if (known["AVAL"] < 0).any():
        raise Cause(
            "a time to event is negative", file=place, field="AVAL", value=known.loc[known["AVAL"] < 0, "AVAL"].iloc[0]
        )
    return known


def strata_of(rows: pd.DataFrame, analysis: Analysis) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return the rows whose stratum is known, the number of the stratum of each, and who has none (rows of ADSL)."""
    names = list(analysis.options["strata"])
    strange = [name for name in names if name not in analysis.subjects]
    if strange:
        raise Cause("is not a variable of ADSL", file=analysis.place, field="strata", value=strange[0])
    people = analysis.subjects[among(analysis.subjects["USUBJID"], rows["USUBJID"])]
    complete = people[names].notna().all(axis=1)
    number = people[complete].groupby(names, sort=True).ngroup().set_axis(people.loc[complete, "USUBJID"])
    kept = rows[among(rows["USUBJID"], number.index)]
    return kept, kept["USUBJID"].map(number).to_numpy("int64"), people[~complete]


def known_causes(analysis: Analysis, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows with a time and a status, as TIME and STATUS, and the causes, label -> number from 1.

    Options ``time``, ``status`` name the variables (default CMPAVAL and CMPSTAT), ``causes`` the numbers of the
    status: every one that occurs, beside 0 for censored, must have a label.
    """
    o = analysis.options
    time, status = o.get("time", "CMPAVAL"), o.get("status", "CMPSTAT")
    for name in (time, status):
        if name not in rows:
            raise Cause("is not a variable of the data set", file=analysis.place, field="options", value=name)
    causes = {str(label): int(number) for label, number in o.get("causes", {}).items()}
    if sorted(causes.values()) != list(range(1, len(causes) + 1)) or not causes:
        raise Cause("`causes` names the numbers 1, 2, ... of the status", file=analysis.place, field="causes")
    one_row_each(rows, analysis.place)
    known = rows[rows[time].notna() & rows[status].notna()]
    known = known.assign(TIME=known[time].astype("float64"), STATUS=known[status].astype("int64"))
    strange = known[~known["STATUS"].isin([0, *causes.values()])]
    if len(strange):
        raise Cause("a status has no label", file=analysis.place, field="causes", value=strange["STATUS"].iloc[0])
    if (known["TIME"] < 0).any():
        first = known.loc[known["TIME"] < 0, "TIME"].iloc[0]
        raise Cause("a time to event is negative", file=analysis.place, field=time, value=first)
    return known, causes


def left_out(facts: Facts, about: dict[str, Any], people: pd.DataFrame, reasons: dict[str, pd.Series]) -> None:
    """Add who did not enter, by reason: each of ``reasons`` tells of the subjects; the first that holds counts."""
    free = pd.Series(True, index=people.index)
    for reason, holds in reasons.items():
        gone = people.index[free & holds]
        facts.add("left_out", len(gone), "count", facts.set_of("adsl", gone), **about, variable_level=reason)
        free &= ~holds
