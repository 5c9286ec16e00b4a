"""The plan: what is made from what, in which order, and when it is stale."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import ard
import pandas as pd
import pytest

from crf2csr import io
from crf2csr import jobs as plan_module
from crf2csr.errors import Cause
from crf2csr.plan import HOUSE, Job, Plan, imports, ordered
from crf2csr.specs import Study
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-REP-02")

SCHEMAS = ROOT / "workflow" / "schemas"


@pytest.fixture(scope="module")
def plan():
    with inside(ROOT):
        return Plan(Study(".", SCHEMAS))


def jobs(plan: Plan) -> list[Job]:
    """Every job of the plan, on whatever attribute it stands."""
    held = [value for value in vars(plan).values() if isinstance(value, Job)]
    floors = [value for value in vars(plan).values() if isinstance(value, dict)]
    return [job for floor in floors for job in floor.values() if isinstance(job, Job)] + held


@pytest.mark.req("URS-CFG-03")
def test_no_two_jobs_write_one_file(plan):
    paths = [path for job in jobs(plan) for path in job.outputs.values()]
    assert len(paths) == len(set(paths))


@pytest.mark.req("URS-CFG-03")
def test_every_input_is_made_by_a_job_or_comes_with_the_study(plan):
    made = {path for job in jobs(plan) for path in job.outputs.values()}
    needed = {path for job in jobs(plan) for path in job.inputs.values()}
    assert needed - made == {job.inputs["file"] for job in plan.raw.values()} | {"qc/agreement.csv"}


@pytest.mark.req("URS-CFG-03")
def test_jobs_are_sorted_so_that_each_comes_after_its_sources(plan):
    done: set[str] = {job.inputs["file"] for job in plan.raw.values()} | {"qc/agreement.csv"}
    every = ordered(jobs(plan))
    assert len(every) == len(jobs(plan))
    for job in every:
        assert set(job.inputs.values()) <= done, job.name
        done |= set(job.outputs.values())


@pytest.mark.req("URS-CFG-03")
def test_what_prints_listings_reads_their_lines(plan):
    wanted = {path for job in plan.ard.values() for path in job.outputs.values() if path.count("/") == 3}
    wanted = {path for path in wanted if not path.startswith(("results/ard/_trace/", "results/ard/_methods/"))}
    assert len(wanted) > 10
    for job in (plan.csr, *plan.paper.values()):
        assert wanted <= set(job.inputs.values()), job.name


@pytest.mark.req("URS-CFG-03")
def test_a_circle_is_refused_by_the_names_on_it():
    a = Job("cm", {"sdtm/ce": "ce.parquet"}, {"data": "cm.parquet"}, "")
    b = Job("ce", {"sdtm/cm": "cm.parquet"}, {"data": "ce.parquet"}, "")
    with pytest.raises(Cause, match=r"circle: (cm -> ce -> cm|ce -> cm -> ce)"):
        ordered([a, b])


@pytest.mark.req("URS-CFG-03")
def test_the_plan_is_the_same_each_time_it_is_made(plan):
    with inside(ROOT):
        again = Plan(Study(".", SCHEMAS))
    assert [(j.name, j.digest, j.inputs, j.outputs) for j in jobs(again)] == [
        (j.name, j.digest, j.inputs, j.outputs) for j in jobs(plan)
    ]


def test_imports_reach_through_modules_to_the_ground():
    found = imports("crf2csr.adam.adae")
    assert {"crf2csr.adam.adae", "crf2csr.adam._occurrence", "crf2csr.adam._imputation", "crf2csr.dates"} <= found
    assert not any(name.startswith(("crf2csr.sdtm.", "crf2csr.ard.", "crf2csr.csr.")) for name in found)


def by_the_parser(text: str) -> set[str]:
    """What a module imports of the house, by Python's own parser."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError("the house imports by full names only")
    return {name for name in found if name.split(".")[0] == "crf2csr"}


def test_imports_are_those_that_the_parser_finds_in_every_module_of_the_house():
    for file in sorted(HOUSE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert {name for name in plan_module.named(text) if plan_module._path(name)} == {
            name for name in by_the_parser(text) if plan_module._path(name)
        }, file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import crf2csr.io as io, crf2csr.dates\n", {"crf2csr.io", "crf2csr.dates"}),
        ("def f():\n    from crf2csr import dates\n", {"crf2csr", "crf2csr.dates"}),
        (
            "from crf2csr import (\n    dates,  # all (of them)\n    io as files,\n)\n",
            {"crf2csr", "crf2csr.dates", "crf2csr.io"},
        ),
        ("from crf2csr import dates, \\\n    io\n", {"crf2csr", "crf2csr.dates", "crf2csr.io"}),
        ("import crf2csrish\nfrom pandas import crf2csr\n", set()),
    ],
)
def test_an_import_is_found_however_it_is_written(text, found):
    assert {name for name in plan_module.named(text) if name.split(".")[0] == "crf2csr"} == found
    assert by_the_parser(text) == found


