"""The programs of the package print the numbers of the report from the transport files alone."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crf2csr import io
from submission import replay, transport
from submission.frames import Submission, empty_changes
from tests.submission import small
from tests.submission.test_define import PAGE

pytestmark = pytest.mark.req("URS-PKG-05")

DAY = datetime.date(2026, 10, 15)
ANALYSIS = """
analyses:
  - id: first_one
    label: Response
    method: proportion
    dataset: adrs
    population: {FASFL: Y}
    where: {PARAMCD: RESP, DTYPE: {present: false}}
    options: {level: 0.95%s}
  - {id: grouped, label: By visit, method: proportion, dataset: adrs, population: {FASFL: Y}, by: [AVISIT]}
  - {id: change, label: Change, method: paired, dataset: adrs, population: {FASFL: Y}}
"""
# Of ten subjects in the set eight have a row, six a response; limits of binom.test(6, 10) and binom.test(6, 8) in R.
OF_ALL = "A\t6\t10\t0.6000000000\t0.2623780766\t0.8784477419\n"
OF_ANSWERED = "A\t6\t8\t0.7500000000\t0.3491442056\t0.9681459738\n"


def run(program: Path, folder: Path) -> str:
    command = {".py": sys.executable, ".r": shutil.which("Rscript")}[program.suffix]
    assert command, "Rscript is not on this machine"
    done = subprocess.run([command, str(program), str(folder)], capture_output=True, text=True, check=True)
    return done.stdout


def made(folder: Path, more: str = "") -> dict[str, str]:
    people = [(str(i), "A", "Y") for i in range(10)] + [("10", "A", "N")]
    adsl = small.dataset("ADSL", dict.fromkeys(["USUBJID", "TRT01P", "FASFL"], "text"), people)
    kinds = {"USUBJID": "text", "PARAMCD": "text", "DTYPE": "text", "AVAL": "float"}
    rows = [(str(i), "RESP", None, float(i < 6)) for i in range(8)]
    rows += [("8", "RESP", "LOCF", 1.0), ("9", "OTHER", None, 1.0), ("10", "RESP", None, 1.0)]
    adrs = small.dataset("ADRS", kinds, rows)
    for one in (adsl, adrs):
        transport.write(folder / f"{one.stem}.xpt", transport.content(one, DAY))
    io.write_text(folder / "config/ard/efficacy.yaml", ANALYSIS % more)
    programs = replay.programs(folder, Submission(PAGE, (adsl, adrs), empty_changes(), {}))
    for name, text in programs.items():
        io.write_text(folder / name, text)
    return programs


@pytest.mark.parametrize("kind", ["py", "r"])
@pytest.mark.parametrize("more, said", [("", OF_ALL), (", missing: exclude", OF_ANSWERED)])
def test_a_program_prints_the_known_numbers(tmp_path, kind, more, said):
    made(tmp_path, more)
    assert run(tmp_path / f"first-one.{kind}", tmp_path) == said


def test_only_analyses_of_this_kind_have_programs_and_the_readme_names_them(tmp_path):
    programs = made(tmp_path)
    assert sorted(programs) == ["first-one.py", "first-one.r", "first-one.sas", "readme.txt"]
    assert "first-one                    proportion Response" in programs["readme.txt"]


def test_sas_names_the_same_files_and_conditions(tmp_path):
    text = made(tmp_path)["first-one.sas"]
    assert "adrs.xpt" in text and "PARAMCD in ('RESP') and DTYPE in ('')" in text and "alpha=0.05" in text
