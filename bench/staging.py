"""Measure the raw floor: ``python bench/staging.py [--subjects 10000]`` (by hand; in the environment of ``make test``).

The shipped export is repeated under new subject numbers until it has that many subjects, in a temporary folder. Then,
in processes of their own and by turns, so that the machine's mood is the same for both:

- pandas reads every file as text (``dtype=str``), and keeps nothing;
- the door of the raw floor stages every form: read, decode, cut, check against the contract, write.

Printed are wall seconds (least, median, most of the repeats; imports left out), median CPU seconds, peak memory, and
staging / pandas, which is to stay below 3. The peak is to stay below 2 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

PANDAS = """
import sys, time, resource, json
from pathlib import Path
import pandas as pd
files = json.loads(sys.argv[1])
begin, cpu = time.perf_counter(), time.process_time()
cells = sum(pd.read_csv(f, dtype=str, keep_default_na=False, encoding=e).size for f, e in files)
end = time.perf_counter() - begin, time.process_time() - cpu
print(json.dumps([*end, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, cells]))
"""
STAGE = f"""
import sys, time, resource, json
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "workflow/scripts")!r}]
import raw, crf2csr.raw.delimited
from pathlib import Path
from crf2csr.plan import Plan
from crf2csr.specs import Study
plan = Plan(Study(".", Path({str(ROOT / "workflow/schemas")!r})))
forms = [plan.raw[name.lower()] for name in json.loads(sys.argv[1])]
begin, cpu = time.perf_counter(), time.process_time()
for job in forms:
    raw.stage(job)
end = time.perf_counter() - begin, time.process_time() - cpu
print(json.dumps([*end, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0]))
"""


def repeat(folder: Path, subjects: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Write the export of so many subjects; return its forms, and its files with their encodings."""
    import pandas as pd
    import yaml

    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(ROOT / "data", folder / "data")
    manifest = folder / "data/raw/manifest.yaml"
    content = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    known = {path.stem.upper() for path in (ROOT / "config/crf").glob("*.yaml")}
    forms, files = [], []
    for entry in content["files"]:
        if entry["form"] not in known:
            continue
        path = folder / "data/raw" / entry["name"]
        one = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=entry["encoding"])
        people = one["SUBJID"].drop_duplicates().tolist()
        turns = -(-subjects // 72)
        parts = []
        for turn in range(turns):
            # The study's subject ids have four digits: a further hundred people begin at a thousand's own hundred.
            renamed = {who: f"01-{(turn * 72 + place) % 10000:04d}" for place, who in enumerate(people)}
            parts.append(one.assign(SUBJID=one["SUBJID"].map(renamed)))
        pd.concat(parts).to_csv(path, index=False, lineterminator="\n", encoding=entry["encoding"])
        entry |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": sum(map(len, parts))}
        forms.append(entry["form"])
        files.append((str(path), entry["encoding"]))
    manifest.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return forms, files


def timed(program: str, argument: object, folder: Path) -> tuple[float, float, float, int]:
    """Wall seconds, CPU seconds, peak memory in MB and number of cells, as a program of its own says them."""
    command = [sys.executable, "-c", program, json.dumps(argument)]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr[-4000:])
    return tuple(json.loads(run.stdout))


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--subjects", type=int, default=10_000)
    asked.add_argument("--repeats", type=int, default=5)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        forms, files = repeat(folder, options.subjects)
        runs: dict[str, list[tuple[float, float, float, int]]] = {"pandas reads text": [], "the raw floor stages": []}
        for _ in range(options.repeats):
            runs["pandas reads text"].append(timed(PANDAS, files, folder))
            runs["the raw floor stages"].append(timed(STAGE, forms, folder))
        cells = runs["pandas reads text"][0][3]
        size = sum(Path(file).stat().st_size for file, _ in files) / 1e6
    print(f"{options.subjects} subjects, {len(forms)} forms, {cells / 1e6:.2f} million cells, {size:.0f} MB of text\n")
    print("| what | least s | median s | most s | CPU s | peak MB |\n|---|---|---|---|---|---|")
    median, busy = {}, {}
    for what, found in runs.items():
        wall = [run[0] for run in found]
        median[what] = statistics.median(wall)
        busy[what] = statistics.median(run[1] for run in found)
        peak = max(run[2] for run in found)
        print(f"| {what} | {min(wall):.2f} | {median[what]:.2f} | {max(wall):.2f} | {busy[what]:.2f} | {peak:.0f} |")
    (reads, stages), (reads_cpu, stages_cpu) = median.values(), busy.values()
    print(f"\nstaging / pandas = {stages / reads:.2f} (CPU {stages_cpu / reads_cpu:.2f}; goal: below 3)")


if __name__ == "__main__":
    main()
