"""Layout: category at baseline in the rows, category after it in the columns, one block per parameter (and arm)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Shelf, arms, fill, section

LAST = ("Missing", "Total")


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill the cells; ``words`` translates categories, ``show`` (default ``{n}``) may add the row percentage."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, words, show = arms(facts), spec.get("words", {}), spec.get("show", "{n}")
    cells = facts[facts["group3_level"].notna()]
    levels = list(dict.fromkeys(cells["variable_level"]))
    rows: list[dict[str, Any]] = []
    parameters = cells["group2_level"].fillna("").unique()
    for parameter in parameters:
        one = cells[cells["group2_level"].fillna("") == parameter]
        for label in labels:
            mine = one[one["group1_level"] == label]
            if mine.empty:
                continue
            heading = ", ".join(text for text in (str(parameter), label if len(labels) > 1 else "") if text)
            if heading:
                rows.append(section(heading))
            for first in dict.fromkeys(mine["group3_level"]):
                line = mine[mine["group3_level"] == first]
                found = [line[line["variable_level"] == then] for then in levels]
                rows.append(
                    {
                        "head": words.get(first, first),
                        "level": 1,
                        "cells": [
                            fill("{n}" if then in LAST or first in LAST else show, cell, where)
                            for then, cell in zip(levels, found, strict=True)
                        ],
                    }
                )
    return {
        "stub": spec.get("stub", "Baseline"),
        "columns": [{"label": words.get(level, level)} for level in levels],
        "rows": rows,
        "footnotes": [*spec.get("footnotes", []), *_unused(facts, labels, where)],
    }


def _unused(facts: pd.DataFrame, labels: list[str], where: str) -> list[dict[str, Any]]:
    """A footnote per arm that says how many records the table leaves out."""
    left = facts[facts["stat_name"] == "records_unused"]
    words = "{records_unused} records are neither the baseline nor a record after it that is analysed."
    return [{"parts": fill(words, left[left["group1_level"] == label], where)} for label in labels]
