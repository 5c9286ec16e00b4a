"""Rows of a table with one line per row of the plan: shared by the table and by the figure beside it."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, section, spread


def table(spec: dict[str, Any], shelf: Shelf) -> dict[str, Any]:
    """Fill ``columns: [{label, show}]`` for each of ``rows: [{label, analysis, ...}]``."""
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    rows = []
    for planned in spec["rows"]:
        if planned.get("section"):
            rows.append(section(planned["label"]))
            continue
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        cells = [
            fill(column["show"], chosen(facts[facts["group1_level"] == label], column), where)
            for label in labels
            for column in spec["columns"]
        ]
        rows.append({"head": planned["label"], "level": planned.get("indent", 0), "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(spec["columns"], headers(spec, shelf, where, labels)), "rows": rows}
