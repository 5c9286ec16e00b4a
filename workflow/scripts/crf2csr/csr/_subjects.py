"""The files of subjects in a large report: all that is shown of some subjects, from the analysis rows to the export."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crf2csr.bound import parts
from crf2csr.columns import texts
from crf2csr.csr import _about, _embedded, _listing, _payload, _profile
from crf2csr.csr._shares import Shares
from crf2csr.errors import Cause
from crf2csr.tables import Stored, Tables, release

ROLL_COLUMNS = 6
NOBODY = -2  # in place of a share: a row of no subject goes with every share, so that it is lost in none


class Held:
    """The rows of one table that a job works on: their positions in the whole, and the share of each."""

    def __init__(self, stored: Stored, positions: np.ndarray, share: np.ndarray) -> None:
        self.stored, self.positions, self.share = stored, positions, share

    def of(self, share: int) -> np.ndarray:
        """Places (here, sorted) of the rows of a share, and of those of no subject."""
        return np.flatnonzero((self.share == share) | (self.share == NOBODY))


class Collected:
    """All rows of the subjects of some shares, in memory: read once, given out share by share.

    Parameters
    ----------
    tables, traces : Tables
        ``adam/...``, ``sdtm/...``, ``raw/...``; the traces by ``adam/...``.
    domains : iterable of str
        Names of the SDTM domains; other tables of that floor are no source of an analysis row.
    shares : Shares
        All subjects.
    job : int
        Which shares: those of this job.
    asked : DataFrame
        For each query ``raw`` and ``row`` of its record (-1: none), and its ``share``.
    """

    def __init__(
        self, tables: Tables, traces: Tables, domains: Any, shares: Shares, job: int, asked: pd.DataFrame
    ) -> None:
        self.shares, self.wanted = shares, shares.of_job(job)
        ids = pa.array(shares.subjects, pa.string())
        upper = [n for n in tables if n.startswith("adam/") or (n.startswith("sdtm/") and n[5:] in domains)]
        self.held = {name: self._of_subjects(tables, name, ids) for name in sorted(upper)}
        self.asked = asked[asked["share"].isin(self.wanted) & (asked["row"] >= 0)]
        lines = self._lines()
        self.held |= {n: self._of_lines(tables, n, lines.get(n)) for n in sorted(tables) if n.startswith("raw/")}
        self.traces = {name: self._trace(traces, name) for name in traces}
        release()

    def _of_subjects(self, tables: Tables, name: str, ids: pa.Array) -> Held:
        if "USUBJID" not in tables.columns(name):
            stored = tables.stored(name)
            return Held(stored, np.arange(len(stored)), np.full(len(stored), NOBODY))
        code = tables.stored(name, ["USUBJID"]).codes("USUBJID", ids)
        share = np.where(code < 0, NOBODY, code // self.shares.size)
        kept = np.flatnonzero(np.isin(share, [NOBODY, *self.wanted]))
        return Held(tables.stored(name, rows=kept), kept, share[kept])

    def _lines(self) -> dict[str, pd.DataFrame]:
        """Lines of each form that the rows of SDTM name, with their share: ``raw/...`` -> columns line, share."""
        found: dict[str, list[pd.DataFrame]] = {}
        for name, held in self.held.items():
            if not name.startswith("sdtm/") or "_REC" not in held.stored.names:
                continue
            each = _payload.each_record(held.stored.column("_REC"))
            named = _payload.named_records(each)
            made = pd.DataFrame(
                {
                    "form": "raw/" + named["form"].str.lower(),
                    "line": pd.to_numeric(named["line"]),
                    "share": held.share[each.index],
                }
            ).drop_duplicates()
            for raw, part in made.groupby("form"):
                found.setdefault(str(raw), []).append(part[["line", "share"]])
        return {raw: pd.concat(parts).drop_duplicates() for raw, parts in found.items()}

    def _of_lines(self, tables: Tables, name: str, named: pd.DataFrame | None) -> Held:
        """Rows of a form that rows of SDTM were made from, or a query is about; a line of two shares stands in both."""
        line = pd.Index(tables.some(name, ["LINE"])["LINE"].astype("int64"))
        pairs = [self.asked.loc[self.asked["raw"] == name, ["row", "share"]]]
        if named is not None:
            pairs.append(pd.DataFrame({"row": line.get_indexer(named["line"]), "share": named["share"]}))
        both = pd.concat(pairs).drop_duplicates().sort_values(["row", "share"])
        if (both["row"] < 0).any():
            raise Cause("a row of SDTM comes from a line that its form does not have", file=name, field="_REC")
        rows = both["row"].to_numpy("int64")
        return Held(tables.stored(name, rows=rows), rows, both["share"].to_numpy("int64"))

    def _trace(self, traces: Tables, name: str) -> Held:
        """What the rows of a data set were made from; positions are those of the rows among the ones held here."""
        row = traces.stored(name, ["ROW"]).column("ROW").to_numpy("int64")
        at = pd.Index(self.held[name].positions).get_indexer(row)
        kept = np.flatnonzero(at >= 0)
        return Held(traces.stored(name, rows=kept), at[kept], self.held[name].share[at[kept]])

    def graph(self, share: int) -> tuple[_payload.Graph, dict[str, np.ndarray]]:
        """The rows of a share as a graph, and the position of each in the whole table."""
        tables, positions, traces = {}, {}, {}
        for name, held in self.held.items():
            own = held.of(share)
            tables[name], positions[name] = held.stored.rows(own), held.positions[own]
            if name in self.traces:
                trace = self.traces[name]
                mine = trace.of(share)
                traces[name] = trace.stored.rows(mine).assign(ROW=np.searchsorted(own, trace.positions[mine]))
        return _payload.Graph(tables, traces), positions


def payload(
    share: int,
    collected: Collected,
    part: dict[str, Any],
    found: dict[str, Any],
    listed: dict[str, Any],
    sheets: list[dict[str, Any]],
    methods: dict[str, Any],
) -> dict[str, Any]:
    """What the file of a share embeds.

    ``listed`` are the listings with the lines of these subjects (``row``: positions in the whole table); ``sheets``
    the narratives of these subjects.
    """
    graph, positions = collected.graph(share)
    used, sets = _embedded.reached(found["facts"], found["sets"], list(parts(sheets)))

    def place(name: str, rows: Any) -> np.ndarray:
        wanted = np.asarray(rows, dtype="int64")
        if not np.isin(wanted, positions[name]).all():
            raise Cause("a number of one subject has rows of another behind it", field=name)
        return np.searchsorted(positions[name], wanted)

    used, sets = _own(used, sets, positions, {number["f"] for number in parts(sheets)})
    profile = _profile.resolved(part["csr"]["profile"], graph.tables)
    start = {name: np.arange(len(table)) for name, table in graph.tables.items() if name.startswith("adam/")}
    for block in _profile.blocks(profile):
        start[block["table"]] = np.union1d(start.get(block["table"], np.zeros(0, "int64")), block["rows"])
    queries = collected.asked[collected.asked["share"] == share]
    for raw, rows in queries.groupby("raw")["row"]:
        start[str(raw)] = place(str(raw), np.unique(rows))
    kept = graph.close(start)

    def local(name: str, rows: Any) -> list[int]:
        return np.searchsorted(kept[name], place(name, rows)).tolist()

    packed = {
        display["id"]: _listing.packed(display)
        | {"table": graph.number[name], "rows": local(name, display["listing"]["row"])}
        for display in listed["displays"]
        for name in [f"adam/{display['listing']['dataset']}"]
    }
    packed["queries"] = _listing.packed(listed["queries"]) | {
        "at": [
            [graph.number[raw], local(raw, [row])[0]] if row >= 0 else [-1, -1]
            for raw, row in zip(listed["asked"]["raw"], listed["asked"]["row"], strict=True)
        ]
    }
    packed["subjects"] = roll(profile, graph, kept, part)
    return {
        "tables": _payload.encode(graph, kept, _about.tables(part), positions),
        "sets": {
            str(s): [graph.number[f"adam/{d}"], _payload.steps(np.asarray(local(f"adam/{d}", rows)))]
            for s, d, rows in zip(sets.index, sets["DATASET"], sets["ROWS"], strict=True)
        },
        **_embedded.of_numbers(used, part, methods),
        "listings": packed,
        "profile": _profile.packed(profile, graph.number, kept),
    }


def _own(
    used: pd.DataFrame, sets: pd.DataFrame, positions: dict[str, np.ndarray], shown: set[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The facts that are printed, and of those on their cards the ones about these subjects alone.

    A card may say of how many subjects in all; that number is printed, and explained, in the file of its display.
    """
    pairs = zip(sets["DATASET"], sets["ROWS"], strict=True)
    inside = pd.Series([np.isin(r, positions[f"adam/{d}"]).all() for d, r in pairs], index=sets.index, dtype=bool)
    kept = used[used["member_set"].map(inside).fillna(True).astype(bool) | used.index.isin(shown)]
    return kept, sets.loc[sorted(kept["member_set"].dropna().astype("int64").unique())]


def roll(
    profile: dict[str, Any], graph: _payload.Graph, kept: dict[str, np.ndarray], part: dict[str, Any]
) -> dict[str, Any]:
    """The subjects of a share as a listing: the first of the main variables of the table of subjects."""
    name = profile["subject"]["table"]
    frame = graph.tables[name].iloc[profile["subject"]["rows"]]
    variables = part[name.partition("/")[0]][name.partition("/")[2]]["variables"]
    chosen = [c for c in _about.brief(list(variables)) if c in frame and frame[c].notna().any()][:ROLL_COLUMNS]
    columns = [{"name": c, "label": variables[c].get("label", c), **_payload.column(frame[c])} for c in chosen]
    rows = np.searchsorted(kept[name], profile["subject"]["rows"]).tolist()
    return {"n": len(frame), "columns": columns, "table": graph.number[name], "rows": rows}


def lines(tables: Tables, displays: list[dict[str, Any]], collected: Collected) -> dict[str, Held]:
    """The lines of each listing that are of the subjects of this job, and the share of each."""
    found = {}
    for display in displays:
        held = collected.held[f"adam/{display['listing']['dataset']}"]
        row = tables.stored(display["id"], ["_ROW"]).column("_ROW").to_numpy("int64")
        at = pd.Index(held.positions).get_indexer(row)
        mine = np.flatnonzero(at >= 0)
        wanted = ["_ROW", *(c["name"] for c in display["columns"])]
        found[display["id"]] = Held(tables.stored(display["id"], wanted, mine), mine, held.share[at[mine]])
    return found


def listed(displays: list[dict[str, Any]], found: dict[str, Held], share: int) -> list[dict[str, Any]]:
    """The listings with the lines of one share; a listing without any is left out."""
    made = []
    for display in displays:
        held = found[display["id"]]
        mine = held.stored.rows(held.of(share))
        if len(mine):
            values = [texts(mine[c["name"]]) for c in display["columns"]]
            about = display["listing"] | {"row": mine["_ROW"].astype("int64").tolist(), "values": values}
            # How many rows there are of all subjects is said, with what is behind it, in the file of the section.
            notes = [note for note in display.get("footnotes", []) if isinstance(note, str)]
            made.append(display | {"listing": about, "footnotes": notes})
    return made
