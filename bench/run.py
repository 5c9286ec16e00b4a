"""The whole bench: ``make bench``, or ``python bench/run.py`` in the environment of ``make test``; on a quiet machine.

Prints, in one run so that the machine's mood is the same for all lines:

- the shipped study: under Snakemake the clean run on 1, 2 and 4 cores, the run with nothing to do, and those after one
  title and one raw record changed; the same work in one Python process, everything imported once (the lower bound);
- growing studies, floor by floor, and the largest in one run as well (``bench/growth.py``);
- the same derivations and tables made by others (``bench/peers.py``).

    python bench/run.py [--repeats 5] [--sizes 60 600 6000 10000] [--times 1 10 40] [--csrlite PYTHON] [--only shipped]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import growth
import peers
from timing import HEAD, ROOT, Cost, apart, line, machine, measured, python, snakemake

MADE = ("results", "reports", "logs", ".snakemake")
CORES = (1, 2, 4)
# What is judged: the label, the most that it may be, and of which unit.
GOALS = {"nothing to do": 3.0, "one title changed": 5.0}
MOST_OF_BOUND, MOST_OF_CLEAN = 1.3, 0.5


def wipe(folder: Path) -> None:
    """Remove what a run makes."""
    for name in MADE:
        shutil.rmtree(folder / name, ignore_errors=True)


def change_one_record(folder: Path, turn: int) -> None:
    """Change one vital sign and name the new content in the manifest."""
    from tests.tiny import seal

    file = folder / "data/raw/VS.csv"
    lines = file.read_text(encoding="utf-8").split("\n")
    cells = lines[5].split(",")
    header = lines[0].split(",")
    cells[header.index("PULSE")] = str(61 + turn)
    lines[5] = ",".join(cells)
    file.write_text("\n".join(lines), encoding="utf-8")
    seal(folder, "VS.csv")


def change_one_title(folder: Path, turn: int) -> None:
    """Change the title of the primary endpoint's table."""
    before = (ROOT / "config/tlf/efficacy.yaml").read_text(encoding="utf-8")
    after = before.replace("(primary endpoint)", f"(primary endpoint, {turn})", 1)
    (folder / "config/tlf/efficacy.yaml").write_text(after, encoding="utf-8")


def shipped(repeats: int) -> None:
    """Clean, unchanged and changed runs of the shipped study against the one-process bound."""
    climb = python("from pathlib import Path; from tests.climb import climb; climb(Path('.'))")
    bound, clean = "one Python process (bound)", {cores: f"clean run, cores: {cores}" for cores in CORES}
    runs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("config", "data", "qc"):
            shutil.copytree(ROOT / name, folder / name)
        for turn in range(repeats):
            steps = [(bound, climb, wipe)]
            # The run on two cores comes last: the following ones find what it made.
            steps += [(clean[cores], snakemake(cores), wipe) for cores in sorted(CORES, key=lambda n: n == 2)]
            steps += [
                ("nothing to do", snakemake(2), lambda _: None),
                ("one title changed", snakemake(2), lambda at, turn=turn: change_one_title(at, turn)),
                ("one raw record changed", snakemake(2), lambda at, turn=turn: apart(change_one_record, at, turn)),
            ]
            for label, command, before in steps:
                before(folder)
                runs.setdefault(label, []).append(measured(command, folder))
    print(HEAD.format(f"shipped study ({repeats} runs each)"))
    wall = {label: line(label, found) for label, found in runs.items()}
    print()
    for label, most in GOALS.items():
        print(f"{label}: {wall[label]:.2f} s, goal {most} s")
    print(f"clean run on 2 cores / bound: {wall[clean[2]] / wall[bound]:.2f}, goal {MOST_OF_BOUND}")
    part = wall["one raw record changed"] / wall[clean[2]]
    print(f"one record / clean run on 2 cores: {part:.2f}, goal {MOST_OF_CLEAN}\n")


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each line of the shipped study")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=growth.SIZES, help="treated subjects of the growing studies"
    )
    parser.add_argument("--times", type=int, nargs="+", default=peers.TIMES, help="copies of the pilot's subjects")
    parser.add_argument("--csrlite", help="a Python that has csrlite")
    parser.add_argument("--work", type=Path, help="a folder for large studies (default: a temporary one)")
    parts = ("shipped", "growth", "peers")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    given = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    if "shipped" in given.only:
        shipped(given.repeats)
    if "growth" in given.only:
        growth.table(given.sizes, given.work, whole={max(given.sizes)})
    if "peers" in given.only:
        peers.table(given.times, given.csrlite, given.work)


if __name__ == "__main__":
    main()
