"""The rows behind the printed numbers: a closed graph from ADaM to the cells of the CRF, packed for the page.

Only rows that some printed number, listing or query reaches are embedded. Each table is stored by column, each
column as a sorted dictionary and codes, so that the page sorts and searches codes and not texts.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crf2csr import dates
from crf2csr.errors import Cause

FLOORS = ("adam", "sdtm", "raw")
Positions = np.ndarray
# Levels of gzip: the one file of a small study is made once and sent often; of hundreds of files, 4 % more bytes save a
# third of the time that packing takes.
SMALL, SOON = 7, 5


@dataclass
class Edges:
    """Edges from the rows of one table, sorted: ``row`` was made from row ``to`` of table ``table`` (numbers)."""

    row: Positions
    table: Positions
    to: Positions


class Graph:
    """All tables and edges of a run; ``close`` keeps what a set of starting rows reaches.

    Parameters
    ----------
    tables : dict of DataFrame
        ``adam/adrs``, ``sdtm/rs``, ``raw/pppasi`` ... ; the position of a row is its name.
    traces : dict of DataFrame
        For each ``adam/...``: ROW, SRCDOM, USUBJID, SRCSEQ.
    """

    def __init__(self, tables: dict[str, pd.DataFrame], traces: dict[str, pd.DataFrame]) -> None:
        self.names = sorted(tables, key=lambda name: (FLOORS.index(name.partition("/")[0]), name))
        self.number = {name: i for i, name in enumerate(self.names)}
        self.tables = tables
        self.edges = {name: self._edges(name, traces.get(name)) for name in self.names}

    def _edges(self, name: str, trace: pd.DataFrame | None) -> Edges:
        floor = name.partition("/")[0]
        if floor == "adam" and trace is not None:
            found = [self._by_key(part, str(source)) for source, part in trace.groupby("SRCDOM")]
        elif floor == "sdtm":
            found = self._by_record(self.tables[name], name)
        else:
            found = []
        row, table, to = (
            np.concatenate([np.zeros(0, "int64"), *column])
            for column in (zip(*found, strict=True) if found else ([], [], []))
        )
        order = np.lexsort((to, row, table))
        return Edges(row[order], table[order], to[order])

    def _by_key(self, part: pd.DataFrame, source: str) -> tuple[Positions, Positions, Positions]:
        name = next((n for n in (f"adam/{source.lower()}", f"sdtm/{source.lower()}") if n in self.number), None)
        if name is None:
            raise Cause("a trace names a data set that this run does not have", field="SRCDOM", value=source)
        target = self.tables[name]
        sequence = next((c for c in ("ASEQ", f"{source.upper()}SEQ") if c in target), None)
        keys = pd.DataFrame(
            {
                "USUBJID": target["USUBJID"],
                "SRCSEQ": target[sequence].astype("int64") if sequence else 0,
                "to": np.arange(len(target)),
            }
        )
        found = part.merge(keys, on=["USUBJID", "SRCSEQ"], how="left")
        if found["to"].isna().any():
            lost = found[found["to"].isna()].iloc[0]
            raise Cause(
                f"a trace names a row of {source} that does not exist", field=str(lost["USUBJID"]), value=lost["SRCSEQ"]
            )
        return found["ROW"].to_numpy("int64"), np.full(len(found), self.number[name]), found["to"].to_numpy("int64")

    def _by_record(self, table: pd.DataFrame, name: str) -> list[tuple[Positions, Positions, Positions]]:
        ids = each_record(table["_REC"] if "_REC" in table else table["REC"])
        named = named_records(ids)
        form, line = named["form"].str.lower(), pd.to_numeric(named["line"])
        found = []
        for one in sorted(form.unique()):
            raw = f"raw/{one}"
            if raw not in self.number:
                raise Cause("a row comes from a form that this run does not have", file=name, field="_REC", value=one)
            mine = (form == one).to_numpy()
            to = self.positions_of(raw, line[mine])
            if (to < 0).any():
                raise Cause(
                    "a row comes from a line that its form does not have",
                    file=name,
                    field="_REC",
                    value=f"{one}:{line[mine][to < 0].iloc[0]}",
                )
            found.append((ids.index[mine].to_numpy("int64"), np.full(mine.sum(), self.number[raw]), to))
        return found

    def positions_of(self, raw: str, lines: pd.Series) -> Positions:
        """Positions in a staged form of the records on these physical lines; -1 where there is none."""
        index = pd.Index(self.tables[raw]["LINE"].astype("int64"))
        return index.get_indexer(lines.astype("int64"))

    def close(self, start: dict[str, Positions]) -> dict[str, Positions]:
        """Positions of all rows that the starting rows reach, per table, sorted."""
        kept = {name: np.zeros(len(self.tables[name]), dtype=bool) for name in self.names}
        for name, rows in start.items():
            kept[name][np.asarray(rows, dtype="int64")] = True
        waiting = [name for name in self.names if kept[name].any()]
        while waiting:
            name = waiting.pop(0)
            edges = self.edges[name]
            live = kept[name][edges.row]
            for number in np.unique(edges.table[live]):
                target = self.names[int(number)]
                before = int(kept[target].sum())
                kept[target][edges.to[live & (edges.table == number)]] = True
                if int(kept[target].sum()) > before and target not in waiting:
                    waiting.append(target)
        return {name: np.flatnonzero(kept[name]) for name in self.names}


def each_record(ids: pd.Series) -> pd.Series:
    """The records that each row names, one to a line; the index is the position of the row. Most rows name one."""
    plain = pd.Series(ids.fillna("").to_numpy(object))
    several = pc.match_substring(pa.array(plain, pa.string()), " ").to_numpy(zero_copy_only=False).astype(bool)
    if not several.any():
        return plain[plain != ""]
    split = plain[several].str.split().explode()
    return pd.concat([plain[~several & (plain != "")], split]).dropna()


def named_records(ids: pd.Series) -> pd.DataFrame:
    """Split ids of raw records, ``FORM:line``, into the columns ``form`` and ``line`` (texts)."""
    found = pc.extract_regex(pa.array(ids.astype(object), pa.string()), "^(?P<form>[^:]*):?(?P<line>.*)$")
    parts = {name: pd.Series(pc.struct_field(found, name).to_pandas(), dtype="str") for name in ("form", "line")}
    return pd.DataFrame({name: part.set_axis(ids.index) for name, part in parts.items()})


def column(values: pd.Series | list[Any]) -> dict[str, Any]:
    """One column: the sorted distinct values ``d`` and the code of each row ``i`` (-1 where missing).

    ``i`` is left out where it would be 0, 1, 2 ..., and holds the codes of runs of rows, ``r`` long each, where that is
    shorter. Numbers stay numbers, at full precision.
    """
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    codes, names = _coded_texts(series) if _arrow_texts(series) else _coded(series)
    same = len(codes) == len(names) and bool((codes == np.arange(len(codes))).all())
    return {"d": names} if same else {"d": names} | _runs(codes)


def _runs(codes: np.ndarray) -> dict[str, list[int]]:
    """Codes as they are, or, where they stay the same for long, those of each run (``i``) and its length (``r``)."""
    begins = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1)) if len(codes) else np.zeros(0, "int64")
    if 2 * len(begins) >= len(codes):
        return {"i": codes.tolist()}
    return {"i": codes[begins].tolist(), "r": np.diff(begins, append=len(codes)).tolist()}


def codes_of(packed: dict[str, Any], rows: int) -> np.ndarray:
    """The code of each row of a column that ``column`` packed."""
    if "i" not in packed:
        return np.arange(rows)
    codes = np.asarray(packed["i"], dtype="int64")
    return np.repeat(codes, packed["r"]) if "r" in packed else codes


def _arrow_texts(series: pd.Series) -> bool:
    return isinstance(series.dtype, pd.StringDtype) and series.dtype.storage == "pyarrow"


def _coded_texts(series: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Codes and sorted texts: Arrow orders by bytes of UTF-8, which is the order of Python's texts."""
    encoded = pa.array(series.array).dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.full(len(order) + 1, -1)
    rank[order] = np.arange(len(order))
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return rank[codes], encoded.dictionary.take(pa.array(order)).to_pylist()


def _coded(series: pd.Series) -> tuple[np.ndarray, list[Any]]:
    numeric = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    plain = series.to_numpy("float64", na_value=np.nan) if numeric else series.astype(object).to_numpy()
    try:
        codes, distinct = pd.factorize(plain, sort=True)
    except TypeError:  # texts and numbers mixed have no order; first come, first coded
        codes, distinct = pd.factorize(plain)
    return codes, [_plain(v) for v in distinct.tolist()]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def steps(positions: Positions) -> list[int]:
    """Whole numbers as differences, which compress better."""
    return np.diff(np.asarray(positions, dtype="int64"), prepend=0).tolist()


def encode(
    graph: Graph,
    kept: dict[str, Positions],
    about: dict[str, dict[str, Any]],
    positions: dict[str, Positions] | None = None,
) -> list[dict[str, Any]]:
    """Tables with their kept rows and the edges from them, ready for JSON.

    ``about`` says of each table its label, file, sha256, form, brief (columns for lists) and, of each variable,
    its label, text (how it is derived) and type. Where the tables of the graph are parts of larger ones,
    ``positions`` gives the place of each row in the whole; a row is called by that.
    """
    made = []
    for name in graph.names:
        rows = kept[name]
        named = rows if positions is None else positions[name][rows]
        whole = graph.tables[name]
        table = whole if len(rows) == len(whole) else whole.iloc[rows]
        made.append(encoded(name, table, named, about.get(name, {}), _linked(graph, name, kept)))
    return made


