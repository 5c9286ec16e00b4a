"""Run a study in many surroundings and say of each whether it gives the same bytes: ``python bench/identity.py``.

One line per cell: ``identical``, or what differs, or the error that the run gave where an error is what is expected.
Cells that this machine cannot offer (a locale, another user, root for a small disk) are named as such, never passed
over: they end the program with 1 unless ``--only`` leaves them out.

    python bench/identity.py [STUDY] [--only CELL ...] [--python py312=/path/to/bin/python ...] [--user NAME=PYTHON]
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from crf2csr.sealed import Artefact  # noqa: E402
from lock import build, verdict  # noqa: E402
from lock.study import Opened, open_study  # noqa: E402

OLD_PROCESSOR = "AVX AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR F16C XOP FMA4"
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


class Bench:
    """The study, the folder to work in, and the outputs that all others are compared with."""

    def __init__(self, study: Opened, work: Path) -> None:
        self.study, self.work = study, work
        self.reference: list[Artefact] = []
        self.runs = 0

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
        lines = verdict.compare(self.reference, build.outputs(place.study))
        others = [line for line in lines if line.verdict != "identical"]
        if not others:
            return f"identical ({len(lines)} files)"
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
    found, todo = [], [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += below
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
    told = next((line.strip() for line in said.splitlines() if "lock" in line.lower()), "")
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


def has_locale(name: str) -> bool:
    """Tell whether the C library knows a locale; without that a run would silently be one in C."""
    code = f"import locale; locale.setlocale(locale.LC_ALL, {name!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def cells(pythons: list[str], user: str) -> dict[str, Cell]:
    """All surroundings, by name."""
    found = {"another folder": Cell(folder="otra carpeta/\u4e34\u5e8a \u6570\u636e")}
    for name in ("C", "C.UTF-8", "tr_TR.UTF-8", "zh_CN.UTF-8", "zh_CN.GB18030", "de_DE.ISO-8859-1"):
        known = has_locale(name)
        found[f"locale {name}"] = Cell({"LC_ALL": name, "LANG": name}, lacks="" if known else "the locale is not here")
    for zone in ("Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati"):
        found[f"time zone {zone}"] = Cell({"TZ": zone})
    found |= {f"PYTHONHASHSEED {seed}": Cell({"PYTHONHASHSEED": seed}) for seed in ("0", "1", "4294967295")}
    found |= {f"umask {mask:03o}": Cell(process={"umask": mask}) for mask in (0o000, 0o077)}
    found |= {f"cores {n}": Cell(cores=n) for n in (1, 2, 4)}
    found["four threads a sum"] = Cell({"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "MKL_NUM_THREADS": "4"})
    # What the libraries would do on processors that lack the instructions of this one.
    for core in ("Nehalem", "Sandybridge", "Haswell"):
        found[f"processor {core}"] = Cell({"OPENBLAS_CORETYPE": core})
    found["processor without AVX"] = Cell({"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": OLD_PROCESSOR})
    for given in pythons:
        name, _, path = given.partition("=")
        found[f"python {name}"] = Cell(python=path, lacks="" if Path(path).exists() else f"{path} is not here")
    name, _, path = user.partition("=")
    found["another user"] = another_user(name, path or sys.executable)
    found["killed and resumed, 1 core"] = Cell(trial=resumed)
    found["killed and resumed, 2 cores"] = Cell(cores=2, trial=resumed)
    found["killed and resumed, 4 cores"] = Cell(cores=4, trial=resumed)
    found["disk full, then room"] = Cell(cores=2, trial=full_disk)
    found["two runs in one folder"] = Cell(cores=2, trial=two_at_once)
    found["read-only input"] = Cell(trial=read_only)
    found["read-only results"] = Cell(trial=nowhere_to_write)
    return found


def another_user(name: str, python: str) -> Cell:
    """A run by another user, into folders that are his."""
    if not name:
        return Cell(lacks="name one: --user NAME=PYTHON")
    try:
        person = pwd.getpwnam(name)
    except KeyError:
        return Cell(lacks=f"there is no user {name}")
    if os.getuid():
        return Cell(lacks="only root can become another user")
    options = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    return Cell({"HOME": person.pw_dir, "USER": name, "LOGNAME": name}, options, python=python, folder="of another")


def one(bench: Bench, cell: Cell) -> str:
    """Run one cell in a folder that is made for it and removed after it."""
    place = bench.place(cell.folder)
    try:
        if "user" in cell.process:
            for path in [place.study, *place.study.rglob("*")]:
                os.chown(path, cell.process["user"], cell.process["group"])
        if cell.trial is not None:
            return cell.trial(bench, place, cell)
        return bench.compared(place, *bench.run(place, cell))
    finally:
        shutil.rmtree(bench.work / cell.folder)


def main() -> int:
    """Run the reference and all cells that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--only", nargs="*", default=[], help="cells whose name begins so")
    parser.add_argument("--python", action="append", default=[], help="NAME=PATH of another interpreter")
    parser.add_argument("--user", default="", help="NAME=PATH: another user, and an interpreter that he can read")
    parser.add_argument("--work", type=Path, help="a folder for the runs (default: a temporary one)")
    given = parser.parse_args()
    chosen = {
        n: c for n, c in cells(given.python, given.user).items() if not given.only or n.startswith(tuple(given.only))
    }
    study = open_study(given.study.resolve())
    failed = []
    with tempfile.TemporaryDirectory(prefix="crf2csr-identity-", dir=given.work) as work:
        Path(work).chmod(0o755)
        bench = Bench(study, Path(work))
        place = bench.place("reference")
        code, said = bench.run(place, Cell())
        if code:
            print(f"The reference run failed: {'; '.join(build.causes(place, said))}", file=sys.stderr)
            return 1
        bench.reference = build.outputs(place.study)
        print(f"{'reference':30} {len(bench.reference)} files of lock {study.id[:12]}", flush=True)
        for name, cell in chosen.items():
            begin = time.monotonic()
            told = f"NOT TRIED: {cell.lacks}" if cell.lacks else one(bench, cell)
            if not told.startswith(("identical", "error:", "first: identical")):
                failed.append(name)
            print(f"{name:30} {told}   [{time.monotonic() - begin:.0f} s]", flush=True)
    print(
        f"{len(chosen) - len(failed)} of {len(chosen)} as they should be"
        + (f"; not: {', '.join(failed)}" * bool(failed))
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
