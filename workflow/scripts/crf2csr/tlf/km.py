"""Layout: Kaplan-Meier figure with interval band and risk table, and its data beneath."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf import _curves, _figure
from crf2csr.tlf._cells import Shelf, arms

RISK = (("At risk", "at_risk"), ("Events", "events_before"), ("Censored", "censored_before"))


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw S(t), or 1 - S(t) with ``curve: cum``, from the facts of the steps; grid days make the axis.

    ``over: {analysis, label}`` draws the estimate from interval-censored times over it: lines where it is determined,
    boxes where its mass may lie anywhere. ``visits: true`` draws the days of the grid through the figure. ``columns``
    are the statistics shown for each day of the grid in the table beneath, or of another ``analysis``.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, kind = arms(facts), spec.get("curve", "surv")
    if kind not in ("surv", "cum"):
        raise Cause("`curve` is surv or cum", file=where, field="curve", value=kind)
    days = _curves.grid_of(facts, labels[0], where)
    blocks = [
        _curves.Block(
            label,
            _figure.look(number)["color"],
            [(head, _curves.counts(facts[facts["group1_level"] == label], name)) for head, name in RISK],
        )
        for number, label in enumerate(labels)
    ]
    figure, axes = _curves.paper(blocks, days, spec, head=18 * len(labels) if spec.get("over") else 0)
    steps = facts[facts["group3"] == "step"]
    over = spec.get("over")
    for number, label in enumerate(labels):
        name = label if over is None else ", ".join(t for t in (label * (len(labels) > 1), "Kaplan-Meier") if t)
        start = 1.0 if kind == "surv" else 0.0
        _curves.curve(axes, steps[steps["group1_level"] == label], kind, start, number, name, len(labels) > 1)
    if over is not None:
        other = shelf.of(over["analysis"], where)
        for number, label in enumerate(labels):
            name = ", ".join(t for t in (label * (len(labels) > 1), over["label"]) if t)
            _boxes(axes, other[other["group1_level"] == label], kind, len(labels) + number, name)
    if over is not None:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    elif len(labels) > 1:
        axes.legend(loc="upper left" if kind == "cum" else "upper right")
    return _curves.rows_of_days(spec, shelf, facts, labels, days, where) | {
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
    }


def _boxes(axes: Any, facts: pd.DataFrame, kind: str, number: int, label: str) -> None:
    """The estimate from interval-censored times: a line between innermost intervals, a box on each that has mass.

    It ends where the mass that nobody was seen to reach begins.
    """
    found = facts[facts["group3"] == "interval"]
    table = {
        name: found.loc[found["stat_name"] == name, "stat"].to_numpy("float64")
        for name in ("lower", "upper", "mass", "cum")
    }
    look = _figure.look(number)
    day, level = 0.0, 0.0
    line = {"color": look["color"], "linewidth": 1.8, "linestyle": look["linestyle"]}

    def at(share: float) -> float:
        return share if kind == "cum" else 1 - share

    for lower, upper, mass, cum in zip(*table.values(), strict=True):
        if mass <= 0:
            continue
        axes.plot([day, lower], [at(level), at(level)], **line)
        if pd.isna(upper):
            break
        low, high = sorted((at(level), at(cum)))
        axes.fill_between(
            [lower, upper], low, high, facecolor=look["color"], alpha=0.25, edgecolor=look["color"], linewidth=0.8
        )
        day, level = upper, cum
    axes.plot([], [], **line, label=label)
