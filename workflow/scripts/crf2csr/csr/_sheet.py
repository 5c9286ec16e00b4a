"""A display on paper: texts by row and column, as sheets of RTF and PDF set them; no number is formatted here.

A sheet is a mapping with ``id``, ``word`` (Table, Figure, ...), ``number``, ``title``, ``population``, ``said``
(sentences before the grid), ``grid``, ``svg``, ``notes``, ``source`` and ``sheets`` (those of the subjects of a
narrative). A grid has

- ``heads``: rows of heads from the top, each a list of ``[text, columns it spans]``; the first column is the stub;
- ``rows``: ``{level, bold, cells}``; one cell spans the whole width;
- ``text``: for each column whether it is set from the left; numbers stand at the right of their column;
- ``dense``: whether it is a listing, set small with a line under each row.
"""

from __future__ import annotations

from typing import Any

from crf2csr import safe
from crf2csr.csr import _about
from crf2csr.errors import Cause

WORDS = {"table": "Table", "figure": "Figure", "listing": "Listing", "narrative": "Narratives"}
NOTHING = "No data meet the criteria."
Sheet = dict[str, Any]


def said(parts: Any) -> str:
    """The text of a cell, of a note or of a sentence: its parts in their order."""
    if isinstance(parts, dict):
        parts = parts["parts"]
    return safe.visible(parts if isinstance(parts, str) else "".join(part["t"] for part in parts))


def sheet(display: dict[str, Any], source: dict[str, Any]) -> Sheet:
    """Set one numbered display; ``source`` is what ``_about.source`` says of it."""
    if display["kind"] not in WORDS:
        raise Cause(
            "a display of this kind has no sheet", file=f"display {display['id']}", field="kind", value=display["kind"]
        )
    made: Sheet = {
        "id": display["id"],
        "word": WORDS[display["kind"]],
        "number": display["number"],
        "title": safe.visible(display["title"]),
        "population": safe.visible(display.get("population") or ""),
        "said": [],
        "svg": display.get("svg") or "",
        "notes": [said(note) for note in display.get("footnotes", [])],
        "source": _source(display, source),
        "sheets": [],
    }
    if display["kind"] == "listing":
        return made | {"grid": _listing(display)}
    if display["kind"] == "narrative":
        return made | {
            "said": [["", said(display["counted"])]],
            "grid": _index(display["sheets"]),
            "sheets": [_subject(one) for one in display["sheets"]],
        }
    return made | {"grid": _table(display)}


def _source(display: dict[str, Any], source: dict[str, Any]) -> str:
    """The last line under a display: estimand, plan, data sets, programs, hash of its results."""
    pieces = [
        f"Estimand: {'; '.join(source['estimands'])}." if source["estimands"] else "",
        f"Analysis plan, section {display['sap']}." if "sap" in display else "",
        f"Data: {', '.join(source['datasets'])}." if source["datasets"] else "",
        f"Programs: {', '.join(source['programs'])}.",
        f"Results {source['sha256'][:12]}.",
    ]
    return safe.visible(" ".join(piece for piece in pieces if piece))


def _under(head: dict[str, Any]) -> str:
    """A head with the number that stands under its label."""
    label = safe.visible(head["label"])
    return f"{label}\n{said(head['n'])}" if "n" in head else label


def _table(display: dict[str, Any]) -> dict[str, Any]:
    """Heads, spanners and rows of a table or of the numbers of a figure."""
    columns = display["columns"]
    heads = [[["", 1], *([_under(head), head["span"]] for head in row)] for row in display.get("spanners", [])]
    heads.append([[safe.visible(display["stub"]), 1], *([_under(column), 1] for column in columns)])
    rows = [_row(row, len(columns)) for row in display["rows"]]
    if not any(row["cells"] for row in display["rows"]):
        rows.append({"level": 0, "bold": False, "cells": [NOTHING]})
    text = [True, *("text" in column for column in columns)]
    return {"heads": heads if columns else [], "rows": rows, "text": text, "dense": False}


