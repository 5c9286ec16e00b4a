"""Export a study's data, run R on them, compare, write: ``python -m qc [STUDY]`` after the pipeline has run.

Writes ``qc/agreement.csv`` (to be committed) and ``reports/qc.html`` in the study's folder; what R reads and writes
lies in ``results/qc``. Ends with 1 when a result disagrees, R finds more than the house, or the house more than R
without a reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from crf2csr import io
from crf2csr.errors import Cause
from qc import page
from qc.compare import Comparison, agreement, by_method, compare
from qc.export import export

HERE = Path(__file__).parent
HINT = "On Debian: apt-get install r-base-core r-cran-jsonlite r-cran-survival r-cran-nlme r-cran-cmprsk r-cran-mice"


def compute(folder: Path, *, thorough: bool = False) -> None:
    """Run the R programs on an exported folder; ``thorough`` lets R impute by itself as well, which takes a while."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise Cause(f"Rscript is not on this machine, so nothing can be computed again. {HINT}")
    # R reads and sorts text by its locale.
    environment = os.environ | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [rscript, "--vanilla", str(HERE / "R" / "run.R"), str(folder), *["thorough"] * thorough],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        encoding="utf-8",
    )
    if run.returncode:
        said = run.stderr.strip().splitlines() or ["no message"]
        hint = f" {HINT}" if "lacks the package" in run.stderr else ""
        raise Cause("R stopped: " + " ".join(said[-3:]) + hint)


def verify(study: Path, folder: Path, *, thorough: bool = False) -> Comparison:
    """Export into ``folder``, which is emptied first, compute there and compare; nothing else is written."""
    shutil.rmtree(folder, ignore_errors=True)
    export(study, folder)
    compute(folder, thorough=thorough)
    return compare(study, folder)


HEADS = {
    "results": "results",
    "counts": "counts",
    "exact": ">= 8 digits",
    "iterative": ">= 6, iterative",
    "differ": "differ",
    "not_recomputed": "not in R",
    "unexplained": "unexplained",
}


def told(found: Comparison) -> str:
    """The shares in words, as the console prints them."""
    table, rows = by_method(found).set_index("method")[list(HEADS)], found.rows
    table.loc["all"] = table.sum()
    lines = [f"{'method':22}" + "".join(f"{head:>{len(head) + 3}}" for head in HEADS.values())]
    for line in table.itertuples():
        numbers = (f"{n:{len(head) + 3},}" for n, head in zip(line[1:], HEADS.values(), strict=True))
        lines.append(f"{line.Index:22}" + "".join(numbers))
    agree = int((rows["status"] == "agrees").sum())
    lines.append(f"R agrees in {agree:,} of {len(rows):,} results ({100 * agree / max(len(rows), 1):.2f} %).")
    if len(found.derived):
        same, every = int(found.derived["agree"].sum()), int(found.derived["rows"].sum())
        lines.append(f"Responses derived again from scores: {same:,} of {every:,} rows agree.")
    for row in found.drawn.itertuples():
        lines.append(f"{row.analysis}, {row.what}: {row.house:.4f}, in R {row.r:.4f}, z = {row.z:.2f} (both random)")
    for status in ("differs", "only in R", "unexplained"):
        for row in rows[rows["status"] == status].head(20).itertuples():
            lines.append(f"{status}: {row.id}  Python {row.python or '-'}  R {row.r or '-'}")
    for row in found.failed.itertuples():
        lines.append(f"R stopped at analysis {row.analysis} of {row.chapter}: {row.message}")
    for row in found.derived[found.derived["rows"] != found.derived["agree"]].itertuples():
        lines.append(f"derived otherwise: {row.dataset} {row.flag} {row.parameter}, {row.visit}: {row.differ}")
    return "\n".join(lines)


def main(study: Path) -> int:
    """Verify one study, write what is kept, and say what was found."""
    folder = study / "results/qc"
    try:
        found = verify(study, folder, thorough=True)
    except Cause as cause:
        print(cause, file=sys.stderr)
        return 1
    io.write_text(study / "qc/agreement.csv", agreement(found).to_csv(index=False, lineterminator="\n"))
    io.write_text(study / "reports/qc.html", page.render(study, found, folder))
    print(told(found))
    print(f"\nWritten: {study / 'qc/agreement.csv'} and {study / 'reports/qc.html'}")
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
