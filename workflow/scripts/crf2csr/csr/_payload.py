"""The rows behind the printed numbers: a closed graph from ADaM to the cells of the CRF, for the page.

Only rows that some printed number reaches are embedded. Each table is stored by column, dictionary-coded;
each row points to the rows that it was made from.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crf2csr import dates
from crf2csr.errors import Cause

FLOORS = ("adam", "sdtm", "raw")


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

    def _edges(self, name: str, trace: pd.DataFrame | None) -> pd.DataFrame:
        """Columns ``row``, ``table``, ``to`` for one table, sorted."""
        floor = name.partition("/")[0]
        if floor == "adam":
            parts = [] if trace is None else [self._by_key(part, source) for source, part in trace.groupby("SRCDOM")]
        elif floor == "sdtm":
            parts = [self._by_record(self.tables[name])]
        else:
            parts = []
        empty = pd.DataFrame({"row": pd.Series(dtype="int64"), "table": pd.Series(dtype="int64"), "to": pd.Series(dtype="int64")})
        return pd.concat([empty, *parts], ignore_index=True).sort_values(["row", "table", "to"], ignore_index=True)

    def _by_key(self, part: pd.DataFrame, source: str) -> pd.DataFrame:
        name = next((n for n in (f"adam/{source.lower()}", f"sdtm/{source.lower()}") if n in self.number), None)
        if name is None:
            raise Cause("a trace names a data set that this run does not have", field="SRCDOM", value=source)
        target = self.tables[name]
        sequence = next((c for c in ("ASEQ", f"{source.upper()}SEQ") if c in target), None)
        keys = pd.DataFrame({"USUBJID": target["USUBJID"], "SRCSEQ": target[sequence].astype("int64") if sequence else 0, "to": range(len(target))})
        found = part.merge(keys, on=["USUBJID", "SRCSEQ"], how="left")
        if found["to"].isna().any():
            lost = found[found["to"].isna()].iloc[0]
            raise Cause(f"a trace names a row of {source} that does not exist", field=str(lost["USUBJID"]), value=lost["SRCSEQ"])
        return pd.DataFrame({"row": found["ROW"], "table": self.number[name], "to": found["to"].astype("int64")})

    def _by_record(self, table: pd.DataFrame) -> pd.DataFrame:
        if "_REC" not in table:
            ids = table["REC"]
        else:
            ids = table["_REC"]
        exploded = ids.fillna("").astype("str").str.split().explode()
        exploded = exploded[exploded.notna()]
        form, line = exploded.str.split(":").str[0], exploded.str.split(":").str[1].astype("int64")
        parts = []
        for one in form.unique():
            name = f"raw/{str(one).lower()}"
            mine = form == one
            position = pd.Series(range(len(self.tables[name])), index=self.tables[name]["LINE"].astype("int64"))
            parts.append(pd.DataFrame({"row": exploded.index[mine], "table": self.number[name], "to": line[mine].map(position).to_numpy()}))
        return pd.concat(parts) if parts else pd.DataFrame(columns=["row", "table", "to"])

    def close(self, start: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Positions of all rows that the starting rows reach, per table, sorted."""
        kept = {name: np.unique(np.asarray(start.get(name, []), dtype="int64")) for name in self.names}
        waiting = [name for name in self.names if len(kept[name])]
        while waiting:
            name = waiting.pop(0)
            edges = self.edges[name]
            reached = edges[edges["row"].isin(kept[name])]
            for number, rows in reached.groupby("table")["to"]:
                target = self.names[int(number)]
                union = np.union1d(kept[target], rows.to_numpy("int64"))
                if len(union) > len(kept[target]):
                    kept[target] = union
                    if target not in waiting:
                        waiting.append(target)
        return kept


def column(values: pd.Series) -> dict[str, Any]:
    """One column, dictionary-coded where that is shorter; missing is null."""
    plain = [None if pd.isna(v) else v for v in values.astype(object)]
    plain = [int(v) if isinstance(v, float) and v.is_integer() and abs(v) < 1e15 else v for v in plain]
    distinct = list(dict.fromkeys(plain))
    if len(distinct) * 2 > len(plain) + 2:
        return {"v": plain}
    code = {value: i for i, value in enumerate(distinct)}
    return {"d": distinct, "i": [code[v] for v in plain]}


def encode(graph: Graph, kept: dict[str, np.ndarray], specs: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Tables with their kept rows and edges among kept rows, ready for JSON."""
    out = []
    for name in graph.names:
        rows = kept[name]
        table = graph.tables[name].iloc[rows]
        about = specs.get(name, {}).get("variables", {})
        columns = [c for c in table.columns if not (c.startswith("_") and c != "_FLD") and not table[c].isna().all()]
        edges = graph.edges[name]
        edges = edges[edges["row"].isin(rows)]
        local = {n: pd.Series(range(len(kept[n])), index=kept[n]) for n in graph.names}
        target = [int(local[graph.names[t]][r]) for t, r in zip(edges["table"], edges["to"], strict=True)]
        counts = np.bincount(np.searchsorted(rows, edges["row"].to_numpy("int64")), minlength=len(rows)) if len(rows) else []
        out.append({
            "name": name, "label": specs.get(name, {}).get("label", ""), "file": specs.get(name, {}).get("file", ""),
            "n": len(rows),
            "columns": [{"name": c, "label": about.get(c, {}).get("label", ""), **column(_shown(table[c], about.get(c, {})))} for c in columns],
            "rows": [int(r) for r in rows], "count": [int(c) for c in counts],
            "to": [[int(t), r] for t, r in zip(edges["table"], target, strict=True)],
        })
    return out


def _shown(values: pd.Series, about: dict[str, Any]) -> pd.Series:
    return dates.to_iso(values) if about.get("type") == "date" else values


def pack(content: Any) -> str:
    """JSON, gzip, base64: text that is safe inside a script element.

    The compressor is the one inside pyarrow, which the lock pins; that of Python differs between builds.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = pa.Codec("gzip", compression_level=9).compress(text.encode("utf-8"), asbytes=True)
    return base64.b64encode(packed).decode("ascii")
