"""What a command costs: wall, CPU and memory of all processes that it starts, also of those that outlive it."""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "workflow/scripts"
# Whoever measures finds the house, its doors and the checkout.
sys.path[:0] = [str(ROOT), str(SCRIPTS)]
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SECONDS_BETWEEN_LOOKS = 0.1
# Of <sys/prctl.h>: processes that lost their parent become children of this one, so that their cost can be counted.
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds; peak memory in MB of the largest process, and of all of them together."""

    wall: float
    cpu: float
    largest: float
    together: float


def snakemake(cores: int, *arguments: str) -> list[str]:
    """The command of a user."""
    program = str(Path(sys.executable).with_name("snakemake"))
    return [program, "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores), *arguments]


def python(code: str) -> list[str]:
    """A command of one Python process that finds the house, its doors and the checkout."""
    return [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(SCRIPTS)!r}]; {code}"]


def measured(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command to the end; one that fails ends the bench with what it said.

    CPU is what the kernel counted for each process when it was waited for, as is memory of the largest process; that of
    all together is looked at ten times a second, with a page that several share counted once.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
        )
        done = threading.Event()
        seen = [0.0]
        looking = threading.Thread(target=_look, args=(process.pid, done, seen))
        looking.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        looking.join()
        usages = [usage, *_orphans()]
        if process.returncode:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace")[-4000:])
    cpu = sum(one.ru_utime + one.ru_stime for one in usages)
    return Cost(wall, cpu, max(one.ru_maxrss for one in usages) / 1024, seen[0])


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Do what needs large libraries in a process of its own.

    The kernel counts the memory of a program from that of the process that started it, so this one must stay small.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(work, *given).result()


def _orphans() -> Iterable[Any]:
    """The cost of each process that the command left behind, once it has ended."""
    while True:
        try:
            yield os.wait4(-1, 0)[2]
        except ChildProcessError:
            return


def _look(pid: int, done: threading.Event, seen: list[float]) -> None:
    while not done.wait(SECONDS_BETWEEN_LOOKS):
        every = family(pid)
        # To share pages out costs the kernel a walk through all of them: only where the sum could be a new peak.
        if sum(_resident(one) for one in every) > seen[0]:
            seen[0] = max(seen[0], sum(_own_share(one) for one in every))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        below.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += below.get(one, [])
    return found


def _own_share(pid: int) -> float:
    """MB of a process, of each page that n processes share the n-th part."""
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in said.splitlines() if line.startswith("Pss:")), 0.0)


def _resident(pid: int) -> float:
    """MB of a process, of each page the whole."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
    except OSError:
        return 0.0


def machine() -> str:
    """What else this machine does: a figure of a busy one says little."""
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f} at the start"


HEAD = "| {} | wall min s | median | max | CPU s | largest process MB | all MB |\n|---|---|---|---|---|---|---|"


def line(label: str, runs: list[Cost]) -> float:
    """Print the wall time's minimum, median and maximum, the median CPU and the peaks; return the median wall time."""
    wall = sorted(run.wall for run in runs)
    middle = statistics.median(wall)
    cpu = statistics.median(run.cpu for run in runs)
    peaks = f"{max(run.largest for run in runs):.0f} | {max(run.together for run in runs):.0f}"
    print(f"| {label} | {wall[0]:.2f} | {middle:.2f} | {wall[-1]:.2f} | {cpu:.2f} | {peaks} |", flush=True)
    return middle
