"""Layout: peaks of liver tests against one another, in four quadrants, and the quadrants' counts beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, spread

TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50)


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw one point per subject of ``analysis`` (method pairs), lines at ``x_mark`` and ``y_mark``.

    ``corners`` name the quadrants (upper right, upper left, lower right, lower left); ``rows`` are lines of
    the table beneath as in layout ``lines``, which ends with how many are not plotted, by reason.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    figure = _figure.canvas(680, 470)
    axes = figure.add_axes((0.1, 0.12, 0.87, 0.84))
    points = {label: _points(facts[facts["group1_level"] == label]) for label in labels}
    every = pd.concat(list(points.values()))
    spans = {axis: _span(every[axis], float(spec[f"{axis}_mark"])) for axis in ("x", "y")}
    for number, label in enumerate(labels):
        look, mine = _figure.look(number), points[label]
        axes.plot(
            mine["x"],
            mine["y"],
            linestyle="none",
            marker=look["marker"],
            markersize=5,
            markerfacecolor="none",
            color=look["color"],
            label=label,
        )
    axes.axvline(float(spec["x_mark"]), color="#808080", linewidth=1, linestyle="dashed")
    axes.axhline(float(spec["y_mark"]), color="#808080", linewidth=1, linestyle="dashed")
    for axis, scale, limit in (("x", axes.set_xscale, axes.set_xlim), ("y", axes.set_yscale, axes.set_ylim)):
        scale("log")
        limit(*spans[axis])
    for axis, set_ticks in (("x", axes.set_xticks), ("y", axes.set_yticks)):
        ticks = [t for t in TICKS if spans[axis][0] <= t <= spans[axis][1]]
        set_ticks(ticks, [f"{t:g}" for t in ticks])
        set_ticks([], minor=True)
    axes.set_xlabel(spec.get("x_label", "x ULN"))
    axes.set_ylabel(spec.get("y_label", "x ULN"))
    corners = (((0.99, 0.98), "right", "top"), ((0.01, 0.98), "left", "top"), ((0.99, 0.02), "right", "bottom"))
    for text, (place, ha, va) in zip(spec.get("corners", []), corners, strict=False):
        axes.text(*place, text, transform=axes.transAxes, ha=ha, va=va, fontsize=9, style="italic")
    if len(labels) > 1:
        axes.legend(loc="lower left")
    svg = _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
    return {
        "stub": spec.get("stub", "Quadrant"),
        **spread(spec["columns"], headers(spec, shelf, where, labels)),
        "rows": _rows(spec, shelf, labels, where) + _lost(facts, labels, where, len(spec["columns"])),
        "svg": svg,
    }


def _points(facts: pd.DataFrame) -> pd.DataFrame:
    """One point per subject: columns x and y."""
    mine = facts[facts["stat_name"].isin(["x", "y"])]
    wide = mine.pivot_table(index="group3_level", columns="stat_name", values="stat", sort=False)
    return wide.reindex(columns=["x", "y"]).sort_index()


def _span(values: pd.Series, mark: float) -> tuple[float, float]:
    """Limits of a logarithmic axis that hold all values and the mark, with room beyond it."""
    low, high = min([0.1, *values]), max([mark * 4, *values])
    return 10 ** (np.log10(low) - 0.06), 10 ** (np.log10(high) + 0.06)


def _rows(spec: dict[str, Any], shelf: Shelf, labels: list[str], where: str) -> list[dict[str, Any]]:
    rows = []
    for planned in spec["rows"]:
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        cells = [
            fill(column["show"], facts[facts["group1_level"] == label], where)
            for label in labels
            for column in spec["columns"]
        ]
        rows.append({"head": planned["label"], "level": 0, "cells": cells})
    return rows


def _lost(facts: pd.DataFrame, labels: list[str], where: str, width: int) -> list[dict[str, Any]]:
    """Who is not plotted: all of them, and by reason."""
    rows = []
    lost = facts[facts["stat_name"] == "left_out"]
    for head, level, name, some in [
        ("Not plotted", 0, "n_missing", facts),
        *((str(r), 1, "left_out", lost[lost["variable_level"] == r]) for r in lost["variable_level"].unique()),
    ]:
        cells: list[list[dict[str, Any]]] = []
        for label in labels:
            mine = some[(some["group1_level"] == label) & (some["stat_name"] == name)]
            cells += [fill(f"{{{name}}}", mine, where), *([] for _ in range(width - 1))]
        rows.append({"head": head, "level": level, "cells": cells})
    return rows
