"""Rows of a table with one line per row of the plan: shared by the table and by the figure beside it."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, section, spread


def table(spec: dict[str, Any], shelf: Shelf) -> dict[str, Any]:
    """Fill ``columns: [{label, show}]`` for each of ``rows: [{label, analysis, ...}]``.

    Each arm has the columns side by side; with ``arms: rows`` it has a row of its own under each row of the plan.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    below = spec.get("arms") == "rows"
    rows = []
    for planned in spec["rows"]:
        if planned.get("section"):
            rows.append(section(planned["label"]))
            continue
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        cells = {
            label: [
                fill(column["show"], chosen(facts[facts["group1_level"] == label], column), where)
                for column in spec["columns"]
            ]
            for label in labels
        }
        level = planned.get("indent", 0)
        if below:
            rows.append(section(planned["label"], level))
            rows += [{"head": label, "level": level + 1, "cells": cells[label]} for label in labels]
        else:
            rows.append(
                {"head": planned["label"], "level": level, "cells": [c for each in cells.values() for c in each]}
            )
    if below:
        return {"stub": spec.get("stub", ""), "columns": [{"label": c["label"]} for c in spec["columns"]], "rows": rows}
    return {"stub": spec.get("stub", ""), **spread(spec["columns"], headers(spec, shelf, where, labels)), "rows": rows}
