"""Measure what the jobs of each floor need of a machine: ``python bench/needs.py`` (by hand, as ``bench/run.py``).

Each floor climbs in a process of its own, like a group of jobs on a cluster, and each of its jobs once more in a fork
of its own. Prints per floor the peak memory and wall time of the whole floor, and the hungriest and the longest job,
for studies of growing size. ``workflow/scripts/crf2csr/needs.py`` holds what was concluded.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from tests.climb import DOORS, inside  # noqa: E402

FLOORS = ("raw", "sdtm", "adam", "ard", "tlf", "csr")


def apart(work: Callable[[], Any]) -> tuple[float, float]:
    """Do the work in a fork; return wall seconds and the peak memory of the fork in MB."""
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit("a job failed, see above")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def steps(plan: Any, floor: str) -> list[tuple[str, Callable[[], Any]]]:
    """The jobs of a floor by name, each after what it reads."""
    import csr
    import sdtm

    from crf2csr.plan import ordered

    if floor == "csr":
        behind = [(csr.embed, job) for job in plan.embed.values()]
        doors = [*behind, (csr.assemble, plan.csr), (csr.ask, plan.ask), (csr.gate, plan.gate)]
        return [(job.name, lambda door=door, job=job: door(job)) for door, job in doors]
    jobs = [(job.name, lambda job=job: DOORS[floor](job)) for job in ordered(getattr(plan, floor).values())]
    return [*jobs, ("_forms", lambda: sdtm.account(plan.forms))] if floor == "sdtm" else jobs


def measure(size: int) -> None:
    """Print the lines of one size."""
    import synthetic
    from crf2csr.plan import Plan
    from crf2csr.specs import Study

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "config", folder / "config")

        def make() -> None:
            forms, truth = synthetic.generate(size, 7, problems=False)
            synthetic.write(forms, truth, folder / "data/raw", folder / "data/truth", {"subjects": size, "seed": 7})

        apart(make)
        raw = sum(file.stat().st_size for file in (folder / "data/raw").iterdir()) / 1e6
        with inside(folder):
            plan = Plan(Study(".", ROOT / "workflow" / "schemas"))
            for floor in FLOORS:
                every = steps(plan, floor)
                wall, peak = apart(lambda every=every: [work() for _, work in every])
                alone = {name: apart(work) for name, work in every}
                hungry = max(alone, key=lambda name: alone[name][1])
                slow = max(alone, key=lambda name: alone[name][0])
                print(
                    f"| {size} | {raw:.1f} | {floor} | {len(every)} | {wall:.1f} | {peak:.0f} "
                    f"| {hungry} {alone[hungry][1]:.0f} | {slow} {alone[slow][0]:.1f} |",
                    flush=True,
                )


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[60, 600, 6000])
    arguments = parser.parse_args()
    print("| treated | raw MB | floor | jobs | wall s | peak MB | hungriest job MB | longest job s |")
    print("|---|---|---|---|---|---|---|---|")
    for size in arguments.sizes:
        measure(size)


if __name__ == "__main__":
    main()
