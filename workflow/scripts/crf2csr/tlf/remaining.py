"""Layout: share of subjects who are still there by a day, as falling steps, one line per arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``p`` of the levels of ``analysis``; ``x`` maps each level to its day. The numbers stand beneath."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, days = arms(facts), spec["x"]
    figure = _figure.canvas(680, 340)
    axes = figure.add_axes((0.1, 0.15, 0.87, 0.8))
    share = facts[facts["stat_name"] == "p"].astype({"variable_level": "str"})
    for number, label in enumerate(labels):
        mine = share[share["group1_level"] == label].set_index("variable_level")["stat"].astype("float64")
        look = _figure.look(number)
        axes.plot(
            [float(day) for day in days.values()],
            [float(mine[level]) for level in days],
            drawstyle="steps-post",
            color=look["color"],
            linestyle=look["linestyle"],
            marker=look["marker"],
            markersize=5,
            linewidth=1.6,
            label=label,
        )
    axes.set_xticks([float(day) for day in days.values()], list(days))
    axes.set_ylim(0, 1.03)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
    axes.set_xlabel(spec.get("x_label", "Day"))
    axes.set_ylabel(spec.get("y_label", "Percent"))
    axes.grid(axis="y", color="#808080", alpha=0.25, linewidth=0.6)
    if len(labels) > 1:
        axes.legend(loc="lower left")
    of_cell = dict(iter(facts[facts["variable_level"].notna()].groupby(["variable_level", "group1_level"])))
    rows = [
        {
            "head": str(level),
            "level": 0,
            "cells": [fill(c["show"], of_cell[(level, label)], where) for label in labels for c in spec["columns"]],
        }
        for level in dict.fromkeys(facts["variable_level"].dropna())
    ]
    return {
        "stub": spec.get("stub", "Day"),
        **spread(spec["columns"], headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
