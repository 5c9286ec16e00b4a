"""APPENDIX: one self-contained HTML file; every printed number walks back to the cell of the CRF."""

from __future__ import annotations

from typing import Any

from crf2csr import privacy
from crf2csr.bound import bound
from crf2csr.csr import _behind, _gathered, _language, _page, _privacy, _shown
from crf2csr.spread import WRITTEN


def assemble(read: dict[str, Any], part: dict[str, Any]) -> str:
    """Build the page in the language in which the study is written."""
    return pages(read, part)[WRITTEN]


def pages(read: dict[str, Any], part: dict[str, Any]) -> dict[str, str]:
    """Build the page from the content of every floor (``read``, by floor and name), once in each language, by its code.

    Where dates are not to be shown, what was read is masked first and what was made is searched last.
    """
    collected, collected_part = read, part
    read, part = _privacy.masked(read, part)
    content, embedded = _behind.content(read | {"bound": {n: bound(doc) for n, doc in read["tlf"].items()}}, part)
    made = filled({name: doc["displays"] for name, doc in read["tlf"].items()}, content, part)
    if read is not collected:
        shown_texts = {f"the page ({code})": page.replace(content["payload"], "") for code, page in made.items()}
        _privacy.looked_through(shown_texts | {"its data": privacy.flat(embedded)}, collected, collected_part)
    return made


def filled(chapters: dict[str, list[dict[str, Any]]], content: dict[str, Any], part: dict[str, Any]) -> dict[str, str]:
    """Build the page from its displays and what is behind them, once in each language, by its code.

    Parameters
    ----------
    chapters : dict
        The displays by chapter, listings with their lines.
    content : dict
        As of ``_behind.content``, made of the same displays.
    part : dict
        What the plan hands over.
    """
    _shown.renumber(chapters, content["first"])
    displays = _gathered.sourced(chapters, content["hashes"], part)
    said = content | _gathered.words(part, content["hashes"], content["payload_sha256"])
    said |= {"inner": None, "parts_of_report": [], "suffix": None}
    languages = _language.of(part)
    made = {code: written(said, displays, languages, code) for code in languages}
    for code, page in made.items():
        _gathered.small_enough(
            _language.file_of(code), page, "give split in config/csr.yaml, and the report is made of many"
        )
    return made


def written(
    content: dict[str, Any],
    displays: dict[str, dict[str, Any]],
    languages: dict[str, _language.Language],
    code: str,
) -> str:
    """Write the page in one of its languages; it leads to the others, which lie beside it."""
    press = _page.Press(content["page"]["study"], languages[code])
    drawn = {name: press.drawn(d) for name, d in displays.items()}
    sections = _gathered.arranged(content["csr"], drawn)
    return press.page(
        content
        | {
            "sections": sections,
            "contents": sections,
            "front": {role: drawn[i] for role, i in content["csr"].get("front", {}).items()},
            "languages": _language.beside(languages, code, lambda c: _language.file_of(c).rpartition("/")[2]),
            "compare": f"sha256sum {_language.file_of(code)}",
        },
        at=lambda place: f"#{place}",
    )
