"""What a reader of a printed figure may miss: texts that overlap or are cut off, series told apart by colour alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

# Two areas without hatching differ at least so much in lightness (0 black to 1 white).
STEP = 0.08


def texts(figure: Figure) -> list[tuple[str, np.ndarray]]:
    """Each text that is drawn, with its box in pixels: left, bottom, right, top."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = []
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and _drawn(text, figure):
            found.append((text.get_text(), np.array(text.get_window_extent(renderer).extents)))
    return found


def _drawn(text: Text, figure: Figure) -> bool:
    """Whether a text is part of the picture: labels of ticks beyond the axis exist and are never drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            if any(text in (tick.label1, tick.label2) for tick in ticks):
                low, high = sorted(axis.get_view_interval())
                shown = {label for tick in axis._update_ticks() for label in (tick.label1, tick.label2)}
                place = text.get_position()[0 if axis is axes.xaxis else 1]
                return axes.axison and text in shown and low - 1e-9 <= place <= high + 1e-9
    return True


def cut(figure: Figure, slack: float = 1.0) -> list[str]:
    """Texts that do not lie wholly inside the canvas."""
    width, height = figure.bbox.width, figure.bbox.height
    low, high = np.array([-slack, -slack]), np.array([width + slack, height + slack])
    return [text for text, box in texts(figure) if (box[:2] < low).any() or (box[2:] > high).any()]


def overlapping(figure: Figure, slack: float = 1.0) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap by more than ``slack`` pixels in both directions."""
    found = texts(figure)
    if len(found) < 2:
        return []
    boxes = np.array([box for _, box in found])
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    both = ((high - low) > slack).all(axis=2)
    return [(found[a][0], found[b][0]) for a, b in zip(*np.nonzero(np.triu(both, 1)), strict=True)]


def outside_boxes(figure: Figure, slack: float = 1.0) -> list[str]:
    """Texts of a flow that begin in a box and do not end in it."""
    from matplotlib.patches import Rectangle

    boxes = [p.get_window_extent() for axes in figure.axes for p in axes.patches if type(p) is Rectangle]
    lost = []
    for text, (left, bottom, right, top) in texts(figure):
        held = [b for b in boxes if b.x0 <= left <= b.x1 and b.y0 <= bottom <= b.y1]
        if held and not any(right <= b.x1 + slack and top <= b.y1 + slack for b in held):
            lost.append(text)
    return lost


def alike(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of colours of one axes that no dash, mark, filling of a mark, hatch or lightness of an area tells apart.

    A colour is known by all that is drawn in it: the ends of an interval by the mark of its point. Grey lines are
    helpers; grey areas are compared by their lightness.
    """
    found = []
    for axes in figure.axes:
        looks: dict[tuple[float, ...], set[Any]] = {}
        for line in axes.get_lines():
            if _visible(line):
                marks_only = line.get_linestyle() in ("None", "")
                colour = to_rgb(line.get_markeredgecolor() if marks_only else line.get_color())
                looks.setdefault(colour, set()).add(_line(line))
        for patch in axes.patches:
            if type(patch).__name__ == "Rectangle" and patch.get_fill() and patch.get_alpha() != 0:
                looks.setdefault(to_rgb(patch.get_facecolor()[:3]), set()).add(("area", _hatch(patch)))
        for collection in axes.collections:
            for colour in [*collection.get_edgecolor(), *collection.get_facecolor()]:
                looks.setdefault(tuple(colour[:3]), set()).add(_dash(collection))
        colours = [c for c, look in looks.items() if np.ptp(c) > 0.02 or any(one[0] == "area" for one in look)]
        for n, one in enumerate(colours):
            for other in colours[n + 1 :]:
                areas = all(look[0] == "area" for look in looks[one] | looks[other])
                apart = areas and abs(_lightness(one) - _lightness(other)) >= STEP
                if looks[one] == looks[other] and not apart:
                    found.append((str(one), str(other)))
    return found


def _visible(line: Line2D) -> bool:
    return line.get_visible() and (line.get_linestyle() not in ("None", "") or line.get_marker() not in ("None", ""))


def _line(line: Line2D) -> tuple[Any, ...]:
    filled = line.get_markerfacecolor() not in ("none", "None") if line.get_marker() not in ("None", "") else None
    dash = str(line._unscaled_dash_pattern) if line.get_linestyle() not in ("None", "") else "no line"
    return ("line", dash, str(line.get_marker()), filled)


def _hatch(patch: Patch) -> str:
    return patch.get_hatch() or ""


def _dash(collection: Collection) -> tuple[Any, ...]:
    return ("collection", str(collection.get_linestyle()), collection.get_hatch() or "")


def _lightness(colour: tuple[float, ...]) -> float:
    """Lightness of a colour in print without colours (weights of ITU-R BT.601)."""
    return float(np.dot(colour, (0.299, 0.587, 0.114)))
