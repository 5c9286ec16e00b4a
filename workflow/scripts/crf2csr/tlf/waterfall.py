"""Layout: one bar per subject, from the largest rise to the largest fall, with its mark in colour and hatching."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf import _figure, _subjects
from crf2csr.tlf._cells import Shelf, arms, fill, headers

HATCHES = ("", "////", "....", "xxxx")


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the points of ``analysis`` (method points).

    ``marks: {text: label}`` give colour and hatching, ``other`` names the rest; ``lines`` are horizontals.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    found = _subjects.drawn(shelf, spec["analysis"], where)
    figure = _figure.canvas(760, 380)
    axes = figure.add_axes((0.08, 0.1, 0.9, 0.86))
    start, kinds = 0, list(spec.get("marks", {}))
    named: set[str] = set()
    for label in labels:
        mine = found[found["ARM"] == label].sort_values(["y", "SUBJECT"], ascending=[False, True])
        for kind in [*kinds, None]:
            some = mine[~mine["mark"].isin(kinds)] if kind is None else mine[mine["mark"] == kind]
            if some.empty:
                continue
            n = kinds.index(kind) if kind is not None else len(kinds)
            words = spec["marks"][kind] if kind is not None else spec.get("other", "Other")
            place = [start + mine.index.get_loc(i) for i in some.index]
            axes.bar(
                place,
                some["y"],
                width=0.78,
                color=_figure.HUES[n % len(_figure.HUES)],
                hatch=HATCHES[n % len(HATCHES)],
                edgecolor="white",
                linewidth=0.4,
                label=words if words not in named else "_",
            )
            named.add(words)
        if len(labels) > 1:
            axes.text(start + len(mine) / 2, 1.0, label, transform=axes.get_xaxis_transform(), ha="center", fontsize=9)
        start += len(mine) + 2
    for line in spec.get("lines", []):
        axes.axhline(float(line), color="#808080", linewidth=0.9, linestyle="dashed")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks([])
    axes.set_xlim(-1, max(start - 2, 1))
    axes.set_xlabel(spec.get("x_label", "Subjects"))
    axes.set_ylabel(spec.get("y_label", "Value"))
    axes.spines["bottom"].set_visible(False)
    if named:
        axes.legend(loc="upper right")
    rows = _subjects.counted(shelf, spec["analysis"], labels, where)
    of_subject = dict(iter(facts.groupby("group3_level")))
    ordered = found.sort_values(["ARM", "y", "SUBJECT"], ascending=[True, False, True])
    for subject, arm in zip(ordered["SUBJECT"], ordered["ARM"], strict=True):
        cells = [fill("{y} ({mark})", of_subject[subject], where) if label == arm else [] for label in labels]
        rows.append({"head": subject, "level": 1, "cells": cells})
    return {
        "stub": spec.get("stub", "Subject"),
        "columns": headers(spec, shelf, where, labels),
        "rows": rows,
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