def _linked(graph: Graph, name: str, kept: dict[str, Positions]) -> list[dict[str, Any]]:
    """Edges from the kept rows of a table, by the table that they lead to: how many of each row, and to which rows."""
    rows, edges = kept[name], graph.edges[name]
    inside = np.zeros(len(graph.tables[name]), dtype=bool)
    inside[rows] = True
    live = inside[edges.row]
    linked = []
    for number in np.unique(edges.table[live]):
        mine = live & (edges.table == number)
        per_row = np.bincount(np.searchsorted(rows, edges.row[mine]), minlength=len(rows))
        to = np.searchsorted(kept[graph.names[int(number)]], edges.to[mine])
        linked.append({"t": int(number), "n": per_row.tolist(), "r": steps(to)})
    return linked


def encoded(
    name: str, table: pd.DataFrame, rows: Positions, about: dict[str, Any], linked: list[dict[str, Any]]
) -> dict[str, Any]:
    """One table, ready for JSON: its columns, the position of each row in the whole, and edges."""
    variables = about.get("variables", {})
    present = [c for c in table.columns if (not c.startswith("_") or c == "_FLD") and _told(table[c])]
    columns = [
        {
            "name": c,
            **{k: variables.get(c, {}).get(k) for k in ("label", "text") if variables.get(c, {}).get(k)},
            **column(_readable(table[c], variables.get(c, {}))),
        }
        for c in present
    ]
    head = {k: about[k] for k in ("label", "file", "sha256", "form", "alias") if about.get(k)}
    return {
        "name": name,
        "n": len(rows),
        "brief": [c for c in about.get("brief", []) if c in present],
        **head,
        "columns": columns,
        "rows": steps(rows),
        "edges": linked,
    }


def _told(values: pd.Series) -> bool:
    """Tell whether a column has a value; Arrow knows without looking."""
    if _arrow_texts(values):
        return bool(pa.array(values.array).null_count < len(values))
    return bool(values.notna().any())


def _readable(values: pd.Series, variable: dict[str, Any]) -> pd.Series:
    return dates.to_iso(values) if variable.get("type") == "date" else values


def pack(content: Any, level: int = SMALL) -> tuple[str, str]:
    """JSON, gzip (of a ``level``), base64 (safe inside a script element), and the SHA-256 of the compressed bytes.

    The compressor is Arrow's own, which the lock pins; that of the standard library differs between Pythons
    (zlib and zlib-ng give different bytes). Arrow writes no clock into the header.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = pa.Codec("gzip", compression_level=level).compress(text.encode("utf-8"), asbytes=True)
    return base64.b64encode(packed).decode("ascii"), hashlib.sha256(packed).hexdigest()
