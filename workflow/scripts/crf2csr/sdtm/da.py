"""DA: tablets dispensed and returned. More returned than dispensed is asked, never changed."""

from __future__ import annotations

import pandas as pd

from crf2csr.sdtm import _mapping
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made


def tabulate(context: Context) -> Made:
    """Build DA with the queries on the running balance of tablets and on amounts that are no whole number (P30)."""
    made = _mapping.tabulate(context)
    rows = made.data
    unread = rows[rows["DASTRESN"].isna()]
    over = rows[overdrawn(rows)]
    for part, severity, message in (
        (over, "major", "More tablets were returned up to this visit than had been dispensed."),
        (unread, "major", "The number of tablets is missing, negative or not a whole number."),
    ):
        made.queries += ask(part, context, "DAORRES", rule="P30", message=message, severity=severity)
    return made


def overdrawn(rows: pd.DataFrame) -> pd.Series:
    """Tell which returns exceed what was dispensed at earlier dates, less what came back before."""
    order = rows.sort_values(["USUBJID", "DADTC", "VISITNUM"], kind="stable", na_position="last")
    amount = order["DASTRESN"].fillna(0)
    is_return = order["DATESTCD"] == "RETAMT"
    when = [order["USUBJID"], order["DADTC"].fillna("")]
    dispensed = amount.where(~is_return, 0)
    earlier = dispensed.groupby(order["USUBJID"]).cumsum() - dispensed.groupby(when).cumsum()
    returned = amount.where(is_return, 0).groupby(order["USUBJID"]).cumsum()
    return (is_return & (amount > 0) & (returned > earlier)).reindex(rows.index)
