"""Outputs of a reporting event and its list of contents: displays in the order of the report, with their analyses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RTF = "rtf"


def outputs(displays: list[dict[str, Any]], files: dict[str, str], categories: dict[str, str]) -> list[dict[str, Any]]:
    """One output per display; ``files`` says where the file of a display lies, ``categories`` its chapter."""
    return [_output(one, files.get(one["id"]), categories[one["id"]]) for one in displays]


def _output(display: dict[str, Any], file: str | None, category: str) -> dict[str, Any]:
    name = display["id"]
    shown: dict[str, Any] = {"id": f"DSP.{name}", "name": name, "displayTitle": display["title"]}
    sections = {
        "Title": [display["title"]],
        "Header": [display["population"]] if display.get("population") else [],
        "Rowlabel Header": [display["stub"]] if display.get("stub") else [],
        "Footnote": [said(note) for note in display.get("footnotes", [])],
    }
    shown["displaySections"] = [
        {"sectionType": kind, "orderedSubSections": [_text(f"DSP.{name}.{kind}", n, text) for n, text in _full(held)]}
        for kind, held in sections.items()
        if any(held)
    ]
    made = {"id": output_id(name), "name": name, "label": display["title"], "categoryIds": [category]}
    made["displays"] = [{"order": 1, "display": shown}]
    if file:
        base = file.rpartition("/")[2]
        made["fileSpecifications"] = [{"name": base, "fileType": {"controlledTerm": RTF}, "location": file}]
    return made


def _full(texts: list[str]) -> Iterator[tuple[int, str]]:
    yield from enumerate((text for text in texts if text), 1)


def _text(start: str, order: int, text: str) -> dict[str, Any]:
    return {"order": order, "subSection": {"id": f"{start.replace(' ', '')}.{order}", "text": text}}


def said(parts: Any) -> str:
    """The words of a note."""
    held = parts["parts"] if isinstance(parts, dict) else parts
    return held if isinstance(held, str) else "".join(part["t"] for part in held)


def output_id(display: str) -> str:
    """The id of the output of a display."""
    return f"OUT.{display}"


def facts_of(held: Any) -> Iterator[int]:
    """The places, among the facts of its chapter, of all numbers that a display shows."""
    if isinstance(held, dict):
        if isinstance(held.get("f"), int):
            yield held["f"]
        for value in held.values():
            yield from facts_of(value)
    elif isinstance(held, list):
        for one in held:
            yield from facts_of(one)


def mentioned(held: Any) -> Iterator[str]:
    """The analyses that the declaration of a display names."""
    if isinstance(held, dict):
        for key, value in held.items():
            if key in ("analysis", "header") and isinstance(value, str):
                yield value
            else:
                yield from mentioned(value)
    elif isinstance(held, list):
        for one in held:
            yield from mentioned(one)


def contents(
    sections: list[dict[str, Any]], displays: list[dict[str, Any]], shown: dict[str, list[str]], names: dict[str, str]
) -> dict[str, Any]:
    """The list of contents: sections of the report, their outputs, the analyses of each.

    Parameters
    ----------
    sections : list of dict
        ``number``, ``title`` and ``displays`` as ``csr.yaml`` declares them.
    displays : list of dict
        All displays; those that no section lists stand in a section of their own.
    shown : dict
        Display -> ids of the analyses whose results it shows.
    names : dict
        Id of each analysis -> its name. What no display shows stands at the end.
    """
    titles = {one["id"]: one["title"] for one in displays}
    listed = {name for section in sections for name in section.get("displays", [])}
    parts = [(f"{s['number']} {s['title']}", [n for n in s.get("displays", []) if n in titles]) for s in sections]
    beside = [name for name in titles if name not in listed]
    parts += [("Beside the sections", beside)] if beside else []
    items: list[dict[str, Any]] = []
    for title, held in parts:
        item: dict[str, Any] = {"name": title, "level": 1, "order": len(items) + 1}
        if held:
            item["sublist"] = {
                "listItems": [
                    {"name": titles[name], "level": 2, "order": n, "outputId": output_id(name)}
                    | _analyses([(one, names[one]) for one in shown.get(name, [])], 3)
                    for n, name in enumerate(held, 1)
                ]
            }
        items.append(item)
    used = {one for some in shown.values() for one in some}
    rest = [(one, name) for one, name in names.items() if one not in used]
    if rest:
        items.append(
            {"name": "Results that no display shows", "level": 1, "order": len(items) + 1} | _analyses(rest, 2)
        )
    return {"name": "Contents of the report", "contentsList": {"listItems": items}}


def _analyses(held: list[tuple[str, str]], level: int) -> dict[str, Any]:
    if not held:
        return {}
    return {
        "sublist": {
            "listItems": [
                {"name": name, "level": level, "order": n, "analysisId": one} for n, (one, name) in enumerate(held, 1)
            ]
        }
    }
