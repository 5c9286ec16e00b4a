"""The pipeline on a real Slurm: ``make cluster-test``, as root, where Debian's slurm-wlm and munge are installed.

Starts a Slurm of one node, gives it the shipped study, and compares every file with those of a run on this machine.
Then it breaks a raw file, ends a job from outside, and simulates a small grid. Prints a table of what was found; ends
with 0 only when all of it is as it should be, and leaves neither a process nor a file behind.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.climb import ROOT, copy_config
from tests.cluster import slurm
from tests.tiny import digests, make, seal

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
PROFILE = ["--profile", str(ROOT / "profiles/slurm")]
# The first group of jobs is long enough to be met at work.
KILLED = "collected"
GRID = (
    ("trials: 10000", "trials: 400"),
    ("block: 2500", "block: 200"),
    ("imputations: 50", "imputations: 5"),
    ("[0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60]", "[0.30, 0.50]"),
    ("[0, 0.10, 0.20]", "[0.10]"),
)


@dataclass
class Run:
    """A run of Snakemake that ended: its status, what it said, how long it took."""

    status: int
    said: str
    seconds: float


class Failed(Exception):
    """A trial ended otherwise than it should."""


def start(folder: Path, *arguments: str, snakefile: str = "Snakefile") -> subprocess.Popen[bytes]:
    """Start the workflow on a study folder, from there as a user would; what it says goes to a file beside it."""
    with said_by(folder).open("wb") as screen:
        return subprocess.Popen(
            [SNAKEMAKE, "--snakefile", str(ROOT / snakefile), "--directory", str(folder), *arguments],
            cwd=ROOT,
            stdout=screen,
            stderr=subprocess.STDOUT,
        )


def said_by(folder: Path) -> Path:
    """The file that holds what the last run on a folder said."""
    return folder.with_name(f"{folder.name}.said")


def ended(process: subprocess.Popen[bytes], folder: Path) -> tuple[int, str]:
    """Wait for a run to end: its status and what it said. It does not outlive this program."""
    try:
        process.wait()
    finally:
        process.terminate()
    return process.returncode, said_by(folder).read_text(encoding="utf-8", errors="replace")


def run(folder: Path, *arguments: str, snakefile: str = "Snakefile") -> Run:
    """Run the workflow to its end."""
    begin = time.perf_counter()
    status, said = ended(start(folder, *arguments, snakefile=snakefile), folder)
    return Run(status, said, time.perf_counter() - begin)


def hold(fact: bool, otherwise: str, said: str = "") -> None:
    """Stop the trial unless the fact is true."""
    if not fact:
        raise Failed(f"{otherwise}\n{said[-6000:]}")


def same(one: dict[str, str], other: dict[str, str]) -> str:
    """How many files are the same; every one must be."""
    hold(bool(one) and one.keys() == other.keys(), f"other files were made: {sorted(one.keys() ^ other.keys())[:9]}")
    unlike = [name for name in one if one[name] != other[name]]
    hold(not unlike, f"{len(unlike)} of {len(one)} files differ: {unlike[:9]}")
    return f"{len(one)} of {len(one)} files the same"


def shipped(folder: Path) -> Path:
    """A copy of the shipped study, without results."""
    copy_config(ROOT, folder)
    shutil.copytree(ROOT / "data", folder / "data")
    (folder / "qc").mkdir()
    shutil.copy(ROOT / "qc/agreement.csv", folder / "qc")
    return folder


def new_jobs(before: set[int]) -> str:
    """The jobs that the cluster was asked for since ``before``, by state."""
    states = Counter(state for number, (state, _) in slurm.jobs().items() if number not in before)
    return ", ".join(f"{number} {state.lower()}" for state, number in sorted(states.items()))


def whole(folder: Path, cores: int) -> str:
    """The shipped study, here and on the cluster."""
    here, there = shipped(folder / "here"), shipped(folder / "there")
    local = run(here, "--cores", str(cores))
    hold(local.status == 0, "the run on this machine failed", local.said)
    before = set(slurm.jobs())
    remote = run(there, *PROFILE)
    hold(remote.status == 0, "the run on the cluster failed", remote.said)
    equal = same(digests(here), digests(there))
    jobs = new_jobs(before)
    again = run(there, *PROFILE)
    hold("Nothing to be done" in again.said, "a second run on the cluster found something to do", again.said)
    return f"{equal}; jobs: {jobs}; {remote.seconds:.0f} s, on this machine alone {local.seconds:.0f} s"


def broken(folder: Path) -> str:
    """A raw file with a ragged row: the run ends red, and says file, line and rule."""
    make(folder)
    file = folder / "data/raw/AE.csv"
    lines = file.read_bytes().split(b"\n")
    lines[2] += b",surplus"
    file.write_bytes(b"\n".join(lines))
    seal(folder, "AE.csv")
    found = run(folder, *PROFILE, "--retries", "0")
    hold(found.status != 0, "a broken file was not refused", found.said)
    cause = "data/raw/AE.csv, line 3: ragged row"
    hold(f"CAUSE: {cause}" in found.said, "the screen does not name the cause", found.said)
    log = (folder / "logs/raw/ae.log").read_text(encoding="utf-8")
    hold(log.startswith(cause), "the log of the rule does not name the cause", log)
    return f"ends with {found.status}; on the screen, in logs/raw/ae.log and logs/cause.log: {cause}"


def end_one(study: Path, before: set[int]) -> int:
    """Wait until a job of the run on this study is at work and has made something, end it from outside: its number."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for number, (_, comment) in slurm.jobs(("RUNNING",)).items():
            if number not in before and KILLED in comment and list((study / "results/raw").glob("*.parquet")):
                slurm.cancel(number)
                return number
        time.sleep(0.5)
    raise Failed(f"no job {KILLED} was met at work")


