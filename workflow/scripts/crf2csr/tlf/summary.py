"""Layout: one row per line of the plan, one column per arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill each planned row, ``{label, show}`` or ``{label, show, analysis, level}``, for each arm."""
    where = f"display {spec['id']}"
    arms = list(dict.fromkeys(shelf.of(spec["analysis"], where)["group1_level"]))
    rows = []
    for planned in spec["rows"]:
        if "show" not in planned:
            rows.append({"head": planned["label"], "level": 0, "cells": [], "section": True})
            continue
        facts = shelf.of(planned.get("analysis", spec["analysis"]), where)
        for name in ("variable", "variable_level", "group2_level", "group3_level"):
            if name in planned:
                facts = facts[facts[name] == planned[name]]
        cells = [fill(planned["show"], facts[facts["group1_level"] == arm], where) for arm in arms]
        rows.append({"head": planned["label"], "level": planned.get("indent", 0), "cells": cells})
    return {"stub": spec.get("stub", ""), "columns": [{"label": arm} for arm in arms], "rows": rows}
