"""What growing studies cost, floor by floor, under the real Snakemake on two cores: part of ``bench/run.py``.

A study is generated into a fresh folder. Its floors climb one after another, each by a run of its own, so that wall,
CPU and memory of a floor are those of the processes that did it. Each such run reads the configuration and plans; what
that costs is the line "nothing to do", and the growth exponent is taken without it. A run that climbs all floors in one
saves five such starts and lets floors overlap: ``--whole`` measures it too, of the sizes named, in fresh folders.

    python bench/growth.py [--sizes 60 600 6000 10000] [--whole 10000]
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from timing import ROOT, Cost, apart, machine, measured, python, snakemake

SIZES = [60, 600, 6000, 10000]
FLOORS = ("raw", "sdtm", "adam", "ard", "tlf", "csr")
CORES, SEED = 2, 7
# A trial of this size has about 250 laboratory results a subject; the protocol at hand asks for 46. From this many
# subjects on, each sample of the protocol stands for so many.
LARGE, SAMPLES = 600, 5.4
# From so many subjects on the report is in many files, with so many subjects in one, written by so many jobs.
SPLIT, OF_ONE_FILE, JOBS = 2000, 150, 4

MAKE = (
    "import synthetic; from pathlib import Path; "
    "forms, truth = synthetic.generate({size}, {seed}, problems=False, samples={samples}); "
    "synthetic.write(forms, truth, Path('data/raw'), Path('data/truth'), {{'subjects': {size}, 'seed': {seed}}})"
)


@dataclass(frozen=True)
class Size:
    """One study: its rows and what each of its floors cost."""

    subjects: int
    rows: int
    laboratory: int
    floors: dict[str, Cost]


def adapted(folder: Path, subjects: int) -> None:
    """Settings of the study's configuration that a study of this size has and the shipped one has not.

    Its report does not fit into one file: it is made of many, by section and by subject. A small one is run as shipped.
    """
    if subjects >= SPLIT:
        with (folder / "config/csr.yaml").open("a", encoding="utf-8") as file:
            file.write(f"split: {{subjects: {OF_ONE_FILE}, jobs: {JOBS}}}\n")


def laid_out(folder: Path, subjects: int) -> Path:
    """Write a study of ``subjects`` treated persons without planted problems into an empty folder."""
    shutil.copytree(ROOT / "config", folder / "config")
    adapted(folder, subjects)
    samples = SAMPLES if subjects >= LARGE else 1
    measured(python(MAKE.format(size=subjects, seed=SEED, samples=samples)), folder)
    return folder


def lines(file: Path) -> int:
    """Records of an export without a line break inside a field: the generator writes none."""
    with file.open("rb") as source:
        return sum(1 for _ in source) - 1


def targets(folder: Path) -> dict[str, list[str]]:
    """The files of each floor; those of the roof are what a run makes when it is asked for nothing."""
    from crf2csr.plan import Plan
    from crf2csr.specs import Study
    from tests.climb import inside

    with inside(folder):
        plan = Plan(Study(".", ROOT / "workflow/schemas"))
    found = {
        floor: [path for job in getattr(plan, floor).values() for path in job.outputs.values()] for floor in FLOORS[:-1]
    }
    found["sdtm"] += plan.forms.outputs.values()
    return found | {FLOORS[-1]: []}


def climbed(folder: Path, subjects: int) -> Size:
    """Measure each floor of a study that was laid out, and at last a run that finds nothing to do."""
    raw = {file.stem: lines(file) for file in (folder / "data/raw").glob("*.csv")}
    floors = {floor: measured(snakemake(CORES, *files), folder) for floor, files in apart(targets, folder).items()}
    floors["nothing to do"] = measured(snakemake(CORES), folder)
    return Size(subjects, sum(raw.values()), raw["LB"], floors)


def together(size: Size) -> Cost:
    """All floors of a size: times add up, memory does not."""
    costs = [size.floors[floor] for floor in FLOORS]
    return Cost(
        sum(cost.wall for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.largest for cost in costs),
        max(cost.together for cost in costs),
    )


def exponent(before: Size | None, now: Size, cpu: dict[int, float], starts: int) -> str:
    """By which power of the raw rows the CPU time grows, without what ``starts`` starts of Snakemake cost."""
    if before is None:
        return ""
    work = [cpu[size.subjects] - starts * size.floors["nothing to do"].cpu for size in (before, now)]
    if min(work) <= 0:
        return "too little work"
    return f"{math.log(work[1] / work[0]) / math.log(now.rows / before.rows):.2f}"


def row(size: Size, label: str, cost: Cost, power: str) -> str:
    """One line of the table."""
    figures = f"{cost.wall:.1f} | {cost.cpu:.1f} | {cost.largest:.0f} | {cost.together:.0f}"
    return f"| {size.subjects} | {size.rows} | {size.laboratory} | {label} | {figures} | {power} |"


def table(sizes: list[int], work: Path | None, whole: Collection[int]) -> None:
    """Print a line for each floor of each size, for all floors, and of sizes ``whole`` for one run of all at once."""
    print("| treated | raw rows | lab rows | floor | wall s | CPU s | largest process MB | all MB | exponent of CPU |")
    print("|---|---|---|---|---|---|---|---|---|")
    done: list[Size] = []
    for subjects in sizes:
        with tempfile.TemporaryDirectory(prefix="crf2csr-growth-", dir=work) as temporary:
            done.append(climbed(laid_out(Path(temporary), subjects), subjects))
        now, before = done[-1], done[-2] if len(done) > 1 else None
        for floor, cost in now.floors.items():
            cpu = {size.subjects: size.floors[floor].cpu for size in done}
            print(row(now, floor, cost, exponent(before, now, cpu, 1) if floor in FLOORS else ""), flush=True)
        cpu = {size.subjects: together(size).cpu for size in done}
        print(row(now, "all floors", together(now), exponent(before, now, cpu, len(FLOORS))), flush=True)
        if subjects in whole:
            with tempfile.TemporaryDirectory(prefix="crf2csr-growth-", dir=work) as temporary:
                cost = measured(snakemake(CORES), laid_out(Path(temporary), subjects))
            print(row(now, "in one run", cost, ""), flush=True)
    print()


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument(
        "--whole", type=int, nargs="+", default=[], help="sizes of which a run of all floors is measured"
    )
    parser.add_argument("--work", type=Path, help="a folder for the studies (default: a temporary one)")
    given = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    table(given.sizes, given.work, given.whole)


if __name__ == "__main__":
    main()