def _row(row: dict[str, Any], columns: int) -> dict[str, Any]:
    cells = [said(parts) for parts in row["cells"]]
    if cells and len(cells) != columns:
        raise Cause("a row has not one cell per column", field=row["head"], value=len(cells))
    return {"level": row["level"], "bold": "section" in row, "cells": [safe.visible(row["head"]), *cells]}


def _listing(display: dict[str, Any]) -> dict[str, Any]:
    """Every row of a listing; each distinct text of a column is looked at once."""
    columns = []
    for values in display["listing"]["values"]:
        shown = {value: "" if value is None else safe.visible(str(value)) for value in dict.fromkeys(values)}
        columns.append([shown[value] for value in values])
    heads = [[safe.visible(column["label"]), 1] for column in display["columns"]]
    if len({len(values) for values in columns}) != 1 or len(columns) != len(heads):
        raise Cause("the columns of a listing differ in length", file=f"display {display['id']}")
    rows = [{"level": 0, "bold": False, "cells": list(line)} for line in zip(*columns, strict=True)]
    if not rows:
        rows = [{"level": 0, "bold": False, "cells": [NOTHING]}]
    return {"heads": [heads], "rows": rows, "text": [True] * len(heads), "dense": True}


def _index(sheets: list[dict[str, Any]]) -> dict[str, Any]:
    """Which subject has a data sheet, and why."""
    rows = [
        {"level": 0, "bold": False, "cells": [safe.visible(one["head"]), "; ".join(map(said, one["reasons"]))]}
        for one in sheets
    ]
    rows = rows or [{"level": 0, "bold": False, "cells": [NOTHING]}]
    return {"heads": [[["Subject", 1], ["Reason", 1]]], "rows": rows, "text": [True, True], "dense": False}


def _subject(one: dict[str, Any]) -> Sheet:
    """The data sheet of one subject: sentences, time axis, the days that it draws."""
    return {
        "id": one["id"],
        "title": f"Subject {safe.visible(one['head'])}",
        "said": [[safe.visible(sentence["head"]), said(sentence["parts"])] for sentence in one["sentences"]],
        "svg": one["svg"],
        "grid": _table(one) if one["rows"] else None,
    }


def sheets(
    chapters: dict[str, Any], part: dict[str, Any], hashes: dict[str, str], wanted: set[str] | None = None
) -> dict[str, Sheet]:
    """Set every numbered display of these chapters, or those that are wanted; ``hashes`` of the results by chapter."""
    return {
        display["id"]: sheet(display, _about.source(display, name, hashes[name], part))
        for name, chapter in chapters.items()
        for display in chapter["displays"]
        if "number" in display and (wanted is None or display["id"] in wanted)
    }


def running(part: dict[str, Any]) -> dict[str, str]:
    """What stands at the head of every page: the study, the document, the notice; and the size of the paper."""
    study = part["page"]["study"]
    texts = {"id": study["id"], "title": part["csr"]["title"], "notice": study.get("notice") or ""}
    return {name: safe.visible(text) for name, text in texts.items()} | {"paper": part["csr"].get("paper", "a4")}


def sections(csr: dict[str, Any], sheets: dict[str, Sheet]) -> list[dict[str, Any]]:
    """The sections of the appendix with their sheets; ``level`` is one more than that of the nearest above, else 1."""
    made: list[dict[str, Any]] = []
    levels: dict[str, int] = {}
    for section in csr["sections"]:
        number = str(section["number"])
        above = [level for other, level in levels.items() if number.startswith(f"{other}.")]
        levels[number] = 1 + max(above, default=0)
        unknown = [name for name in section.get("displays", []) if name not in sheets]
        if unknown:
            raise Cause("no chapter makes this display", file="config/csr.yaml", field=number, value=unknown[0])
        made.append(
            {
                "number": number,
                "title": safe.visible(section["title"]),
                "level": levels[number],
                "sheets": [sheets[name] for name in section.get("displays", [])],
            }
        )
    return made
