"""Run a study from its raw files in a clean folder that holds copies of the inputs and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from crf2csr import io
from crf2csr.errors import Cause, together
from crf2csr.sealed import LOCK, ROOT, Artefact, artefact, below

MADE = ("results", "reports")
KIND = {"results": "result", "reports": "report"}
# What programs beside `snakemake all` write, each made from locked results when asked for; no lock speaks of it.
OTHERS = ("results/qc/", "reports/qc.html", "reports/diff/", "reports/rtf/", "reports/csr-appendix.pdf")
PACKAGE = "package/"
# Settings of the caller that could reach into the run: other code, other options.
LEFT_BEHIND = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "SNAKEMAKE_PROFILE", "SNAKEMAKE_OUTPUT_CACHE")


@dataclass
class Place:
    """Where a study was laid out: the copy of the house and that of the study."""

    house: Path
    study: Path


def lay_out(study: Path, raw: Path, inputs: list[Artefact], folder: Path) -> Place:
    """Copy every input into ``folder``, so that raw data are found by the path that the study gives.

    Parameters
    ----------
    study : path
        The study folder, as it lies in the checkout.
    raw : path
        Its folder of raw data as its page names it: relative to the study, or absolute (then read where it is).
    """
    up = len([part for part in raw.parts if part == ".."])
    place = Place(folder / "house", folder.joinpath(*["level"] * up, "study"))
    homes = {"code": (ROOT, place.house), "environment": (ROOT, place.house), "raw": (study / raw, place.study / raw)}
    for found in inputs:
        source, target = homes.get(found.kind, (study, place.study))
        if found.kind == "raw" and raw.is_absolute():
            continue
        file = Path(os.path.normpath(target / found.path))
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / found.path, file)
        if io.sha256(file) != found.sha256:
            raise Cause("was changed while it was copied", file=str(source / found.path))
    return place


def sign(place: Place, identity: str, fingerprint: str) -> None:
    """Let the report of this place name the lock that is being written or verified."""
    io.write_json(place.study / LOCK, {"id": identity, "signer": fingerprint})


def command(place: Place, cores: int, python: str = sys.executable) -> list[str]:
    """The command that runs the workflow there."""
    made = [python, "-m", "snakemake", "--snakefile", str(place.house / "Snakefile")]
    return [*made, "--directory", str(place.study), "--cores", str(cores)]


def surroundings(more: dict[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what could reach into the run."""
    given = {k: v for k, v in os.environ.items() if k not in LEFT_BEHIND}
    return given | {"PYTHONDONTWRITEBYTECODE": "1"} | (more or {})


def causes(place: Place, said: str) -> list[str]:
    """Why a run there failed: its own causes, or the end of what it said."""
    log = place.study / "logs/cause.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    return list(dict.fromkeys(lines or said.strip().splitlines()[-5:] or ["no message"]))


def run(place: Place, cores: int) -> None:
    """Run the whole workflow there; what stopped it is a cause."""
    done = subprocess.run(
        command(place, cores),
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        env=surroundings(),
        cwd=place.study,
    )
    if done.returncode:
        said = causes(place, done.stderr or done.stdout)
        raise together([Cause(f"the run from the raw files failed: {line}") for line in said])


def outputs(study: Path) -> list[Artefact]:
    """Every file under ``results/`` and ``reports/`` of a study, but those of programs beside the pipeline."""
    return sorted(
        artefact(KIND[top], study, path)
        for top in MADE
        for path in below(study, top)
        if (study / top).is_dir() and not path.startswith(OTHERS)
    )


def unlocked(study: Path) -> list[str]:
    """What lies in a study and is not of its lock, as a person reads it: ``reports/rtf/ (12 files)``."""
    paths = [path for top in (*MADE, PACKAGE.rstrip("/")) if (study / top).is_dir() for path in below(study, top)]
    found = []
    for name in (*OTHERS, PACKAGE):
        here = sum(path.startswith(name) for path in paths)
        if here:
            found.append(f"{name} ({here} files)" if name.endswith("/") else name)
    return found
