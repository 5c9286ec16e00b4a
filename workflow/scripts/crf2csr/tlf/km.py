"""Layout: Kaplan-Meier figure with interval band and risk table, and its data beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

RISK = (("At risk", "at_risk"), ("Events", "events_before"), ("Censored", "censored_before"))


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw S(t), or 1 - S(t) with ``curve: cum``, from the facts of the steps; grid days make the axis.

    ``columns`` are the statistics shown for each day of the grid in the table beneath.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, kind = arms(facts), spec.get("curve", "surv")
    if kind not in ("surv", "cum"):
        raise Cause("`curve` is surv or cum", file=where, field="curve", value=kind)
    grid = facts[(facts["stat_name"] == "grid") & (facts["group1_level"] == labels[0])]
    days = dict(zip(grid["variable_level"], grid["stat"].astype("float64"), strict=True))
    svg = _draw(facts, labels, days, kind, spec)
    columns = spec["columns"]
    rows = [
        {
            "head": day,
            "level": 0,
            "cells": [
                fill(c["show"], facts[(facts["group1_level"] == a) & (facts["variable_level"] == day)], where)
                for a in labels
                for c in columns
            ],
        }
        for day in days
    ]
    return {
        "stub": spec.get("stub", "Time"),
        **spread(columns, headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": svg,
    }


def _draw(facts: pd.DataFrame, labels: list[str], days: dict[str, float], kind: str, spec: dict[str, Any]) -> str:
    lines = len(RISK) * len(labels) + (len(labels) if len(labels) > 1 else 0)
    height = 330 + 17 * lines + 60
    figure = _figure.canvas(680, height)
    bottom = (17 * lines + 78) / height
    axes = figure.add_axes((0.13, bottom, 0.84, 1 - bottom - 14 / height))
    steps = facts[facts["group3"] == "step"]
    for number, label in enumerate(labels):
        _curve(axes, steps[steps["group1_level"] == label], label, kind, number)
    end = max(days.values())
    axes.set_xlim(0, end * 1.03)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(list(days.values()), list(days))
    axes.set_yticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
    axes.set_xlabel(spec.get("x_label", "Time"))
    axes.set_ylabel(spec.get("y_label", "Percent"))
    axes.grid(axis="y", color="#808080", alpha=0.25, linewidth=0.6)
    if len(labels) > 1:
        axes.legend(loc="upper left" if kind == "cum" else "upper right")
    _risk(figure, axes, facts, labels, days, height)
    return _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))


def _curve(axes: Any, steps: pd.DataFrame, label: str, kind: str, number: int) -> None:
    """One step curve from day 0, its band, and a tick at each censoring."""
    table = {
        name: steps.loc[steps["stat_name"] == f"step_{name}", "stat"].to_numpy("float64")
        for name in ("time", kind, f"{kind}_low", f"{kind}_high", "censored")
    }
    start = 1.0 if kind == "surv" else 0.0
    time = np.concatenate([[0.0], table["time"]])
    level, low, high = (np.concatenate([[start], table[name]]) for name in (kind, f"{kind}_low", f"{kind}_high"))
    look = _figure.look(number)
    axes.step(time, level, where="post", color=look["color"], linestyle=look["linestyle"], linewidth=1.8, label=label)
    axes.fill_between(time, low, high, step="post", color=look["color"], alpha=0.18, linewidth=0)
    seen = table["censored"] > 0
    axes.plot(table["time"][seen], table[kind][seen], linestyle="none", marker="|", markersize=7, color=look["color"])


def _risk(
    figure: Any, axes: Any, facts: pd.DataFrame, labels: list[str], days: dict[str, float], height: float
) -> None:
    """The numbers at risk, with event and censored before each day, beneath the axis."""
    top = axes.get_position().y0 - 58 / height
    line, left = 17 / height, 8 / 680
    across = axes.get_position()
    position = {day: across.x0 + across.width * value / axes.get_xlim()[1] for day, value in days.items()}
    y = top
    for number, label in enumerate(labels):
        if len(labels) > 1:
            figure.text(left, y, label, fontsize=9, fontweight="bold", color=_figure.look(number)["color"])
            y -= line
        for head, name in RISK:
            figure.text(left, y, head, fontsize=9)
            counted = facts[(facts["stat_name"] == name) & (facts["group1_level"] == label)]
            mine = dict(zip(counted["variable_level"], counted["stat"], strict=True))
            for day, x in position.items():
                figure.text(x, y, f"{int(mine[day])}", fontsize=9, ha="center")
            y -= line
