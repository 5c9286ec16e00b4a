"""Layout: disposition flow; boxes down the middle, those who left to the side, and the numbers beneath."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, chosen, fill

WIDTH, LINE, PAD, GAP = 720, 16, 10, 26
ALL = "all"


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``boxes: [{id, label, side, words}]`` from top to bottom; reasons of a box are its lines."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    drawn, rows = [], []
    for box in spec["boxes"]:
        mine = chosen(facts, {"variable_level": box["id"]})
        labels = list(dict.fromkeys(mine["group1_level"]))
        for label in labels:
            at = mine[mine["group1_level"] == label]
            total = at[at["group2_level"].isna()]
            head = box["label"] if len(labels) == 1 else f"{box['label']}, {label}"
            rows.append(_row(head, 0, total, where))
            lines = [f"{head} (n = {_count(total)})"]
            for level in at["group2_level"].dropna().unique():
                word = box.get("words", {}).get(level, str(level).capitalize() if str(level).isupper() else str(level))
                reason = at[at["group2_level"] == level]
                rows.append(_row(word, 1, reason, where))
                lines.append(f"{word}: {_count(reason)}")
            drawn.append((lines, bool(box.get("side")), label, labels))
    svg = _draw(drawn, spec)
    return {"stub": spec.get("stub", "Stage"), "columns": [{"label": "n"}, {"label": "%"}], "rows": rows, "svg": svg}


def _row(head: str, level: int, facts: pd.DataFrame, where: str) -> dict[str, Any]:
    share = fill("{p}", facts, where) if (facts["stat_name"] == "p").any() else []
    return {"head": head, "level": level, "cells": [fill("{n}", facts, where), share]}


def _count(facts: pd.DataFrame) -> int:
    return int(facts.loc[facts["stat_name"] == "n", "stat"].iloc[0])


def _draw(drawn: list[tuple[list[str], bool, str, list[str]]], spec: dict[str, Any]) -> str:
    """Place the boxes; a side box hangs on the line between the box above and the one below."""
    tops: list[tuple[float, float]] = []
    y: float = PAD
    previous: tuple[float, float] | None = None
    for lines, _, label, labels in drawn:
        tall = float(LINE * len(lines) + PAD)
        beside = len(labels) > 1 and label != labels[0]
        if beside and previous is not None:
            tops.append(previous)
            continue
        previous = (y, tall)
        tops.append(previous)
        y += tall + GAP
    total = y - GAP + PAD
    figure = _figure.canvas(WIDTH, total)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(total, 0)
    axes.axis("off")
    trunks: dict[str, tuple[float, float]] = {}
    for (lines, side, label, labels), (top, height) in zip(drawn, tops, strict=True):
        alone = len(labels) == 1
        width = 300 if side else min(340, (WIDTH - 40) / len(labels) - 10)
        centre = 550 if side else 190 if alone else WIDTH * (labels.index(label) + 0.5) / len(labels)
        _box(axes, lines, centre, width, top, height)
        # Each arm hangs on its own box above, or on the last box of all subjects.
        trunk = trunks.get(label, trunks.get(ALL))
        if trunk is not None:
            middle = top + height / 2
            ends = ((centre - width / 2, middle), (trunk[0], middle)) if side else ((centre, top), trunk)
            arrow = {"arrowstyle": "->", "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "color": "black"}
            axes.annotate("", *ends, arrowprops=arrow)
        if not side:
            trunks = {ALL: (centre, top + height)} if alone else trunks | {label: (centre, top + height)}
            if not alone and label == labels[-1]:
                trunks[ALL] = (WIDTH / 2, top + height)
    return _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))


def _box(axes: Any, lines: list[str], centre: float, width: float, top: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((centre - width / 2, top), width, height, fill=False, linewidth=0.9))
    for number, text in enumerate(lines):
        first = number == 0
        axes.text(
            centre - width / 2 + PAD,
            top + PAD / 2 + LINE * (number + 0.5),
            text,
            fontsize=9.5 if first else 9,
            va="center",
            fontweight="bold" if first else "normal",
        )
