"""Layout: disposition flow; boxes down the middle, those who left to the side, and the numbers beneath."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, chosen, fill

WIDTH, LINE, PAD, GAP = 720, 16, 10, 26
# Mean width in pixels of a character of a wide sans-serif face: of the bold head and of the lines beneath.
BOLD, PLAIN = 6.8, 5.8
# A space at which no line ends.
BOUND = "\N{NO-BREAK SPACE}"
ALL = "all"


@dataclass(frozen=True)
class Box:
    """One box: the lines of its head and beneath it, whether it hangs to the side, its arm and all arms beside it."""

    head: list[str]
    rest: list[str]
    side: bool
    label: str
    labels: list[str]


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
    svg = _draw([_wrapped(*one) for one in drawn], spec)
    return {"stub": spec.get("stub", "Stage"), "columns": [{"label": "n"}, {"label": "%"}], "rows": rows, "svg": svg}


def _row(head: str, level: int, facts: pd.DataFrame, where: str) -> dict[str, Any]:
    share = fill("{p}", facts, where) if (facts["stat_name"] == "p").any() else []
    return {"head": head, "level": level, "cells": [fill("{n}", facts, where), share]}


def _count(facts: pd.DataFrame) -> int:
    return int(facts.loc[facts["stat_name"] == "n", "stat"].iloc[0])


def _wide(side: bool, labels: list[str]) -> float:
    """Width of a box in pixels."""
    return 300 if side else min(340, (WIDTH - 40) / len(labels) - 10)


def _wrapped(lines: list[str], side: bool, label: str, labels: list[str]) -> Box:
    """A box with its lines broken to its width; those of the head are bold."""
    inside = _wide(side, labels) - 2 * PAD
    # The count is not broken.
    bound = lines[0].replace(" = ", f"{BOUND}={BOUND}")
    head = [part.replace(BOUND, " ") for part in textwrap.wrap(bound, max(8, int(inside / BOLD)))]
    rest = [part for line in lines[1:] for part in textwrap.wrap(line, max(8, int(inside / PLAIN)))]
    return Box(head, rest, side, label, labels)


def _draw(drawn: list[Box], spec: dict[str, Any]) -> str:
    """Place the boxes; a side box hangs on the line between the box above and the one below."""
    tops: list[tuple[float, float]] = []
    y: float = PAD
    for n, box in enumerate(drawn):
        if len(box.labels) > 1 and box.label != box.labels[0] and tops:
            tops.append(tops[-1])
            continue
        # The boxes of all arms are as tall as the tallest of them.
        beside = drawn[n : n + len(box.labels)] if len(box.labels) > 1 else [box]
        tall = float(LINE * max(len(one.head) + len(one.rest) for one in beside) + PAD)
        tops.append((y, tall))
        y += tall + GAP
    total = y - GAP + PAD
    figure = _figure.canvas(WIDTH, total)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(total, 0)
    axes.axis("off")
    trunks: dict[str, tuple[float, float]] = {}
    for box, (top, height) in zip(drawn, tops, strict=True):
        side, label, labels = box.side, box.label, box.labels
        alone, width = len(labels) == 1, _wide(side, labels)
        centre = 550 if side else 190 if alone else WIDTH * (labels.index(label) + 0.5) / len(labels)
        _box(axes, box, centre, width, top, height)
        # Each arm hangs on its own box above, or on the last box of all subjects.
        trunk = trunks.get(label, trunks.get(ALL))
        if trunk is not None:
            arrow = {"arrowstyle": "->", "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "color": "black"}
            ends = ((centre, top), trunk)
            if side:
                ends = ((centre - width / 2, top + height / 2), (trunk[0], top + height / 2))
            elif trunk[0] != centre:
                turn = top - GAP / 2
                axes.plot([trunk[0], trunk[0], centre], [trunk[1], turn, turn], color="black", linewidth=0.9)
                ends = ((centre, top), (centre, turn))
            axes.annotate("", *ends, arrowprops=arrow)
        if not side:
            trunks = {ALL: (centre, top + height)} if alone else trunks | {label: (centre, top + height)}
            if not alone and label == labels[-1]:
                trunks[ALL] = (WIDTH / 2, top + height)
    return _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))


def _box(axes: Any, box: Box, centre: float, width: float, top: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((centre - width / 2, top), width, height, fill=False, linewidth=0.9))
    for number, text in enumerate([*box.head, *box.rest]):
        first = number < len(box.head)
        axes.text(
            centre - width / 2 + PAD,
            top + PAD / 2 + LINE * (number + 0.5),
            text,
            fontsize=9.5 if first else 9,
            va="center",
            fontweight="bold" if first else "normal",
        )
