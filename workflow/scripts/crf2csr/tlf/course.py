"""Layout: the course of a patient on one page: phases as bands, aligned scores, biomarkers as small multiples.

Several patients stand one below the other. Every number drawn is a fact, and stands in the table under the figure.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure, _subjects
from crf2csr.tlf._cells import Nothing, Shelf, part, section

WIDTH, LEFT, RIGHT = 760, 62, 14
STRIP, PANEL, GAP, AXIS = 26, 92, 12, 40
SMALL, ACROSS, BETWEEN = 70, 4, 32
FILLS = ("#dfe7ee", "#c9d8e4")
GREY = "#808080"


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw ``phases`` (method points: x first day, y last day, mark the name), ``panels`` and ``multiples``.

    ``panels: [{analysis, label, limits}]``: points with x and y. ``multiples: {analysis, limit, range}``: points by one
    variable, each level a small panel on a log axis; a point with a mark is a result below the limit of quantitation,
    and ``limit`` and ``range`` are points whose y is that limit and the upper limit of the reference range.
    """
    where = f"display {spec['id']}"
    phases = _subjects.drawn(shelf, spec["phases"], where)
    if phases.empty:
        raise Nothing
    panels = [(panel, _subjects.points(shelf, panel["analysis"], where)) for panel in spec["panels"]]
    about = spec.get("multiples")
    small = {k: _subjects.points(shelf, about[k], where) for k in ("analysis", "limit", "range")} if about else {}
    subjects = list(dict.fromkeys(phases["SUBJECT"]))
    levels = list(dict.fromkeys(small["analysis"]["GROUP"])) if small else []
    lines = -(-len(levels) // ACROSS)
    one = 26 + STRIP * 2 + len(panels) * (PANEL + GAP) + AXIS + lines * (SMALL + BETWEEN) + (24 if lines else 0)
    figure = _figure.canvas(WIDTH, one * len(subjects))
    for number, subject in enumerate(subjects):
        mine = {"phases": _own(phases, subject), "panels": [(p, _own(d, subject)) for p, d in panels]}
        _patient(figure, one * len(subjects), one * number, mine, spec, subject if len(subjects) > 1 else None)
        _multiples(
            figure,
            one * len(subjects),
            one * (number + 1),
            lines,
            levels,
            {k: _own(d, subject) for k, d in small.items()},
            mine["phases"],
        )
    return {
        "stub": spec.get("x_label", "Day"),
        "columns": [{"label": "Value"}, {"label": "Remark"}],
        "rows": _table(spec, shelf, where),
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }


def _own(points: pd.DataFrame, subject: str) -> pd.DataFrame:
    return points[points["SUBJECT"] == subject].sort_values("x", kind="stable")


def _axes(
    figure: Any, total: float, top: float, height: float, left: float = LEFT, width: float = WIDTH - LEFT - RIGHT
) -> Any:
    """Axes at a place in pixels from above."""
    return figure.add_axes((left / WIDTH, 1 - (top + height) / total, width / WIDTH, height / total))


def _patient(
    figure: Any, total: float, top: float, mine: dict[str, Any], spec: dict[str, Any], subject: str | None
) -> None:
    phases = mine["phases"]
    known = pd.concat([data["x"] for _, data in mine["panels"]] + [phases["x"], phases["y"]]).astype("float64")
    low, high = float(known.min()), float(known.max())
    span = (low - 0.015 * (high - low), high + 0.015 * (high - low))
    top += 26
    strip = _axes(figure, total, top, STRIP * 2)
    strip.set_xlim(*span)
    strip.set_ylim(2, 0)
    strip.axis("off")
    if subject is not None:
        strip.set_title(f"Patient {_subjects.short(subject)}", fontsize=10, loc="left", fontweight="bold")
    for n, (_, phase) in enumerate(phases.iterrows()):
        start, end = float(phase["x"]), float(phase["y"]) + 1
        strip.barh(1.5, end - start, left=start, height=0.9, color=FILLS[1], edgecolor="#4d4d4d", linewidth=0.6)
        # Names alternate between two heights, so that neighbours that are short do not run into each other.
        strip.text((start + end) / 2, 0.62 if n % 2 else 0.1, str(phase["mark"]), fontsize=8, ha="center", va="center")
        if n % 2 == 0:
            strip.plot([(start + end) / 2] * 2, [0.38, 1.02], color=GREY, linewidth=0.5)
    top += STRIP * 2 + 4
    for n, (panel, data) in enumerate(mine["panels"]):
        axes = _axes(figure, total, top + n * (PANEL + GAP), PANEL)
        _shade(axes, phases)
        look = _figure.look(n)
        axes.plot(data["x"], data["y"], color=look["color"], marker=look["marker"], markersize=3.5, linewidth=1.2)
        axes.set_xlim(*span)
        axes.set_ylim(*(float(v) for v in panel["limits"]))
        if "ticks" in panel:
            axes.set_yticks([float(v) for v in panel["ticks"]])
        axes.set_ylabel(panel["label"], fontsize=9)
        axes.tick_params(labelsize=8, labelbottom=n == len(mine["panels"]) - 1)
        axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
        axes.set_axisbelow(True)
        if n == len(mine["panels"]) - 1:
            axes.set_xlabel(spec.get("x_label", "Day"), fontsize=9)


def _shade(axes: Any, phases: pd.DataFrame) -> None:
    """Phases of treatment as bands behind what is drawn."""
    for _, phase in phases.iterrows():
        axes.axvspan(float(phase["x"]), float(phase["y"]) + 1, color=FILLS[0], alpha=0.55, linewidth=0)


def _multiples(
    figure: Any,
    total: float,
    bottom: float,
    lines: int,
    levels: list[str],
    small: dict[str, pd.DataFrame],
    phases: pd.DataFrame,
) -> None:
    if not levels:
        return
    first = bottom - lines * (SMALL + BETWEEN)
    width = (WIDTH - LEFT - RIGHT - (ACROSS - 1) * 42) / ACROSS
    every = small["analysis"]["x"].astype("float64")
    if every.empty:
        return
    low, high = float(every.min()), float(every.max())
    margin = max(10.0, 0.06 * (high - low))
    for n, level in enumerate(levels):
        data = {k: d[d["GROUP"] == level] for k, d in small.items()}
        axes = _axes(
            figure,
            total,
            first + (n // ACROSS) * (SMALL + BETWEEN),
            SMALL - 4,
            LEFT + (n % ACROSS) * (width + 42),
            width,
        )
        axes.set_title(str(level), fontsize=8, loc="left", pad=3)
        points = data["analysis"]
        if points.empty:
            axes.axis("off")
            continue
        axes.set_yscale("log")
        axes.set_xlim(low - margin, high + margin)
        inside = phases[
            (phases["y"].astype("float64") >= low - margin) & (phases["x"].astype("float64") <= high + margin)
        ]
        _shade(axes, inside)
        bounds = {k: data[k]["y"].astype("float64").max() for k in ("limit", "range")}
        for kind, dash in (("limit", (0, (2, 2))), ("range", "dashed")):
            if pd.notna(bounds[kind]):
                axes.axhline(
                    bounds[kind], color=GREY if kind == "limit" else _figure.HUES[1], linewidth=0.9, linestyle=dash
                )
        below = points["mark"].fillna("").astype(str) != ""
        axes.plot(points["x"], points["y"], color=_figure.HUES[0], linewidth=1)
        for some, fill in ((points[~below], _figure.HUES[0]), (points[below], "white")):
            axes.plot(
                some["x"],
                some["y"],
                linestyle="none",
                marker="o",
                markersize=4,
                markerfacecolor=fill,
                markeredgecolor=_figure.HUES[0],
            )
        _log_axis(axes, [*points["y"].astype("float64"), *(v for v in bounds.values() if pd.notna(v))])
        axes.tick_params(labelsize=7, pad=2)


def _log_axis(axes: Any, values: list[float]) -> None:
    """A log axis with ticks at 1, 2 and 5 times a power of ten, as few as tell the scale, written in full."""
    low, high = min(values) / 1.35, max(values) * 1.35
    axes.set_ylim(low, high)
    ticks = [m * 10.0**e for e in range(-4, 7) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    ticks = ticks if len(ticks) <= 4 else [t for t in ticks if f"{t:e}"[0] == "1"] or ticks[::2]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)


def _table(spec: dict[str, Any], shelf: Shelf, where: str) -> list[dict[str, Any]]:
    """The numbers drawn, each bound to its fact."""
    made = []
    named = [("Phases (first day, last day)", spec["phases"], "")] + [
        (p["label"], p["analysis"], "") for p in spec["panels"]
    ]
    named += [("", spec["multiples"]["analysis"], "each")] if "multiples" in spec else []
    for head, analysis, kind in named:
        facts = shelf.of(analysis, where)
        facts = facts[facts["group3_level"].notna()]
        for level, group in facts.groupby(facts["group2_level"].fillna(""), sort=False):
            made.append(section(str(level) if kind else head))
            for _, row in group.groupby("variable_level", sort=False):
                cells = {
                    name: [part(int(i), one) for i, one in row[row["stat_name"] == name].iterrows()]
                    for name in ("x", "y", "mark")
                }
                # Days are whole, whatever decimals the values have.
                day = "".join(part(int(i), one, "d0")["t"] for i, one in row[row["stat_name"] == "x"].iterrows())
                made.append({"head": day, "level": 1, "cells": [cells["y"], cells["mark"]]})
    return made
