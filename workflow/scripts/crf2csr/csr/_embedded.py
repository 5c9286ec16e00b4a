"""What a page embeds: the facts that it prints, its listings, and every row that these reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.csr import _about, _card, _integrity, _listing, _payload, _profile
from crf2csr.errors import Cause


def together(rows: Any) -> np.ndarray:
    """The positions that stand in some of these lists, once each and in order."""
    lists = [np.asarray(some, dtype="int64") for some in rows]
    met = np.zeros(max((int(some.max()) + 1 for some in lists if len(some)), default=0), dtype=bool)
    for some in lists:
        met[some] = True
    return np.flatnonzero(met)


def reached(facts: pd.DataFrame, sets: pd.DataFrame, parts: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Facts that printed numbers (``parts``) and their cards show, and the sets of their members, by SET."""
    shown = facts.loc[sorted({part["f"] for part in parts})]
    # What stands on a card is of the chapter of its number.
    used = _card.beside(facts[facts["chapter"].isin(shown["chapter"].unique())], shown)
    named = used["member_set"].dropna().astype("int64").unique()
    return used, sets.set_index("SET").loc[sorted(named)]


def of_numbers(used: pd.DataFrame, part: dict[str, Any], methods: dict[str, Any]) -> dict[str, Any]:
    """What a page says of its numbers: the facts, their analyses and the cards of their methods."""
    return {
        "facts": _about.facts(used, part["adam"]),
        "analyses": _about.analyses(part["ard"], part["estimands"]),
        "methods": _card.methods(methods),
    }


def behind(display: dict[str, Any]) -> tuple[str, np.ndarray]:
    """The table behind a listing, and the positions in it of the rows behind its lines."""
    dataset = display["listing"]["dataset"]
    return (dataset if "/" in dataset else f"adam/{dataset}"), np.asarray(display["listing"]["row"], dtype="int64")


def payload(read: dict[str, Any], part: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Facts that are shown, listings, queries, and every row that these reach."""
    graph = _payload.Graph(read["tables"], read["traces"])
    used, sets = reached(content["facts"], content["sets"], content["parts"])
    start: dict[str, np.ndarray] = {}

    def reach(name: str, rows: np.ndarray) -> None:
        if name not in graph.number:
            raise Cause("a number or a listing names a data set that this run does not have", value=name)
        start[name] = np.union1d(start.get(name, np.array([], dtype="int64")), rows)

    for dataset, rows in sets.groupby("DATASET")["ROWS"]:
        reach(f"adam/{dataset}", together(rows))
    listings = [d for d in content["displays"] if d.get("kind") == "listing"]
    for listing in listings:
        reach(*behind(listing))
    asked = asked_records(content["queries"], graph.number, lambda raw: graph.tables[raw]["LINE"])
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
        name, rows = behind(display)
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
        **of_numbers(used, part, content["methods"]),
        "listings": packed,
        "profile": _profile.packed(profile, graph.number, kept),
    }


def asked_records(queries: pd.DataFrame, known: Iterable[str], lines: Callable[[str], pd.Series]) -> pd.DataFrame:
    """For each query the staged form (``raw``) and the position of its record; -1 where it has none to show.

    ``known`` are the tables of the run, ``lines`` gives the column LINE of one.
    """
    named_by = _payload.named_records(queries["REC"].fillna(""))
    form, line = named_by["form"], named_by["line"]
    found = pd.DataFrame({"raw": "raw/" + form.str.lower(), "row": -1}, index=queries.index)
    named = line.str.fullmatch("[0-9]+").fillna(False).astype(bool) & ~queries["RULE"].isin(_integrity.WITHHELD)
    for raw in sorted(set(found["raw"][named]) & set(known)):
        mine = named & (found["raw"] == raw)
        found.loc[mine, "row"] = pd.Index(lines(raw).astype("int64")).get_indexer(line[mine].astype("int64"))
    return found
