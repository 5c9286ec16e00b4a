"""Layout: one lane per subject: the time on treatment, and what happened on it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure, _marks, _subjects
from crf2csr.tlf._cells import Shelf, arms, headers

LANE, MARK, MARKERS = 13, 6.5, ("o", "^", "X", "D", "s", "*", "v")


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw a lane per subject of ``analysis`` (method points; x is the length) and the points of ``events``.

    ``events: [{analysis, label, mark}]``: points (x is the day), with ``mark`` only those whose mark begins so.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    lanes = _subjects.drawn(shelf, spec["analysis"], where)
    lanes["ORDER"] = lanes["ARM"].map({label: n for n, label in enumerate(labels)})
    lanes = lanes.sort_values(["ORDER", "x", "SUBJECT"], ascending=[True, False, True]).reset_index(drop=True)
    place = {subject: n for n, subject in enumerate(lanes["SUBJECT"])}
    # Two columns of legend above the lanes.
    head = 18 * -(-(len(spec["events"]) + 1) // 3) + 12
    height = head + LANE * len(lanes) + 56
    figure = _figure.canvas(760, height)
    axes = figure.add_axes((0.12, 46 / height, 0.86, 1 - (46 + head + 6) / height))
    axes.barh(range(len(lanes)), lanes["x"], height=0.62, color="#c9d8e4", label=spec.get("lane", "On treatment"))
    happened = _events(spec["events"], shelf, set(place), where)
    reach = max([*lanes["x"], *happened["x"]], default=1.0)
    # Marks of one subject that would lie upon one another are moved up or down within the lane.
    step = _marks.lanes(happened["SUBJECT"], happened["x"], MARK * reach / (760 * 0.86), 3)
    happened["y"] = happened["SUBJECT"].map(place).astype("float64") + step.map({0: 0.0, 1: -0.38, 2: 0.38})
    for n, event in enumerate(spec["events"]):
        some = happened[happened["EVENT"] == n]
        axes.plot(
            some["x"],
            some["y"],
            linestyle="none",
            marker=MARKERS[n % len(MARKERS)],
            markersize=5,
            markerfacecolor=_figure.HUES[n % len(_figure.HUES)] if event.get("filled", True) else "none",
            markeredgecolor=_figure.HUES[n % len(_figure.HUES)],
            label=event["label"],
        )
    axes.set_yticks(range(len(lanes)), [_subjects.short(s) for s in lanes["SUBJECT"]], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    if spec.get("x"):
        axes.set_xticks([float(v) for v in spec["x"].values()], list(spec["x"]))
    axes.set_xlabel(spec.get("x_label", "Day"))
    axes.grid(axis="x", color="#808080", alpha=0.25, linewidth=0.6)
    figure.legend(loc="upper left", ncols=3, bbox_to_anchor=(0.0, 1.0), fontsize=9)
    return {
        "stub": spec.get("stub", "Subjects"),
        "columns": headers(spec, shelf, where, labels),
        "rows": _subjects.counted(shelf, spec["analysis"], labels, where),
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"])),
    }


def _events(planned: list[dict[str, Any]], shelf: Shelf, subjects: set[str], where: str) -> pd.DataFrame:
    """The marks of all events: SUBJECT, x and EVENT, the number of the event."""
    parts = []
    for n, event in enumerate(planned):
        some = _subjects.points(shelf, event["analysis"], where)
        if "mark" in event:
            some = some[some["mark"].astype(str).str.startswith(str(event["mark"]))]
        parts.append(some.loc[some["SUBJECT"].isin(subjects) & some["x"].notna(), ["SUBJECT", "x"]].assign(EVENT=n))
    return pd.concat(parts, ignore_index=True)
