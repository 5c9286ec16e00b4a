"""Figures under the page's policy: a drawing is inlined as presentation attributes, without style or script."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from crf2csr.errors import Cause

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# What a drawing may be made of; whatever else it holds (metadata, style sheets) leaves, and what could run is refused.
DROPPED = {"metadata", "style", "title", "desc"}
UNSAID = "The numbers drawn are in the table under the figure."
REFUSED = {"script", "foreignObject", "image", "a", "animate", "set", "animateTransform", "animateMotion"}
EVERYWHERE = re.compile(r"\*\s*\{([^}]*)\}")
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inlined(drawing: str, display: dict[str, Any], said: Callable[[str], str] = str) -> str:
    """Return the drawing as one ``<svg>`` that the policy leaves whole and that a screen reader can name.

    Style declarations become presentation attributes, ids get the display's id in front so that two drawings
    never share one, and title and description are those of the display. ``said`` puts its labels into the language
    of the page.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    root, described_as = deepcopy(_cleaned(drawing, display["id"]))
    for node in root.iter(f"{{{SVG}}}text"):
        node.text = said(node.text or "")
    described = f"{display['id']}-ink"
    for name, text in (("desc", described_as or UNSAID), ("title", display["title"])):
        node = ElementTree.Element(f"{{{SVG}}}{name}", {"id": f"{described}-{name}"})
        node.text = said(text)
        root.insert(0, node)
    root.set("role", "img")
    root.set("aria-labelledby", f"{described}-title {described}-desc")
    return ElementTree.tostring(root, encoding="unicode")


@lru_cache(maxsize=256)  # a page is written in several languages, each with the same ink
def _cleaned(drawing: str, ident: str) -> tuple[ElementTree.Element, str | None]:
    """What of a drawing may stand in a page, and how it describes itself."""
    where = f"display {ident}"
    try:
        root = ElementTree.fromstring(drawing[drawing.index("<svg") :])
    except (ElementTree.ParseError, ValueError) as error:
        raise Cause(f"the figure is not SVG ({error})", file=where) from None
    for sheet in root.iter(f"{{{SVG}}}style"):
        for declarations in EVERYWHERE.findall(sheet.text or ""):
            _attributes(root, declarations)
    described_as = next((node.text for node in root.iter(f"{{{SVG}}}desc") if node.text), None)
    _clean(root, ident, where)
    _flatten(root, _referred(root))
    return root, described_as


def _referred(root: ElementTree.Element) -> set[str]:
    """The ids that something in the drawing refers to."""
    values = [value for node in root.iter() for value in node.attrib.values()]
    return {value[1:] for value in values if value.startswith("#")} | {
        found.group(1) for value in values if (found := REFERENCE.fullmatch(value.strip()))
    }


def _flatten(node: ElementTree.Element, referred: set[str]) -> None:
    """Drop ids that nothing refers to, and groups and definitions that then say nothing; the ink stays the same."""
    children: list[ElementTree.Element] = []
    for child in node:
        _flatten(child, referred)
        if child.get("id") not in referred:
            child.attrib.pop("id", None)
        kind = child.tag.rpartition("}")[2]
        if kind == "g" and not child.attrib:
            children.extend(child)
        elif kind != "defs" or len(child):
            children.append(child)
    node[:] = children


def _attributes(node: ElementTree.Element, declarations: str) -> None:
    """Turn ``stroke: #000; fill: none`` into attributes, over those that are there, as CSS would."""
    for declaration in declarations.split(";"):
        name, separator, value = declaration.partition(":")
        if separator:
            node.set(name.strip(), value.strip())


def _clean(node: ElementTree.Element, prefix: str, where: str) -> None:
    for child in list(node):
        kind = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if kind in REFUSED:
            raise Cause("an element that could run or load is not ink", file=where, field="svg", value=kind)
        if kind in DROPPED or not kind:
            node.remove(child)
        else:
            _clean(child, prefix, where)
    _attributes(node, node.attrib.pop("style", ""))
    for name, value in list(node.attrib.items()):
        if name.lower().startswith("on"):
            raise Cause("an event handler is not ink", file=where, field="svg", value=name)
        if name.rpartition("}")[2] == "href":
            if not value.startswith("#"):
                raise Cause("a figure may refer to itself only", file=where, field="svg", value=value)
            node.set(name, f"#{prefix}-{value[1:]}")
        elif name == "id":
            node.set(name, f"{prefix}-{value}")
        elif "url(" in value:
            if REFERENCE.fullmatch(value.strip()) is None:
                raise Cause("a figure may refer to itself only", file=where, field="svg", value=value)
            node.set(name, REFERENCE.sub(rf"url(#{prefix}-\1)", value))
