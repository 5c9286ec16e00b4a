"""Curves over time: axes of days, step curves with their bands, and the table of numbers beneath the axis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, cell, headers, spread

WIDTH, LINE, TOP, PLOT, GAP = 680, 17, 14, 330, 78


@dataclass
class Block:
    """Lines of the risk table of one arm: ``lines`` are (head, number by label of the day)."""

    label: str
    color: str
    lines: list[tuple[str, dict[str, float]]] = field(default_factory=list)


def grid_of(facts: pd.DataFrame, arm: str, where: str) -> dict[str, float]:
    """Labels and days of the grid of an analysis; an analysis without one is refused."""
    grid = facts[(facts["stat_name"] == "grid") & (facts["group1_level"] == arm)]
    if grid.empty:
        raise Cause("the analysis has no `grid`, which the axis and the risk table need", file=where)
    return dict(zip(grid["variable_level"], grid["stat"].astype("float64"), strict=True))


def counts(facts: pd.DataFrame, name: str) -> dict[str, float]:
    """Each number of one statistic by its level."""
    found = facts[facts["stat_name"] == name]
    return dict(zip(found["variable_level"], found["stat"], strict=True))


def paper(blocks: list[Block], days: dict[str, float], spec: dict[str, Any], head: float = 0) -> tuple[Any, Any]:
    """Return a figure with percent over days, and the risk table beneath its axis; ``head`` pixels stay free above."""
    named = len(blocks) > 1
    lines = sum(len(block.lines) + named for block in blocks)
    height = PLOT + LINE * lines + GAP + head
    figure = _figure.canvas(WIDTH, height)
    heads = [head for block in blocks for head, _ in block.lines]
    left = max(88.0, 6.0 * max(len(head) for head in heads) + 26) / WIDTH
    bottom = (LINE * lines + GAP) / height
    axes = figure.add_axes((left, bottom, 0.97 - left, 1 - bottom - (TOP + head) / height))
    axes.set_xlim(0, max(days.values()) * 1.03)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(list(days.values()), list(days))
    axes.set_yticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
    axes.set_xlabel(spec.get("x_label", "Time"))
    axes.set_ylabel(spec.get("y_label", "Percent"))
    axes.grid(axis="y", color="#808080", alpha=0.25, linewidth=0.6)
    if spec.get("visits"):
        for day in days.values():
            axes.axvline(day, color="#808080", linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.5)
    _risk(figure, axes, blocks, days, height)
    return figure, axes


def _risk(figure: Any, axes: Any, blocks: list[Block], days: dict[str, float], height: float) -> None:
    across = axes.get_position()
    y, line, left = across.y0 - 58 / height, LINE / height, 8 / WIDTH
    position = {day: across.x0 + across.width * value / axes.get_xlim()[1] for day, value in days.items()}
    for block in blocks:
        if len(blocks) > 1:
            figure.text(left, y, block.label, fontsize=9, fontweight="bold", color=block.color)
            y -= line
        for head, numbers in block.lines:
            figure.text(left, y, head, fontsize=9)
            for day, x in position.items():
                figure.text(x, y, f"{int(numbers[day])}", fontsize=9, ha="center")
            y -= line


def curve(
    axes: Any, steps: pd.DataFrame, kind: str, start: float, number: int, label: str, outlined: bool = False
) -> None:
    """One step curve from day 0, its band, and a tick at each censoring.

    ``outlined`` draws the edges of the band in the dash of the curve, so that bands that overlap are told apart.
    """
    table = {
        name: steps.loc[steps["stat_name"] == f"step_{name}", "stat"].to_numpy("float64")
        for name in ("time", kind, f"{kind}_low", f"{kind}_high", "censored")
    }
    time = np.concatenate([[0.0], table["time"]])
    level, low, high = (np.concatenate([[start], table[name]]) for name in (kind, f"{kind}_low", f"{kind}_high"))
    look = _figure.look(number)
    axes.step(time, level, where="post", color=look["color"], linestyle=look["linestyle"], linewidth=1.8, label=label)
    axes.fill_between(time, low, high, step="post", color=look["color"], alpha=0.18, linewidth=0)
    for edge in (low, high) if outlined else ():
        axes.step(time, edge, where="post", color=look["color"], linestyle=look["linestyle"], linewidth=0.6, alpha=0.7)
    seen = table["censored"] > 0
    axes.plot(table["time"][seen], table[kind][seen], linestyle="none", marker="|", markersize=7, color=look["color"])


def rows_of_days(
    spec: dict[str, Any], shelf: Shelf, facts: pd.DataFrame, labels: list[str], days: dict[str, float], where: str
) -> dict[str, Any]:
    """The table beneath: ``columns`` for each day of the grid; one may name another ``analysis`` or a group."""
    columns = spec["columns"]
    of = [shelf.of(column["analysis"], where) if "analysis" in column else facts for column in columns]
    rows = [
        {
            "head": day,
            "level": 0,
            "cells": [
                cell(column, own[(own["group1_level"] == arm) & (own["variable_level"] == day)], where)
                for arm in labels
                for column, own in zip(columns, of, strict=True)
            ],
        }
        for day in days
    ]
    return {
        "stub": spec.get("stub", "Time"),
        **spread(columns, headers(spec, shelf, where, labels)),
        "rows": rows,
    }
