"""The door of the adam floor: open the declared sources, call the data set's room, number, check, write."""

from importlib import import_module
from keyword import iskeyword

import pandas as pd

from crf2csr import blocks, finish, io
from crf2csr.ledger import Ledger
from crf2csr.jobs import Job
from crf2csr.trace import Made

COLUMNS = {"ROW": "int64", "SRCDOM": "str", "USUBJID": "str", "SRCSEQ": "int64"}


def parameter(source: str) -> str:
    """Name under which a room takes a source: ``is`` is a word of the language, so it comes as ``is_``."""
    return f"{source}_" if iskeyword(source) else source


def derive(job: Job) -> None:
    """Write one data set with the rows that each of its rows came from, its ledger and its queries."""
    part = job.slice
    sources = {parameter(name.partition("/")[2]): io.read_table(path) for name, path in job.inputs.items()}
    room = import_module(f"crf2csr.adam.{job.name}")
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
    data = made.data.sort_values(part["spec"]["sort"], kind="stable", ignore_index=True, na_position="first")
    data["STUDYID"] = part["study"]
    if "ASEQ" in part["spec"]["variables"]:
        data["ASEQ"] = data.groupby("USUBJID").cumcount() + 1
    edges = _edges(data, made, job.name)
    return finish.conform(data, part["spec"], f"config/adam/{job.name}.yaml"), edges


def _edges(data: pd.DataFrame, made: Made, name: str) -> pd.DataFrame:
    """ROW (position in the data set) and the row (SRCDOM, USUBJID, SRCSEQ) that it was made from."""
    row = pd.Series(range(len(data)), index=data.index, dtype="int64")
    parts = [pd.DataFrame({n: pd.Series(dtype=t) for n, t in COLUMNS.items()})]
    if "SRCDOM" in data and "SRCSEQ" in data:
        one = data[data["SRCSEQ"].notna() & data["SRCDOM"].notna()]
        parts.append(one[["SRCDOM", "USUBJID", "SRCSEQ"]].assign(ROW=row[one.index]))
    if made.edges is not None and len(made.edges):
        position = pd.Series(row.to_numpy(), index=data["_KEY"])
        many = made.edges.assign(ROW=made.edges["KEY"].map(position)).dropna(subset=["ROW"])
        if "SRCKEY" in many:
            inner = many["SRCKEY"].notna()
            target = many.loc[inner, "SRCKEY"].map(position)
            many.loc[inner, "SRCDOM"] = name.upper()
            many.loc[inner, "USUBJID"] = data["USUBJID"].to_numpy()[target.to_numpy("int64")]
            many.loc[inner, "SRCSEQ"] = data["ASEQ"].to_numpy()[target.to_numpy("int64")]
        parts.append(many[list(COLUMNS)])
    table = pd.concat([part[list(COLUMNS)].astype(COLUMNS) for part in parts], ignore_index=True)
    return table.drop_duplicates().sort_values(list(COLUMNS), ignore_index=True)
