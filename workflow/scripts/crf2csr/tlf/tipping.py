"""Layout: the proportion with its interval for each number of missing responses taken as response, and the turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.tlf import _figure, _lines
from crf2csr.tlf._cells import Shelf, arms

GREY = "#808080"


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the facts of a tipping-point analysis; ``columns`` and ``rows`` are the table beneath, as in ``lines``.

    Dashed lines are the null rates; a diamond on one marks the smallest k that rejects it, which is named at its end.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, pair = arms(facts), spec.get("interval", "clopper_pearson")
    figure = _figure.canvas(720, 400)
    axes = figure.add_axes((0.09, 0.12, 0.72, 0.85))
    most = 0.0
    for number, label in enumerate(labels):
        most = max(most, _points(axes, facts[facts["group1_level"] == label], label, number, len(labels), pair))
    _nulls(axes, facts, labels)
    axes.set_xlim(-0.5, most + 0.5)
    axes.set_xticks(np.unique(np.round(np.linspace(0, most, min(int(most) + 1, 16)))))
    axes.set_ylim(0, 1)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{v:.0f}" for v in np.linspace(0, 100, 6)])
    axes.set_xlabel(spec.get("x_label", "Missing responses counted as response, k"))
    axes.set_ylabel(spec.get("y_label", "Percent"))
    if len(labels) > 1:
        axes.legend(loc="upper left")
    svg = _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
    return _lines.table(spec, shelf) | {"svg": svg}


def _points(axes: Any, facts: pd.DataFrame, label: str, number: int, arms_shown: int, pair: str) -> float:
    """One arm's points with their intervals, arms side by side; returns the largest k."""
    k, p, low, high = (
        facts.loc[facts["stat_name"] == name, "stat"].to_numpy("float64")
        for name in ("k", "p", f"{pair}_low", f"{pair}_high")
    )
    look = _figure.look(number)
    x = k + 0.2 * (number - (arms_shown - 1) / 2)
    axes.errorbar(
        x,
        p,
        yerr=[p - low, high - p],
        color=look["color"],
        marker=look["marker"],
        linestyle="none",
        markersize=6,
        linewidth=1.6,
        capsize=3,
        label=label,
    )
    return float(k.max(initial=0.0))


def _nulls(axes: Any, facts: pd.DataFrame, labels: list[str]) -> None:
    """Null rates as lines, the turn of each arm as a diamond, both named at the right end."""
    rates = facts[facts["stat_name"] == "p0"].drop_duplicates("variable_level")
    beyond = axes.get_yaxis_transform()
    for p0, level in zip(rates["stat"].to_numpy("float64"), rates["variable_level"], strict=True):
        axes.axhline(p0, color=GREY, linewidth=0.9, linestyle="dashed", zorder=0)
        turn = facts[(facts["stat_name"] == "tipping") & (facts["variable_level"] == level)]
        for number, label in enumerate(labels):
            k = turn.loc[turn["group1_level"] == label, "stat"].to_numpy("float64")
            axes.plot(
                k + 0.2 * (number - (len(labels) - 1) / 2),
                np.full(len(k), p0),
                marker="D",
                markersize=8,
                markerfacecolor="white",
                markeredgecolor=_figure.look(number)["color"],
                markeredgewidth=1.6,
                linestyle="none",
                zorder=3,
            )
        said = ", ".join(str(text) for text in turn["stat_text"])
        k_of = f"k = {said}" if said != "none" else "none"
        axes.text(1.02, p0, f"p0 = {100 * p0:g} %: {k_of}", fontsize=9, va="center", transform=beyond)
