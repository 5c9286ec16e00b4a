"""Layout: the items of a reporting checklist, each with the place where it is reported or the reason why it is not."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Part, Shelf, section


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Return a row per item of ``items`` (ITEM, TOPIC, TEXT), by topic, with its answer of ``answers``."""
    rows: list[dict[str, Any]] = []
    topic = None
    for item in spec["items"]:
        if item["TOPIC"] != topic:
            topic = item["TOPIC"]
            rows.append(section(topic))
        answer = spec["answers"][item["ITEM"]]
        rows.append({"head": item["ITEM"], "level": 1, "cells": [[{"t": item["TEXT"]}], _where(answer, spec["named"])]})
    return {
        "stub": spec.get("stub", "Item"),
        "columns": [{"label": "What is to be reported", "text": True}, {"label": "Where it is", "text": True}],
        "rows": rows,
    }


def _where(answer: dict[str, Any], named: dict[str, str]) -> list[Part]:
    """Links to the displays, then the words; ``not`` says why an item is not reported."""
    parts: list[Part] = []
    for ident in answer.get("displays", []):
        parts += [{"t": "; "}] if parts else []
        parts.append({"t": named[ident], "href": ident})
    if "text" in answer:
        parts += [{"t": ". " if parts else ""}, {"t": answer["text"]}]
    if "not" in answer:
        parts += [{"t": ". " if parts else ""}, {"t": f"Not reported: {answer['not']}"}]
    return parts
