"""Layout: one row per level that the results themselves hold (intervals, steps), beside rows that are planned."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, section, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``blocks``: ``{label, group, show}`` has a row per level of the ``group3``, ``{label, rows}`` planned ones.

    ``columns`` are headings only; ``show`` (of a block, or of a planned row) is a text for each of them, blank for an
    empty cell.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    rows: list[dict[str, Any]] = []
    for block in spec["blocks"]:
        rows.append(section(block["label"]))
        facts = chosen(shelf.of(block.get("analysis", spec["analysis"]), where), block)
        if "group" in block:
            inner = facts[facts["group3"] == block["group"]]
            planned = [(level, block["show"], {"group3_level": level}) for level in inner["group3_level"].unique()]
        else:
            inner = facts
            planned = [(row["label"], row["show"], row) for row in block["rows"]]
        for head, shown, place in planned:
            mine = chosen(inner, place)
            cells = [
                fill(text, mine[mine["group1_level"] == label], where) if text else []
                for label in labels
                for text in shown
            ]
            rows.append({"head": str(head), "level": 1, "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(spec["columns"], headers(spec, shelf, where, labels)), "rows": rows}