def test_the_digest_of_an_unknown_module_is_refused():
    with pytest.raises(Cause, match="no such module"):
        imports("crf2csr.adam.nowhere")


@pytest.fixture
def house(tmp_path, monkeypatch) -> Iterator[Path]:
    """A copy of the house's modules that a test may change and the plan reads."""
    copy = shutil.copytree(HOUSE, tmp_path / "crf2csr", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(plan_module, "HOUSE", copy)
    yield copy
    forget()


def forget() -> None:
    """The plan keeps what it has read of the modules for as long as a run lasts."""
    imports.cache_clear()
    plan_module._code_of.cache_clear()


def code_now(module: str) -> str:
    forget()
    return plan_module.code(module)


def test_the_digest_of_code_changes_with_an_imported_module_and_with_no_other(house):
    before = code_now("crf2csr.adam.adae")
    for name, matters in (
        ("adam/_imputation.py", True),
        ("dates.py", True),
        ("adam/adrs.py", False),
        ("ard/_km.py", False),
    ):
        path = house / name
        text = path.read_bytes()
        path.write_bytes(text + b"\n# one more line\n")
        assert (code_now("crf2csr.adam.adae") != before) is matters, name
        path.write_bytes(text)
    assert code_now("crf2csr.adam.adae") == before


def test_a_job_is_stale_when_the_ground_that_only_its_door_stands_on_changes():
    names = plan_module.covered("crf2csr.adam.adae")
    assert {"adam", "crf2csr.blocks", "crf2csr.finish", "crf2csr.io", "crf2csr.adam.adae"} <= names
    assert "crf2csr.adam.adlb" not in names
    gate = plan_module.covered("crf2csr.csr.gate")
    assert "csr" in gate and "crf2csr.csr.rtf" not in gate


def test_what_is_behind_the_report_is_stale_when_the_agreement_changes_and_no_other_job_is(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "qc").mkdir()
    found = []
    for text in (None, "id\n", "id\nx\n"):
        if text is not None:
            (tmp_path / "qc/agreement.csv").write_text(text, encoding="utf-8")
        with inside(tmp_path):
            found.append(Plan(Study(".", SCHEMAS)))
    assert len({plan.embed["embed"].digest for plan in found}) == 3
    assert len({(plan.csr.digest, plan.gate.digest) for plan in found}) == 1
    assert [("qc/agreement" in plan.embed["embed"].inputs) for plan in found] == [False, True, True]


def test_the_words_of_a_room_are_those_of_all_that_it_imports():
    words = plan_module.words("crf2csr.ard.shift")
    assert {"ANRIND", "CAT", "USUBJID"} <= words  # USUBJID also in what it imports
    assert "ANRIND" not in plan_module.words("crf2csr.ledger")


@pytest.mark.req("URS-CFG-03")
def test_a_chapter_reads_the_columns_that_it_or_its_methods_name_and_no_others(tmp_path):
    table = pd.DataFrame({"USUBJID": ["S"], "WANTED": ["x"], "ANRIND": ["LOW"], "NOBODYS": ["y"]}).astype("str")
    io.write_table(tmp_path / "adlb.parquet", table)
    part = {"spec": {"analyses": [{"method": "shift", "where": {"WANTED": "x"}}]}}
    assert list(ard._opened(str(tmp_path / "adlb.parquet"), part)) == ["USUBJID", "WANTED", "ANRIND"]


@pytest.mark.req("URS-CFG-03")
@pytest.mark.parametrize("cells", [0, 100])
def test_an_analysis_gets_the_columns_that_it_names_kept_or_read_anew(tmp_path, monkeypatch, cells):
    monkeypatch.setattr(ard, "CELLS", cells)
    table = pd.DataFrame({"USUBJID": ["S"], "WANTED": ["x"], "OTHERS": ["z"], "ANRIND": ["LOW"]}).astype("str")
    io.write_table(tmp_path / "adlb.parquet", table)
    spec = {"method": "shift", "dataset": "adlb", "where": {"WANTED": "x"}}
    part = {"spec": {"analyses": [spec, {"method": "shift", "dataset": "adlb", "where": {"OTHERS": "z"}}]}}
    held = {name: ard._opened(str(tmp_path / "adlb.parquet"), part) for name in ("adlb", "adae")}
    assert isinstance(held["adlb"], str) == (cells == 0)
    made = ard._narrow(held, spec, part)
    assert list(made) == ["adlb"]
    pd.testing.assert_frame_equal(
        made["adlb"], io.read_table(tmp_path / "adlb.parquet")[["USUBJID", "WANTED", "ANRIND"]]
    )
