"""Layout: the day on which each event began, by group of terms, the kinds of events told apart by mark and colour."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from crf2csr.tlf import _figure, _marks, _subjects
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

WIDTH, LINE, ABOVE, BELOW = 760, 24, 36, 48
# Left edge and width of the axes, of the figure; pixels of a mark with its margin; lanes of a group at most.
PLOT, MARK, LANES = (0.36, 0.62), 7.5, 12
COLUMNS = [
    {"label": "Subjects", "show": "{n}"},
    {"label": "Events without a day, not drawn", "show": "{records_missing}"},
]


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the points of ``analysis`` (method points with x, by a group of terms), by kind.

    ``marks: {text: label}`` name the kinds, ``other`` the rest. Groups with more events stand higher.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    found = _subjects.drawn(shelf, spec["analysis"], where)
    counted = found["GROUP"].value_counts()
    groups = sorted(counted.index, key=lambda name: (-counted[name], str(name)))
    place = {name: n for n, name in enumerate(groups)}
    marks = spec.get("marks", {})
    # Events whose marks would lie upon one another stand in lanes, so that each is seen; a group is as high as they.
    ends = [float(day) for day in spec.get("x", {}).values()]
    low, high = min([*found["x"], *ends], default=0.0), max([*found["x"], *ends], default=1.0)
    room = 0.02 * max(high - low, 1.0)
    lane = _marks.lanes(found["GROUP"], found["x"], MARK * (high - low + 2 * room) / (WIDTH * PLOT[1]), LANES)
    tall = (lane.groupby(found["GROUP"]).max() + 1).reindex(groups).mul(MARK).add(LINE - MARK).to_numpy("float64")
    edges = [0.0, *tall.cumsum()]
    height = edges[-1] + ABOVE + BELOW
    figure = _figure.canvas(WIDTH, height)
    axes = figure.add_axes((PLOT[0], BELOW / height, PLOT[1], edges[-1] / height))
    axes.set_xlim(low - room, high + room)
    middle = found["GROUP"].map({name: (edges[n] + edges[n + 1]) / 2 for name, n in place.items()})
    count = lane.groupby(found["GROUP"]).transform("max")
    y = middle.astype("float64") + MARK * (lane - count / 2)
    kinds = [*marks, None]
    for n, kind in enumerate(kinds):
        some = found["mark"].eq(kind) if kind is not None else ~found["mark"].isin(list(marks))
        if not some.any():
            continue
        look = _figure.look(n)
        axes.plot(
            found.loc[some, "x"],
            y[some],
            linestyle="none",
            marker=look["marker"],
            markersize=5,
            markeredgewidth=1.2,
            color=look["color"],
            markerfacecolor="none" if n % 2 == 0 else look["color"],
            label=marks[kind] if kind is not None else spec.get("other", "Other"),
        )
    for line in spec.get("lines", []):
        axes.axvline(float(line), color="#808080", linewidth=0.9, linestyle="dashed")
    across = axes.get_yaxis_transform()
    axes.hlines(edges[1:-1], 0, 1, color="#808080", alpha=0.25, linewidth=0.6, transform=across)
    axes.set_yticks([(a + b) / 2 for a, b in pairwise(edges)], [str(name) for name in groups], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(edges[-1], 0)
    if spec.get("x"):
        axes.set_xticks([float(v) for v in spec["x"].values()], list(spec["x"]))
    axes.set_xlabel(spec.get("x_label", "Day"))
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="upper left", ncols=4, bbox_to_anchor=(0.0, 1), fontsize=9)
    single = facts[facts["group3_level"].isna()]
    of_group = dict(iter(single.groupby(["group2_level", "group1_level"])))
    # A group whose events all lack a day has no line in the figure, and one in the table.
    undrawn = [name for name in dict.fromkeys(single["group2_level"].dropna()) if name not in place]
    rows = [
        {
            "head": str(name),
            "level": 0,
            "cells": [fill(c["show"], of_group[(name, label)], where) for label in labels for c in COLUMNS],
        }
        for name in (*groups, *undrawn)
    ]
    return {
        "stub": spec.get("stub", "Group of terms"),
        **spread(COLUMNS, headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
