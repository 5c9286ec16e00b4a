"""What a report is made of, whether it is one file or many: displays, the numbers behind them, what was asked."""

from __future__ import annotations

from typing import Any

from crf2csr.csr import _about, _asked, _integrity, _listing, _reconciliation, _shown, _verified, _warned
from crf2csr.errors import Cause

MOST_BYTES = 25_000_000  # of one file: what a browser opens without waiting, and a mail program sends


def arranged(csr: dict[str, Any], displays: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Sections with their displays; a display that is named and not made, or made and not placed, is a cause."""
    front = [i for i in csr.get("front", {}).values() if isinstance(i, str)]
    named = [(s["number"], i) for s in csr["sections"] for i in s.get("displays", [])] + [("front", i) for i in front]
    for place, name in named:
        if name not in displays:
            raise Cause("no chapter makes this display", file="config/csr.yaml", field=place, value=name)
    unplaced = sorted(set(displays) - {name for _, name in named})
    if unplaced:
        raise Cause("no section shows this display", file="config/csr.yaml", field="sections", value=unplaced[0])
    return [s | {"displays": [displays[i] for i in s.get("displays", [])]} for s in csr["sections"]]


def small_enough(file: str, page: str, remedy: str) -> None:
    """Refuse a page that is larger than a browser opens at once: what to do is said, and nothing is left out."""
    size = len(page.encode("utf-8"))
    if size > MOST_BYTES:
        raise Cause(
            f"would be larger than one file of a report may be ({MOST_BYTES / 1e6:.0f} MB): {remedy}",
            file=file,
            value=f"{size / 1e6:.1f} MB",
        )


def gathered(read: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a report is made of: facts and sets in one numbering, displays with their sources, queries, integrity.

    ``parts`` are all numbers that it prints.
    """
    chapters = {name: doc["displays"] for name, doc in read["tlf"].items()}
    facts, sets = _shown.numbered(chapters, read["facts"], read["sets"])
    facts = _verified.beside(facts, read.get("agreement", []))
    displays = {
        d["id"]: d | _about.source(d, name, read["hashes"].get(name, ""), part)
        for name, ds in chapters.items()
        for d in ds
    }
    for d in displays.values():
        if d.get("kind") == "listing":
            d["staged"] = _listing.staged(d)
    queries, listing, idle = asked(read, part)
    denominators = _integrity.denominators(facts, part["adam"].get("adsl", {}))
    reconciled = _reconciliation.compare(
        part["csr"].get("reconciliation", []),
        _reconciliation.Floors(read["tables"], facts, sets, part["ard"]),
        queries,
        {name: {p["f"] for p in _shown.parts(d)} for name, d in displays.items()},
    )
    return {
        "displays": displays,
        "facts": facts,
        "sets": sets,
        "queries": queries,
        "query_listing": listing,
        "idle": idle,
        "denominators": denominators,
        "reconciled": reconciled,
        "parts": list(_shown.parts([list(displays.values()), denominators, reconciled])),
    }


def asked(read: dict[str, Any], part: dict[str, Any]) -> tuple[Any, dict[str, Any], list[str]]:
    """All queries with their age, the same as a listing, and acceptances that match none."""
    accepted = (part["accepted"] or {}).get("accepted") or []
    queries, idle = _integrity.queries(read["queries"], accepted)
    queries["AGE"] = _asked.located(queries, read["tables"], part["crf"], part["page"])["AGE"]
    return queries, _integrity.query_listing(queries), idle


def about(read: dict[str, Any], part: dict[str, Any], found: dict[str, Any], digest: str) -> dict[str, Any]:
    """What the first page says beside the displays: the study, the integrity of its data, how to make it again."""
    printed = found["facts"].loc[sorted({p["f"] for p in found["parts"]})]
    listing = found["query_listing"]
    return {
        "page": part["page"],
        "csr": part["csr"],
        "ledger": _integrity.ledger(read["ledger"]),
        "forms": _integrity.forms(read["ledger"], found["queries"]),
        "queries": _integrity.query_counts(found["queries"]),
        "query_listing": listing | {"staged": _listing.staged(listing)},
        "idle": found["idle"],
        "denominators": found["denominators"],
        "verified": _verified.summary(printed),
        "warned": _warned.expected(printed),
        "reconciled": found["reconciled"],
        "made": _about.reproduction(part, read["hashes"], digest),
    }
