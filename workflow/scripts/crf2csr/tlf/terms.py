"""Layout: coded terms in two levels, subjects (%) and events, or subjects by worst grade, for each arm."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

PLAIN = [{"label": "n (%)", "show": "{n}[ ({p})]"}, {"label": "Events", "show": "{events}"}]


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill one row for any event (headed by ``event``), each group and each term.

    ``grades: [{label, level}]`` makes a column of each, behind one for ``any``.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    graded = spec.get("grades", [])
    columns = [{"label": g["label"], "show": "{n}[ ({p})]", "level": str(g["level"])} for g in graded] or PLAIN
    if graded:
        columns = [PLAIN[0] | {"label": spec.get("any", "Any grade")}, *columns]
    rows: list[dict[str, Any]] = []
    lines = facts[facts["group2_level"].notna()]
    lines = lines.assign(TERM=lines["group3_level"].fillna(""))
    of_cell = dict(iter(lines.groupby(["group2_level", "TERM", "group1_level"], sort=False)))
    none = lines.iloc[0:0]
    for group, term in dict.fromkeys(zip(lines["group2_level"], lines["TERM"], strict=True)):
        cells = [
            fill(column["show"], _column(of_cell.get((group, term, label), none), column), where)
            for label in labels
            for column in columns
        ]
        head = spec.get("event", group) if not rows else term or group
        rows.append({"head": str(head), "level": 1 if term else 0, "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(columns, headers(spec, shelf, where, labels)), "rows": rows}


def _column(facts: pd.DataFrame, column: dict[str, Any]) -> pd.DataFrame:
    return (
        facts[facts["variable_level"] == column["level"]]
        if "level" in column
        else facts[facts["variable_level"].isna()]
    )
