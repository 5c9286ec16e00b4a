"""Measure the pipeline: ``python bench/run.py`` (by hand; in the environment of ``make test``).

Prints, in one run so that the machine's mood is the same for all lines:

- under Snakemake the clean run, the run with nothing to do, and those after one title and after one raw record changed;
- the same work in one Python process, everything imported once: the lower bound;
- 60, 600 and 6,000 treated subjects in one process: wall, CPU, peak memory, and the growth exponent.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

ONE_PROCESS = (
    "import sys; sys.path[:0] = [{root!r}, {scripts!r}]; "
    "from pathlib import Path; from tests.climb import climb; climb(Path('.'))"
)


def timed(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory (MB) of one finished process tree's largest process."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(said.decode()[-4000:])
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def snakemake(cores: int) -> list[str]:
    """The command of a user."""
    return [
        str(Path(sys.executable).with_name("snakemake")),
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--cores",
        str(cores),
    ]


def one_process() -> list[str]:
    """The same jobs in one process, without Snakemake."""
    return [sys.executable, "-c", ONE_PROCESS.format(root=str(ROOT), scripts=str(ROOT / "workflow/scripts"))]


def wipe(folder: Path) -> None:
    """Remove what a run makes."""
    for name in ("results", "reports", "logs", ".snakemake"):
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
    file = folder / "config/tlf/efficacy.yaml"
    before = (ROOT / "config/tlf/efficacy.yaml").read_text(encoding="utf-8")
    file.write_text(before.replace("(primary endpoint)", f"(primary endpoint, {turn})", 1), encoding="utf-8")


def line(label: str, runs: list[tuple[float, float, float]]) -> float:
    """Print minimum, median and maximum of the wall time, median CPU and the peak; return the median wall."""
    wall = [run[0] for run in runs]
    cpu, peak = statistics.median(run[1] for run in runs), max(run[2] for run in runs)
    print(
        f"| {label} | {min(wall):.2f} | {statistics.median(wall):.2f} | {max(wall):.2f} | {cpu:.2f} | {peak:.0f} |",
        flush=True,
    )
    return statistics.median(wall)


def shipped(repeats: int, cores: int) -> None:
    """Clean, unchanged and changed runs of the shipped study against the one-process bound."""
    print("| shipped study | wall min s | median | max | CPU s | peak MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "config", folder / "config")
        shutil.copytree(ROOT / "data", folder / "data")
        clean, same, titled, changed, bound = [], [], [], [], []
        for turn in range(repeats):
            wipe(folder)
            clean.append(timed(snakemake(cores), folder))
            same.append(timed(snakemake(cores), folder))
            change_one_title(folder, turn)
            titled.append(timed(snakemake(cores), folder))
            change_one_record(folder, turn)
            changed.append(timed(snakemake(cores), folder))
            wipe(folder)
            bound.append(timed(one_process(), folder))
        full = line(f"clean run, {cores} cores", clean)
        line("nothing to do", same)
        line("one title changed", titled)
        line("one raw record changed", changed)
        least = line("one Python process (bound)", bound)
        print(f"\nclean run / bound = {full / least:.2f}\n")


def growth(sizes: list[int]) -> None:
    """The whole work in one process for growing studies."""
    import synthetic

    print("| treated | raw rows | wall s | CPU s | peak MB | exponent |\n|---|---|---|---|---|---|")
    before: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            shutil.copytree(ROOT / "config", folder / "config")
            forms, truth = synthetic.generate(size, 7, problems=False)
            rows = sum(len(form) for form in forms.values())
            synthetic.write(forms, truth, folder / "data/raw", folder / "data/truth", {"subjects": size, "seed": 7})
            del forms, truth
            wall, cpu, peak = timed(one_process(), folder)
        exponent = f"{math.log(cpu / before[1]) / math.log(rows / before[0]):.2f}" if before else ""
        print(f"| {size} | {rows} | {wall:.1f} | {cpu:.1f} | {peak:.0f} | {exponent} |", flush=True)
        before = (rows, cpu)


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="*", default=[60, 600, 6000])
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} processors\n")
    if arguments.repeats:
        shipped(arguments.repeats, arguments.cores)
    growth(arguments.sizes)


if __name__ == "__main__":
    main()
