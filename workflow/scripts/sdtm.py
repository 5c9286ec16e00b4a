"""The door of the sdtm floor: open staged forms, screen them, call the domain's room, check, write."""

from importlib import import_module
from typing import Any

import pandas as pd

from crf2csr import blocks, finish, io, terms
from crf2csr.errors import Cause
from crf2csr.plan import Job, has_room
from crf2csr.records import canonical
from crf2csr.sdtm import _forms, _mapping, _screen, _timing, calendar, register, review
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made


def _register(job: Job) -> None:
    """Write who is who."""
    crf = job.slice["crf"]
    forms = {f: canonical(io.read_table(path), crf[f.lower()]) for f, path in job.inputs.items()}
    _write(job, register.tabulate(forms, job.slice["page"], crf))


def account(job: Job) -> None:
    """Write the ledger of forms: where each raw record went."""
    forms = ((form["name"], io.read_table(job.inputs[f"raw/{name}"])) for name, form in job.slice["crf"].items())
    domains = [path for name, path in job.inputs.items() if name.startswith("sdtm/") and name != "sdtm/register"]
    recs = (io.read_table(path, columns=["_REC"])["_REC"] for path in domains)
    register_table = io.read_table(job.inputs["sdtm/register"])
    made = _forms.account(forms, recs, register_table, job.slice["crf"], job.slice["pattern"])
    io.write_table(job.outputs["ledger"], made.ledger.frame())
    io.write_table(job.outputs["queries"], made.query_table())


def _calendar(job: Job) -> None:
    """Write when each visit was."""
    read, part = {name: io.read_table(path) for name, path in job.inputs.items()}, job.slice
    pattern, visits = part["page"]["subjects"]["pattern"], part["page"]["visits"]
    forms = {
        f: _screen.screen(read[f"raw/{f.lower()}"], part["crf"][f.lower()], read["sdtm/register"], pattern, visits).data
        for f in part["forms"]
    }
    _write(job, calendar.tabulate(forms, part["page"], part["crf"]))


def _review(job: Job) -> None:
    """Write the queries of one form."""
    read, part = {name: io.read_table(path) for name, path in job.inputs.items()}, job.slice
    codes = {name: set(words) for name, words in part["codelists"].items()}
    if "raw/dictionary" in read:
        for name, words in read["raw/dictionary"].groupby("codelist")["code"]:
            codes[name] = codes.get(name, set()) | set(words)
    for name, field in part["crf"].get(part["form"].lower(), {"fields": {}})["fields"].items():
        if "codelist" in field and field["codelist"] not in codes:
            raise Cause(
                "is a code list of neither codelists.yaml nor the dictionary of the export",
                file=f"config/crf/{part['form'].lower()}.yaml",
                field=f"fields.{name}.codelist",
                value=field["codelist"],
            )
    made = review.review(
        review.Desk(
            part["form"],
            {f: read[f"raw/{f.lower()}"] for f in part["forms"]},
            part["crf"],
            read["sdtm/register"],
            codes,
            part["checks"],
            part["page"],
        )
    )
    io.write_table(job.outputs["queries"], made.query_table())


def tabulate(job: Job) -> None:
    """Write one domain with its ledger and its queries; who is who, when visits were and reviews have no domain."""
    if job.name in ("register", "calendar") or "data" not in job.outputs:
        {"register": _register, "calendar": _calendar}.get(job.name, _review)(job)
        return
    part = job.slice
    read = {name: io.read_table(path) for name, path in job.inputs.items()}
    name = part["spec"].get("room", job.name)
    room = import_module(f"crf2csr.sdtm.{name}") if has_room("sdtm", name) else _mapping
    forms = {f: read.pop(f"raw/{f.lower()}") for f in part["forms"]}
    parts = iter([forms])
    if getattr(room, "BY_SUBJECT", False):
        owners = {
            f: _screen.owners(staged, part["crf"][f.lower()], read["sdtm/register"]) for f, staged in forms.items()
        }
        parts = blocks.of_owners(forms, owners)
    del forms
    data, ledgers, queries = io.Growing(job.outputs["data"]), [], []
    for staged in parts:
        made = _domain(job, room, read, staged)
        data.add(made.data)
        ledgers.append(made.ledger)
        queries += made.queries
    data.close()
    ledger = blocks.together(ledgers) if len(ledgers) > 1 else ledgers[0]
    io.write_table(job.outputs["ledger"], ledger.frame())
    io.write_table(job.outputs["queries"], Made(pd.DataFrame(), queries=queries).query_table())


def _domain(job: Job, room: Any, read: dict[str, pd.DataFrame], staged: dict[str, pd.DataFrame]) -> Made:
    """The rows of one domain that these staged records give, as specified."""
    part = job.slice
    pattern = part["page"]["subjects"]["pattern"]
    screened = {
        f: _screen.screen(cells, part["crf"][f.lower()], read["sdtm/register"], pattern, part["page"].get("visits"))
        for f, cells in staged.items()
    }
    context = Context(
        spec=part["spec"],
        page=part["page"],
        crf=part["crf"],
        codelists=part["codelists"],
        lists=part["lists"],
        forms={f: made.data for f, made in screened.items()},
        domains={name.removeprefix("sdtm/"): frame for name, frame in read.items() if name.startswith("sdtm/")},
        tables={t: read[f"raw/{t.lower()}"] for t in part["spec"].get("tables", [])},
        calendar=read.get("sdtm/calendar", _timing.calendar(part["page"], None)),
        derivations=getattr(room, "DERIVATIONS", {}),
        about=part["about"],
    )
    made = getattr(room, "tabulate", _mapping.tabulate)(context)
    made.queries += [query for form in screened.values() for query in form.queries]
    made.data = finish.conform(made.data, part["spec"], f"config/sdtm/{job.name}.yaml", extra=("_REC", "_FLD"))
    terms.check(made.data, part["spec"], part["terms"], f"config/sdtm/{job.name}.yaml")
    return made


def _write(job: Job, made: Made) -> None:
    io.write_table(job.outputs["data"], made.data)
    io.write_table(job.outputs["ledger"], made.ledger.frame())
    io.write_table(job.outputs["queries"], made.query_table())
