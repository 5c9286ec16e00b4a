"""How a run says why it stopped: one line per cause, on the screen, in logs/cause.log, and no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crf2csr.errors import Cause
from crf2csr.workers import CREW

CAUSES = Path("logs/cause.log")


def say(line: str) -> None:
    """Print one cause and keep it for the end of the run."""
    print(f"CAUSE: {line}", file=sys.stderr, flush=True)
    CAUSES.parent.mkdir(parents=True, exist_ok=True)
    with CAUSES.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


def _kept() -> list[str]:
    return CAUSES.read_text(encoding="utf-8").splitlines() if CAUSES.exists() else []


_before = 0


def begin() -> None:
    """Remember which causes were kept before this run."""
    global _before
    _before = len(_kept())


def repeat() -> None:
    """Print the causes that jobs on other machines said since ``begin``, each once."""
    for line in dict.fromkeys(_kept()[_before:]):
        print(f"CAUSE: {line}", file=sys.stderr, flush=True)


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


def guarded(door: Callable[[Any], None], job: Any, log: object) -> None:
    """Run one job through its door; a cause is said once and the job fails."""
    file = Path(str(log))
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        CREW.perform(door, job)
    except Cause as cause:
        for line in cause.lines():
            say(line)
        file.write_text("\n".join(cause.lines()) + "\n", encoding="utf-8")
        raise Stopped(cause.lines()[0]) from None
    file.write_text(f"{door.__module__}.{door.__name__} {job.name}: {job.digest}\n", encoding="utf-8")
