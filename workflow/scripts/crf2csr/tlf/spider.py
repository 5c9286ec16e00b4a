"""Layout: one line per subject over time, the kinds of subjects told apart by colour and dash."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure, _subjects
from crf2csr.tlf._cells import Shelf, arms, headers


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the points of ``analysis`` (method points, x and y), each subject from ``origin`` on.

    ``kinds: {analysis, marks}`` takes the kind of a subject from the mark of another analysis by points; ``marks``
    name the kinds, ``other`` the rest. ``lines`` are horizontals. Several arms stand in panels.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    found = _subjects.drawn(shelf, spec["analysis"], where)
    kinds, marks = pd.Series(dtype="str"), {}
    if "kinds" in spec:
        marked = _subjects.points(shelf, spec["kinds"]["analysis"], where)
        kinds, marks = marked.set_index("SUBJECT")["mark"], spec["kinds"]["marks"]
    figure = _figure.canvas(760, 400)
    width = 0.9 / len(labels)
    low, high = found["y"].min(), found["y"].max()
    for number, label in enumerate(labels):
        axes = figure.add_axes((0.08 + number * width, 0.13, width - 0.02, 0.72 if len(labels) > 1 else 0.77))
        named: set[str] = set()
        for subject, mine in found[found["ARM"] == label].groupby("SUBJECT", sort=True):
            kind = kinds.get(subject)
            n = list(marks).index(kind) if kind in marks else len(marks)
            words = marks.get(kind, spec.get("other", "Other"))
            look, path = _figure.look(n), mine.sort_values("x")
            x, y = path["x"].tolist(), path["y"].tolist()
            if "origin" in spec:
                x, y = [float(spec["origin"][0]), *x], [float(spec["origin"][1]), *y]
            axes.plot(
                x,
                y,
                color=look["color"],
                linestyle=look["linestyle"],
                linewidth=1,
                alpha=0.75,
                label=words if words not in named else "_",
            )
            axes.plot(x[-1:], y[-1:], color=look["color"], marker=look["marker"], markersize=3.5, linestyle="none")
            named.add(words)
        for line in spec.get("lines", []):
            axes.axhline(float(line), color="#808080", linewidth=0.9, linestyle="dashed")
        if spec.get("x"):
            axes.set_xticks([float(v) for v in spec["x"].values()], list(spec["x"]))
        axes.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
        axes.set_xlabel(spec.get("x_label", "Day"))
        if number:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel(spec.get("y_label", "Value"))
        if len(labels) > 1:
            axes.set_title(label, fontsize=10)
        if marks and number == len(labels) - 1:
            figure.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=2, bbox_to_anchor=(0.06, 1.0))
    return {
        "stub": spec.get("stub", "Subjects"),
        "columns": headers(spec, shelf, where, labels),
        "rows": _subjects.counted(shelf, spec["analysis"], labels, where),
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }
