"""APPENDIX: one self-contained HTML file; every printed number walks back to the cell of the CRF."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import markupsafe
import numpy as np
import pandas as pd

from crf2csr import privacy
from crf2csr.csr import (
    _about,
    _asked,
    _card,
    _ink,
    _integrity,
    _language,
    _listing,
    _payload,
    _privacy,
    _profile,
    _reconciliation,
    _shown,
    _verified,
    _warned,
)
from crf2csr.errors import Cause
from crf2csr.safe import visible
from crf2csr.templating import templates

HERE = Path(__file__).parent
STYLES = ("paper.css", "table.css", "walk.css", "profile.css", "print.css")
SCRIPTS = (
    "data.js",
    "text.js",
    "save.js",
    "axis.js",
    "grid.js",
    "fact.js",
    "record.js",
    "profile.js",
    "find.js",
    "check.js",
    "page.js",
)


def _behind(display: dict[str, Any]) -> tuple[str, np.ndarray]:
    """The table behind a listing, and the positions in it of the rows behind its lines."""
    dataset = display["listing"]["dataset"]
    return (dataset if "/" in dataset else f"adam/{dataset}"), np.asarray(display["listing"]["row"], dtype="int64")


def payload(read: dict[str, Any], part: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Facts that are shown, listings, queries, and every row that these reach."""
    graph = _payload.Graph(read["tables"], read["traces"])
    shown = content["facts"].loc[sorted({p["f"] for p in content["parts"]})]
    used = _card.beside(content["facts"], shown)
    sets = content["sets"].set_index("SET").loc[sorted(used["member_set"].dropna().astype("int64").unique())]
    start: dict[str, np.ndarray] = {}

    def reach(name: str, rows: np.ndarray) -> None:
        if name not in graph.number:
            raise Cause("a number or a listing names a data set that this run does not have", value=name)
        start[name] = np.union1d(start.get(name, np.array([], dtype="int64")), rows)

    for dataset, rows in sets.groupby("DATASET")["ROWS"]:
        reach(f"adam/{dataset}", np.concatenate([np.asarray(r, dtype="int64") for r in rows]))
    listings = [d for d in content["displays"] if d.get("kind") == "listing"]
    for listing in listings:
        reach(*_behind(listing))
    asked = asked_records(content["queries"], graph)
    for raw, rows in asked[asked["row"] >= 0].groupby("raw")["row"]:
        reach(str(raw), rows.to_numpy("int64"))
    profile = _profile.resolved(part["csr"].get("profile"), read["tables"])
    for block in _profile.blocks(profile):
        reach(block["table"], block["rows"])
    kept = graph.close(start)
    about = _about.tables(part)

    def local(name: str, rows: Any) -> list[int]:
        return np.searchsorted(kept[name], np.asarray(rows, dtype="int64")).tolist()

    packed = {}
    for display in listings:
        name, rows = _behind(display)
        packed[display["id"]] = _listing.packed(display) | {"table": graph.number[name], "rows": local(name, rows)}
    packed["queries"] = _listing.packed(content["query_listing"])
    places = pd.Series(-1, index=asked.index)
    for raw, rows in asked[asked["row"] >= 0].groupby("raw")["row"]:
        places[rows.index] = local(str(raw), rows)
    packed["queries"] |= {
        "at": [[graph.number.get(raw, -1), int(row)] for raw, row in zip(asked["raw"], places, strict=True)]
    }
    return {
        "tables": _payload.encode(graph, kept, about),
        "sets": {
            str(s): [graph.number[f"adam/{d}"], _payload.steps(np.asarray(local(f"adam/{d}", rows)))]
            for s, d, rows in zip(sets.index, sets["DATASET"], sets["ROWS"], strict=True)
        },
        "facts": _about.facts(used, part["adam"]),
        "analyses": _about.analyses(part["ard"], part["estimands"]),
        "methods": _card.methods(content["methods"]),
        "listings": packed,
        "profile": _profile.packed(profile, graph.number, kept),
    }


def asked_records(queries: pd.DataFrame, graph: _payload.Graph) -> pd.DataFrame:
    """For each query the staged form (``raw``) and the position of its record; -1 where it has none to show."""
    named_by = _payload.named_records(queries["REC"].fillna(""))
    form, line = named_by["form"], named_by["line"]
    found = pd.DataFrame({"raw": "raw/" + form.str.lower(), "row": -1}, index=queries.index)
    named = line.str.fullmatch("[0-9]+").fillna(False).astype(bool) & ~queries["RULE"].isin(_integrity.WITHHELD)
    for raw in sorted(set(found["raw"][named]) & set(graph.number)):
        mine = named & (found["raw"] == raw)
        found.loc[mine, "row"] = graph.positions_of(raw, line[mine])
    return found


def render(content: dict[str, Any], language: _language.Language) -> str:
    """Fill the template in a language; style and script are named by their hashes in the policy."""
    environment = templates(HERE / "templates")
    environment.filters |= {"places": _shown.places, "label": language.label}
    environment.globals |= _language.said_by(language)
    css = "".join((HERE / "assets" / name).read_text(encoding="utf-8") for name in STYLES)
    css += running_header(content["page"]["study"])
    script = "".join((HERE / "assets" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    digests = {
        k: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for k, text in (("css", css), ("script", script))
    }
    safe = {"css": markupsafe.Markup(css), "script": markupsafe.Markup(script)}
    return environment.get_template("appendix.html.j2").render(**content, **safe, digests=digests, language=language)


def running_header(study: dict[str, Any]) -> str:
    """The rule that prints the study and its notice on every sheet of paper."""

    def quoted(text: str) -> str:
        return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):06x}" for c in visible(text))

    notice = study.get("notice", "").partition(".")[0]
    return f'@page{{@top-left{{content:"{quoted(study["id"])}"}}@top-right{{content:"{quoted(notice)}"}}}}\n'


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


def assemble(read: dict[str, Any], part: dict[str, Any]) -> str:
    """Build the page in the language in which the study is written."""
    return pages(read, part)[_language.WRITTEN]


def pages(read: dict[str, Any], part: dict[str, Any]) -> dict[str, str]:
    """Build the page from the content of every floor (``read``, by floor and name), once in each language, by its code.

    Where dates are not to be shown, what was read is masked first and what was made is searched last.
    """
    collected, collected_part = read, part
    read, part = _privacy.masked(read, part)
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
    accepted = (part["accepted"] or {}).get("accepted") or []
    queries, idle = _integrity.queries(read["queries"], accepted)
    queries["AGE"] = _asked.located(queries, read["tables"], part["crf"], part["page"])["AGE"]
    listing = _integrity.query_listing(queries)
    denominators = _integrity.denominators(facts, part["adam"].get("adsl", {}))
    reconciled = _reconciliation.compare(
        part["csr"].get("reconciliation", []),
        _reconciliation.Floors(read["tables"], facts, sets, part["ard"]),
        queries,
        {name: {p["f"] for p in _shown.parts(d)} for name, d in displays.items()},
    )
    shown = list(_shown.parts([list(displays.values()), denominators, reconciled]))
    embedded = payload(
        read,
        part,
        {
            "displays": list(displays.values()),
            "facts": facts,
            "sets": sets,
            "queries": queries,
            "query_listing": listing,
            "parts": shown,
            "methods": read["methods"],
        },
    )
    data, digest = _payload.pack(embedded)
    printed = facts.loc[sorted({p["f"] for p in shown})]
    content = {
        "page": part["page"],
        "csr": part["csr"],
        "ledger": _integrity.ledger(read["ledger"]),
        "forms": _integrity.forms(read["ledger"], queries),
        "queries": _integrity.query_counts(queries),
        "query_listing": listing | {"staged": _listing.staged(listing)},
        "idle": idle,
        "denominators": denominators,
        "verified": _verified.summary(printed),
        "warned": _warned.expected(printed),
        "reconciled": reconciled,
        "made": _about.reproduction(part, read["hashes"], digest),
        "payload": data,
        "payload_sha256": digest,
    }
    languages = _language.of(part)
    made = {code: written(content, displays, languages, code) for code in languages}
    if read is not collected:
        shown_texts = {f"the page ({code})": page.replace(data, "") for code, page in made.items()}
        _privacy.looked_through(shown_texts | {"its data": privacy.flat(embedded)}, collected, collected_part)
    return made


def written(
    content: dict[str, Any],
    displays: dict[str, dict[str, Any]],
    languages: dict[str, _language.Language],
    code: str,
) -> str:
    """Write the page in one of its languages; it leads to the others, which lie beside it."""
    language, csr = languages[code], content["csr"]
    drawn = {name: d | drawings(d, language) for name, d in displays.items()}
    others = [(c, _language.NAMES[c], other.tag, _language.file_of(c)) for c, other in languages.items() if c != code]
    return render(
        content
        | {
            "sections": arranged(csr, drawn),
            "front": {role: drawn[i] for role, i in csr.get("front", {}).items()},
            "others": [(c, name, tag, file.rpartition("/")[2]) for c, name, tag, file in others],
            "file": _language.file_of(code),
            "words": markupsafe.Markup(language.packed()),
        },
        language,
    )


def drawings(display: dict[str, Any], language: _language.Language) -> dict[str, Any]:
    """The drawings of a display and of its sheets as they stand in the page."""

    def ink(one: dict[str, Any]) -> dict[str, Any]:
        return {"svg": markupsafe.Markup(_ink.inlined(one["svg"], one, language.label) if one["svg"] else "")}

    made = ink(display) if display.get("svg") else {}
    return made | ({"sheets": [sheet | ink(sheet) for sheet in display["sheets"]]} if "sheets" in display else {})
