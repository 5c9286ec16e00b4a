"""Layout: one estimate with its interval per line, and the numbers beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import NullLocator
from matplotlib.transforms import blended_transform_factory

from crf2csr.errors import Cause
from crf2csr.tlf import _figure, _lines
from crf2csr.tlf._cells import Shelf, arms, cell, chosen

WIDTH = 760
GAP = 14
LEAST_PLOT = 260
# Mean width of a character at the size of the labels, in pixels, of a digit, and of bold ones; a wide sans-serif face.
CHARACTER, DIGIT, BOLD = 5.3, 5.8, 6.0
SIZE, INDENT = 9, 10
ABOVE, BELOW = 30, 46


@dataclass(frozen=True)
class Line:
    """One line of the figure.

    Attributes
    ----------
    head : str
    indent : int
    arm : int
        Number of the arm; -1 for a heading.
    ends : tuple of float
        Estimate and both ends of its interval; NaN where there is none.
    texts : list of str
        What stands beside it.
    """

    head: str
    indent: int
    arm: int
    ends: tuple[float, float, float]
    texts: list[str]


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``rows: [{label, analysis, ...}]`` of the same form as layout ``lines``; ``columns`` are the table beneath.

    ``estimate`` (default ``p``) is the statistic drawn, ``interval`` the pair of its limits; ``texts: [{label, show}]``
    stand beside each line. ``scale: log`` draws ratios; ``limits`` and ``ticks`` are those of the axis, an interval
    that goes beyond ends in an arrow. ``marks`` are verticals: a number, or ``{analysis, show, label}`` for the value
    of a statistic. ``note: {show, analysis, ...}`` is a line under the axis.
    """
    where = f"display {spec['id']}"
    made = _lines.table(spec, shelf)
    lines = _drawn(spec, shelf)
    heads = [text["label"] for text in _texts(spec, "")]
    left = max(CHARACTER * len(line.head) + INDENT * line.indent for line in lines) + GAP
    left = max(left, *(BOLD * len(line.head) for line in lines if line.arm < 0), 0) + GAP
    wide = [
        max(BOLD * len(head), *(DIGIT * len(line.texts[i]) for line in lines if line.texts)) + GAP
        for i, head in enumerate(heads)
    ]
    width = max(WIDTH, left + LEAST_PLOT + sum(wide))
    pixels = 26 if len(lines) <= 12 else 18
    below = BELOW + (16 if "note" in spec else 0)
    height = pixels * len(lines) + ABOVE + below
    figure = _figure.canvas(width, height)
    box = (left / width, below / height, (width - left - sum(wide)) / width, pixels * len(lines) / height)
    axes = figure.add_axes(box)
    _axis(axes, spec, len(lines))
    at = blended_transform_factory(figure.transFigure, axes.transData)
    edges = [(width - sum(wide[i:]) + GAP) / width for i in range(len(wide))]
    top = 1 - 16 / height
    for edge, head in zip(edges, heads, strict=True):
        figure.text(edge, top, head, fontsize=SIZE, fontweight="bold")
    _marks(axes, spec, shelf, where)
    for y, line in enumerate(lines):
        weight = "bold" if line.arm < 0 else "normal"
        x = (GAP / 2 + INDENT * line.indent) / width
        axes.text(x, y, line.head, fontsize=SIZE, fontweight=weight, va="center", transform=at)
        for edge, words in zip(edges, line.texts, strict=False):
            axes.text(edge, y, words, fontsize=SIZE, va="center", transform=at)
        if line.arm >= 0 and not np.isnan(line.ends).any():
            _interval(axes, y, line)
    if "note" in spec:
        facts = chosen(shelf.of(spec["note"].get("analysis", spec["analysis"]), where), spec["note"])
        said = "".join(part["t"] for part in cell(spec["note"], facts, where))
        figure.text(GAP / 2 / width, 8 / height, said, fontsize=SIZE)
    return made | {"svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))}


def _texts(spec: dict[str, Any], pair: str) -> list[dict[str, Any]]:
    """The texts beside a line: as planned, else count, percentage and interval in one."""
    show = f"{{n}}/{{N}}, {{p}} ({{{pair}_low}}, {{{pair}_high}})"
    return spec.get("texts", [{"label": spec.get("numbers_label", "n/N, % (95 % CI)"), "show": show}])


def _drawn(spec: dict[str, Any], shelf: Shelf) -> list[Line]:
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    estimate = spec.get("estimate", "p")
    lines: list[Line] = []
    for row in _lines.spread_rows(spec, shelf):
        if row.get("section"):
            lines.append(Line(row["label"], row.get("indent", 0), -1, (np.nan, np.nan, np.nan), []))
            continue
        pair = row.get("interval", spec.get("interval", "clopper_pearson"))
        facts = _lines.facts_of(row, spec, shelf)
        for number, label in enumerate(labels):
            mine = _lines.of_arm(facts, label)
            ends = [_value(mine, name, where) for name in (estimate, f"{pair}_low", f"{pair}_high")]
            texts = ["".join(part["t"] for part in cell(text, mine, where)) for text in _texts(spec, pair)]
            head = f"{row['label']}, {label}" if len(labels) > 1 else row["label"]
            lines.append(Line(head, row.get("indent", 0), number, (ends[0], ends[1], ends[2]), texts))
    return lines


def _value(facts: pd.DataFrame, name: str, where: str) -> float:
    found = facts.loc[facts["stat_name"] == name, "stat"]
    if len(found) != 1:
        raise Cause(f"{len(found)} facts stand for one point", file=where, field=name)
    return float(found.iloc[0])


def _axis(axes: Any, spec: dict[str, Any], lines: int) -> None:
    axes.set_ylim(lines - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if spec.get("scale") == "log":
        axes.set_xscale("log")
        axes.set_xlim(*(float(end) for end in spec.get("limits", (0.1, 10))))
        ticks = [float(tick) for tick in spec.get("ticks", (0.1, 1, 10))]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        low, high = (float(end) for end in spec.get("limits", (0, 1)))
        axes.set_xlim(low, high)
        ticks = [float(tick) for tick in spec.get("ticks", np.linspace(0, 1, 6))]
        share = 100 if spec.get("estimate", "p") == "p" else 1
        axes.set_xticks(ticks, [f"{share * tick:g}" for tick in ticks])
    axes.set_xlabel(spec.get("x_label", "Percent"))


def _marks(axes: Any, spec: dict[str, Any], shelf: Shelf, where: str) -> None:
    """Verticals: a fixed value is dashed, the value of a statistic a line with its label above."""
    for mark in spec.get("marks", []):
        if not isinstance(mark, dict):
            axes.axvline(float(mark), color="#808080", linewidth=0.9, linestyle="dashed")
            continue
        facts = chosen(shelf.of(mark["analysis"], where), mark)
        value = _value(facts, mark["show"], where)
        axes.axvline(value, color="#808080", linewidth=0.9)
        if "label" in mark:
            said = "".join(part["t"] for part in cell({"show": mark["label"]}, facts, where))
            axes.annotate(
                said,
                (value, 1),
                (0, 5),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                fontsize=SIZE,
            )


def _interval(axes: Any, y: int, line: Line) -> None:
    """The interval, with an arrow at the edge that it crosses, and the estimate where the axis shows it."""
    estimate, low, high = line.ends
    least, most = axes.get_xlim()
    look = _figure.look(line.arm)
    colour = look["color"]
    axes.plot([max(low, least), min(high, most)], [y, y], color=colour, linewidth=1.6)
    for beyond, edge, marker in ((low < least, least, "<"), (high > most, most, ">")):
        if beyond:
            axes.plot([edge], [y], color=colour, marker=marker, markersize=5, linestyle="none", clip_on=False)
    if least <= estimate <= most:
        point = {"marker": look["marker"], "markersize": 5.5, "linestyle": "none", "clip_on": False}
        axes.plot([estimate], [y], color=colour, **point)
