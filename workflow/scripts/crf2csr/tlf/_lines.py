"""Rows of a table with one line per row of the plan: shared by the table and by the figure beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf._cells import Part, Shelf, arms, cell, chosen, headers, section, spread


def table(spec: dict[str, Any], shelf: Shelf) -> dict[str, Any]:
    """Fill ``columns: [{label, show}]`` for each of ``rows: [{label, analysis, ...}]``.

    A row may have a list ``show`` of its own, one text per column (blank for none), and a column the text ``absent``
    of a row that has none of its statistics. Each arm has the columns side by side; with ``arms: rows`` it has a row
    of its own under each row of the plan.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    below = spec.get("arms") == "rows"
    rows = []
    for planned in spread_rows(spec, shelf):
        if planned.get("section") and "show" not in planned:
            rows.append(section(planned["label"], planned.get("indent", 0)))
            continue
        facts = facts_of(planned, spec, shelf)
        cells = {label: _cells(planned, spec["columns"], of_arm(facts, label), where) for label in labels}
        level = planned.get("indent", 0)
        if below:
            rows.append(section(planned["label"], level))
            rows += [{"head": label, "level": level + 1, "cells": cells[label]} for label in labels]
            continue
        head = {"section": True} if planned.get("section") else {}
        rows.append(
            {"head": planned["label"], "level": level, "cells": [one for each in cells.values() for one in each]} | head
        )
    if below:
        return {"stub": spec.get("stub", ""), "columns": [{"label": c["label"]} for c in spec["columns"]], "rows": rows}
    return {"stub": spec.get("stub", ""), **spread(spec["columns"], headers(spec, shelf, where, labels)), "rows": rows}


def facts_of(planned: dict[str, Any], spec: dict[str, Any], shelf: Shelf) -> pd.DataFrame:
    """The facts that a row of the plan names."""
    return chosen(shelf.of(planned.get("analysis", spec["analysis"]), f"display {spec['id']}"), planned)


def of_arm(facts: pd.DataFrame, label: str) -> pd.DataFrame:
    """The facts of one arm."""
    return facts[facts["group1_level"] == label]


def spread_rows(spec: dict[str, Any], shelf: Shelf) -> Iterator[dict[str, Any]]:
    """The rows of the plan, ``each`` row spread into its heading and one row for every level that has facts.

    ``{label, each: group2_level, words: {Y: 'Yes'}}`` stands for the levels of one selector; ``having`` keeps those
    that have a statistic, ``head`` fills the cells of the heading. A row with ``optional: true`` is left out where the
    analysis has no fact for it; any other such row is a cause.
    """
    for planned in spec["rows"]:
        if planned.get("section"):
            yield planned
            continue
        facts = facts_of(planned, spec, shelf)
        if "having" in planned:
            facts = facts[facts["stat_name"] == planned["having"]]
        by = planned.get("each")
        levels = list(facts[by].dropna().unique()) if by else []
        if facts.empty or (by and not levels):
            if planned.get("optional"):
                continue
            raise Cause("no fact stands for this row", file=f"display {spec['id']}", field=planned["label"])
        if not by:
            yield planned
            continue
        indent, words = planned.get("indent", 0), planned.get("words", {})
        plain = {key: value for key, value in planned.items() if key not in ("each", "words", "optional", "head")}
        head = {"show": planned["head"]} if "head" in planned else {}
        yield {key: value for key, value in plain.items() if key != "show"} | {"section": True} | head
        for level in levels:
            yield plain | {by: level, "label": words.get(str(level), str(level)), "indent": indent + 1}


def _cells(planned: dict[str, Any], columns: list[dict[str, Any]], facts: pd.DataFrame, where: str) -> list[list[Part]]:
    """The cells of one row under one arm."""
    if "show" not in planned:
        return [cell(column, facts, where) for column in columns]
    if len(planned["show"]) != len(columns):
        raise Cause("a row shows one text per column", file=where, field=planned["label"], value=len(planned["show"]))
    return [cell({"show": text}, facts, where) if text else [] for text in planned["show"]]
