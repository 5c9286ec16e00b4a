"""The run that a lock names as a Workflow Run RO-Crate: ``ro-crate-metadata.json`` of the checkout, and no copies.

Conforms to Workflow Run Crate 0.5 and to the profiles that it stands on (Process Run Crate 0.5, Workflow RO-Crate 1.0,
RO-Crate 1.1). It says what was run, from which files, with which libraries, and what it gave, each by its hash. As in
the lock there is no clock, user or host in it; the only date is that of the commit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.model.softwareapplication import SoftwareApplication
from rocrate.rocrate import ROCrate

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.sealed import ROOT, Artefact
from lock import build, checkout, manifest, verdict
from lock.manifest import Manifest
from lock.study import Opened, open_study

FILE = "ro-crate-metadata.json"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SHA256 = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
# Media types by suffix; RO-Crate wants one for each file that has one.
TYPES = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".smk": "text/x-python",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
ENTERED, GIVEN = ("raw", "configuration", "agreement"), tuple(build.KIND.values())
# What the workflow takes and gives, each a parameter of its own.
WORDS = {
    "raw": "raw exports of the case report forms",
    "configuration": "the study as configuration",
    "agreement": "what the second computation in R agreed to",
    "result": "data sets, results and displays of every floor",
    "report": "the appendix of the study report and the queries for the sites",
}


def write(folder: Path, say: Callable[[str], None]) -> Path:
    """Describe the run that lies in a study; refused unless it is, file by file, the one that its lock names."""
    if not folder.resolve().is_relative_to(ROOT.resolve()):
        raise Cause("lies outside the checkout, and a crate holds the workflow and the study", file=str(folder))
    checkout.clean(ROOT)
    locked, study = manifest.read(folder), open_study(folder)
    if locked.id != study.id:
        raise Cause("the lock is of other inputs than lie here (make lock)", file=str(folder), value=locked.id)
    lines = verdict.compare([a for a in locked.artefacts if a.kind in GIVEN], build.outputs(folder))
    other = [line for line in lines if line.verdict != "identical"]
    if other:
        raise Cause(
            f"what lies in results/ and reports/ is not what the lock names (make report): {len(other)} of "
            f"{len(lines)} files, {other[0].verdict} {other[0].path}",
            file=str(folder),
        )
    date = checkout.git(ROOT, "log", "-1", "--format=%cs").decode().strip()
    target = ROOT / FILE
    io.write_text(target, json.dumps(described(locked, study, date), ensure_ascii=False, indent=1) + "\n")
    say(f"Written: {target}, the run of lock {locked.id} with {len(locked.artefacts)} files")
    return target


def described(locked: Manifest, study: Opened, date: str) -> dict[str, Any]:
    """The metadata of the crate.

    Parameters
    ----------
    date : str
        Date of the commit, ``YYYY-MM-DD``.
    """
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update(SHA256)
    root = crate.root_dataset
    root["name"] = f"Run of crf2csr on {locked.study['id']}, lock {locked.id[:12]}"
    root["description"] = (
        f"A clinical trial from raw case report forms to the appendix of its study report: study {locked.study['id']}, "
        f"data cut-off {locked.study['cutoff']}. Every file is named by its hash; "
        f"make verify LOCK={locked.id} runs it again."
    )
    root["datePublished"] = date
    root["license"] = "No licence is given with this run."
    root["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": name, "version": version}))
        for url, (name, version) in PROFILES.items()
    ]
    workflow = crate.add_workflow(
        dest_path="Snakefile", main=True, lang="snakemake", lang_version=_version(locked), cls=ComputationalWorkflow
    )
    files = {(a.kind, a.path): _file(crate, a, study, workflow) for a in sorted(locked.artefacts)}
    workflow["name"] = "crf2csr"
    workflow["version"] = locked.id
    workflow["conformsTo"] = {"@id": BIOSCHEMAS}
    workflow["softwareRequirements"] = [_package(crate, p) for p in locked.packages]
    workflow["hasPart"] = [f for (kind, _), f in files.items() if kind == "code" and f is not workflow]
    for side, kinds in (("input", ENTERED), ("output", GIVEN)):
        workflow[side] = [_parameter(crate, kind, _of(files, [kind])) for kind in kinds if _of(files, [kind])]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=_of(files, ENTERED),
        result=_of(files, GIVEN),
        properties={"name": f"Run of lock {locked.id}", "identifier": locked.id},
    )
    counts = (len(_of(files, ENTERED)), len(_of(files, GIVEN)))
    action["description"] = f"From {counts[0]} files that entered to {counts[1]} that were made."
    root["mentions"] = action
    action["actionStatus"] = "http://schema.org/CompletedActionStatus"
    found: dict[str, Any] = crate.metadata.generate()
    return found


def _of(files: dict[tuple[str, str], Any], kinds: Iterable[str]) -> list[Any]:
    return [entity for (kind, _), entity in files.items() if kind in kinds]


def _version(locked: Manifest) -> str:
    return next((p["version"] for p in locked.packages if p["name"] == "snakemake"), metadata.version("snakemake"))


def _file(crate: ROCrate, found: Artefact, study: Opened, workflow: Any) -> Any:
    """One file of the lock, by its path in the checkout; raw data that lie elsewhere are named and not part of it."""
    home = ROOT if found.kind in ("code", "environment", "beside") else study.folder
    base = home / study.raw if found.kind == "raw" else home
    path = Path(os.path.normpath(base.resolve() / found.path))
    told = {"name": found.path, "contentSize": str(found.bytes), "sha256": found.sha256}
    if path.suffix in TYPES:
        told["encodingFormat"] = TYPES[path.suffix]
    elif found.kind in ("code", "environment", "beside"):
        told["encodingFormat"] = "text/plain"
    if not path.is_relative_to(ROOT.resolve()):
        return crate.add(ContextEntity(crate, f"#raw/{found.path}", {"@type": "CreativeWork", **told}))
    inside = path.relative_to(ROOT.resolve()).as_posix()
    if inside == "Snakefile":
        for key, value in told.items():
            workflow[key] = value
        return workflow
    return crate.add(File(crate, dest_path=inside, properties=told))


def _package(crate: ROCrate, package: dict[str, str]) -> Any:
    told = {"name": package["name"], "softwareVersion": package["version"]}
    return crate.add(SoftwareApplication(crate, f"pkg:pypi/{package['name']}@{package['version']}", told))


def _parameter(crate: ROCrate, kind: str, files: list[Any]) -> Any:
    """A formal parameter, and the files that stood for it."""
    told = {"@type": "FormalParameter", "additionalType": "File", "name": kind, "description": WORDS[kind]}
    parameter = crate.add(ContextEntity(crate, f"#parameter/{kind}", told))
    parameter["workExample"] = files
    parameter["multipleValues"] = len(files) > 1
    for file in files:
        file["exampleOfWork"] = parameter
    return parameter
