"""What a room hands to its door: rows, where each came from, what was lost, what was asked.

A row of a data set is named by (data set, USUBJID, sequence): --SEQ in SDTM, ASEQ in ADaM, 0 where a
data set has one row per subject. A raw record is named ``FORM:line``; a cell is a record and a field.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.groups import ranked
from crf2csr.ledger import Ledger

EDGES = ["KEY", "SRCDOM", "USUBJID", "SRCSEQ"]
QUERIES = ["RULE", "FORM", "SUBJID", "EVENT", "REC", "FIELD", "VALUE", "MESSAGE", "SEVERITY"]
SEVERITIES = ("info", "minor", "major", "blocker")
NOTHING = pd.DataFrame(columns=QUERIES, dtype="str")


@dataclass
class Made:
    """The product of a room.

    Attributes
    ----------
    data : DataFrame
        The rows. Rooms with many-to-one sources add a unique column ``_KEY``.
    edges : DataFrame, optional
        Columns ``EDGES``: ``_KEY`` of a row and one row that it was made from.
    ledger : Ledger
        Rows in, out and lost, by reason.
    queries : list of DataFrame
        Data queries raised, columns ``QUERIES``.
    """

    data: pd.DataFrame
    edges: pd.DataFrame | None = None
    ledger: Ledger = field(default_factory=Ledger)
    queries: list[pd.DataFrame] = field(default_factory=list)

    def query_table(self) -> pd.DataFrame:
        """All queries of the room, each once, in a stable order."""
        parts = [part for part in self.queries if len(part)]
        if not parts:
            return NOTHING.copy()
        table = pd.concat(parts, ignore_index=True)[QUERIES].astype("str")
        return table.drop_duplicates().sort_values(QUERIES, ignore_index=True)


def queries(
    frame: pd.DataFrame,
    *,
    rule: str,
    field: str,
    message: str,
    severity: str,
    form: str | None = None,
    value: pd.Series | str | None = None,
) -> pd.DataFrame:
    """Return one query per row of ``frame``, which bears REC, SUBJID and EVENT (blank where it has none).

    ``value`` is the text as entered (a series aligned with ``frame``), else ``frame[field]``.
    """
    if severity not in SEVERITIES:
        raise Cause(f"severity is not one of {SEVERITIES}", field=rule, value=severity)
    if frame.empty:  # most rules find nothing
        return NOTHING.copy()
    raw = value if value is not None else (frame.get(field, ""))
    table = pd.DataFrame(
        {
            "RULE": rule,
            "FORM": form if form is not None else frame["REC"].str.split(":").str[0],
            "SUBJID": frame.get("SUBJID", ""),
            "EVENT": frame.get("EVENT", ""),
            "REC": frame["REC"],
            "FIELD": field,
            "VALUE": raw,
            "MESSAGE": message,
            "SEVERITY": severity,
        },
        index=frame.index,
    )
    return table.astype("str").fillna("")


def edges_to(rows: pd.DataFrame, source: str, seq: str | None) -> pd.DataFrame:
    """Edges from rows (with ``_KEY`` and USUBJID) to the rows ``seq`` of data set ``source``."""
    return pd.DataFrame(
        {
            "KEY": rows["_KEY"],
            "SRCDOM": source,
            "USUBJID": rows["USUBJID"],
            "SRCSEQ": rows[seq] if seq else 0,
        }
    ).astype({"SRCSEQ": "int64"})


def own_rows(key: pd.Series, source_key: pd.Series) -> pd.DataFrame:
    """Edges from rows to other rows of the same data set, named by their ``_KEY``."""
    return pd.DataFrame({"KEY": key, "SRCKEY": source_key})


def once(edges: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Edges each once and in the order of ``names``, ROW first; those that are so already are given back."""
    row = edges["ROW"].to_numpy("int64")
    if (np.diff(row) > 0).all():
        return edges
    keys = [ranked(edges[name]) for name in names]
    order = np.lexsort(keys[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    return edges.take(order[new]).reset_index(drop=True)
