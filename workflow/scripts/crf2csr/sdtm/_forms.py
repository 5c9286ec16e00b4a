"""The ledger of forms: where each raw record went. One that went nowhere is a blocker, so that the gate stays shut.

A record is tabulated when it is the own record (the first id) of a row of some domain. A record that stands only
behind others in a row (an earlier screening of the same person, a second record of a visit) has joined that row.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.populations import matches
from crf2csr.records import canonical
from crf2csr.sdtm import _screen
from crf2csr.trace import Made, queries

RULE = "R-LEDGER"
JOINED = "joined to the row of another record"
EMPTY = "not submitted: no item of the form was entered"
UNACCOUNTED = "not accounted for"


def reached(recs: list[pd.Series]) -> tuple[set[str], set[str]]:
    """Return the ids that are own records of some row, and the ids that stand anywhere in a row."""
    ids = {text for rec in recs for text in rec.dropna().unique()}
    return {text.partition(" ")[0] for text in ids}, {one for text in ids for one in text.split(" ")}


def account(
    forms: dict[str, pd.DataFrame], recs: list[pd.Series], register: pd.DataFrame, crf: dict[str, Any], pattern: str
) -> Made:
    """Balance every form: rows in = tabulated + joined + duplicates + quarantined + not submitted, by reason.

    Parameters
    ----------
    forms : dict of DataFrame
        The staged cells of each form.
    recs : list of Series
        ``_REC`` of every domain.
    register, crf, pattern
        As for ``_screen.screen``; ``not_submitted`` of a contract says which records are not submitted, and why.

    Returns
    -------
    Made
        No data. Records that went nowhere are counted under "not accounted for"; each has a blocker query.
    """
    own, anywhere = reached(recs)
    made = Made(pd.DataFrame())
    for name, staged in forms.items():
        form = crf[name.lower()]
        records = canonical(staged, form)
        verdict = _screen.fates(records, form, register, pattern)
        reason = verdict["fate"].map(_screen.REASONS).astype("str")
        open_ = reason.isna()
        tabulated = open_ & records["REC"].map(own.__contains__).astype(bool)
        reason = reason.mask(open_ & ~tabulated & records["REC"].map(anywhere.__contains__).astype(bool), JOINED)
        for rule in form.get("not_submitted", []):
            met = matches(records, rule["where"], source=f"config/crf/{name.lower()}.yaml")
            reason = reason.mask(met & reason.isna() & ~tabulated, f"not submitted: {rule['reason']}")
        items = records[list(form["fields"])].apply(lambda cells: cells.fillna("").str.strip() == "")
        empty = reason.isna() & ~tabulated & items.all(axis=1)
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
