"""What need not be made again: a job whose inputs are, byte for byte, those that its outputs were made from.

Snakemake decides before a run which jobs are done, and does every job below one that is done, though most of them will
read what they read before. The log of each job says what it was made from: the digest of the job (its configuration,
its raw data, its code), the door, the installed packages and the content of each input; and the content of what it
wrote. When a job's turn comes, all of the former is the same, and what it wrote is still what it wrote, its outputs
are given back.

Nothing is kept between runs but the outputs themselves: when a run begins, a second name is given to each file that
Snakemake is about to remove, and taken away when it ends. A job that somebody forces is done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from crf2csr import io
from crf2csr.jobs import Job
from crf2csr.specs import digest

PLACE = Path(".snakemake/crf2csr-before")


@cache
def installed() -> str:
    """Digest of the interpreter and of the name and version of each installed package."""
    folders = {Path(entry) for entry in sys.path if entry.endswith("site-packages")}
    return digest(sys.version, sorted({found.name for folder in folders for found in folder.glob("*.dist-info")}))


def basis(door: Callable[[Any], None], job: Job) -> dict[str, Any]:
    """All that decides what a job writes; the content of each input as it is now."""
    code = sys.modules[door.__module__].__file__ or ""
    return {
        "job": f"{door.__module__}.{door.__name__} {job.name}",
        "digest": job.digest,
        "door": io.sha256(code),
        "installed": installed(),
        "inputs": {role: io.content(path) for role, path in sorted(job.inputs.items())},
    }


def written(job: Job) -> dict[str, str]:
    """The content of each file that a job wrote; a folder of files stands by no content, and is always made again."""
    return {role: io.content(path) for role, path in sorted(job.outputs.items()) if Path(path).is_file()}


class Kept:
    """The outputs of the run before, under second names, and what their logs say of them."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, Any]] = {}

    def remember(self, jobs: Iterable[tuple[str, list[str]]]) -> None:
        """Before a run: the log and the outputs of each job that it is about to do, and that nobody forced."""
        self.forget()
        for log, outputs in jobs:
            said = _read(log)
            if said and all(io.second_name(path, PLACE / path) for path in outputs):
                self._said[log] = said

    def give_back(self, made_from: dict[str, Any], job: Job, log: str) -> bool:
        """Put the outputs of the run before in their places if they are what this job would write; tell whether."""
        said = self._said.get(log)
        if said is None or said["made_from"] != made_from or set(said["wrote"]) != set(job.outputs):
            return False
        before = {role: PLACE / path for role, path in job.outputs.items()}
        if any(io.sha256(before[role]) != content for role, content in said["wrote"].items()):
            return False
        for role, path in job.outputs.items():
            io.move(before[role], path)
        return True

    def forget(self) -> None:
        """After a run: take the second names away."""
        self._said = {}
        io.remove_folder(PLACE)


def account(made_from: dict[str, Any], job: Job) -> str:
    """What the log of a finished job says, for its reader and for the next run."""
    return json.dumps({"made_from": made_from, "wrote": written(job)}, indent=1, sort_keys=True) + "\n"


def _read(log: str) -> dict[str, Any] | None:
    """What a log says; the log of a job that failed, or of another version of the house, says nothing."""
    if not Path(log).is_file():
        return None
    try:
        said = json.loads(io.read_bytes(log))
    except ValueError:
        return None
    return said if isinstance(said, dict) and {"made_from", "wrote"} <= set(said) else None


KEPT = Kept()
