"""Plant each fault of ``faults.yaml`` in a copy of the checkout, run the checks, print which one caught it.

``python -m mutate``            every fault; writes ``mutate/caught.csv`` and fails where one survives
``python -m mutate ID [ID ...]`` only these, and nothing is written
``--workers N``                 copies that are worked on side by side (default 2)

A fault names the tests of its room, which run first; what they miss goes on to the checks of the whole study, the
independent computation from the raw files and the comparison with R (``LAST``).
"""

from __future__ import annotations

import argparse
import csv
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LAST = ("tests/test_independent_primary.py", "tests/test_qc.py")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
LONGEST = 900  # seconds; a check that hangs has noticed something, and says so


@dataclass
class Verdict:
    """What became of one fault: the stage (``room``, ``study`` or none) and the check that caught it."""

    fault: dict[str, Any]
    stage: str
    by: str
    seconds: float


def faults() -> list[dict[str, Any]]:
    """The declared faults; two with one id are refused."""
    listed = yaml.safe_load((ROOT / "mutate" / "faults.yaml").read_text(encoding="utf-8"))["faults"]
    ids = [fault["id"] for fault in listed]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        sys.exit(f"mutate/faults.yaml: two faults bear the id {twice[0]}")
    return listed


def copy(folder: Path) -> Path:
    """A copy of the files that git does not ignore, beside a link to the shared data that some tests read."""
    tree = folder / "checkout"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, tree / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    if (ROOT.parent / "shared").exists():
        (folder / "shared").symlink_to((ROOT.parent / "shared").resolve())
    return tree


def planted(text: str, fault: dict[str, Any]) -> str:
    """The text with the fault in it; a place that is not there exactly once is refused."""
    found = text.count(fault["find"])
    if found != fault.get("times", 1):
        sys.exit(f"{fault['id']}: {fault['file']} holds the text {found} times: {fault['find']!r}")
    return text.replace(fault["find"], fault["put"])


def checked(tree: Path, tests: list[str]) -> str:
    """Run these tests; return the first that failed, or nothing."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
    try:
        run = subprocess.run(command, cwd=tree, capture_output=True, text=True, env=environment, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return f"{tests[0]} (did not end)"
    if run.returncode == 0:
        return ""
    failed = FAILED.search(run.stdout)
    return failed.group(1) if failed else f"{tests[0]} (ended with {run.returncode})"


def tried(fault: dict[str, Any], trees: queue.Queue[Path]) -> Verdict:
    """Plant one fault in a free copy, run its checks, and mend the copy."""
    tree = trees.get()
    file = tree / fault["file"]
    whole = file.read_text(encoding="utf-8")
    began = time.monotonic()
    try:
        file.write_text(planted(whole, fault), encoding="utf-8")
        for stage, tests in (("room", fault["tests"]), ("study", [t for t in LAST if (tree / t).exists()])):
            by = checked(tree, tests)
            if by:
                return Verdict(fault, stage, by, time.monotonic() - began)
        return Verdict(fault, "", "", time.monotonic() - began)
    finally:
        file.write_text(whole, encoding="utf-8")
        trees.put(tree)


def main() -> int:
    """Try the faults and print the table; 1 where a fault survived."""
    asked = argparse.ArgumentParser(prog="python -m mutate", description=__doc__)
    asked.add_argument("ids", nargs="*")
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    chosen = [f for f in faults() if not given.ids or f["id"] in given.ids]
    with tempfile.TemporaryDirectory() as folder:
        trees: queue.Queue[Path] = queue.Queue()
        for n in range(given.workers):
            trees.put(copy(Path(folder) / str(n)))
        sound = checked(trees.queue[0], sorted({t for f in chosen for t in f["tests"]}))
        if sound:
            print(f"without any fault {sound} fails: nothing can be said of faults")
            return 1
        verdicts = []
        with ThreadPoolExecutor(given.workers) as pool:
            for verdict in pool.map(lambda fault: tried(fault, trees), chosen):
                verdicts.append(verdict)
                caught = f"{verdict.stage}: {verdict.by}" if verdict.by else "SURVIVED"
                print(f"{verdict.fault['id']:32} {verdict.seconds:6.1f} s  {caught}", flush=True)
    killed = sum(bool(v.by) for v in verdicts)
    print(f"{killed} of {len(verdicts)} faults caught ({100 * killed / len(verdicts):.1f} %)")
    if not given.ids:
        with (ROOT / "mutate" / "caught.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["fault", "what", "file", "stage", "caught by"])
            out.writerows([v.fault["id"], v.fault["what"], v.fault["file"], v.stage, v.by] for v in verdicts)
    return int(killed < len(verdicts))


if __name__ == "__main__":
    sys.exit(main())
