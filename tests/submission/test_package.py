"""The package of the shipped study: whole, true to the results, and the same each time."""

from __future__ import annotations

import ast
import filecmp
import hashlib
import re
from collections import Counter
from pathlib import Path

import lxml.etree
import numpy as np
import pandas as pd
import pypdf
import pytest

from crf2csr import io
from submission import acrf, against_define, conformance, dataset_json, define, documents, frames, package, transport
from tests.submission.test_replay import run

pytestmark = pytest.mark.req("URS-PKG-01")

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
}
ALONE = {"sys", "pathlib", "numpy", "pandas", "scipy.stats"}


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


@pytest.mark.req("URS-PKG-07")
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


@pytest.mark.req("URS-PKG-05")
def test_the_key_analyses_of_the_study_have_their_programs(built):
    programs = {path.stem for path in (built / "analysis/adam/programs").glob("*.sas")}
    wanted = {"primary", "treatment-policy", "pppasi-tests", "time-to-50", "terms", "terms-serious"}
    assert wanted | {"pppasi-change", "overview", "incidence", "response-nri", "categories"} <= programs


def test_tables_and_listings_are_of_this_run_and_named_where_they_are_described(built, shipped):
    made = io.read_json(built / "misc/ars.json")
    files = {
        one["name"]: one["fileSpecifications"][0]["location"] for one in made["outputs"] if "fileSpecifications" in one
    }
    declared = {}
    for path in sorted((shipped / "results/tlf").glob("*.json")):
        digest = hashlib.sha256((shipped / f"results/ard/{path.stem}.parquet").read_bytes()).hexdigest()
        shown = [one for one in io.read_json(path)["displays"] if one["kind"] in ("table", "listing")]
        declared |= {one["id"]: (f"Results {digest[:12]}.", one["title"]) for one in shown}
    assert files == {name: f"rtf/{name.replace('.', '-')}.rtf" for name in declared} and len(files) > 90
    assert {path.name for path in (built / "misc/rtf").iterdir()} == {one.rpartition("/")[2] for one in files.values()}
    assert [
        n for n, (digest, _) in declared.items() if digest not in (built / "misc" / files[n]).read_text("ascii")
    ] == []
    displays = lxml.etree.parse(str(built / "analysis/adam/datasets/define.xml")).iter("{*}ResultDisplay")
    named = {one.get("Name"): one.find("{*}DocumentRef").get("leafID") for one in displays if one.get("Name") in files}
    assert named == {name: f"LF.{name}" for name in named} and len(named) > 10
    assert documents.resolve(built) > len(named)


def exact(value):
    """A value as it compares: a number where it is one, else its text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


@pytest.fixture(scope="module")
def written(built) -> list[tuple]:
    """Every result of the reporting event: chapter and analysis, operation, groups, variable, raw and shown value."""
    made = io.read_json(built / "misc/ars.json")
    operations = {one["id"]: one for method in made["methods"] for one in method["operations"]}
    names = {group["id"]: group["name"] for one in made["analysisGroupings"] for group in one.get("groups", [])}
    found = []
    for analysis in made["analyses"]:
        for result in analysis["results"]:
            operation, groups = operations[result["operationId"]], result.get("resultGroups", [])
            counted = next((g["groupValue"] for g in groups if g["groupingId"] == "GF.counted"), None)
            levels = tuple(
                g["groupValue"] if "groupValue" in g else names[g["groupId"]]
                for g in groups
                if g["groupingId"] != "GF.counted"
            )
            variable, raw = counted or analysis.get("variable"), exact(result.get("rawValue"))
            said = operation.get("label", operation["name"])
            found.append((*analysis["id"].split(".")[1:3], said, levels, variable, raw, result["formattedValue"]))
    return found


@pytest.fixture(scope="module")
def computed(shipped) -> list[dict]:
    found = []
    for path in sorted((shipped / "results/ard").glob("*.parquet")):
        facts = io.read_table(path).astype("object")
        found += [one | {"chapter": path.stem} for one in facts.where(facts.notna(), None).to_dict("records")]
    return found


def test_every_result_stands_in_the_reporting_event_once_with_its_groups_and_its_value(written, computed):
    with_variable = Counter(one[:6] for one in written)
    for one in computed:
        said = one["stat_name"] + (f" ({one['unit']})" if one["unit"] else "")
        said += f", {one['context']}" if one["context"] else ""
        levels = (one["group1_level"], one["group2_level"], one["group3_level"], one["variable_level"])
        value = exact(one["stat_text"]) if one["stat"] is None else one["stat"]
        held = tuple(level for level in levels if level is not None)
        one["key"] = (one["chapter"], one["analysis"], said, held, one["variable"], value)
    assert not Counter(one["key"] for one in computed if one["variable"]) - with_variable
    assert Counter(one["key"][:4] + one["key"][5:] for one in computed) == Counter(
        one[:4] + one[5:6] for one in written
    )
    assert len(written) == len(computed) > 30_000


def test_every_listing_is_named_with_its_rows_where_results_are_left_out(built, shipped):
    left = pd.read_csv(built / "misc/ars-ledger.csv")
    rows = left[left["what"].eq("rows of a listing")].set_index(["chapter", "analysis"])["rows"]
    found = {(p.parent.name, p.stem): len(io.read_table(p)) for p in (shipped / "results/ard").glob("[a-z]*/*.parquet")}
    assert rows.to_dict() == found and len(found) > 10


@pytest.mark.req("URS-REP-01")
def test_a_second_package_has_the_same_bytes(built, shipped, tmp_path):
    package.build(shipped, tmp_path)
    again = next((tmp_path / "m5/datasets").iterdir())
    names = [str(path.relative_to(built)) for path in sorted(built.rglob("*")) if path.is_file()]
    assert filecmp.cmpfiles(built, again, names, shallow=False)[0] == names
