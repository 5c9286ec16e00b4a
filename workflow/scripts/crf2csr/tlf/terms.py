"""Layout: coded terms in two levels, subjects (%) and events, or subjects by worst grade, for each arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

ALL = ""  # in place of a level: facts of all levels
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
    # One look at each fact: a study has thousands of cells, and a frame costs at each cut.
    lines = lines.assign(TERM=lines["group3_level"].fillna(""), LEVEL=lines["variable_level"].fillna(ALL))
    of_cell = dict(iter(lines.groupby(["group2_level", "TERM", "group1_level", "LEVEL"], sort=False)))
    none = lines.iloc[0:0]
    for group, term in dict.fromkeys(zip(lines["group2_level"], lines["TERM"], strict=True)):
        cells = [
            fill(column["show"], of_cell.get((group, term, label, column.get("level", ALL)), none), where)
            for label in labels
            for column in columns
        ]
        head = spec.get("event", group) if not rows else term or group
        rows.append({"head": str(head), "level": 1 if term else 0, "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(columns, headers(spec, shelf, where, labels)), "rows": rows}
