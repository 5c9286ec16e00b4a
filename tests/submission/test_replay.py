"""The programs of the package print the numbers of the report from the transport files alone."""

from __future__ import annotations

import contextlib
import datetime
import io as stream
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crf2csr import io
from crf2csr.ard import _signed_rank
from crf2csr.populations import matches
from submission import conditions, replay, transport
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
  - {id: fitted, label: Model, method: firth, dataset: adrs, population: {FASFL: Y}}
  - {id: elsewhere, label: Other, method: proportion, dataset: adqs, population: {FASFL: Y}}
  - {id: words, label: Words, method: paired, dataset: adrs, population: {FASFL: Y}, variables: [PARAMCD]}
  - {id: all, label: All, method: counts, dataset: adrs, population: {FASFL: Y}, variable: PARAMCD, pooled: All}
"""
# Of ten subjects in the set eight have a row, six a response; limits of binom.test(6, 10) and binom.test(6, 8) in R.
OF_ALL = "A\t6\t10\t0.6000000000\t0.2623780766\t0.8784477419\n"
OF_ANSWERED = "A\t6\t8\t0.7500000000\t0.3491442056\t0.9681459738\n"


def run(program: Path, folder: Path) -> str:
    """What a program prints; one of Python in this process, which has its libraries already."""
    if program.suffix == ".py":
        said = stream.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.setattr(sys, "argv", [str(program), str(folder)])
            runpy.run_path(str(program), run_name="__main__")
        return said.getvalue()
    rscript = shutil.which("Rscript")
    assert rscript, "Rscript is not on this machine"
    return subprocess.run([rscript, str(program), str(folder)], capture_output=True, text=True, check=True).stdout


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


def test_the_readme_names_what_has_no_program_and_why(tmp_path):
    readme = made(tmp_path)["readme.txt"]
    told = dict(line.split(maxsplit=1) for line in readme.partition("without a program")[2].splitlines()[3:] if line)
    assert told == {
        "grouped": "a condition or an option that the programs do not read",
        "fitted": "no program of the method firth",
        "elsewhere": "ADQS not submitted",
        "words": "a condition or an option that the programs do not read",
        "all": "declares pooled, which the programs do not read",
    }


def test_sas_names_the_same_files_and_conditions(tmp_path):
    text = made(tmp_path)["first-one.sas"]
    assert "adrs.xpt" in text and "PARAMCD in ('RESP') and DTYPE in ('')" in text and "alpha=0.05" in text


# Differences with ties, zeros and both signs, in one decimal.
CHANGES = [-3.0, -1.5, 0.0, 1.5, 2.0, 2.0, -2.0, 4.5, 0.0, 6.0, -7.5, 8.0]
PAIRED = "analyses: [{id: one, label: Change, method: paired, dataset: adrs, population: {FASFL: Y}, options: %s}]"


@pytest.mark.parametrize("kind", ["py", "r"])
@pytest.mark.parametrize(
    "options, pratt, exact, correct",
    [
        ("{level: 0.9, precision: 1}", False, True, True),
        ("{level: 0.9, precision: 1, zeros: pratt}", True, True, True),
        ("{level: 0.9, precision: 1, exact_up_to: 5}", False, False, True),
        ("{level: 0.9, precision: 1, exact_up_to: 5, zeros: pratt, continuity: false}", True, False, False),
    ],
)
def test_signed_ranks_and_walsh_averages_are_those_of_the_house(tmp_path, kind, options, pratt, exact, correct):
    rows = [(str(i), value) for i, value in enumerate(CHANGES)]
    adsl = small.dataset(
        "ADSL", dict.fromkeys(["USUBJID", "TRT01P", "FASFL"], "text"), [(i, "A", "Y") for i, _ in rows]
    )
    adrs = small.dataset("ADRS", {"USUBJID": "text", "AVAL": "float"}, rows)
    for one in (adsl, adrs):
        transport.write(tmp_path / f"{one.stem}.xpt", transport.content(one, DAY))
    io.write_text(tmp_path / "config/ard/change.yaml", PAIRED % options)
    text = replay.programs(tmp_path, Submission(PAGE, (adsl, adrs), empty_changes(), {}))[f"one.{kind}"]
    io.write_text(tmp_path / f"one.{kind}", text)
    printed = [float(word) for word in run(tmp_path / f"one.{kind}", tmp_path).split("\t")[-5:]]
    units = _signed_rank.units(np.array(CHANGES), 1)
    ranks = _signed_rank.ranked(units, pratt)
    p = _signed_rank.exact(ranks) if exact else _signed_rank.asymptotic(ranks, correct)[1]
    low, high, _ = _signed_rank.walsh_interval(units, 0.9, exact)
    wanted = [ranks.plus, p, *(one / 10 for one in (_signed_rank.hodges_lehmann(units), low, high))]
    np.testing.assert_allclose(printed, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "condition",
    [
        {"A": "x"},
        {"A": ["x", "it's"], "N": 2},
        {"A": {"present": False}},
        {"A": {"present": True}, "N": {"present": True}},
        {"A": {"not": ["x", "y"]}, "N": {"not": 2}},
        {"N": {"ge": 2, "lt": 3.5, "missing": "drop"}},
        {"N": {"le": 1, "missing": "keep"}},
        {"any": [{"A": "y"}, {"N": {"gt": 3, "missing": "drop"}, "A": {"not": "x"}}]},
    ],
)
def test_a_condition_chooses_the_same_rows_in_a_program_as_in_the_house(condition):
    held = pd.DataFrame({"A": ["x", "y", None, "it's", "x", "y"], "N": [1.0, 2.0, 3.0, 4.0, np.nan, np.nan]})
    rows = held.assign(A=held["A"].fillna("").astype("object"))
    said = conditions.said(condition, rows, "rows")
    assert list(eval(said.py, {"rows": rows})) == list(matches(held, condition))
    assert set(said.uses) == {"A", "N"} & {*str(condition)}
    assert "%" not in said.sas and said.sas.count("(") == said.sas.count(")")


@pytest.mark.parametrize(
    "condition", [{"B": "x"}, {"A": {"ge": "x"}}, {"N": "two"}, {"N": {"ge": "2"}}, {"A": {"like": 1}}]
)
def test_what_a_program_cannot_say_makes_no_program(condition):
    rows = pd.DataFrame({"A": pd.Series(["x"], dtype="object"), "N": [1.0]})
    assert conditions.said(condition, rows, "rows") is None
