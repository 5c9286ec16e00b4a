"""The same derivations and tables made by others, R's admiral and csrlite: part of ``bench/run.py``.

Ours are jobs of the house, each a process of its own that starts, imports, reads, derives, checks, traces and writes.
The subjects of the CDISC pilot (its public raw exports in a folder ``shared/`` beside the checkout) are copied 1, 10
and 40 times in SDTM, each copy under subject numbers of its own.

Not the same on both sides, and printed with the figures:

- admiral was measured earlier, on a machine of the same kind (its templates of ADSL, ADAE, ADLB and ADVS on the same
  study, R 4.2.2, whole process); its templates derive other variables, and more records of vital signs;
- the raw exports hold no laboratory data: ours for ADLB is the shipped study's specification on generated data with as
  many rows as admiral's;
- the pilot's configuration declares no ADVS: the shipped study's specification is used, on the pilot's data.

    python bench/peers.py [--times 1 10 40] [--csrlite PYTHON]
"""

from __future__ import annotations

import argparse
import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from timing import ROOT, Cost, apart, machine, measured, python

TIMES = [1, 10, 40]
PILOT = ROOT / "studies/cdiscpilot"
EXPORTS = ROOT.parent / "shared/data/cdiscpilot/raw"
# R's admiral, wall seconds and GB of the whole process by data set and copies of the pilot; no figure, no ratio.
ADMIRAL: dict[str, dict[int, tuple[float, float | None]]] = {
    "adsl": {1: (3.8, 0.3), 10: (18.9, 2.0), 40: (81.8, 7.8)},
    "adae": {1: (3.5, 0.26), 10: (5.6, None), 40: (18.0, None)},
    "adlb": {1: (20.3, 0.42), 10: (160, 2.8), 40: (673, 10.6)},
    "advs": {1: (11.9, 0.34), 10: (94, 1.8), 40: (476, 9.0)},
}
ADMIRAL_ROWS = {"adsl": 306, "adae": 1191, "adlb": 83652, "advs": 65032}
# Generated subjects whose laboratory rows are about as many as those of the pilot, at samples per sample planned.
LABORATORY, SAMPLES, SEED = 335, 5.4, 7
# The same three tables as csrlite's, and a listing of all events.
TABLES = {"safety": ["overview", "terms"], "population": ["disposition"]}
LISTING = {"safety": ["serious"]}


def prepared(folder: Path, config: Path, raw_dir: str | None, floors: tuple[str, ...]) -> None:
    """Climb the lower floors of a study into an empty folder."""
    folder.mkdir()
    shutil.copytree(config, folder / "config")
    if raw_dir is None:
        make = (
            "import synthetic; from pathlib import Path; "
            f"forms, truth = synthetic.generate({LABORATORY}, {SEED}, problems=False, samples={SAMPLES}); "
            "synthetic.write(forms, truth, Path('data/raw'), Path('data/truth'), {})"
        )
        measured(python(make), folder)
    given = {"raw_dir": raw_dir} if raw_dir else {}
    climb = f"from pathlib import Path; from tests.climb import climb; climb(Path('.'), {floors!r}, **{given!r})"
    measured(python(climb), folder)


def planned(work: Path) -> None:
    """Pickle the jobs that are compared, each list of them with its doors, by name."""
    from crf2csr.plan import Plan
    from crf2csr.specs import Study
    from tests.climb import inside

    plans = {}
    for name, given in (("pilot", {"raw_dir": str(EXPORTS)}), ("generated", {})):
        with inside(work / name):
            plans[name] = Plan(Study(".", ROOT / "workflow/schemas", given))
    pilot, shipped = plans["pilot"], plans["generated"]
    derived = [pilot.adam["adsl"], pilot.adam["adae"], vital_signs(shipped, pilot), shipped.adam["adlb"]]
    lists = {job.name: [("adam.derive", job)] for job in derived} | {
        "ours, three tables": chapters(pilot, TABLES),
        "ours, the two chapters that hold them": chapters(pilot, None),
        "ours, listing of all adverse events": chapters(pilot, LISTING, everything=True),
    }
    for name, jobs in lists.items():
        (work / f"{name}.pickle").write_bytes(pickle.dumps(jobs))


def copied(source: Path, target: Path, times: int, names: list[str]) -> None:
    """Write tables whose rows stand there so many times, each copy under subject numbers of its own."""
    import pandas as pd

    from crf2csr import io

    for name in names:
        table = io.read_table(source / name)
        if name == "vs.parquet" and "VSSTAT" not in table:
            # The pilot's exports do not say of a measurement that it was not done; the room of ADVS asks.
            table["VSSTAT"] = pd.Series(float("nan"), index=table.index, dtype="str")
        subjects = [column for column in ("USUBJID", "SUBJID") if column in table]
        copies = [table.assign(**{c: table[c] + f"-{n:02d}" for c in subjects} if n else {}) for n in range(times)]
        io.write_table(target / name, pd.concat(copies, ignore_index=True))


def run(jobs: Path, folder: Path) -> Cost:
    """Do pickled jobs in one process of their own, and measure it."""
    return measured([sys.executable, str(ROOT / "bench/perform.py"), str(jobs)], folder)


def rows(path: Path) -> tuple[int, int]:
    """Rows and columns of a table."""
    import pyarrow.parquet as pq

    about = pq.ParquetFile(path).metadata
    return about.num_rows, about.num_columns


def vital_signs(shipped: Any, pilot: Any) -> Any:
    """The shipped study's job of ADVS with the pilot's visits."""
    job = shipped.adam["advs"]
    page = job.slice["page"] | {"visits": pilot.study.page["visits"]}
    return replace(job, slice=job.slice | {"page": page, "study": pilot.study.page["study"]["id"]})


