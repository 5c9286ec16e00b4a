"""What a file of a large report embeds of the rows behind its numbers: their main variables; the rest is elsewhere.

The whole rows, and all that they were made from, stand in the files of the subjects (``_subjects``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.csr import _about, _embedded, _layout, _listing, _payload
from crf2csr.csr._shares import Shares
from crf2csr.tables import Tables

ROLL = ["USUBJID", "SUBJID"]


def payload(
    read: dict[str, Any], part: dict[str, Any], found: dict[str, Any], parts: list[dict[str, Any]]
) -> dict[str, Any]:
    """Facts of the printed numbers ``parts``, and the main variables of the rows behind them.

    Of a table with more rows than a file may hold (one display can count them all) only the subject of each is told.
    """
    used, sets = _embedded.reached(found["facts"], found["sets"], parts)
    about = _about.tables(part)
    tables: list[dict[str, Any]] = []
    where: dict[str, int] = {}
    local: dict[str, np.ndarray] = {}
    for dataset, rows in sets.groupby("DATASET", sort=True)["ROWS"]:
        name = f"adam/{dataset}"
        kept = _embedded.together(rows)
        narrow = len(kept) > _layout.MOST_ROWS
        frame = read["tables"].stored(name, ROLL[:1] if narrow else about[name]["brief"]).rows(kept)
        where[dataset], local[dataset] = len(tables), kept
        marks = {"whole": False} | ({"narrow": True} if narrow else {})
        tables.append(_payload.encoded(name, frame, kept, about[name], []) | marks)
    return {
        "tables": tables,
        "sets": {
            str(s): [where[d], _payload.steps(np.searchsorted(local[d], np.asarray(rows, dtype="int64")))]
            for s, d, rows in zip(sets.index, sets["DATASET"], sets["ROWS"], strict=True)
        },
        **_embedded.of_numbers(used, part, read["methods"]),
        "listings": {},
        "profile": None,
    }


def people(tables: Tables, shares: Shares, profile: dict[str, Any]) -> dict[str, list[str]]:
    """Every subject by ``id`` (USUBJID) and the ``label`` by which it is found (SUBJID, where there is one)."""
    known = tables.some(profile["subject"]["table"], ROLL).dropna(subset=["USUBJID"]).set_index("USUBJID")
    label = known["SUBJID"].astype(object).to_dict() if "SUBJID" in known else {}
    return {"id": shares.subjects, "label": [str(label.get(s) or s) for s in shares.subjects]}


def share_of(tables: Tables, profile: dict[str, Any], shares: Shares, named: pd.Series) -> np.ndarray:
    """The share of each subject as a form names it (SUBJID), -1 where it is of no subject of the study."""
    everyone = people(tables, shares, profile)
    ids = pd.Series(everyone["id"], index=everyone["label"], dtype=object)
    ids = ids[~ids.index.duplicated(keep=False)]
    return shares.of(named.astype(object).map(ids))


def records(queries: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """For each query the staged form (``raw``) and the position of its record; -1 where it has none to show."""
    return _embedded.asked_records(queries, tables, lambda raw: tables.some(raw, ["LINE"])["LINE"])


def asked(
    read: dict[str, Any], part: dict[str, Any], found: dict[str, Any], shares: Shares, first: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The list of queries, each with the place of its record, and the tables of those that no file of a subject holds.

    ``at`` is ``[table, row]`` of a record embedded here (tables count from ``first``), ``[form, position, share]`` of
    one in the file of a subject, ``[-1, -1]`` where there is nothing to show.
    """
    queries = found["queries"]
    where = records(queries, read["tables"])
    share = share_of(read["tables"], part["csr"]["profile"], shares, queries["SUBJID"])
    at: list[list[Any]] = [[-1, -1]] * len(queries)
    tables, about = [], _about.tables(part)
    for raw, rows in where[where["row"] >= 0].groupby("raw", sort=True)["row"]:
        own = np.unique(rows[share[rows.index] < 0].to_numpy("int64"))
        if len(own):
            frame = read["tables"].stored(raw).rows(own)
            tables.append(_payload.encoded(str(raw), frame, own, about.get(str(raw), {}), []))
        for k, row in rows.items():
            away = share[k] >= 0
            at[k] = (
                [raw, int(row), int(share[k])] if away else [first + len(tables) - 1, int(np.searchsorted(own, row))]
            )
    return tables, _listing.packed(found["query_listing"]) | {"at": at}
