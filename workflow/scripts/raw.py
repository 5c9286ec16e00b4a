"""The door of the raw floor: open one export, stage every cell, check it against its contract."""

from importlib import import_module

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.plan import Job
from crf2csr.raw import contract


def stage(job: Job) -> None:
    """Stage one form (or one table that comes with the export)."""
    part, entry, form = job.slice, job.slice["entry"], job.slice["form"]
    for one in (part, *part["beside"].values()):
        if one["sha256"] != one["entry"]["sha256"]:
            rule = "the file is not the one that the manifest names (sha256 differs)"
            raise Cause(rule, file=one["file"], field="sha256", value=one["sha256"])
    file = part["file"]
    adapter = import_module(f"crf2csr.raw.{entry.get('adapter', 'delimited')}")
    contract.check_entry(entry, adapter.OPTIONS, part["manifest"])
    beside = {role: (io.read_bytes(one["file"]), one["entry"]) for role, one in part["beside"].items()}
    staged = adapter.stage(io.read_bytes(file), entry, file, form, beside)
    raised = [contract.told_by_adapter(staged, entry["form"], form)]
    if form:
        aside = contract.told_aside(staged.attrs.get("aside", []), form)
        rows = contract.check_rows(staged, entry, form)
        raised = [contract.check_columns(staged, form, file), rows, aside, *raised]
        contract.refuse_label_row(staged, form, part["pattern"], file)
        contract.check_ids(staged, form, part["pattern"], file, stop=part["stop"])
    io.write_table(job.outputs["data"], staged)
    io.write_table(job.outputs["queries"], pd.concat(raised, ignore_index=True))