def derivations(times: list[int], work: Path) -> None:
    """Print our jobs against the figures of admiral."""
    heads = ["data set", "copies", "rows", "variables", "wall s", "CPU s", "MB"]
    heads += ["admiral s", "admiral GB", "admiral rows", "times as fast"]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for count in times:
        place = {name: work / f"{name}-{count}" for name in ("pilot", "generated")}
        for name, folder in place.items():
            needed = {f"{d}.parquet" for d in ("dm", "ds", "vs", "ae")} if name == "pilot" else {"lb.parquet"}
            apart(copied, work / name / "results/sdtm", folder / "results/sdtm", count, sorted(needed))
        apart(copied, work / "generated/results/adam", place["generated"] / "results/adam", count, ["adsl.parquet"])
        for dataset in ADMIRAL:
            folder = place["generated" if dataset == "adlb" else "pilot"]
            cost = run(work / f"{dataset}.pickle", folder)
            made = apart(rows, folder / f"results/adam/{dataset}.parquet")
            wall, memory = ADMIRAL[dataset].get(count, (None, None))
            faster = f"{wall / cost.wall:.0f}" if wall else ""
            against = f"{wall or ''} | {memory or ''} | {ADMIRAL_ROWS[dataset] * count} | {faster}"
            own = f"{made[0]} | {made[1]} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.largest:.0f}"
            print(f"| {dataset} | {count} | {own} | {against} |", flush=True)
    print(
        "\nadmiral: measured earlier on a machine of the same kind. adlb: the shipped study's specification on\n"
        "generated data of as many rows, since the exports hold no laboratory data. advs: the shipped study's\n"
        "specification on the pilot's data.\n"
    )


def chapters(plan: Any, chosen: dict[str, list[str]] | None, everything: bool = False) -> list[tuple[str, Any]]:
    """Jobs that compute and display chapters: whole, or only some analyses and the displays that show nothing else."""
    made = []
    for name in TABLES if chosen is None else chosen:
        analyze, display = plan.ard[name], plan.tlf[name]
        if chosen is not None:
            keep = [dict(a) for a in analyze.slice["spec"]["analyses"] if a["id"] in chosen[name]]
            if everything:
                keep = [{key: value for key, value in analysis.items() if key != "where"} for analysis in keep]
            shown = [d for d in display.slice["spec"]["displays"] if d.get("analysis") in chosen[name]]
            roles = {"facts", "sets", "methods", *chosen[name]}
            kept = {role: path for role, path in analyze.outputs.items() if role in roles}
            analyze = replace(
                analyze, slice=analyze.slice | {"spec": analyze.slice["spec"] | {"analyses": keep}}, outputs=kept
            )
            display = replace(
                display,
                slice=display.slice
                | {"spec": display.slice["spec"] | {"displays": shown}, "analyses": [a["id"] for a in keep]},
                inputs={role: path for role, path in kept.items() if role not in ("sets", "methods")},
            )
        made += [("ard.analyze", analyze), ("tlf.display", display)]
    return made


def tables(times: list[int], work: Path, other: str | None) -> None:
    """Print our tables of adverse events and disposition against those of csrlite."""
    said = other and subprocess.run([other, "-c", "import csrlite"], capture_output=True, check=False).returncode
    if other is None or said:
        print(
            "csrlite: NOT MEASURED: " + (f"{other} has none" if other else "name a Python that has it with --csrlite")
        )
        other = None
    print("| tables | copies | wall s | CPU s | MB |\n|---|---|---|---|---|")
    ours = sorted(work.glob("ours*.pickle"))
    for count in times:
        folder = work / f"pilot-{count}"
        for jobs in ours:
            cost = run(jobs, folder)
            print(f"| {jobs.stem} | {count} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.largest:.0f} |", flush=True)
        if other:
            script = str(ROOT / "bench/peer_csrlite.py")
            # Its listing takes a minute at 1,191 rows, and more than in proportion beyond: it is measured once.
            for what in ("tables", "listing") if count == min(times) else ("tables",):
                cost = measured([other, script, what, str(folder / "results/adam"), str(folder)], folder)
                print(
                    f"| csrlite, {what} | {count} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.largest:.0f} |", flush=True
                )
    print(
        "\nThree tables: overview of adverse events, adverse events by term, disposition. Whole processes, from ADSL\n"
        "and ADAE as Parquet. Ours write facts with their members and displays bound to them; csrlite writes RTF.\n"
    )


def table(times: list[int], other: str | None = None, work: Path | None = None) -> None:
    """Print both comparisons; without the public exports say so."""
    if not EXPORTS.is_dir():
        print(f"peers: NOT MEASURED: the public raw exports of the CDISC pilot are not at {EXPORTS}")
        return
    with tempfile.TemporaryDirectory(prefix="crf2csr-peers-", dir=work) as temporary:
        folder = Path(temporary)
        prepared(folder / "pilot", PILOT / "config", str(EXPORTS), ("raw", "sdtm"))
        prepared(folder / "generated", ROOT / "config", None, ("raw", "sdtm", "adam"))
        apart(planned, folder)
        derivations(times, folder)
        tables(times, folder, other)


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, nargs="+", default=TIMES)
    parser.add_argument("--csrlite", help="a Python that has csrlite")
    parser.add_argument("--work", type=Path, help="a folder for the data (default: a temporary one)")
    given = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    table(given.times, given.csrlite, given.work)


if __name__ == "__main__":
    main()
