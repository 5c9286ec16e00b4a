"""APPENDIX: one self-contained HTML file; every printed number walks back to the cell of the CRF."""

from __future__ import annotations

from typing import Any

from crf2csr import privacy
from crf2csr.csr import _embedded, _gathered, _language, _page, _payload, _privacy


def assemble(read: dict[str, Any], part: dict[str, Any]) -> str:
    """Build the page in the language in which the study is written."""
    return pages(read, part)[_language.WRITTEN]


def pages(read: dict[str, Any], part: dict[str, Any]) -> dict[str, str]:
    """Build the page from the content of every floor (``read``, by floor and name), once in each language, by its code.

    Where dates are not to be shown, what was read is masked first and what was made is searched last.
    """
    collected, collected_part = read, part
    read, part = _privacy.masked(read, part)
    found = _gathered.gathered(read, part)
    embedded = _embedded.payload(
        read, part, found | {"displays": list(found["displays"].values()), "methods": read["methods"]}
    )
    data, digest = _payload.pack(embedded)
    content = _gathered.about(read, part, found, digest) | {
        "payload": data,
        "payload_sha256": digest,
        "inner": None,
        "parts_of_report": [],
        "suffix": None,
    }
    languages = _language.of(part)
    made = {code: written(content, found["displays"], languages, code) for code in languages}
    if read is not collected:
        shown_texts = {f"the page ({code})": page.replace(data, "") for code, page in made.items()}
        _privacy.looked_through(shown_texts | {"its data": privacy.flat(embedded)}, collected, collected_part)
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
