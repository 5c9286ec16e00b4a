"""Layout: subjects in the rows, visits in the columns, each cell coloured and lettered by its mark."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.patches import Rectangle

from crf2csr.tlf import _figure, _subjects
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

CELL, TOP, LEFT, GAP = 13, 46, 120, 26


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the points of ``analysis`` (method points by visit, with marks).

    ``marks: [{text, label, letter, level}]`` say what each mark looks like: ``text`` is what the mark begins with,
    ``level`` 0 (light) to 4 (dark). Subjects are ordered by their marks, the last visit first.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    found = _subjects.drawn(shelf, spec["analysis"], where)
    visits = list(dict.fromkeys(found["GROUP"]))
    marks = spec["marks"]
    rank = found["mark"].map(lambda text: next((n for n, m in enumerate(marks) if str(text).startswith(m["text"])), -1))
    wide = found.assign(RANK=rank).pivot_table(index=["ARM", "SUBJECT"], columns="GROUP", values="RANK", aggfunc="max")
    wide = wide.reindex(columns=visits).sort_values(visits[::-1], kind="stable")
    rows = sum(len(wide.loc[[a]]) if a in wide.index.get_level_values(0) else 0 for a in labels)
    height = TOP + CELL * rows + GAP * (len(labels) - 1) + 22 * -(-len(marks) // 2) + 12
    width = 760
    figure = _figure.canvas(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    step = (width - LEFT - 20) / len(visits)
    for n, visit in enumerate(visits):
        axes.text(LEFT + (n + 0.5) * step, 18, visit, ha="center", va="center", fontsize=9, fontweight="bold")
    y = TOP - 16.0
    for label in labels:
        if label not in wide.index.get_level_values(0):
            continue
        if len(labels) > 1:
            axes.text(8, y - 6, label, fontsize=9, fontweight="bold")
        mine = wide.loc[label]
        for subject, line in zip(mine.index, mine.to_numpy(), strict=True):
            axes.text(8, y + CELL / 2, _subjects.short(str(subject)), fontsize=8, va="center")
            for n, value in enumerate(line):
                _cell(axes, LEFT + n * step, y, step, marks, value)
            y += CELL
        y += GAP
    y -= GAP - 12
    for n, mark in enumerate(marks):
        x, at = 8 + (n % 2) * width / 2, y + 22 * (n // 2)
        _cell(axes, x, at, 26, marks, n)
        axes.text(x + 34, at + CELL / 2, mark["label"], fontsize=9, va="center")
    return {
        "stub": spec.get("stub", "Subjects"),
        **spread([{"label": visit} for visit in visits], headers(spec, shelf, where, labels)),
        "rows": _told(shelf.of(spec["analysis"], where), wide, visits, labels, where),
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }


def _told(
    facts: pd.DataFrame, wide: pd.DataFrame, visits: list[str], labels: list[str], where: str
) -> list[dict[str, Any]]:
    """The mark of each subject at each visit, in words and in the order of the figure."""
    marks = facts[facts["stat_name"] == "mark"]
    of_cell = dict(iter(marks.groupby(["group3_level", "group2_level"])))
    rows = []
    for arm, subject in wide.index:
        cells = [
            fill("{mark}", of_cell[(subject, visit)], where) if label == arm and (subject, visit) in of_cell else []
            for label in labels
            for visit in visits
        ]
        rows.append({"head": subject, "level": 0, "cells": cells})
    return rows


# One hue from light to dark, so that the order is seen in grey too; letters carry what colour cannot.
SHADES = ("#f3f3f0", "#cfe1ef", "#8fbbdb", "#3f86bd", "#0b3c6b")


def _cell(axes: Any, x: float, y: float, width: float, marks: list[dict[str, Any]], value: float) -> None:
    if value != value or value < 0:
        axes.add_patch(Rectangle((x, y), width - 2, CELL - 2, facecolor="none", edgecolor="#b0b0b0", linewidth=0.5))
        return
    mark = marks[int(value)]
    shade = SHADES[mark["level"]]
    axes.add_patch(Rectangle((x, y), width - 2, CELL - 2, facecolor=shade, edgecolor="#9a9a9a", linewidth=0.3))
    ink = "#ffffff" if mark["level"] >= 3 else "#1b1a18"
    axes.text(x + (width - 2) / 2, y + CELL / 2 - 0.5, mark["letter"], fontsize=8, ha="center", va="center", color=ink)
