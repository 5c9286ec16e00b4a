"""The profile of a subject: which rows of which data sets are shown of one person, in which words and on which axis.

What is shown is declared in ``csr.yaml``. Every block of it names a table and a condition on its rows; the conditions
are decided here, so that the page only picks the rows of one subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import populations
from crf2csr.csr import _payload
from crf2csr.errors import Cause

FILE = "config/csr.yaml"
NAMED = re.compile(r"\{([A-Z][A-Z0-9_]*)(?::[a-z0-9_]+)?\}")
SINGLE = ("name", "from", "to", "value", "mark", "row", "column", "order", "why")  # keys that name one variable
TEXTS = ("text", "note")  # keys that hold words with variables in them
Block = dict[str, Any]


def resolved(plan: dict[str, Any] | None, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the declared profile with ``rows`` in each block: the positions of the rows that meet its condition.

    A block that names a table or a variable that this run does not have is a cause. Without a profile: empty.
    """
    if not plan:
        return {}
    subject: Block = plan["subject"]
    made = {
        "subject": _block(subject, subject["table"], tables),
        "sentences": [
            {"label": s["label"], "parts": [_block(p, p.get("table", subject["table"]), tables) for p in s["parts"]]}
            for s in plan.get("sentences", [])
        ],
        "tracks": [_block(t, t["table"], tables) for t in plan.get("tracks", [])],
        "responses": [_block(r, r["table"], tables) for r in plan.get("responses", [])],
    }
    ids = tables[subject["table"]]["USUBJID"]
    if ids.duplicated().any():
        raise Cause(
            "the table of subjects has more than one row of a subject", file=FILE, value=ids[ids.duplicated()].iloc[0]
        )
    return made


def _block(block: Block, name: str, tables: dict[str, pd.DataFrame]) -> Block:
    if name not in tables:
        raise Cause("the profile names a data set that this run does not have", file=FILE, field="profile", value=name)
    table = tables[name]
    named = {block[key] for key in SINGLE if key in block} | {"USUBJID"}
    named |= {variable for key in TEXTS for variable in NAMED.findall(block.get(key, ""))}
    for variable in sorted(named - set(table.columns)):
        raise Cause("is not a variable of these rows", file=FILE, field=f"profile, {name}", value=variable)

    def rows(where: dict[str, Any] | None) -> np.ndarray:
        return np.flatnonzero(populations.matches(table, where, source=f"{FILE}, profile, {name}"))

    shown = {key: value for key, value in block.items() if key not in ("where", "strong")}
    shown |= {"table": name, "rows": rows(block.get("where"))}
    return shown | ({"strong": np.intersect1d(shown["rows"], rows(block["strong"]))} if "strong" in block else {})


def blocks(profile: dict[str, Any]) -> Iterator[Block]:
    """Every block of a resolved profile."""
    if profile:
        yield profile["subject"]
        yield from (part for sentence in profile["sentences"] for part in sentence["parts"])
        yield from (*profile["tracks"], *profile["responses"])


def packed(profile: dict[str, Any], number: dict[str, int], kept: dict[str, np.ndarray]) -> dict[str, Any] | None:
    """The profile for the payload: tables by number, rows by their place among the embedded ones, as differences."""
    if not profile:
        return None

    def pack(block: Block) -> Block:
        places = {
            key: _payload.steps(np.asarray(np.searchsorted(kept[block["table"]], block[key])))
            for key in ("rows", "strong")
            if key in block
        }
        return block | places | {"table": number[block["table"]]}

    return {
        "subject": pack(profile["subject"]),
        "sentences": [s | {"parts": [pack(p) for p in s["parts"]]} for s in profile["sentences"]],
        "tracks": [pack(t) for t in profile["tracks"]],
        "responses": [pack(r) for r in profile["responses"]],
    }
