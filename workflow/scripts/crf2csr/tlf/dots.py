"""Layout: share of subjects with each term as a dot, one mark per arm, the most frequent term on top."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf import _figure, _terms
from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

LINE = 20


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the terms of ``analysis`` (method terms), at most ``at_most``; the numbers stand beneath."""
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    facts, order = _terms.lines(shelf, spec, where)
    height = LINE * max(len(order), 1) + 80
    figure = _figure.canvas(720, height)
    axes = figure.add_axes((0.36, 50 / height, 0.6, 1 - (50 + 28) / height))
    share = facts[(facts["stat_name"] == "p") & facts["variable_level"].isna()]
    top = 0.0
    for number, label in enumerate(labels):
        mine = share[share["group1_level"] == label].set_index(["group2_level", "group3_level"])["stat"].astype(float)
        values = [100 * float(mine.get(term, 0.0)) for term in order]
        look = _figure.look(number)
        axes.plot(
            values,
            [n + 0.16 * (number - (len(labels) - 1) / 2) for n in range(len(order))],
            linestyle="none",
            marker=look["marker"],
            markersize=6,
            color=look["color"],
            label=label,
        )
        top = max([top, *values])
    axes.hlines(range(len(order)), 0, top, color="#808080", alpha=0.25, linewidth=0.6)
    axes.set_yticks(range(len(order)), _terms.heads(order), fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlim(0, top * 1.06 if top else 1)
    axes.set_xlabel(spec.get("x_label", "Subjects (%)"))
    if len(labels) > 1:
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=len(labels), bbox_to_anchor=(0.34, 1))
    columns = [{"label": "n (%)", "show": "{n}[ ({p})]"}, {"label": "Events", "show": "{events}"}]
    of_term = dict(
        iter(facts[facts["variable_level"].isna()].groupby(["group2_level", "group3_level", "group1_level"]))
    )
    rows = [
        {
            "head": head,
            "level": 0,
            "cells": [fill(c["show"], of_term[(group, term, label)], where) for label in labels for c in columns],
        }
        for head, (group, term) in zip(_terms.heads(order), order, strict=True)
    ]
    return {
        "stub": spec.get("stub", "Term"),
        **spread(columns, headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
