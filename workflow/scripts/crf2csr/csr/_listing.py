"""Listings: all rows travel in the payload; the first stand in the page for paper and for readers without script.

A listing is a display with ``columns: [{name, label}]`` and ``listing: {values, row, dataset}``: texts by column
(null is missing) and the position, in the data set, of the row behind each line.
"""

from __future__ import annotations

from typing import Any

from crf2csr.csr import _payload
from crf2csr.errors import Cause

WHOLE = 60  # a listing of up to this many rows stands in the page whole
FIRST = 20  # of a longer one, this many


def staged(display: dict[str, Any]) -> dict[str, Any]:
    """The rows of a listing that stand in the page, as lists of texts, and how many there are in all."""
    total = length(display)
    few = total if total <= WHOLE else FIRST
    columns = [["" if v is None else str(v) for v in values[:few]] for values in display["listing"]["values"]]
    return {"total": total, "few": few, "lines": list(zip(*columns, strict=True))}


def length(display: dict[str, Any]) -> int:
    """How many rows a listing has; columns of unequal length are refused."""
    listing = display["listing"]
    lengths = {len(values) for values in listing["values"]} | ({len(listing["row"])} if "row" in listing else set())
    if len(lengths) != 1 or len(listing["values"]) != len(display["columns"]):
        raise Cause("the columns of a listing differ in length", file=f"display {display['id']}", value=sorted(lengths))
    return lengths.pop()


def packed(display: dict[str, Any]) -> dict[str, Any]:
    """One listing for the payload: columns as dictionaries and codes."""
    pairs = zip(display["columns"], display["listing"]["values"], strict=True)
    return {
        "n": length(display),
        "columns": [{"name": c["name"], "label": c["label"], **_payload.column(v)} for c, v in pairs],
    }


def unpacked(name: str, packed: dict[str, Any]) -> dict[str, Any]:
    """A listing that was made for the payload, as the templates show its first rows."""
    heads = [{"name": c["name"], "label": c["label"]} for c in packed["columns"]]
    few = packed["n"] if packed["n"] <= WHOLE else FIRST
    columns = []
    for c in packed["columns"]:
        codes = _payload.codes_of(c, packed["n"])[:few]
        columns.append(["" if code < 0 else str(c["d"][code]) for code in codes])
    return {
        "id": name,
        "columns": heads,
        "staged": {"total": packed["n"], "few": few, "lines": list(zip(*columns, strict=True))},
    }
