"""Ink: one figure as SVG that may stand inline in the page, the same bytes on every run.

Text stays text; style attributes become presentation attributes, since the page's policy allows no inline style;
black becomes ``currentColor``, so that the figure follows light and dark; ids carry the display's id, so that two
figures on one page do not clash.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

# The palette of Okabe and Ito, dark enough hues first, its orange and sky blue darker, for a contrast of 3 to 1 on a
# white and on a dark page; colour never stands alone, a dash or a marker goes with it.
HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B97F00", "#2F8FC4")
DASHES = ("solid", "dashed", "dashdot", "dotted", (0, (5, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
PIXELS_PER_INCH = 72
# Text stays text in the page, whose fonts have the glyphs; the font that measures it here may lack some.
warnings.filterwarnings("ignore", message="Glyph .* missing from font")
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "crf2csr",
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "legend.frameon": False,
        "path.simplify": False,
    }
)


def canvas(width: float, height: float) -> Figure:
    """A figure of a fixed size in pixels."""
    return Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), dpi=PIXELS_PER_INCH)


def svg(figure: Figure, ident: str, title: str, description: str) -> str:
    """Return the figure as one ``<svg>`` element with title and description for those who cannot see it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(buffer.getvalue())
    _clean(root, re.sub(r"[^A-Za-z0-9]+", "-", ident))
    width, height = (round(float(v)) for v in root.get("viewBox", "0 0 0 0").split()[2:])
    prefix = re.sub(r"[^A-Za-z0-9]+", "-", ident)
    body = list(root)
    root.clear()
    root.tag = "svg"
    root.attrib.update(
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-labelledby": f"{prefix}-title {prefix}-desc",
            "font-family": "sans-serif",
            "stroke-linejoin": "round",
            "fill": "currentColor",
        }
    )
    for tag, text in (("title", title), ("desc", description)):
        element = ElementTree.SubElement(root, tag, {"id": f"{prefix}-{tag}"})
        element.text = text
    root.extend(body)
    return ElementTree.tostring(root, encoding="unicode")


def _clean(root: ElementTree.Element, prefix: str) -> None:
    """Drop what a page does not need, move styles to attributes, make ids unique to the display."""
    for parent in root.iter():
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        style = element.attrib.pop("style", "")
        attributes = {_local(name): value for name, value in element.attrib.items()}
        attributes |= _presentation(style)
        for name, value in attributes.items():
            if name == "id":
                attributes[name] = f"{prefix}-{value}"
            elif name == "href":
                attributes[name] = value.replace("#", f"#{prefix}-")
            elif "url(#" in value:
                attributes[name] = value.replace("url(#", f"url(#{prefix}-")
            elif name in ("fill", "stroke") and value in ("#000000", "black"):
                attributes[name] = "currentColor"
        element.attrib.clear()
        element.attrib.update(attributes)
        element.tail = (element.tail or "").strip() or None
        if element.tag != "text" and not (element.text or "").strip():
            element.text = None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _presentation(style: str) -> dict[str, str]:
    """Split a style attribute; the shorthand ``font`` becomes its size and weight, the family is the page's."""
    made: dict[str, str] = {}
    for rule in style.split(";"):
        name, _, value = (text.strip() for text in rule.partition(":"))
        if name == "font":
            size = re.search(r"([0-9.]+)px", value)
            if size:
                made["font-size"] = size.group(1)
            if "bold" in value or re.search(r"\b[67]00\b", value):
                made["font-weight"] = "bold"
        elif name and name != "font-family":
            made[name] = value.removesuffix("px") if name == "font-size" else value
    return made


def look(number: int) -> dict[str, Any]:
    """Colour, dash and marker of the n-th series."""
    return {
        "color": HUES[number % len(HUES)],
        "linestyle": DASHES[number % len(DASHES)],
        "marker": MARKERS[number % len(MARKERS)],
    }
