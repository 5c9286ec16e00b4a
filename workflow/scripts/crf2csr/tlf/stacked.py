"""Layout: subjects with each term by worst grade, as stacked bars from light to dark, one panel per arm."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Patch

from crf2csr.tlf import _figure, _terms
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

LINE = 20
# One hue from light to dark, so that the order of the grades is seen in grey too.
SHADES = ("#e3e8ec", "#b9cfe0", "#7fb0d3", "#3f86bd", "#1f5c92", "#0b2f57")


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``grades: [{label, level}]`` of the terms of ``analysis`` (method terms with ``worst``)."""
    where = f"display {spec['id']}"
    labels, grades = arms(shelf.of(spec["analysis"], where)), spec["grades"]
    facts, order = _terms.lines(shelf, spec, where)
    height = LINE * max(len(order), 1) + 100
    figure = _figure.canvas(760, height)
    width = 0.63 / len(labels)
    counts = facts[(facts["stat_name"] == "n") & facts["variable_level"].notna()]
    top = facts.loc[(facts["stat_name"] == "n") & facts["variable_level"].isna(), "stat"].max()
    for number, label in enumerate(labels):
        axes = figure.add_axes((0.34 + number * (width + 0.015), 50 / height, width, 1 - (50 + 48) / height))
        mine = counts[counts["group1_level"] == label]
        value = mine.set_index(["group2_level", "group3_level", "variable_level"])["stat"].astype(float)
        start = [0.0] * len(order)
        for n, grade in enumerate(grades):
            widths = [float(value.get((*term, str(grade["level"])), 0.0)) for term in order]
            shade = SHADES[min(n, len(SHADES) - 1)]
            seen = [n for n, w in enumerate(widths) if w > 0]
            axes.barh(
                seen,
                [widths[n] for n in seen],
                left=[start[n] for n in seen],
                color=shade,
                height=0.7,
                edgecolor="#6f6f6f",
                linewidth=0.4,
            )
            start = [a + b for a, b in zip(start, widths, strict=True)]
        axes.set_yticks(range(len(order)), _terms.heads(order) if not number else [], fontsize=9)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.set_xlim(0, float(top) * 1.05 if top else 1)
        axes.set_xlabel(spec.get("x_label", "Subjects"))
        if len(labels) > 1:
            axes.set_title(label, fontsize=9)
    keys = [
        Patch(facecolor=shade, edgecolor="#6f6f6f", linewidth=0.4, label=grade["label"])
        for grade, shade in zip(grades, SHADES, strict=False)
    ]
    figure.legend(handles=keys, loc="upper left", ncols=len(grades), bbox_to_anchor=(0.0, 1), fontsize=9)
    graded = facts[facts["variable_level"].notna()]
    of_cell = dict(iter(graded.groupby(["group2_level", "group3_level", "group1_level", "variable_level"])))
    columns = [{"label": grade["label"]} for grade in grades]
    rows = [
        {
            "head": head,
            "level": 0,
            "cells": [
                fill("{n}[ ({p})]", of_cell[(group, term, label, str(grade["level"]))], where)
                for label in labels
                for grade in grades
            ],
        }
        for head, (group, term) in zip(_terms.heads(order), order, strict=True)
    ]
    return {
        "stub": spec.get("stub", "Term"),
        **spread(columns, headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
