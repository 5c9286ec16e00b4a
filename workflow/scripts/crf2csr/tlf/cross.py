"""Layout: levels in the rows, visits (or another grouping) in the columns of each arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``show`` (default n and percentage) for each level of the variable and each level of the grouping.

    ``totals: [{label, show}]`` are rows without a level, as the denominator or the number missing.
    """
    where = f"display {spec['id']}"
    facts = chosen(shelf.of(spec["analysis"], where), spec)
    labels, show = arms(facts), spec.get("show", "{n}[ ({p})]")
    groups = list(facts["group2_level"].dropna().unique())
    columns = [{"label": str(group)} for group in groups]
    plan = [(words(spec, level), show, level) for level in facts["variable_level"].dropna().unique()]
    plan += [(total["label"], total["show"], None) for total in spec.get("totals", [])]
    rows = []
    for head, template, level in plan:
        line = facts[facts["variable_level"].isna() if level is None else facts["variable_level"] == level]
        cells = [
            fill(template, line[(line["group1_level"] == label) & (line["group2_level"] == group)], where)
            for label in labels
            for group in groups
        ]
        rows.append({"head": head, "level": 0, "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(columns, headers(spec, shelf, where, labels)), "rows": rows}


def words(spec: dict[str, Any], level: Any) -> str:
    """The reader's word for a level."""
    return str(spec.get("words", {}).get(str(level), level))
