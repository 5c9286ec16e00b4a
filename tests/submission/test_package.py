"""The package of the shipped study: whole, true to the results, and the same each time."""

from __future__ import annotations

import filecmp
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crf2csr import io
from submission import against_define, conformance, dataset_json, define, frames, package, transport
from tests.submission.test_replay import run

pytestmark = pytest.mark.req("URS-PKG-01")

# One analysis of each method: what tells a line of its program apart, and the statistics that end the line.
CHOSEN = {
    "primary": (["group1_level"], ["n", "N", "p", "clopper_pearson_low", "clopper_pearson_high"]),
    "pppasi_tests": (
        ["group1_level", "group2_level", "group3_level", "variable"],
        ["n", "mean", "sd", "mean_low", "mean_high"],
    ),
    "time_to_50": (["group1_level", "variable_level"], ["surv", "surv_low", "surv_high"]),
    "terms": (["group1_level", "group2_level", "group3_level"], ["n", "p", "events"]),
}


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


@pytest.mark.req("URS-PKG-02")
def test_both_define_keep_to_their_schema_and_every_finding_is_explained(built, submission):
    assert [define.faults(path.read_bytes()) for path in sorted(built.rglob("define.xml"))] == [[], []]
    assert all(against_define.check(path.parent).empty for path in built.rglob("define.xml"))
    assert (conformance.check(submission)["explanation"] != "").all()


@pytest.mark.req("URS-PKG-05")
@pytest.mark.parametrize("kind", ["py", "r"])
@pytest.mark.parametrize("analysis", CHOSEN)
def test_a_program_prints_the_numbers_of_the_results(built, shipped, analysis, kind):
    levels, shown = CHOSEN[analysis]
    facts = pd.concat(io.read_table(path) for path in sorted((shipped / "results/ard").glob("*.parquet")))
    facts = facts[facts["analysis"].eq(analysis) & facts["stat_name"].isin(shown) & facts["context"].isna()]
    keys = [frames.plain(facts[level].astype("str").fillna("").astype("object")) for level in levels]
    wanted = facts["stat"].groupby([*keys, facts["stat_name"]]).agg(["first", "size"])
    assert wanted["size"].eq(1).all()
    program = built / f"analysis/adam/programs/{analysis.replace('_', '-')}.{kind}"
    lines = [line.split("\t") for line in run(program, built / "analysis/adam/datasets").splitlines()]
    printed = (
        pd.DataFrame([line[-len(shown) :] for line in lines], columns=shown).replace("NA", "nan").astype("float64")
    )
    index = pd.MultiIndex.from_tuples([tuple(line[: len(levels)]) for line in lines], names=levels)
    held = wanted["first"].unstack()[shown]
    if len(levels) == 1:
        held.index = pd.MultiIndex.from_tuples([(arm,) for arm in held.index])
    assert len(printed) == len(held) > 0 and set(index) == set(held.index)
    np.testing.assert_allclose(printed.to_numpy(), held.loc[list(index)].to_numpy("float64"), rtol=0, atol=1e-9)


@pytest.mark.req("URS-PKG-05")
def test_the_key_analyses_of_the_study_have_their_programs(built):
    programs = {path.stem for path in (built / "analysis/adam/programs").glob("*.sas")}
    assert {"primary", "treatment-policy", "pppasi-tests", "time-to-50", "terms", "terms-serious"} <= programs


@pytest.mark.req("URS-REP-01")
def test_a_second_package_has_the_same_bytes(built, shipped, tmp_path):
    package.build(shipped, tmp_path)
    again = next((tmp_path / "m5/datasets").iterdir())
    names = [str(path.relative_to(built)) for path in sorted(built.rglob("*")) if path.is_file()]
    assert filecmp.cmpfiles(built, again, names, shallow=False)[0] == names
