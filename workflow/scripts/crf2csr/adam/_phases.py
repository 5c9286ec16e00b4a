"""The phase of the course that holds a day."""

from __future__ import annotations

import pandas as pd

PHASE = ["APHASE", "APHASEN", "APERIOD", "APERIODC", "PHSDT", "PHEDT"]


def of(rows: pd.DataFrame, adph: pd.DataFrame, day: str) -> pd.DataFrame:
    """Add the variables ``PHASE`` of the phase that holds ``day`` (a variable of the rows).

    A day before the first phase or after the last, and a missing one, has none. The order of the rows stays.
    """
    starts = adph[adph["PHSDT"].notna()][["USUBJID", *PHASE]].sort_values("PHSDT", kind="stable")
    starts = starts.assign(_DAY=starts["PHSDT"].astype("int64"))
    placed = rows.assign(_ROW=range(len(rows)))
    dated = placed[placed[day].notna()]
    dated = dated.assign(_DAY=dated[day].astype("int64")).sort_values("_DAY", kind="stable")
    found = pd.merge_asof(dated, starts, on="_DAY", by="USUBJID").set_index("_ROW")
    outside = (found[day] > found["PHEDT"]).fillna(False).astype(bool)
    found[PHASE] = found[PHASE].mask(outside)
    return rows.assign(**{name: found[name].reindex(range(len(rows))).set_axis(rows.index) for name in PHASE})
