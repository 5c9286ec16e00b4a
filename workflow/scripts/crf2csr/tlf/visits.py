"""Layout: one row per visit within blocks, the same statistics in the columns of each arm."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Shelf, arms, cell, chosen, headers, section, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``columns`` for every visit of each of ``blocks: [{label, analysis, ...}]``.

    A block of an analysis by two variables (parameter, visit) becomes one block per level of the first;
    ``together`` keeps the blocks of one level side by side. ``skip`` names visits that a block does not show, as
    baseline for the change from it. A column with ``absent`` shows that text for an arm that has no such statistic,
    as the reference arm of a difference.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    chunks: dict[str, list[dict[str, Any]]] = {}
    for number, block in enumerate(spec["blocks"]):
        facts = chosen(shelf.of(block.get("analysis", spec["analysis"]), where), block)
        nested = facts["group3_level"].notna().any()
        for level in facts["group2_level"].dropna().unique() if nested else [""]:
            inner = facts[facts["group2_level"] == level] if nested else facts
            head = section(", ".join(text for text in (str(level), block.get("label", "")) if text))
            key = str(level) if spec.get("together") else f"{number} {level}"
            lines = _visits(inner, "group3_level" if nested else "group2_level", (block, spec), labels, where)
            chunks.setdefault(key, []).extend([head, *lines])
    rows = [row for chunk in chunks.values() for row in chunk]
    return {
        "stub": spec.get("stub", "Visit"),
        **spread(spec["columns"], headers(spec, shelf, where, labels)),
        "rows": rows,
    }


def _visits(
    facts: pd.DataFrame, by: str, plan: tuple[dict[str, Any], dict[str, Any]], labels: list[str], where: str
) -> list[dict[str, Any]]:
    block, spec = plan
    made = []
    for visit in facts[by].dropna().unique():
        if visit in block.get("skip", []):
            continue
        at = facts[facts[by] == visit]
        arms_facts = [at[at["group1_level"].to_numpy() == label] for label in labels]
        cells = [cell(column, mine, where) for mine in arms_facts for column in spec["columns"]]
        made.append({"head": str(visit), "level": 1, "cells": cells})
    return made
