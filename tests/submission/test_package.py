"""The package of the shipped study: whole, true to the results, and the same each time."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io
from submission import against_define, conformance, dataset_json, define, frames, package, transport
from tests.submission.test_replay import run

SHOWN = ["n", "N", "p", "clopper_pearson_low", "clopper_pearson_high"]


@pytest.fixture(scope="module")
def built(shipped, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    package.build(shipped, folder)
    return next((folder / "m5/datasets").iterdir())


@pytest.fixture(scope="module")
def submission(shipped) -> frames.Submission:
    return frames.collect(shipped)


def test_every_file_gives_back_the_submission_frame_cell_for_cell(built, submission):
    for dataset in submission.datasets:
        stem = built / dataset.folder / dataset.stem
        frame = transport.read(stem.with_suffix(".xpt"))[0]
        pd.testing.assert_frame_equal(frame, dataset.frame, check_exact=True)
        pd.testing.assert_frame_equal(dataset_json.read(stem.with_suffix(".json")), dataset.frame, check_exact=True)


def test_both_define_keep_to_their_schema_and_every_finding_is_explained(built, submission):
    assert [define.faults(path.read_bytes()) for path in sorted(built.rglob("define.xml"))] == [[], []]
    assert all(against_define.check(path.parent).empty for path in built.rglob("define.xml"))
    assert (conformance.check(submission)["explanation"] != "").all()


def test_the_programs_print_the_numbers_of_the_results(built, shipped):
    facts = pd.concat(io.read_table(path) for path in sorted((shipped / "results/ard").glob("*.parquet")))
    facts = facts[facts["stat_name"].isin(SHOWN) & facts["context"].isna()]
    programs = [path for path in sorted((built / "analysis/adam/programs").iterdir()) if path.suffix in (".py", ".r")]
    assert len(programs) >= 2 * 6
    for program in programs:
        wanted = facts[facts["analysis"] == program.stem.replace("-", "_")].set_index(["group1_level", "stat_name"])
        for line in run(program, built / "analysis/adam/datasets").splitlines():
            arm, *numbers = line.split("\t")
            known = [wanted.loc[(arm, name), "stat"] for name in SHOWN]
            assert [float(number) for number in numbers] == pytest.approx(known, abs=1e-9)


def test_a_second_package_has_the_same_bytes(built, shipped, tmp_path):
    package.build(shipped, tmp_path)
    again = next((tmp_path / "m5/datasets").iterdir())
    names = [str(path.relative_to(built)) for path in sorted(built.rglob("*")) if path.is_file()]
    assert filecmp.cmpfiles(built, again, names, shallow=False)[0] == names
