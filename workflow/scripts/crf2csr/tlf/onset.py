"""Layout: the day on which each event began, by group of terms, the kinds of events told apart by mark and colour."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf import _figure, _subjects
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

LINE = 26
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
    height = LINE * max(len(groups), 1) + 92
    figure = _figure.canvas(760, height)
    axes = figure.add_axes((0.36, 48 / height, 0.62, 1 - (48 + 40) / height))
    # Events of one day and group stand above one another, so that each is seen.
    stack = found.groupby(["GROUP", "x"]).cumcount()
    most = stack.groupby(found["GROUP"]).transform("max")
    y = found["GROUP"].map(place) + (0.6 * stack / most.clip(lower=1) - 0.3).where(most > 0, 0.0)
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
            markersize=4.5,
            color=look["color"],
            markerfacecolor="none" if n % 2 == 0 else look["color"],
            label=marks[kind] if kind is not None else spec.get("other", "Other"),
        )
    for line in spec.get("lines", []):
        axes.axvline(float(line), color="#808080", linewidth=0.9, linestyle="dashed")
    axes.hlines([n - 0.5 for n in range(1, len(groups))], *axes.get_xlim(), color="#808080", alpha=0.25, linewidth=0.6)
    axes.set_yticks(range(len(groups)), [str(name) for name in groups], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(groups) - 0.5, -0.5)
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
