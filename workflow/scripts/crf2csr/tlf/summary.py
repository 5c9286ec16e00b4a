"""Layout: one row per line of the plan, one column per arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, across, arms, chosen, headers, section


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill each planned row, ``{label, show}`` (and analysis, variable, level or group), for each arm."""
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    rows = []
    for planned in spec["rows"]:
        if "show" not in planned:
            rows.append(section(planned["label"]))
            continue
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        rows.append(
            {
                "head": planned["label"],
                "level": planned.get("indent", 0),
                "cells": across(planned["show"], facts, labels, where),
            }
        )
    return {"stub": spec.get("stub", ""), "columns": headers(spec, shelf, where, labels), "rows": rows}
