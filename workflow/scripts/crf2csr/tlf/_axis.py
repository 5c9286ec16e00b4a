"""The time axis of one subject: lanes of bars and points over study days, each lane with its shape and colour."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf import _figure

WIDTH, ROW, TOP, BOTTOM = 760, 16, 8, 44
AT_MOST, LETTERS = 8, 46
DESCRIPTION = "Bars and points by study day; an arrow marks what goes on beyond the edge or has no known end."
STYLES: dict[str, dict[str, Any]] = {
    "bar": {"facecolor": "#c9d8e4", "edgecolor": "#4d4d4d"},
    "event": {"facecolor": _figure.HUES[1], "edgecolor": _figure.HUES[1]},
    "hatched": {"facecolor": "none", "edgecolor": _figure.HUES[2], "hatch": "////"},
    "points": {"color": _figure.HUES[0]},
}


def drawing(drawn: pd.DataFrame, lanes: list[dict[str, Any]], ident: str, title: str, x_label: str) -> str:
    """Draw the lanes from above, each with a heading and one row per label.

    Parameters
    ----------
    drawn : DataFrame
        LANE, label, mark, from and to (study days; a missing ``to`` of a bar is open, a missing ``from`` begins at
        the edge).
    lanes : list of {lane, style, marks, at_most}
        Lanes in their order; more than ``at_most`` rows of a lane are counted instead of drawn.
    """
    rows: list[tuple[str, str, pd.DataFrame, dict[str, Any]]] = []
    for lane in lanes:
        mine = drawn[drawn["LANE"] == lane["lane"]]
        if mine.empty:
            continue
        rows.append(("head", lane["lane"], mine.iloc[:0], lane))
        names = list(dict.fromkeys(mine["label"]))
        limit = lane.get("at_most", AT_MOST)
        rows += [("row", name, mine[mine["label"] == name], lane) for name in names[:limit]]
        if len(names) > limit:
            rows.append(("more", f"and {len(names) - limit} more, in the table", mine.iloc[:0], lane))
    low, high = _limits(drawn)
    height = TOP + BOTTOM + ROW * len(rows)
    figure = _figure.canvas(WIDTH, height)
    axes = figure.add_axes((0.32, BOTTOM / height, 0.66, 1 - (TOP + BOTTOM) / height))
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for y, (kind, _, some, lane) in enumerate(rows):
        if kind == "head":
            axes.axhline(y - 0.5, color="#808080", alpha=0.4, linewidth=0.6)
        elif lane["style"] == "points":
            _points(axes, y, some, lane)
        else:
            _bars(axes, y, some, lane["style"], low, high)
    labels = [text if len(text) <= LETTERS else text[: LETTERS - 1] + "…" for _, text, _, _ in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=8, parse_math=False)
    for tick, (kind, *_) in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if kind == "head" else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.axvline(1, color="#808080", linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_xlabel(x_label, fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#808080", alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return _figure.svg(figure, ident, title, DESCRIPTION)


def _limits(drawn: pd.DataFrame) -> tuple[float, float]:
    """First and last day shown: from 30 days before day 1, or before the first event, to after the last known day."""
    known = pd.concat([drawn["from"], drawn["to"]]).astype("float64").dropna()
    late = float(known.max()) if len(known) else 1.0
    recent = known[known >= -90]
    early = min(1.0, float(recent.min())) if len(recent) else 1.0
    late = max(late, 28.0)
    # Room at the edges for the arrows, however long the axis is.
    return early - max(14.0, 0.04 * (late - early)), late + max(10.0, 0.06 * (late - early))


def _bars(axes: Any, y: int, some: pd.DataFrame, style: str, low: float, high: float) -> None:
    look, span = STYLES[style], high - low
    ink = look["edgecolor"]
    for line in some.to_dict("records"):
        start, end = line["from"], line["to"]
        if pd.isna(start) and pd.isna(end):
            continue
        left = low if pd.isna(start) else max(float(start), low)
        right = high - 0.032 * span if pd.isna(end) else float(end) + 1
        if right <= left:
            # An end before the start, or one before the axis: both days are points, and nothing is drawn between.
            days = [day for day in (start, end) if pd.notna(day) and low <= float(day) <= high]
            axes.plot(days, [y] * len(days), linestyle="none", marker="|", markersize=8, color=ink)
            continue
        axes.barh(y, right - left, left=left, height=0.56, linewidth=0.8, **look)
        if pd.isna(start) or float(start) < low:
            axes.plot([low + 0.008 * span], [y], linestyle="none", marker="<", markersize=6, color=ink)
        if pd.isna(end):
            axes.plot([high - 0.018 * span], [y], linestyle="none", marker=">", markersize=6, color=ink)


def _points(axes: Any, y: int, some: pd.DataFrame, lane: dict[str, Any]) -> None:
    marks = lane.get("marks", {})
    known = some[some["from"].notna()]
    for text, days in known.groupby(known["mark"].fillna("").astype(str))["from"]:
        axes.plot(
            days.astype("float64"),
            [y] * len(days),
            linestyle="none",
            marker=marks.get(text, "D"),
            markersize=6,
            color=STYLES["points"]["color"],
        )
