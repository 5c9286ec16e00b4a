"""Layout: small box plots, one panel per parameter, one box per visit and arm; the boxes' numbers beneath."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure
from crf2csr.tlf._cells import Shelf, arms, fill, headers, section, spread

ACROSS, WIDTH, PANEL = 3, 760, 190


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the boxes of ``analysis`` (method boxes, by parameter and visit)."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    parameters = list(dict.fromkeys(facts["group2_level"].dropna()))
    visits = list(dict.fromkeys(facts["group3_level"].dropna()))
    down = -(-len(parameters) // ACROSS)
    height = PANEL * down + (26 if len(labels) > 1 else 8)
    figure = _figure.canvas(WIDTH, height)
    rows: list[dict[str, Any]] = []
    for number, parameter in enumerate(parameters):
        mine = facts[facts["group2_level"] == parameter]
        across, line = number % ACROSS, number // ACROSS
        place = (
            (across * WIDTH / ACROSS + 48) / WIDTH,
            1 - (line * PANEL + PANEL - 26) / height,
            (WIDTH / ACROSS - 62) / WIDTH,
            (PANEL - 52) / height,
        )
        _panel(figure.add_axes(place), mine, str(parameter), visits, labels)
        rows.append(section(str(parameter)))
        for visit in visits:
            at = mine[(mine["group3_level"] == visit)]
            cells = [
                fill(c["show"], at[at["group1_level"] == label], where) for label in labels for c in spec["columns"]
            ]
            rows.append({"head": visit, "level": 1, "cells": cells})
    if len(labels) > 1:
        for number, label in enumerate(labels):
            look = _figure.look(number)
            x = 0.02 + 0.98 * number / len(labels)
            figure.text(x, 6 / height, f"{_LETTERS[number]}  {label}", fontsize=9, color=look["color"])
    return {
        "stub": spec.get("stub", "Visit"),
        **spread(spec["columns"], headers(spec, shelf, where, labels)),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }


_LETTERS = "ABCDEFGH"
_BOX = ("q1", "median", "q3", "whisker_low", "whisker_high")


def _panel(axes: Any, facts: pd.DataFrame, title: str, visits: list[str], labels: list[str]) -> None:
    """The boxes of one parameter; the letter of the arm stands under its box where there are several."""
    axes.set_title(title, fontsize=9, loc="left")
    width = 0.5 / len(labels)
    for v, visit in enumerate(visits):
        for a, label in enumerate(labels):
            mine = facts[(facts["group3_level"] == visit) & (facts["group1_level"] == label)]
            value = dict(zip(mine["stat_name"], mine["stat"], strict=True))
            if not value or pd.isna(value["median"]):
                continue
            look = _figure.look(a)
            box = {
                "q1": value["q1"],
                "med": value["median"],
                "q3": value["q3"],
                "whislo": value["whisker_low"],
                "whishi": value["whisker_high"],
                "fliers": mine.loc[mine["stat_name"] == "outlier", "stat"].tolist(),
            }
            line = {"color": look["color"], "linewidth": 1.1}
            axes.bxp(
                [box],
                positions=[v + (a - (len(labels) - 1) / 2) * width * 1.2],
                widths=width,
                manage_ticks=False,
                boxprops=line,
                whiskerprops=line,
                capprops=line,
                medianprops=line | {"linewidth": 2.2},
                flierprops={
                    "marker": look["marker"],
                    "markersize": 3.5,
                    "markeredgecolor": look["color"],
                    "markerfacecolor": "none",
                },
            )
    axes.set_xlim(-0.6, len(visits) - 0.4)
    axes.set_xticks(range(len(visits)), visits, fontsize=9)
    axes.tick_params(axis="y", labelsize=9)
    axes.grid(axis="y", color="#808080", alpha=0.25, linewidth=0.6)
