"""Run the pipeline's front for a corrupted copy of a study, again only what the change can have touched.

A job runs when its digest differs from that of the study as shipped or when something that it reads has other bytes
than there. Analysis data sets are made when a reaction is looked for in them.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import adam
import pandas as pd
import pyarrow.parquet as pq
import raw
import sdtm

from crf2csr.errors import Cause
from crf2csr.jobs import Job, ordered
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, inside, roof


class Shipped:
    """The study as shipped after a climb: what every trial starts from and is compared with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with inside(folder):
            self.study = Study(".", ROOT / "workflow/schemas", {})
            self.plan = Plan(self.study)
        self.recs = {n: own_ids(folder / j.outputs["data"]) for n, j in self.plan.sdtm.items() if "data" in j.outputs}
        paths = sorted(folder.glob("results/*/_queries/*.parquet"))
        self.asked = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        self.queries = pd.concat([t for t in self.asked.values() if len(t)], ignore_index=True).drop_duplicates()


def own_ids(path: Path) -> set[str]:
    """Ids of records, as they stand in the rows of a domain."""
    table = pq.read_table(path, columns=["_REC"]) if "_REC" in pq.read_schema(path).names else None
    return set() if table is None else set(table["_REC"].drop_null().unique().to_pylist())


def forms_of(ids: set[str]) -> set[str]:
    """Forms that these ids name."""
    return {one.partition(":")[0] for text in ids for one in text.split(" ")}


def copied(shipped: Shipped, folder: Path) -> Path:
    """A copy of the study; its results are links, since whoever writes a file of results writes it anew."""
    for part in ("config", "results", "data/raw", "qc"):
        for path in (shipped.folder / part).rglob("*"):
            target = folder / part / path.relative_to(shipped.folder / part)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if part == "results":
                with suppress(OSError):  # another file system
                    os.link(path.resolve(), target)
            if not target.exists():
                shutil.copyfile(path, target)
    return folder


class Run:
    """One corrupted study in its folder: what stopped it, or what it made."""

    def __init__(self, shipped: Shipped, folder: Path) -> None:
        self.shipped, self.folder = shipped, folder
        self.cause: Cause | None = None
        self.crash: Exception | None = None
        self.changed: set[str] = set()
        self.ran: set[str] = set()
        self._adam: set[str] = set()
        self._asked: pd.DataFrame | None = None
        try:
            with inside(folder):
                study = copy.copy(shipped.study)
                study.manifest = study.read_manifest()
                study.crf = copy.deepcopy(shipped.study.crf)  # the manifest also says how numbers are written
                study.mark_decimals()
                self.plan = Plan(study)
                self._climb()
        except Cause as cause:
            self.cause = cause
        except Exception as crash:  # whatever a file holds, the house must say what is wrong with it
            self.crash = crash

    def _climb(self) -> None:
        for stem, job in self.plan.raw.items():
            if job.digest != self.shipped.plan.raw[stem].digest:
                self._make("raw", raw.stage, job)
        for job in ordered(self.plan.sdtm.values()):
            # The manifest says how the numbers of a file are written.
            declared = job.digest != self.shipped.plan.sdtm[job.name].digest
            if declared or self.changed & set(job.inputs.values()):
                self._make("sdtm", sdtm.tabulate, job)
        self._account()

    def _make(self, floor: str, door: Callable[[Job], None], job: Job) -> None:
        door(job)
        self._asked = None
        self.ran.add(f"{floor}/{job.name}")
        for path in job.outputs.values():
            if Path(path).read_bytes() != (self.shipped.folder / path).read_bytes():
                self.changed.add(path)

    def _account(self) -> None:
        """The ledger of forms, for those forms whose records or domains have changed; all others stand as they were."""
        touched = {job.name.upper() for job in self.plan.raw.values() if job.outputs["data"] in self.changed}
        whole, holds = self.plan.forms, {}
        self.recs = dict(self.shipped.recs)
        for name, before in self.shipped.recs.items():
            path = self.plan.sdtm[name].outputs["data"]
            if path in self.changed:
                self.recs[name] = own_ids(Path(path))
                touched |= forms_of(before ^ self.recs[name])
            holds[name] = forms_of(before | self.recs[name])
        if "results/sdtm/register.parquet" in self.changed:
            touched = {form["name"] for form in whole.slice["crf"].values()}
        crf = {name: form for name, form in whole.slice["crf"].items() if form["name"] in touched}
        needed = {f"raw/{name}" for name in crf} | {f"sdtm/{name}" for name, forms in holds.items() if forms & touched}
        inputs = {role: path for role, path in whole.inputs.items() if role in needed | {"sdtm/register"}}
        if not crf:
            return
        before = {kind: pd.read_parquet(path) for kind, path in whole.outputs.items()}
        sdtm.account(Job(whole.name, inputs, whole.outputs, whole.digest, whole.slice | {"crf": crf}))
        names = [form["name"] for form in crf.values()]
        for kind, column in (("ledger", "SOURCE"), ("queries", "FORM")):
            path = whole.outputs[kind]
            self.changed.add(path)
            kept = before[kind][~before[kind][column].isin(names)]
            pd.concat([kept, pd.read_parquet(path)], ignore_index=True).to_parquet(path)

    def _derive(self, name: str) -> None:
        """Make one analysis data set and those that it is made from, where something has changed."""
        if name in self._adam:
            return
        self._adam.add(name)
        job = self.plan.adam[name]
        for role in job.inputs:
            if role.startswith("adam/"):
                self._derive(role.removeprefix("adam/"))
        if self.changed & set(job.inputs.values()):
            self._make("adam", adam.derive, job)

    def table(self, role: str) -> pd.DataFrame:
        """A table of this run: ``raw/ae``, ``sdtm/ae``, ``adam/adae``."""
        floor, _, name = role.partition("/")
        if floor == "adam":
            with inside(self.folder):
                self._derive(name)
        return pd.read_parquet(self.folder / "results" / f"{role}.parquet")

    def before(self, role: str) -> pd.DataFrame:
        """The same table of the study as shipped."""
        return pd.read_parquet(self.shipped.folder / "results" / f"{role}.parquet")

    def queries(self) -> pd.DataFrame:
        """Every query of raw and sdtm, and of the analysis data sets that were looked at."""
        if self._asked is None:
            parts = [
                self.shipped.asked[p] if p not in self.changed else _read(self.folder / p) for p in self.shipped.asked
            ]
            self._asked = pd.concat([part for part in parts if len(part)], ignore_index=True).drop_duplicates()
        return self._asked

    def page(self) -> str:
        """The appendix, with the results of the study as shipped and the raw records, SDTM and queries of this run."""
        with inside(self.folder):
            roof(self.plan)
        return (self.folder / self.plan.csr.outputs["report"]).read_text(encoding="utf-8")


def _read(path: Path) -> pd.DataFrame:
    """One table as a test reads it."""
    return pd.read_parquet(path)
