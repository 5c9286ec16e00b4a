"""The door of the raw floor: open one export, stage every cell, check it against its contract."""

from importlib import import_module

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.plan import Job
from crf2csr.raw import contract
from crf2csr.trace import QUERIES


def stage(job: Job) -> None:
    """Stage one form (or one table that comes with the export)."""
    part, entry = job.slice, job.slice["entry"]
    file = part["file"]
    if part["sha256"] != entry["sha256"]:
        raise Cause(
            "the file is not the one that the manifest names (sha256 differs)",
            file=file,
            field="sha256",
            value=part["sha256"],
        )
    adapter = import_module(f"crf2csr.raw.{entry.get('adapter', 'delimited')}")
    staged = adapter.stage(io.read_bytes(file), entry, file)
    raised = io.empty(QUERIES)
    if part["form"]:
        aside = contract.told_aside(staged.attrs.get("aside", []), part["form"])
        raised = pd.concat([contract.check_columns(staged, part["form"], file), aside], ignore_index=True)
        contract.refuse_label_row(staged, part["form"], part["pattern"], file)
        contract.check_ids(staged, part["form"], part["pattern"], file, stop=part["stop"])
    io.write_table(job.outputs["data"], staged)
    io.write_table(job.outputs["queries"], raised)
