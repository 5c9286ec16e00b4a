"""One run in one surrounding, and trials other than a plain run: killed, out of room, two at once, nothing writable."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crf2csr.sealed import Artefact
from lock import build, values, verdict
from lock.manifest import CELLS, FACTS
from lock.study import Opened
from lock.verify import judged

SMALL = 3  # the small disk holds one part in so many of the results


@dataclass
class Cell:
    """One surrounding: what the process is given, and a trial where it is other than a plain run."""

    environment: dict[str, str] = field(default_factory=dict)
    process: dict[str, Any] = field(default_factory=dict)
    cores: int = 1
    python: str = sys.executable
    folder: str = "run"
    trial: Callable[[Bench, build.Place, Cell], str] | None = None
    lacks: str = ""
    numbers: bool = False  # the last digits of numbers may differ there


class Bench:
    """The study, the folder to work in, and the outputs that all others are compared with."""

    def __init__(self, study: Opened, work: Path) -> None:
        self.study, self.work = study, work
        self.reference: list[Artefact] = []
        self.home = work
        self.runs = 0

    def refer(self, place: build.Place) -> None:
        """Take a finished run as the one that all others are compared with."""
        self.reference, self.home = build.outputs(place.study), place.study
        values.write(place.study / FACTS, values.facts(place.study))
        values.write(place.study / CELLS, values.cells(place.study))

    def place(self, folder: str) -> build.Place:
        """A fresh copy of all inputs."""
        return build.lay_out(self.study.folder, self.study.raw, self.study.inputs, self.work / folder)

    def start(self, place: build.Place, cell: Cell) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a run; what it says goes into a file, so that nobody need listen."""
        self.runs += 1
        said = self.work / f"said-{self.runs}.txt"
        with said.open("wb") as file:
            process = subprocess.Popen(
                build.command(place, cell.cores, cell.python),
                stdout=file,
                stderr=subprocess.STDOUT,
                env=build.surroundings(cell.environment),
                cwd=place.study,
                **cell.process,
            )
        return process, said

    def ended(self, process: subprocess.Popen[bytes], said: Path) -> tuple[int, str]:
        """Wait for the end of a run; its code and what it said."""
        return process.wait(), said.read_text(encoding="utf-8", errors="replace")

    def run(self, place: build.Place, cell: Cell) -> tuple[int, str]:
        """Run to the end; its code and what it said."""
        return self.ended(*self.start(place, cell))

    def compared(self, place: build.Place, code: int, said: str) -> str:
        """What a finished run gave, against the reference."""
        if code:
            return f"FAILED: {'; '.join(build.causes(place, said)[:3])}"
        found = judged(self.reference, place.study, self.home)
        lines = found.lines
        others = [line for line in lines if line.verdict != "identical"]
        if not others:
            return f"identical ({len(lines)} files)"
        if found.level:
            return f"{found.level}; every printed cell is the same; {len(others)} of {len(lines)} files differ in bytes"
        return f"{len(others)} of {len(lines)} files differ: " + "; ".join(f"{o.verdict} {o.path}" for o in others[:6])


def resumed(bench: Bench, place: build.Place, cell: Cell) -> str:
    """Kill the run when half of its files are there; all that it started must end, and the next run finish its work.

    The lock on the folder outlives the killed run: the next one must say how to take it away, and is let in after that.
    """
    process, _ = bench.start(place, cell)
    half = len(bench.reference) // 2
    while process.poll() is None and len(made(place)) < half:
        time.sleep(0.05)
    if process.poll() is not None:
        return "FAILED: the run ended before it could be killed"
    children = offspring(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    had = len(made(place))
    deadline = time.monotonic() + 30
    while (left := [p for p in children if alive(p)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        return f"FAILED: {len(left)} of {len(children)} processes outlive the run that was killed"
    code, said = bench.run(place, cell)
    if not code or "--unlock" not in said:
        return f"FAILED: the next run ended with {code} and did not say how to go on"
    subprocess.run([*build.command(place, cell.cores, cell.python), "--unlock"], check=True, capture_output=True)
    found = bench.compared(place, *bench.run(place, cell))
    return f"{found}; killed at {had} of {len(bench.reference)} files, {len(children)} processes ended with it"


def made(place: build.Place) -> list[Path]:
    """Files that a run has written so far; half-written ones bear another name until they are whole."""
    return [p for p in (place.study / "results").rglob("*") if p.is_file() and not p.name.startswith(".")]


def offspring(pid: int) -> list[int]:
    """All processes below one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(words[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def full_disk(bench: Bench, place: build.Place, cell: Cell) -> str:
    """Results on a disk that is too small: a clear error, no half file, and with room the same bytes."""
    results = place.study / "results"
    results.mkdir()
    size = f"size={sum(a.bytes for a in bench.reference if a.kind == 'result') // SMALL}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(results)], capture_output=True).returncode:
        return "NOT TRIED: no small disk can be mounted here (needs root)"
    try:
        code, said = bench.run(place, cell)
        if not code:
            return "FAILED: the run ended well on a disk that is too small"
        told = next((line for line in said.splitlines() if "No space left" in line), "")
        wrong = broken(bench, place)
        subprocess.run(["mount", "-o", "remount,size=2g", str(results)], check=True)
        found = bench.compared(place, *bench.run(place, cell))
    finally:
        subprocess.run(["umount", "-l", str(results)], check=True)
    if not told:
        return f"FAILED: no line says that the disk is full; {found}"
    return f"{found}, once there was room; before: {told.strip()[:110]}; {wrong} wrong files were left"


def broken(bench: Bench, place: build.Place) -> int:
    """Files of a broken run that are there and not what they should be."""
    lines = verdict.compare(bench.reference, build.outputs(place.study))
    return sum(line.verdict in ("differs", "extra") for line in lines)


def two_at_once(bench: Bench, place: build.Place, cell: Cell) -> str:
    """A second run in the same folder while the first is at work."""
    first, words = bench.start(place, cell)
    while first.poll() is None and len(made(place)) < 10:
        time.sleep(0.05)
    code, said = bench.run(place, cell)
    told = next((line.strip() for line in said.splitlines() if "cannot be locked" in line), "")
    found = bench.compared(place, *bench.ended(first, words))
    if code == 0:
        return f"FAILED: two runs at once were let in; {found}"
    return f"first: {found}; second refused: {told[:90] or said.strip().splitlines()[-1][:90]}"


def read_only(bench: Bench, place: build.Place, cell: Cell) -> str:
    """Configuration, raw data and code on a file system that cannot be written to."""
    mounted = []
    folders = [place.house, place.study / "config", place.study / bench.study.raw]
    try:
        for folder in folders:
            if subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True).returncode:
                return "NOT TRIED: nothing can be mounted here (needs root)"
            mounted.append(folder)
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        return bench.compared(place, *bench.run(place, cell))
    finally:
        for folder in mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def nowhere_to_write(bench: Bench, place: build.Place, cell: Cell) -> str:
    """A folder of results that cannot be written to: a clear error."""
    results = place.study / "results"
    results.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(results)]
    if subprocess.run(options, capture_output=True).returncode:
        return "NOT TRIED: nothing can be mounted here (needs root)"
    try:
        code, said = bench.run(place, cell)
    finally:
        subprocess.run(["umount", "-l", str(results)], check=True)
    told = next((line.strip() for line in said.splitlines() if "Read-only" in line), "")
    return f"error: {told[:120]}" if code and told else f"FAILED: ended with {code}, and no line says why"
