"""Run a study in many surroundings and say of each whether it gives the same bytes: ``python bench/identity.py``.

One line per cell: ``identical``, or for another processor to how many digits the numbers agree, or what differs, or
the error that the run gave where an error is what is expected.
Cells that this machine cannot offer (a locale, another user, root for a small disk) are named as such, never passed
over: they end the program with 1 unless ``--only`` leaves them out.

    python bench/identity.py [STUDY] [--only CELL ...] [--python py312=/path/to/bin/python ...] [--user NAME=PYTHON]
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow/scripts")]

from surroundings import Bench, Cell, full_disk, nowhere_to_write, read_only, resumed, two_at_once  # noqa: E402

from lock import build  # noqa: E402
from lock.study import open_study  # noqa: E402

OLD_PROCESSOR = "AVX AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR F16C XOP FMA4"


def has_locale(name: str) -> bool:
    """Tell whether the C library knows a locale; without that a run would silently be one in C."""
    code = f"import locale; locale.setlocale(locale.LC_ALL, {name!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def cells(pythons: list[str], user: str) -> dict[str, Cell]:
    """All surroundings, by name."""
    found = {"another folder": Cell(folder="otra carpeta/\u4e34\u5e8a \u6570\u636e")}
    for name in ("C", "C.UTF-8", "tr_TR.UTF-8", "zh_CN.UTF-8", "zh_CN.GB18030", "de_DE.ISO-8859-1"):
        known = has_locale(name)
        found[f"locale {name}"] = Cell({"LC_ALL": name, "LANG": name}, lacks="" if known else "the locale is not here")
    for zone in ("Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati"):
        found[f"time zone {zone}"] = Cell({"TZ": zone})
    found |= {f"PYTHONHASHSEED {seed}": Cell({"PYTHONHASHSEED": seed}) for seed in ("0", "1", "4294967295")}
    found |= {f"umask {mask:03o}": Cell(process={"umask": mask}) for mask in (0o000, 0o077)}
    found |= {f"cores {n}": Cell(cores=n) for n in (1, 2, 4)}
    # One run for a large study: what differs between two machines of one kind, together.
    known = has_locale("tr_TR.UTF-8")
    together = {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    found["all of these at once"] = Cell(
        together, {"umask": 0o077}, cores=2, folder="bir klas\u00f6r", lacks="" if known else "the locale is not here"
    )
    found["four threads a sum"] = Cell({"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "MKL_NUM_THREADS": "4"})
    # What the libraries would do on processors that lack the instructions of this one.
    for core in ("Nehalem", "Sandybridge", "Haswell"):
        found[f"processor {core}"] = Cell({"OPENBLAS_CORETYPE": core}, numbers=True)
    found["processor without AVX"] = Cell(
        {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": OLD_PROCESSOR}, numbers=True
    )
    for given in pythons:
        name, _, path = given.partition("=")
        found[f"python {name}"] = Cell(python=path, lacks="" if Path(path).exists() else f"{path} is not here")
    name, _, path = user.partition("=")
    found["another user"] = another_user(name, path or sys.executable)
    found["killed and resumed, 1 core"] = Cell(trial=resumed)
    found["killed and resumed, 2 cores"] = Cell(cores=2, trial=resumed)
    found["killed and resumed, 4 cores"] = Cell(cores=4, trial=resumed)
    found["disk full, then room"] = Cell(cores=2, trial=full_disk)
    found["two runs in one folder"] = Cell(cores=2, trial=two_at_once)
    found["read-only input"] = Cell(trial=read_only)
    found["read-only results"] = Cell(trial=nowhere_to_write)
    return found


def another_user(name: str, python: str) -> Cell:
    """A run by another user, into folders that are his."""
    if not name:
        return Cell(lacks="name one: --user NAME=PYTHON")
    try:
        person = pwd.getpwnam(name)
    except KeyError:
        return Cell(lacks=f"there is no user {name}")
    if os.getuid():
        return Cell(lacks="only root can become another user")
    options = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    return Cell({"HOME": person.pw_dir, "USER": name, "LOGNAME": name}, options, python=python, folder="of another")


def one(bench: Bench, cell: Cell) -> str:
    """Run one cell in a folder that is made for it and removed after it."""
    place = bench.place(cell.folder)
    try:
        if "user" in cell.process:
            for path in [place.study, *place.study.rglob("*")]:
                os.chown(path, cell.process["user"], cell.process["group"])
        if cell.trial is not None:
            return cell.trial(bench, place, cell)
        return bench.compared(place, *bench.run(place, cell))
    finally:
        shutil.rmtree(bench.work / cell.folder)


def main() -> int:
    """Run the reference and all cells that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--only", nargs="*", default=[], help="cells whose name begins so")
    parser.add_argument("--python", action="append", default=[], help="NAME=PATH of another interpreter")
    parser.add_argument("--user", default="", help="NAME=PATH: another user, and an interpreter that he can read")
    parser.add_argument("--work", type=Path, help="a folder for the runs (default: a temporary one)")
    given = parser.parse_args()
    chosen = {
        n: c for n, c in cells(given.python, given.user).items() if not given.only or n.startswith(tuple(given.only))
    }
    study = open_study(given.study.resolve())
    failed = []
    with tempfile.TemporaryDirectory(prefix="crf2csr-identity-", dir=given.work) as work:
        Path(work).chmod(0o755)
        bench = Bench(study, Path(work))
        place = bench.place("reference")
        code, said = bench.run(place, Cell())
        if code:
            print(f"The reference run failed: {'; '.join(build.causes(place, said))}", file=sys.stderr)
            return 1
        bench.refer(place)
        print(f"{'reference':30} {len(bench.reference)} files of lock {study.id[:12]}", flush=True)
        for name, cell in chosen.items():
            begin = time.monotonic()
            told = f"NOT TRIED: {cell.lacks}" if cell.lacks else one(bench, cell)
            as_it_should = ("identical", "error:", "first: identical", *["values to"] * cell.numbers)
            if not told.startswith(as_it_should):
                failed.append(name)
            print(f"{name:30} {told}   [{time.monotonic() - begin:.0f} s]", flush=True)
    print(
        f"{len(chosen) - len(failed)} of {len(chosen)} as they should be"
        + (f"; not: {', '.join(failed)}" * bool(failed))
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
