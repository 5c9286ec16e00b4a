"""One cut of a study: its records as the house reads them, and whether its results are those of its data."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import raw

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.jobs import Job
from crf2csr.plan import Plan
from crf2csr.records import canonical, event_of
from crf2csr.sdtm import _screen, register
from crf2csr.specs import Study

ROOT = Path(__file__).resolve().parents[1]
# What identifies a record in an export; which study and form it is of is known, and a stamp identifies nothing.
IDENTITY = ("SITEID", "SUBJID", "EVENT", "EVENTREP", "FORMREP", "GRPREP")
STAMP = "LASTMOD"
HELD = {"LINE", "REC", "_EVENT", "_FATE"}  # columns of a form's records that are no cell of the export


@dataclass
class Cut:
    """A study folder, read.

    Attributes
    ----------
    forms : dict of DataFrame
        Records by form: every cell under its name in the contract (a column that the contract does not know under its
        own), LINE, REC, ``_EVENT`` (the visit, by the study's words for it), ``_FATE`` (why a record goes no further).
    keys : dict of list
        The columns that identify a record of each form.
    tables : dict of DataFrame
        The tables that come with the export, as staged.
    unfit : str
        Why the results can not be compared, with what to do; blank where they can.
    caution : str
        What could not be checked of the results.
    """

    name: str
    folder: Path
    study: Study
    plan: Plan
    forms: dict[str, pd.DataFrame] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    unfit: str = ""
    caution: str = ""

    def read(self, path: str) -> pd.DataFrame:
        """One table of the results."""
        return io.read_table(self.folder / path)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a study's folder: the paths of a plan are relative to it."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def open_cut(name: str, folder: Path, raw_dir: str | None = None) -> Cut:
    """Read the configuration and stage every export of a study folder; nothing is written into it.

    Parameters
    ----------
    name : str
        How the cut is called: ``old`` or ``new``.
    folder : path
        The study folder.
    raw_dir : str, optional
        The folder of raw data, where it is another one than ``config.yaml`` says.
    """
    if not (folder / "config/config.yaml").is_file():
        raise Cause("is no study folder: it has no config/config.yaml", file=str(folder), field=name)
    try:
        with inside(folder), tempfile.TemporaryDirectory() as place:
            overrides = {"raw_dir": raw_dir} if raw_dir else {}
            study = Study(".", ROOT / "workflow/schemas", overrides)
            cut = Cut(name, folder, study, Plan(study))
            staged = {job.name: _staged(job, Path(place)) for job in cut.plan.raw.values()}
            _records(cut, staged)
            cut.tables = {n: io.read_table(path) for n, path in staged.items() if n not in study.crf}
            cut.unfit, cut.caution = _state(cut, staged, raw_dir)
    except Cause as cause:
        # Its file is relative to the folder of the study; two folders are open here.
        cause.rule = f"[{name} cut, {folder}] {cause.rule}"
        cause.args = (cause.as_line(),)
        raise
    return cut


def _staged(job: Job, place: Path) -> Path:
    """Stage one export by the house's own door, beside the study; the door checks the file against the manifest."""
    outputs = {role: str(place / f"{role}-{job.name}.parquet") for role in job.outputs}
    raw.stage(replace(job, outputs=outputs))
    return Path(outputs["data"])


def _records(cut: Cut, staged: dict[str, Path]) -> None:
    """Read the records of every form, and what the house says of each before it is tabulated."""
    crf, page = cut.study.crf, cut.study.page
    tables = {name: io.read_table(staged[name]) for name in crf}
    frames = {name: canonical(table, crf[name]) for name, table in tables.items()}
    rule = page["subjects"]
    needed = {rule["form"], *(rule[k]["form"] for k in ("linked_by", "withdrawn_by") if k in rule)}
    people = register.tabulate({form: frames[form.lower()] for form in needed}, page, crf).data
    for name, form in crf.items():
        frame, table = frames[name], tables[name]
        event = event_of(frame["EVENT"], page.get("visits", []))
        fate = _screen.fates(frame, form, people, rule["pattern"])["fate"]
        fields = {about.get("column") or field for field, about in form["fields"].items()}
        known = {*frame.columns, *fields, *(form.get("keys") or {}).values(), *form.get("ignored", [])}
        more = {column: table[column] for column in table.columns if column not in known}
        cut.keys[name] = [k for k in IDENTITY if k in frame] + form.get("identified_by", [])
        cut.forms[name] = frame.assign(**more, _EVENT=event.where(event.notna(), frame["EVENT"]), _FATE=fate)


def _state(cut: Cut, staged: dict[str, Path], raw_dir: str | None) -> tuple[str, str]:
    """Why the results of a cut are not those of its data and configuration (blank where they are), and a caution."""
    how = f"Run: snakemake --cores 4 --directory {cut.folder}" + (f" --config raw_dir={raw_dir}" if raw_dir else "")
    wanted = [path for path in needed_files(cut.plan) if not Path(path).exists()]
    if not Path("results/ard").is_dir():
        return f"The {cut.name} cut has no results. {how}", ""
    if wanted:
        return (
            f"Of the results of the {cut.name} cut {len(wanted)} files are missing, {wanted[0]} among them. {how}",
            "",
        )
    other = [n for n, job in cut.plan.raw.items() if io.sha256(job.outputs["data"]) != io.sha256(staged[n])]
    if other:
        return (
            f"The results of the {cut.name} cut were made from other raw data ({', '.join(sorted(other)[:8])}). {how}",
            "",
        )
    if not Path(".snakemake/metadata").is_dir():
        return "", (
            f"How the results of the {cut.name} cut were made is not on record (it has no .snakemake folder): they were"
            " checked against its raw data alone, not against its configuration and the code."
        )
    stale = _stale_jobs(cut, raw_dir)
    if stale:
        return (
            f"The results of the {cut.name} cut are not those of its present configuration and code "
            f"({len(stale)} jobs would run again: {', '.join(stale[:6])}). {how}",
            "",
        )
    return "", ""


def needed_files(plan: Plan) -> list[str]:
    """What is read of the results of a cut: facts, their members, displays, data sets of subjects, queries."""
    found = [path for job in plan.ard.values() for role, path in job.outputs.items() if role != "methods"]
    found += [job.outputs["displays"] for job in plan.tlf.values()]
    found += [job.outputs["data"] for job in plan.adam.values()]
    return found + [path for role, path in plan.floors.items() if "/_queries/" in role]


def _stale_jobs(cut: Cut, raw_dir: str | None) -> list[str]:
    """The rules that Snakemake would run again; asked of Snakemake itself, since it decides what is stale."""
    options = ["--config", f"raw_dir={raw_dir}"] if raw_dir else []
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1"]
    command += ["--dry-run", *options, "--", *dict.fromkeys(needed_files(cut.plan))]
    run = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    if run.returncode:
        said = (run.stderr.strip() or run.stdout.strip()).splitlines() or ["no message"]
        raise Cause(f"Snakemake can not tell whether its results are fresh: {said[-1]}")
    lines = (run.stdout + run.stderr).splitlines()
    found = [line.split()[-1].rstrip(":") for line in lines if line.startswith(("rule ", "localrule "))]
    return list(dict.fromkeys(found))


def about(cut: Cut) -> dict[str, Any]:
    """What heads a report: the study's id and title, the cut-off and the date of the extract."""
    page = cut.study.page["study"]
    return {
        "folder": str(cut.folder),
        "cutoff": page["cutoff"],
        "extract": cut.study.manifest.get("extract_date", ""),
        "records": sum(map(len, cut.forms.values())),
    }
