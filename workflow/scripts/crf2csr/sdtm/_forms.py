"""The ledger of forms: where each raw record went. One that went nowhere is a blocker, so that the gate stays shut.

A record is tabulated when it is the own record (the first id) of a row of some domain. A record that stands only
behind others in a row (an earlier screening of the same person, a second record of a visit) has joined that row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import each
from crf2csr.populations import matches
from crf2csr.records import canonical, lines_by_form
from crf2csr.sdtm import _screen
from crf2csr.trace import Made, queries

RULE = "R-LEDGER"
JOINED = "joined to the row of another record"
EMPTY = "not submitted: no item of the form was entered"
UNACCOUNTED = "not accounted for"
NOWHERE = np.array([], dtype="int64")


Lines = dict[str, np.ndarray]


def reached(recs: Iterable[pd.Series]) -> tuple[Lines, Lines]:
    """Return by form the lines that are own records of some row, and those that stand behind another in a row."""
    own, behind = [], []
    for rec in recs:
        rec = rec.dropna()
        several = rec.str.contains(" ").astype(bool)
        own.append(rec[~several])
        if several.any():
            parts = pd.Series(rec[several].unique(), dtype="str").str.split(" ")
            own.append(parts.str[0].astype("str"))
            behind.append(parts.str[1:].explode().astype("str"))
    nothing = pd.Series([], dtype="str")
    return lines_by_form(pd.concat([nothing, *own])), lines_by_form(pd.concat([nothing, *behind]))


def account(
    forms: Iterable[tuple[str, pd.DataFrame]],
    recs: Iterable[pd.Series],
    register: pd.DataFrame,
    crf: dict[str, Any],
    pattern: str,
) -> Made:
    """Balance every form: rows in = tabulated + joined + duplicates + quarantined + not submitted, by reason.

    Parameters
    ----------
    forms : iterable of (name, DataFrame)
        The staged cells of each form; only one at a time is held.
    recs : iterable of Series
        ``_REC`` of every domain.
    register, crf, pattern
        As for ``_screen.screen``; ``not_submitted`` of a contract says which records are not submitted, and why.

    Returns
    -------
    Made
        No data. Records that went nowhere are counted under "not accounted for"; each has a blocker query.
    """
    own, behind = reached(recs)
    made = Made(pd.DataFrame())
    for name, staged in forms:
        form = crf[name.lower()]
        records = canonical(staged, form)
        del staged
        verdict = _screen.fates(records, form, register, pattern)
        reason = each(verdict["fate"], _screen.REASONS.get)
        open_ = reason.isna()
        tabulated = open_ & records["LINE"].isin(own.get(name, NOWHERE))
        reason = reason.mask(open_ & ~tabulated & records["LINE"].isin(behind.get(name, NOWHERE)), JOINED)
        for rule in form.get("not_submitted", []):
            met = matches(records, rule["where"], source=f"config/crf/{name.lower()}.yaml")
            reason = reason.mask(met & reason.isna() & ~tabulated, f"not submitted: {rule['reason']}")
        nowhere = records.loc[reason.isna() & ~tabulated, list(form["fields"])]
        items = nowhere.apply(lambda cells: cells.fillna("").str.strip() == "")
        empty = items.all(axis=1).reindex(records.index, fill_value=False).astype(bool)
        reason = reason.mask(empty, EMPTY)
        lost = reason.isna() & ~tabulated
        reason = reason.mask(lost, UNACCOUNTED)
        made.ledger.enter("form", name, len(records), int(tabulated.sum()), reason.value_counts(sort=False).to_dict())
        made.queries.append(
            queries(
                records[empty],
                rule="P40",
                field="",
                value="",
                severity="info",
                message="No item of this form was entered; the record is staged and gives no row.",
            )
        )
        made.queries.append(
            queries(
                records[lost],
                rule=RULE,
                field="",
                value="",
                severity="blocker",
                message="The record reached no row of SDTM and the contract of its form does not say why.",
            )
        )
    return made
