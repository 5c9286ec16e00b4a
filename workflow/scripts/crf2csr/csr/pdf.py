"""PDF: the appendix on paper, tagged (PDF/UA-1) and bookmarked in the numbering of ICH E3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crf2csr import safe
from crf2csr.csr import _sheet, _typeset, _widths

TEMPLATE = Path(__file__).parent / "typst" / "appendix.typ"
PAPERS = {"a4": 841.9, "letter": 792.0}  # points, the long side
MARGIN = 48.0  # points
# Measured with 14 columns: 20,000 rows take 29 s and 2.5 GB, and both grow faster than the rows.
ROWS = 20_000
PIECE = 1_000  # rows set as one table of a listing; heads repeat all the same
FAR = "\u200b"


def document(chapters: dict[str, Any], part: dict[str, Any], hashes: dict[str, str]) -> bytes:
    """Set the front, the contents and every section with its displays.

    The longest listings stand by reference, with their number of rows, when all together have more than ``ROWS``.
    """
    running = _sheet.running(part)
    width = PAPERS[running["paper"]] - 2 * MARGIN
    sheets = _sheet.sheets(chapters, part, hashes)
    left_out = too_long(sheets)
    for name, sheet in sheets.items():
        if name in left_out:
            sheet["said"] = [["", left_out[name]]]
            sheet["grid"] = None
        for one in (sheet, *sheet["sheets"]):
            one["svg"] = _typeset.ink(one["svg"]) if one["svg"] else ""
            if one["grid"]:
                one["grid"] = _set(_widths.fitted(one["grid"], width))
    content = {
        "running": running,
        "paper": {"a4": "a4", "letter": "us-letter"}[running["paper"]],
        "margin": MARGIN,
        "front": _front(chapters, part),
        "sections": _sheet.sections(part["csr"], sheets),
    }
    text = json.dumps(_typeset.shown(content), ensure_ascii=False)
    return _typeset.compiled(TEMPLATE.read_text(encoding="utf-8"), text, format="pdf", pdf_standards=["ua-1"])


def too_long(sheets: dict[str, _sheet.Sheet], most: int = ROWS) -> dict[str, str]:
    """The listings for which there is no room, the longest first, each with the sentence that stands in its place."""
    rows = {name: len(s["grid"]["rows"]) for name, s in sheets.items() if s["grid"] and s["grid"]["dense"]}
    found: dict[str, str] = {}
    for name in sorted(rows, key=lambda n: (-rows[n], n)):
        if sum(rows.values()) <= most:
            break
        found[name] = (
            f"This listing has {rows.pop(name):,} rows, more than this document holds. All of them stand in"
            f" reports/rtf/{name.replace('.', '-')}.rtf and in reports/csr-appendix.html."
        )
    return found


def _set(grid: dict[str, Any]) -> dict[str, Any]:
    """A grid as the template takes it: a listing as rows of texts in pieces, a table as rows with their level."""
    if not grid["dense"] or len(grid["rows"][0]["cells"]) < len(grid["text"]):
        return grid | {"dense": False, "lined": grid["dense"]}
    room = [width / grid["size"] / 0.6 for width in grid["widths"]]
    broken: dict[tuple[str, int], str] = {}
    lines = []
    for row in grid["rows"]:
        line = []
        for text, most in zip(row["cells"], room, strict=True):
            key = (text, int(most))
            if key not in broken:
                broken[key] = breakable(text, int(most))
            line.append(broken[key])
        lines.append(line)
    pieces = [lines[n : n + PIECE] for n in range(0, len(lines), PIECE)]
    return {key: value for key, value in grid.items() if key != "rows"} | {"pieces": pieces}


def breakable(text: str, most: int) -> str:
    """Let a word of more than ``most`` letters break, whatever the rules of writing, so that it stays in its cell."""
    most = max(most, 3)
    if len(text) <= most:
        return text
    return " ".join(
        FAR.join(word[n : n + most] for n in range(0, len(word), most)) if len(word) > most else word
        for word in text.split(" ")
    )


def _front(chapters: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Title page: the study, the primary result in a sentence, and how it was reached."""
    study = part["page"]["study"]
    displays = {d["id"]: d for chapter in chapters.values() for d in chapter["displays"]}
    named = part["csr"].get("front", {})
    result, flow = displays.get(named.get("result")), displays.get(named.get("flow"))
    words = {key: safe.visible(str(study.get(key) or "")) for key in ("title", "subtitle", "cutoff", "design_limits")}
    return words | {
        "result": [_sheet.said(sentence) for sentence in result["sentences"]] if result else [],
        "result_notes": [_sheet.said(note) for note in result.get("footnotes", [])] if result else [],
        "flow_title": safe.visible(flow["title"]) if flow else "",
        "flows": [_flow(one) for one in flow["flows"]] if flow else [],
    }


def _flow(flow: dict[str, Any]) -> dict[str, Any]:
    def branch(one: dict[str, Any]) -> dict[str, Any]:
        text = f"{_sheet.said(one['parts'])} {safe.visible(one['head'])}".strip()
        return {"text": text, "items": [_item(item) for item in one["items"]]}

    def _item(one: dict[str, Any]) -> str:
        return f"{safe.visible(one['head'])}: {_sheet.said(one['parts'])}"

    return {
        "arm": safe.visible(flow["arm"]),
        "start": branch(flow["start"])["text"],
        "branches": [branch(one) for one in flow["branches"]],
    }