def killed(folder: Path, made: Path, cores: int) -> str:
    """A job that is ended from outside: red, its state named; resumed, the same bytes. With a retry, green at once."""
    found = []
    if not (made / "reports").is_dir():
        local = run(shipped(made), "--cores", str(cores))
        hold(local.status == 0, "the run on this machine failed", local.said)
    wanted = digests(made)
    for retries in ("0", "1"):
        study = shipped(folder / retries)
        before = set(slurm.jobs())
        # What is tried again has been seen whole before: here no further than the queries of the sites.
        targets = [] if retries == "0" else ["reports/queries.csv"]
        process = start(study, *PROFILE, "--retries", retries, *targets)
        try:
            number = end_one(study, before)
            status, said = ended(process, study)
        finally:
            process.terminate()
        if retries == "0":
            hold(status != 0, "the run ended green though its job was ended", said)
            cause = f"job {number} of the cluster ended as CANCELLED; its log: .snakemake/slurm_logs/"
            hold(f"CAUSE: {cause}" in said, "the screen does not say how the job ended", said)
            kept = study / "logs/cause.log"
            hold(kept.exists() and cause in kept.read_text(encoding="utf-8"), "logs/cause.log does not say it", said)
            said = (resumed := run(study, *PROFILE)).said
            hold(resumed.status == 0, "the run could not be resumed", said)
            found.append(f"job {number} ended from outside: red, CANCELLED named; resumed: ")
        else:
            hold(status == 0, "the job was not tried again", said)
            found.append("; tried again by itself: ")
        there = digests(study)
        found.append(same({name: wanted[name] for name in there if name in wanted} if targets else wanted, there))
    return "".join(found)


def simulated(folder: Path, cores: int) -> str:
    """A small grid of the simulation, here and on the cluster; one job of the cluster per block."""
    text = (ROOT / "simulate/grid.yaml").read_text(encoding="utf-8")
    for old, new in GRID:
        hold(old in text, f"simulate/grid.yaml no longer says {old}")
        text = text.replace(old, new)
    folder.mkdir()
    grid = folder / "grid.yaml"
    grid.write_text(text, encoding="utf-8")
    made, before = [], set(slurm.jobs())
    for place, options in (("here", ["--cores", str(cores)]), ("there", PROFILE)):
        (folder / place).mkdir()
        found = run(folder / place, *options, "--config", f"grid={grid}", snakefile="simulate/Snakefile")
        hold(found.status == 0, f"the simulation failed {place}", found.said)
        files = sorted(p for p in (folder / place / "simulation").rglob("*") if p.is_file())
        made.append({str(p.relative_to(folder / place)): p.read_bytes().hex() for p in files})
    return f"{same(*made)}; jobs: {new_jobs(before)}"


def main() -> int:
    """Run all trials; each result on a line as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2, help="processors of the run on this machine, and of the node")
    parser.add_argument("trials", nargs="*", help="whole, broken, killed, simulated; all unless named")
    arguments = parser.parse_args()
    failed = False
    # Ended from outside, the test still takes everything back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with slurm.cluster(arguments.cores), tempfile.TemporaryDirectory(prefix="trials-") as temporary:
            folder = Path(temporary)
            trials = {
                "whole": lambda: whole(folder / "whole", arguments.cores),
                "broken": lambda: broken(folder / "broken"),
                "killed": lambda: killed(folder / "killed", folder / "whole/here", arguments.cores),
                "simulated": lambda: simulated(folder / "simulated", arguments.cores),
            }
            unknown = set(arguments.trials) - trials.keys()
            if unknown:
                parser.error(f"no such trial: {', '.join(sorted(unknown))}")
            wanted = arguments.trials or list(trials)
            print("| trial | found | s |\n|---|---|---|", flush=True)
            for name in wanted:
                begin = time.perf_counter()
                try:
                    found = trials[name]()
                except Failed as reason:
                    failed, found = True, f"FAILED: {reason}"
                print(f"| {name} | {found} | {time.perf_counter() - begin:.0f} |", flush=True)
    except (slurm.Unfit, Failed) as reason:
        print(f"cluster-test: {reason}", file=sys.stderr)
        return 1
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
