"""The package of the shipped study: whole, true to the results, and the same each time."""

from __future__ import annotations

import ast
import filecmp
import re
from pathlib import Path

import lxml.etree
import numpy as np
import pandas as pd
import pypdf
import pytest

from crf2csr import io
from submission import acrf, against_define, conformance, dataset_json, define, frames, package, transport
from tests.submission.test_replay import run

ARM = ["group1_level"]
SIGNED = ["signed_rank", "signed_rank_p", "hl", "hl_low", "hl_high"]
# One analysis of each method, one of them with groups: what tells a line of its program apart, and its statistics.
CHOSEN = {
    "primary": (ARM, ["n", "N", "p", "clopper_pearson_low", "clopper_pearson_high"]),
    "response_nri": (
        [*ARM, "group2_level", "group3_level"],
        ["n", "N", "p", "clopper_pearson_low", "clopper_pearson_high"],
    ),
    "pppasi_tests": (
        [*ARM, "group2_level", "group3_level", "variable"],
        ["n", "mean", "sd", "mean_low", "mean_high", "t", "t_p", *SIGNED],
    ),
    "exposure_dose": (
        [*ARM, "group2_level", "variable"],
        ["n", "mean", "sd", "se", "median", "q1", "q3", "min", "max"],
    ),
    "bands": ([*ARM, "group2_level", "variable", "variable_level"], ["n", "p", "events"]),
    "overview": ([*ARM, "variable_level"], ["n", "p", "events"]),
    "special_incidence": ([*ARM, "variable_level"], ["n", "events", "years", "rate", "rate_low", "rate_high"]),
    "time_to_50": ([*ARM, "variable_level"], ["surv", "surv_low", "surv_high"]),
    "terms": ([*ARM, "group2_level", "group3_level"], ["n", "p", "events"]),
    "dlqi_mmrm": ([*ARM, "group2_level"], ["lsmean", "se"]),
}
# What an optimiser finds agrees in so many digits; all else in the last of ten decimals.
SEARCHED = {"dlqi_mmrm": 1e-4}
ALONE = {"sys", "pathlib", "numpy", "pandas", "scipy.stats", "scipy.optimize"}


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
    rtol = SEARCHED.get(analysis, 0)
    np.testing.assert_allclose(printed.to_numpy(), held.loc[list(index)].to_numpy("float64"), rtol=rtol, atol=1e-9)


def test_every_program_stands_alone(built):
    programs = sorted((built / "analysis/adam/programs").iterdir())
    for path in programs:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            tree = ast.walk(ast.parse(text))
            names = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in tree if _imports(n)}
            assert names <= ALONE, path.name
        assert not re.search(r"library\(|require\(|source\(|crf2csr", text), path.name
    assert len({path.stem for path in programs if path.suffix == ".py"}) > 80


def _imports(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_the_annotated_crf_is_linked_from_define_and_holds_the_pages_that_it_names(built):
    place = built / "tabulations/sdtm"
    read = pypdf.PdfReader(place / acrf.FILE)
    texts = [page.extract_text() for page in read.pages]
    version = lxml.etree.parse(place / "define.xml")
    named = {e.getparent().getparent().getparent(): e.get("PageRefs") for e in version.iter("{*}PDFPageRef")}
    assert len(named) > 120
    for item, pages in named.items():
        name = item.get("Name").rstrip("0123456789")
        assert name == "QVAL" or all(name in texts[int(page) - 1] for page in pages.split()), item.get("OID")
    collected = [e.getparent() for e in version.iter("{*}Origin") if e.get("Type") == "Collected"]
    without = [item.get("OID") for item in collected if item not in named]
    # Nothing of SUPPSV was collected but by its name: its one qualifier is derived.
    assert without == ["IT.SUPPSV.QVAL"]


def test_the_key_analyses_of_the_study_have_their_programs(built):
    programs = {path.stem for path in (built / "analysis/adam/programs").glob("*.sas")}
    wanted = {"primary", "treatment-policy", "pppasi-tests", "time-to-50", "terms", "terms-serious"}
    assert wanted | {"pppasi-change", "overview", "incidence", "response-nri", "categories", "pppasi-mmrm"} <= programs


def test_a_second_package_has_the_same_bytes(built, shipped, tmp_path):
    package.build(shipped, tmp_path)
    again = next((tmp_path / "m5/datasets").iterdir())
    names = [str(path.relative_to(built)) for path in sorted(built.rglob("*")) if path.is_file()]
    assert filecmp.cmpfiles(built, again, names, shallow=False)[0] == names
