"""SUPP--: the supplemental qualifiers of one domain, from the variables that its specification marks ``supp``.

A qualifier with several values (``multiple: true``, ``a|b`` in the parent) and one longer than 200 characters is
written to the variable's own name and to numbered names beside it (AESI, AESI1, ...), as SDTMIG 4.5.3.2 has it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made

LONGEST = 200
ORIGIN = {"Collected": "CRF"}
COLUMNS = ["STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL"]


def tabulate(context: Context) -> Made:
    """Build the supplemental qualifiers of the domain that ``supplements`` names."""
    parent, where = context.spec["supplements"], f"config/sdtm/{context.spec['name'].lower()}.yaml"
    if parent not in context.domains:
        raise Cause("the supplemented domain is not among its domains", file=where, field="domains", value=parent)
    rows = context.domains[parent]
    qualifiers = {name: about for name, about in context.about.items() if about.get("supp")}
    if not qualifiers:
        raise Cause("the domain has no supplemental qualifier", file=where, field="supplements", value=parent)
    made = Made(pd.DataFrame())
    parts = []
    for name, about in qualifiers.items():
        values = as_text(rows[name])
        blank = int(values.isna().sum())
        made.ledger.enter(
            f"{context.spec['name']}: {name}",
            parent.upper(),
            len(rows),
            len(rows) - blank,
            {"qualifier is blank": blank},
        )
        part = numbered(values, name, about, where)
        part["QORIG"] = ORIGIN.get(about["origin"], about["origin"])
        part["QEVAL"] = about.get("evaluator", np.nan)
        parts.append(part)
    made.data = identified(pd.concat(parts), rows, parent.upper())
    return made


def as_text(values: pd.Series) -> pd.Series:
    """Values as text: whole numbers without a decimal point, blank text as missing."""
    if pd.api.types.is_float_dtype(values):
        return values.map(lambda v: f"{v:.10g}", na_action="ignore").astype("str")
    text = values.astype("str")
    return text.where(text.str.strip() != "")


def numbered(values: pd.Series, name: str, about: dict, where: str) -> pd.DataFrame:
    """One row per value or piece of text: QNAM, QLABEL, QVAL on the index of ``values``."""
    given = values.dropna()
    pieces = {
        text: ([p.strip() for p in text.split("|") if p.strip()] if about.get("multiple") else split_text(text))
        for text in given.unique()
    }
    exploded = given.map(pieces).explode()
    exploded = exploded[exploded.notna()]
    nth = exploded.groupby(level=0).cumcount()
    suffix = nth.astype("str").where(nth > 0, "")
    if len(name) + int(suffix.str.len().max() if len(suffix) else 0) > 8:
        raise Cause("is too long a name for a qualifier that needs a number", file=where, field=name)
    return pd.DataFrame(
        {
            "QNAM": name + suffix,
            "QLABEL": about["label"] + (" " + suffix).where(nth > 0, ""),
            "QVAL": exploded.astype("str"),
        },
        index=exploded.index,
    )


def split_text(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text into pieces of at most ``longest`` characters, before a blank where there is one.

    The pieces joined without anything between them are the text.

    >>> split_text("tender joints", 8)
    ['tender', ' joints']
    """
    pieces = []
    while len(text) > longest:
        blank = text.rfind(" ", 1, longest + 1)
        at = blank if blank > longest // 2 else longest
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text]


def identified(part: pd.DataFrame, rows: pd.DataFrame, domain: str) -> pd.DataFrame:
    """Add whose qualifier it is: the parent's row by its sequence number, in a stable order."""
    own = rows.loc[part.index]
    sequence = f"{domain}SEQ"
    has = sequence in rows
    part = part.assign(
        STUDYID=own["STUDYID"],
        RDOMAIN=domain,
        USUBJID=own["USUBJID"],
        _REC=own["_REC"],
        IDVAR=sequence if has else np.nan,
        IDVARVAL=own[sequence].astype("str") if has else np.nan,
        _ORDER=own[sequence] if has else 0,
    )
    part = part.sort_values(["USUBJID", "_ORDER", "QNAM"], kind="stable", ignore_index=True)
    return part[[*COLUMNS, "_REC"]]
