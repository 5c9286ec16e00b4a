"""APPENDIX: one self-contained HTML file; every printed number walks back to the cell of the CRF."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from crf2csr.csr import _payload
from crf2csr.errors import Cause

HERE = Path(__file__).parent


def shown_facts(displays: list[dict[str, Any]]) -> set[int]:
    """Numbers of all facts that some cell shows."""
    return {part["f"] for d in displays for row in d.get("rows", []) for cell in row["cells"] for part in cell if "f" in part}


def number_facts(chapters: dict[str, list[dict[str, Any]]], facts: dict[str, pd.DataFrame], sets: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give facts and sets one numbering over all chapters; the parts of cells are renumbered in place."""
    all_facts, all_sets, first_fact, first_set = [], [], 0, 0
    for name, displays in chapters.items():
        for display in displays:
            for row in display.get("rows", []):
                for cell in row["cells"]:
                    for part in cell:
                        if "f" in part:
                            part["f"] += first_fact
        table = facts[name].assign(member_set=facts[name]["member_set"] + first_set)
        all_facts.append(table)
        all_sets.append(sets[name].assign(SET=sets[name]["SET"] + first_set))
        first_fact, first_set = first_fact + len(table), first_set + len(sets[name])
    return pd.concat(all_facts, ignore_index=True), pd.concat(all_sets, ignore_index=True)


def payload(tables: dict[str, pd.DataFrame], traces: dict[str, pd.DataFrame], facts: pd.DataFrame, sets: pd.DataFrame, wanted: set[int], part: dict[str, Any]) -> dict[str, Any]:
    """Facts that are shown, their sets, and every row that these reach."""
    used = facts.loc[sorted(wanted)]
    used_sets = sets.set_index("SET").loc[sorted(used["member_set"].dropna().astype("int64").unique())]
    start: dict[str, np.ndarray] = {}
    for name, rows in used_sets.groupby("DATASET")["ROWS"]:
        start[f"adam/{name}"] = np.unique(np.concatenate([np.asarray(r, dtype="int64") for r in rows]))
    listed = {f"adam/{name}": rows for name, rows in part.get("listed", {}).items()}
    for name, rows in listed.items():
        start[name] = np.union1d(start.get(name, np.array([], dtype="int64")), rows)
    graph = _payload.Graph(tables, traces)
    kept = graph.close(start)
    specs = {f"sdtm/{n}": s for n, s in part["sdtm"].items()} | {f"adam/{n}": s for n, s in part["adam"].items()}
    specs |= {f"raw/{n}": {"label": f["label"], "file": part["files"].get(f["name"], ""), "variables": {k: {"label": v["label"]} for k, v in f["fields"].items()}} for n, f in part["crf"].items()}
    position = {name: pd.Series(range(len(kept[name])), index=kept[name]) for name in graph.names}
    return {
        "tables": _payload.encode(graph, kept, specs),
        "sets": {str(number): [graph.number[f"adam/{s.DATASET}"], [int(v) for v in position[f"adam/{s.DATASET}"].loc[np.asarray(s.ROWS, dtype="int64")]]] for number, s in used_sets.iterrows()},
        "facts": {str(i): {k: v for k, v in f.items() if not pd.isna(v)} for i, f in used[["analysis", "method", "stat_name", "stat", "variable_level", "group1_level", "group2_level", "options", "member_set", "population"]].astype(object).iterrows()},
    }


def render(content: dict[str, Any]) -> str:
    """Fill the template; style and script are named by their hashes in the policy."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)
    css, script = ((HERE / "assets" / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    digests = {k: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for k, text in (("css", css), ("script", script))}
    return environment.get_template("appendix.html.j2").render(**content, css=css, script=script, digests=digests)


def assemble(read: dict[str, Any], part: dict[str, Any]) -> str:
    """Build the page from the content of every floor (``read``, by floor and name)."""
    chapters = {name: doc["displays"] for name, doc in read["tlf"].items()}
    facts, sets = number_facts(chapters, read["facts"], read["sets"])
    displays = {d["id"]: d for chapter in chapters.values() for d in chapter}
    sections = []
    for section in part["csr"]["sections"]:
        missing = [i for i in section["displays"] if i not in displays]
        if missing:
            raise Cause("no chapter makes this display", file="config/csr.yaml", field=section["number"], value=missing[0])
        sections.append(section | {"displays": [displays[i] for i in section["displays"]]})
    data = payload(read["tables"], read["traces"], facts, sets, shown_facts(list(displays.values())), part)
    return render({"page": part["page"], "csr": part["csr"], "sections": sections, "payload": _payload.pack(data)})
