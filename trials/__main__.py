"""Corrupt the shipped export in every declared way, one at a time, and print what the pipeline's front made of it.

``python -m trials``            every trial of ``trials/trials.yaml``; fails where one differs
``python -m trials 3 14 x07``   only these: a number of the catalogue of problems, or the id of a trial
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow/scripts"), str(ROOT)]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def main() -> int:
    """Run, print, count."""
    from trials.bench import floors, shipped, trials, tried

    parser = argparse.ArgumentParser(prog="python -m trials", description=__doc__.partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="numbers of the catalogue or ids of trials")
    given = parser.parse_args()
    numbers = {number for number in map(_number, given.ids) if number is not None}
    chosen = [t for t in trials() if not given.ids or t["id"] in given.ids or t.get("problem") in numbers]
    if not chosen:
        parser.error("no such trial")
    began, agreed = time.process_time(), 0
    with tempfile.TemporaryDirectory() as scratch:
        base = shipped(Path(scratch) / "shipped", floors(chosen))
        for trial in chosen:
            outcome = tried(base, trial, Path(scratch) / "trial")
            agreed += outcome.agrees
            print("\n".join(outcome.lines()), flush=True)
    print(f"{agreed} of {len(chosen)} agree ({time.process_time() - began:.0f} s of CPU)")
    return agreed != len(chosen)


if __name__ == "__main__":
    sys.exit(main())
