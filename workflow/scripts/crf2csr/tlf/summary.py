"""Layout: one row per line of the plan, one column per arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, across, arms, chosen, fill, headers, section


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill each planned row, ``{label, show}`` (and analysis, variable, level or group), for each arm.

    A row with ``across: true`` shows one statistic of all arms, in the first column.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    rows = []
    for planned in spec["rows"]:
        if "show" not in planned:
            rows.append(section(planned["label"]))
            continue
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        if planned.get("across"):
            cells = [fill(planned["show"], facts, where), *([] for _ in labels[1:])]
        else:
            cells = across(planned["show"], facts, labels, where)
        rows.append({"head": planned["label"], "level": planned.get("indent", 0), "cells": cells})
    return {"stub": spec.get("stub", ""), "columns": headers(spec, shelf, where, labels), "rows": rows}
