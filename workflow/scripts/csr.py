"""The door of the csr floor: open every floor, assemble the appendix, ask the sites; the gate has the last word."""

from itertools import chain
from typing import Any

from crf2csr import io
from crf2csr.assembling import AGREEMENT, WORDED, WORDLESS
from crf2csr.csr import _behind, _privacy, appendix, pdf, rtf, sites
from crf2csr.csr import gate as rule
from crf2csr.csr.report import Report
from crf2csr.jobs import LISTED, Job
from crf2csr.listings import read_displays
from crf2csr.spread import WRITTEN
from crf2csr.tables import Tables

PLACES = {
    WORDLESS: "bound",
    WORDED: "tlf",
    "ard/_trace/": "sets",
    "ard/_methods/": "methods",
    "ard/": "facts",
    "adam/_trace/": "traces",
    "sdtm/_ledger/": "ledger",
    "adam/_ledger/": "ledger",
    "raw/_queries/": "queries",
    "sdtm/_queries/": "queries",
    "adam/_queries/": "queries",
}


LAZY = ("tables", "traces")  # what a report in many files opens when it needs it


def _many(job: Job) -> dict[str, Any]:
    """Content of the floors; tables and the lines of listings are opened when they are asked for."""
    tables = {n: p for n, p in job.inputs.items() if n.startswith(("raw/", "sdtm/", "adam/")) and "/_" not in n}
    traces = {f"adam/{n.rpartition('/')[2]}": p for n, p in job.inputs.items() if n.startswith("adam/_trace/")}
    read = _floors(job, whole=False)
    displays = [d for chapter in read["tlf"].values() for d in chapter["displays"]]
    lines = {d["id"]: d["listing"]["table"] for d in displays if d.get("kind") == "listing"}
    return read | {"tables": Tables(tables), "traces": Tables(traces), "lines": Tables(lines)}


def _floors(job: Job, *, whole: bool = True) -> dict[str, Any]:
    """Content of the floors, by place and name; without ``whole``, neither tables nor the lines of listings."""
    read: dict[str, Any] = {place: {} for place in {*PLACES.values(), "tables", "hashes"}}
    for name, path in job.inputs.items():
        if name == AGREEMENT:
            read["agreement"] = io.read_records(path)
            continue
        if name.startswith(LISTED):
            continue
        place = next((p for prefix, p in PLACES.items() if name.startswith(prefix)), "tables")
        if not whole and place in LAZY:
            continue
        stem = name.rpartition("/")[2]
        key = {"tables": name, "traces": f"adam/{stem}", "ledger": name, "queries": name}.get(place, stem)
        filled = whole and place in ("tlf", "bound")
        opened = read_displays if filled else io.read_json if path.endswith(".json") else io.read_table
        read[place][key] = opened(path)
        if place == "facts":
            read["hashes"][key] = io.sha256(path)
    return read


def embed(job: Job) -> None:
    """Write what is behind the numbers of the appendix and beside its displays."""
    content, _ = _behind.content(_floors(job), job.slice)
    io.write_json(job.outputs["content"], content)


def assemble(job: Job) -> None:
    """Write the appendix, once in each language of the study; of a report in many files the first and the sections."""
    if "sections" in job.outputs:
        made = Report(_many(job), job.slice)
        io.clear(job.outputs["sections"])
        for path, page in chain(made.in_sections(), made.first()):
            io.write_text(path, page)
        return
    for code, page in _pages(job).items():
        io.write_text(job.outputs["report" if code == WRITTEN else f"report_{code}"], page)


def _pages(job: Job) -> dict[str, str]:
    if "content" not in job.inputs:
        return appendix.pages(_floors(job), job.slice)
    worded = {n.removeprefix(WORDED): path for n, path in job.inputs.items() if n.startswith(WORDED)}
    chapters = {name: read_displays(path)["displays"] for name, path in worded.items()}
    return appendix.filled(chapters, io.read_json(job.inputs["content"]), job.slice)


def assemble_subjects(job: Job) -> None:
    """Write the files of some subjects."""
    io.clear(job.outputs["folder"])
    for path, page in Report(_many(job), job.slice).of_subjects(job.slice["job"]):
        io.write_text(path, page)


def print_paper(job: Job) -> None:
    """Write the displays as RTF, one file each, or the PDF of all."""
    read = _floors(job)
    hashes = read["hashes"]
    chapters, part = _privacy.paper(read, job.slice)
    if "pdf" in job.outputs:
        io.write_bytes(job.outputs["pdf"], pdf.document(chapters, part, hashes))
        return
    for name, text in rtf.documents(chapters, part, hashes, set(job.outputs)).items():
        io.write_text(job.outputs[name], text)


def ask(job: Job) -> None:
    """Write the queries as one sheet, and as one per site."""
    table = sites.sheet({name: io.read_table(path) for name, path in job.inputs.items()}, job.slice)
    io.write_sheets(job.outputs["sites"], sites.sheets(table))
    io.write_sheet(job.outputs["whole"], table)


def gate(job: Job) -> None:
    """Write the stamp, or fail with one line per cause."""
    tables = {name: io.read_table(path) for name, path in job.inputs.items() if path.endswith(".parquet")}
    io.write_text(job.outputs["stamp"], rule.verdict(tables, job.slice))
