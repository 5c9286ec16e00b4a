"""CO: comments, cut into pieces of 200 characters; COVAL, COVAL1, ... joined are the comment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.sdtm import _mapping, _timing
from crf2csr.sdtm._supp import LONGEST, split_text
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made


def tabulate(context: Context) -> Made:
    """Build CO.

    A comment that belongs to a row of another domain (RDOMAIN, with the field in ``field``) is here only
    where that row cannot hold it.
    """
    made = _mapping.tabulate(context)
    rows = made.data
    fits = rows["RDOMAIN"].notna() & (rows["COVAL"].str.len() <= LONGEST).fillna(True).astype(bool)
    rows = made.ledger.split(
        rows, ~fits, "CO: texts too long for their domain", "CO", "whole text stands in its domain"
    ).copy()
    rows = rows.assign(IDVAR=np.nan, IDVARVAL=np.nan).astype({"IDVAR": "str", "IDVARVAL": "str"})
    for domain in rows["RDOMAIN"].dropna().unique():
        rows = _related(rows, str(domain), context)
    visit = _timing.add_visits(rows, context.page, context.calendar)["VISIT"]
    rows["COREF"] = visit.where(rows["RDOMAIN"].isna())
    pieces = rows["COVAL"].map(split_text, na_action="ignore")
    names = [name for name in context.spec["variables"] if name.startswith("COVAL")]
    longest = int(pieces.map(len, na_action="ignore").max()) if len(rows) else 0
    if longest > len(names):
        raise Cause(
            f"a comment has {longest} pieces of {LONGEST} characters; the specification has {len(names)} variables",
            file="config/sdtm/co.yaml",
            field=names[-1],
        )
    for n, name in enumerate(names):
        rows[name] = pieces.str[n].astype("str")
    rows["COSEQ"] = rows.groupby("USUBJID").cumcount() + 1
    made.data = rows.reset_index(drop=True)
    return made


def _related(rows: pd.DataFrame, domain: str, context: Context) -> pd.DataFrame:
    """Name the row of ``domain`` that a comment belongs to: the one of the same record and field."""
    other, sequence = context.domains[domain.lower()], f"{domain}SEQ"
    own = pd.DataFrame(
        {"REC": other["_REC"].str.split(" ").str[0], "FIELD": other["_FLD"], "SEQ": other[sequence].astype("str")}
    )
    found = (
        rows[["REC", "FIELD"]]
        .merge(own.drop_duplicates(["REC", "FIELD"]), on=["REC", "FIELD"], how="left")
        .set_axis(rows.index)
    )
    here = (rows["RDOMAIN"] == domain).fillna(False).astype(bool) & found["SEQ"].notna()
    return rows.assign(IDVAR=rows["IDVAR"].mask(here, sequence), IDVARVAL=rows["IDVARVAL"].mask(here, found["SEQ"]))
