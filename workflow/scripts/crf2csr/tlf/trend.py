"""Layout: an estimate over time with its intervals, one line per series and arm, and its data beneath."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, arms, chosen, fill, headers, section, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``series: [{label, analysis, ...}]``; ``x`` maps each visit (levels of ``by``) to its place on the axis.

    The estimate is the statistic ``estimate``, its interval the pair ``interval``: a proportion ``p`` on an axis of
    per cent, any other on an axis of its own with a line at 0. ``columns`` are shown beneath for each visit.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    by = spec.get("by", "group2_level")
    estimate = spec.get("estimate", "p")
    figure = _figure.canvas(680, 380)
    axes = figure.add_axes((0.1, 0.13, 0.87, 0.83 if estimate == "p" else 0.77))
    places, pair = spec["x"], spec.get("interval", "clopper_pearson")
    lines = [(series, label) for series in spec["series"] for label in labels]
    rows: list[dict[str, Any]] = []
    for number, (series, label) in enumerate(lines):
        facts = chosen(shelf.of(series.get("analysis", spec["analysis"]), where), series)
        facts = facts[facts["group1_level"] == label]
        table = {
            name: pd.Series(part["stat"].to_numpy("float64"), index=pd.Index(part[by].tolist(), dtype=object))
            for name in (estimate, f"{pair}_low", f"{pair}_high")
            for part in [facts[facts["stat_name"] == name]]
        }
        visits = [visit for visit in places if visit in table[estimate]]
        # Points of several series at one visit stand side by side, so that no interval hides another.
        x = np.array([float(places[v]) for v in visits]) + 0.14 * (number - (len(lines) - 1) / 2)
        y, low, high = (table[name].loc[visits].to_numpy("float64") for name in table)
        look = _figure.look(number)
        name = series["label"] if len(labels) == 1 else f"{series['label']}, {label}"
        axes.errorbar(
            x,
            y,
            yerr=[y - low, high - y],
            color=look["color"],
            linestyle=look["linestyle"],
            marker=look["marker"],
            markersize=5,
            linewidth=1.5,
            capsize=3,
            label=name,
        )
    for series in spec["series"]:
        facts = chosen(shelf.of(series.get("analysis", spec["analysis"]), where), series)
        rows.append(section(series["label"]))
        for visit in places:
            at = facts[facts[by] == visit]
            cells = [
                fill(c["show"], at[at["group1_level"] == label], where) for label in labels for c in spec["columns"]
            ]
            rows.append({"head": visit, "level": 1, "cells": cells})
    axes.set_xticks([float(v) for v in places.values()], list(places))
    ends = [float(place) for place in places.values()]
    axes.set_xlim(min(ends) - 0.05 * (max(ends) - min(ends)), max(ends) + 0.05 * (max(ends) - min(ends)))
    if estimate == "p":
        axes.set_ylim(-0.01, 1)
        axes.set_yticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
        axes.legend(loc="upper left")
    else:
        axes.axhline(0, color="#808080", linewidth=0.9, linestyle="dashed")
        axes.set_xlabel(spec.get("x_label", ""))
        # Values may lie anywhere between the axes, so the legend stands above them.
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, borderaxespad=0)
    axes.set_ylabel(spec.get("y_label", "Percent"))
    axes.grid(axis="y", color="#808080", alpha=0.25, linewidth=0.6)
    svg = _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
    return {
        "stub": spec.get("stub", "Visit"),
        **spread(spec["columns"], headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": svg,
    }
