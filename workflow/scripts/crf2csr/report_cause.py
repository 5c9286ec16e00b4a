"""How a run says why it stopped: one line per cause, on the screen, in logs/cause.log, and no traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from crf2csr import kept
from crf2csr.errors import Cause
from crf2csr.workers import CREW

CAUSES = Path("logs/cause.log")
CLUSTER_LOGS = Path(".snakemake/slurm_logs")


def say(line: str) -> None:
    """Print one cause and keep it for the end of the run."""
    print(f"CAUSE: {line}", file=sys.stderr, flush=True)
    CAUSES.parent.mkdir(parents=True, exist_ok=True)
    with CAUSES.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


class Elsewhere:
    """The causes that the jobs of a run say on other machines, where nobody sees the screen."""

    def __init__(self) -> None:
        self._before, self._logs = len(self._kept()), self._written()

    @staticmethod
    def _kept() -> list[str]:
        return CAUSES.read_text(encoding="utf-8").splitlines() if CAUSES.exists() else []

    @staticmethod
    def _written() -> set[Path]:
        return set(CLUSTER_LOGS.rglob("*.log"))

    def repeat(self) -> None:
        """Print each of them once; say of a job that ended without one how Slurm says that it ended.

        Snakemake keeps Slurm's log only of jobs that failed, and of a group it shows no more than the name.
        """
        said = list(dict.fromkeys(self._kept()[self._before :]))
        for line in said:
            print(f"CAUSE: {line}", file=sys.stderr, flush=True)
        logs = sorted(self._written() - self._logs)
        states = slurm_states([log.stem for log in logs])
        for log in logs:
            state = states.get(log.stem, "no longer known to the cluster")
            if state != "FAILED" or not said:
                say(f"job {log.stem} of the cluster ended as {state}; its log: {log}")


def slurm_states(jobs: list[str]) -> dict[str, str]:
    """State of each of these jobs, by number; one that Slurm no longer knows is left out."""
    if not jobs or shutil.which("squeue") is None:
        return {}
    command = ["squeue", "--noheader", "--states=all", "--format=%i|%T", f"--jobs={','.join(jobs)}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return dict(line.split("|", 1) for line in answer.splitlines() if "|" in line)


@contextmanager
def shown() -> Iterator[None]:
    """Turn a cause into its line and a quiet stop."""
    try:
        yield
    except Cause as cause:
        for line in cause.lines():
            say(line)
        sys.exit(1)


class Stopped(Exception):
    """Ends a job after its cause was said: Snakemake shows one line of it and no traceback of ours.

    A thread that runs a job must not exit the process, so the failure travels as an exception; the
    traceback would only lead into the house, where nothing is wrong.
    """

    __module__ = "builtins"
    __traceback__ = property(lambda self: None, lambda self, value: None)


def guarded(door: str, job: Any, log: object) -> None:
    """Run one job through its door (``floor.verb``), unless its outputs were made from the same; a cause is said once.

    A door is opened when its first job comes: a run that has nothing to do imports no room.
    """
    file = Path(str(log))
    file.parent.mkdir(parents=True, exist_ok=True)
    floor, verb = door.split(".")
    try:
        call = getattr(import_module(floor), verb)
        made_from = kept.basis(call, job)
        if not kept.KEPT.give_back(made_from, job, str(log)):
            CREW.perform(call, job)
    except Cause as cause:
        for line in cause.lines():
            say(line)
        file.write_text("\n".join(cause.lines()) + "\n", encoding="utf-8")
        raise Stopped(cause.lines()[0]) from None
    file.write_text(kept.account(made_from, job), encoding="utf-8")
