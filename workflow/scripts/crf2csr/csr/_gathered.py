"""What a report is made of, whether it is one file or many: displays, the numbers behind them, what was asked."""

from __future__ import annotations

from typing import Any

from crf2csr.bound import parts
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
    """What a report is made of: what is behind its numbers (``behind``), and its ``displays`` with their sources."""
    chapters = {name: doc["displays"] for name, doc in read["tlf"].items()}
    return behind(read, part, chapters) | {"displays": sourced(chapters, read["hashes"], part)}


def sourced(
    chapters: dict[str, list[dict[str, Any]]], hashes: dict[str, str], part: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """All displays by id, with where they come from; a listing with the lines that stand in the page."""
    displays = {
        d["id"]: d | _about.source(d, name, hashes.get(name, ""), part) for name, ds in chapters.items() for d in ds
    }
    for d in displays.values():
        if d.get("kind") == "listing":
            d["staged"] = _listing.staged(d)
    return displays


def behind(read: dict[str, Any], part: dict[str, Any], chapters: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Facts and sets in one numbering, queries, denominators, what was compared between the floors.

    The printed numbers of the displays in ``chapters`` are renumbered in place; ``parts`` are all that are printed.
    """
    facts, sets = _shown.numbered(chapters, read["facts"], read["sets"])
    facts = _verified.beside(facts, read.get("agreement", []))
    queries, listing, idle = asked(read, part)
    denominators = _integrity.denominators(facts, part["adam"].get("adsl", {}))
    printed = {d["id"]: {p["f"] for p in parts(d)} for displays in chapters.values() for d in displays}
    reconciled = _reconciliation.compare(
        part["csr"].get("reconciliation", []),
        _reconciliation.Floors(read["tables"], facts, sets, part["ard"]),
        queries,
        printed,
    )
    return {
        "facts": facts,
        "sets": sets,
        "queries": queries,
        "query_listing": listing,
        "idle": idle,
        "denominators": denominators,
        "reconciled": reconciled,
        "parts": list(parts([list(chapters.values()), denominators, reconciled])),
    }


def asked(read: dict[str, Any], part: dict[str, Any]) -> tuple[Any, dict[str, Any], list[str]]:
    """All queries with their age, the same as a listing, and acceptances that match none."""
    accepted = (part["accepted"] or {}).get("accepted") or []
    queries, idle = _integrity.queries(read["queries"], accepted)
    queries["AGE"] = _asked.located(queries, read["tables"], part["crf"], part["page"])["AGE"]
    return queries, _integrity.query_listing(queries), idle


def about(read: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What the first page says of the data beside the displays: their integrity, and who computed the numbers again."""
    printed = found["facts"].loc[sorted({p["f"] for p in found["parts"]})]
    listing = found["query_listing"]
    return {
        "ledger": _integrity.ledger(read["ledger"]),
        "forms": _integrity.forms(read["ledger"], found["queries"]),
        "queries": _integrity.query_counts(found["queries"]),
        "query_listing": listing | {"staged": _listing.staged(listing)},
        "idle": found["idle"],
        "denominators": found["denominators"],
        "verified": _verified.summary(printed),
        "warned": _warned.expected(printed),
        "reconciled": found["reconciled"],
    }


def words(part: dict[str, Any], hashes: dict[str, str], digest: str) -> dict[str, Any]:
    """What the first page says of the study and of how to make it again; ``digest`` is that of what it embeds."""
    return {"page": part["page"], "csr": part["csr"], "made": _about.reproduction(part, hashes, digest)}
