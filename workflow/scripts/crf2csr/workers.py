"""Processes that do the jobs of one run side by side.

A job is a call into the house, and jobs that are threads of one process compute one after another (an interpreter has
one lock). So a run with enough to do gathers a crew: processes that imported the house once, take jobs as they come
and end with the run. Where a job is done cannot be seen in what it writes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

from crf2csr.errors import Cause

# What the processes of a crew import before the first of them is forked; the last one is the program that runs them.
PRELOADED = ("raw", "sdtm", "adam", "ard", "tlf", "csr", "crf2csr.workers", "matplotlib.figure", "snakemake.cli")
# A crew needs about two seconds to arrive: fewer jobs than these are done sooner without one, but for those of a study
# with so much raw data that each takes longer.
WORTHWHILE = 12
LARGE_MB = 20


class Crew:
    """Processes for the jobs of a run; before one has arrived, a job is done by the thread that brings it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._arrived: Future[None] | None = None

    def gather(self, processes: int, jobs: int, raw_mb: float = 0.0) -> None:
        """Call a crew of ``processes`` when there are at least two, and ``jobs`` or raw data enough to be worth it."""
        if processes < 2 or jobs < (2 if raw_mb >= LARGE_MB else WORTHWHILE):
            return
        context = get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        with _importable():
            self._pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_follow)
            self._arrived = self._pool.submit(_nothing)

    def perform(self, door: Callable[[Any], None], job: Any) -> None:
        """Do one job; what it raises is raised here."""
        if self._pool is None or self._arrived is None or not self._arrived.done():
            door(job)
            return
        try:
            self._pool.submit(door, job).result()
        except BrokenProcessPool:
            raise Cause(
                "a process of the run was ended from outside (often: memory is used up); "
                "run again, with fewer --cores if it happens again",
                field=job.name,
            ) from None

    def dismiss(self) -> None:
        """Let the processes end; what they still do is finished first."""
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = self._arrived = None


CREW = Crew()


def _nothing() -> None:
    """Done as soon as a process has arrived."""


def _follow() -> None:
    """Leave the keyboard's interrupt to the run, and end with it, even when it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = parent_process()
    if run is not None:
        threading.Thread(target=_end_with, args=(run,), daemon=True).start()


def _end_with(run: Any) -> None:
    run.join()
    os._exit(1)


@contextmanager
def _importable() -> Iterator[None]:
    """Let the server that forks the crew find the house: it knows no path but those of its environment."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
