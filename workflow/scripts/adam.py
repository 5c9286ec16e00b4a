"""The door of the adam floor: open the declared sources, call the data set's room, number, check, write."""

from importlib import import_module
from keyword import iskeyword

import numpy as np
import pandas as pd

from crf2csr import blocks, finish, io, narrow
from crf2csr.columns import positions
from crf2csr.errors import Cause
from crf2csr.jobs import Job
from crf2csr.ledger import Ledger
from crf2csr.trace import Made, once

COLUMNS = {"ROW": "int64", "SRCDOM": "str", "USUBJID": "str", "SRCSEQ": "int64"}


def parameter(source: str) -> str:
    """Name under which a room takes a source: ``is`` is a word of the language, so it comes as ``is_``."""
    return f"{source}_" if iskeyword(source) else source


def derive(job: Job) -> None:
    """Write one data set with the rows that each of its rows came from, its ledger and its queries."""
    part = job.slice
    module = f"crf2csr.adam.{job.name}"
    room = import_module(module)
    sources = {parameter(n.partition("/")[2]): narrow.read_table(path, module, part) for n, path in job.inputs.items()}
    data, trace = io.Growing(job.outputs["data"]), io.Growing(job.outputs["trace"])
    ledgers: list[Ledger] = []
    queries = room.across(sources, part["page"]) if hasattr(room, "across") else []
    parts = blocks.of_subjects(sources) if getattr(room, "BY_SUBJECT", False) else iter([sources])
    del sources
    for some in parts:
        made = room.derive(**some, spec=part["spec"], page=part["page"], lists=part["lists"])
        rows, edges = _finished(made, job)
        trace.add(edges.assign(ROW=edges["ROW"] + data.rows))
        data.add(rows)
        ledgers.append(made.ledger)
        queries += made.queries
    data.close()
    trace.close()
    io.write_table(job.outputs["ledger"], blocks.together(ledgers).frame() if len(ledgers) > 1 else ledgers[0].frame())
    io.write_table(job.outputs["queries"], Made(pd.DataFrame(), queries=queries).query_table())


def _finished(made: Made, job: Job) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows in their order, numbered and as specified, and the rows that each of them was made from."""
    part = job.slice
    spec = part["spec"]
    # Sorting copies every column: what a room only worked with stays behind.
    kept = {*spec["variables"], *spec.get("forbid", []), *spec["sort"], *COLUMNS, "_KEY"}
    data = made.data[[name for name in made.data if name in kept]]
    data = data.sort_values(spec["sort"], kind="stable", ignore_index=True, na_position="first")
    data["STUDYID"] = part["study"]
    if "ASEQ" in spec["variables"]:
        data["ASEQ"] = data.groupby("USUBJID").cumcount() + 1
    edges = _edges(data, made, job.name)
    return finish.conform(data, spec, f"config/adam/{job.name}.yaml"), edges


def _edges(data: pd.DataFrame, made: Made, name: str) -> pd.DataFrame:
    """ROW (position in the data set) and the row (SRCDOM, USUBJID, SRCSEQ) that it was made from."""
    parts = []
    if "SRCDOM" in data and "SRCSEQ" in data:
        one = data[["SRCDOM", "USUBJID", "SRCSEQ"]].assign(ROW=np.arange(len(data)))
        parts.append(one[one["SRCSEQ"].notna() & one["SRCDOM"].notna()])
    if made.edges is not None and len(made.edges):
        at = positions(made.edges["KEY"], data["_KEY"])
        many = made.edges[at >= 0].assign(ROW=at[at >= 0])
        if "SRCKEY" in many:
            own = many[many["SRCKEY"].notna()]
            target = positions(own["SRCKEY"], data["_KEY"])
            if (target < 0).any():
                raise Cause(
                    "a row comes from a row that is not there", file=name, value=own["SRCKEY"][target < 0].iloc[0]
                )
            found = data[["USUBJID", "ASEQ"]].take(target).set_axis(own.index)
            parts.append(own.assign(SRCDOM=name.upper(), USUBJID=found["USUBJID"], SRCSEQ=found["ASEQ"])[list(COLUMNS)])
            many = many[many["SRCKEY"].isna()]
        if len(many):
            parts.append(many[list(COLUMNS)])
    typed = [part[list(COLUMNS)].astype(COLUMNS) for part in parts or [pd.DataFrame(columns=list(COLUMNS))]]
    return once(pd.concat(typed, ignore_index=True) if len(typed) > 1 else typed[0], list(COLUMNS))
