"""Layout: one estimate with its interval per line, and the numbers beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import numbers
from crf2csr.tlf import _figure, _lines
from crf2csr.tlf._cells import Shelf, arms, chosen

LINE_PIXELS = 26


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``rows: [{label, analysis, interval}]`` of the same form as layout ``lines``; ``marks`` are verticals.

    A row with ``estimate: false`` shows the interval alone, as an interval of the row above it by another method.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    table = _lines.table(spec, shelf)
    drawn = [(row, label) for row in spec["rows"] if not row.get("section") for label in labels]
    height = LINE_PIXELS * len(drawn) + 70
    figure = _figure.canvas(760, height)
    axes = figure.add_axes((0.4, 50 / height, 0.36, 1 - 72 / height))
    for number, (row, label) in enumerate(drawn):
        facts = chosen(shelf.of(row.get("analysis", spec["analysis"]), where), row)
        _line(
            axes,
            row,
            facts[facts["group1_level"] == label],
            number,
            label if len(labels) > 1 else "",
            labels.index(label),
        )
    for mark in spec.get("marks", []):
        axes.axvline(float(mark), color="#808080", linewidth=0.9, linestyle="dashed")
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
    axes.set_xlabel(spec.get("x_label", "Percent"))
    figure.text(0.78, 1 - 14 / height, spec.get("numbers_label", "n/N, % (95 % CI)"), fontsize=9, fontweight="bold")
    return table | {"svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))}


def _line(axes: Any, row: dict[str, Any], facts: pd.DataFrame, y: int, arm: str, number: int) -> None:
    pair = row.get("interval", "clopper_pearson")
    value = {
        name: float(facts.loc[facts["stat_name"] == name, "stat"].iloc[0])
        for name in ("n", "N", "p", f"{pair}_low", f"{pair}_high")
    }
    look = _figure.look(number)
    low, high, p = value[f"{pair}_low"], value[f"{pair}_high"], value["p"]
    head = f"{row['label']}, {arm}" if arm else row["label"]
    beyond = axes.get_yaxis_transform()
    axes.text(-1.1, y, head, fontsize=9, va="center", transform=beyond)
    if np.isnan(p):
        axes.text(1.06, y, "NE", fontsize=9, va="center", transform=beyond)
        return
    axes.plot([low, high], [y, y], color=look["color"], linewidth=1.6)
    axes.plot([p], [y], color=look["color"], marker=look["marker"], markersize=6, linestyle="none")
    bounds = ", ".join(numbers.shown(bound, "percent_bound") for bound in (low, high))
    counted = "/".join(numbers.shown(value[name], "count") for name in ("n", "N"))
    text = f"{counted}, {numbers.shown(p, 'percent')} ({bounds})"
    axes.text(1.06, y, text, fontsize=9, va="center", transform=beyond)
