"""CDISC's rules engine: never passed over in silence, never believed for how it ends, and a wrong path is one line.

A program that keeps to the same contract stands for the Python of the engine, which one test asks itself if the machine
has it (``CORE_PYTHON``).
"""

from __future__ import annotations

import ast
import datetime
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.errors import Cause
from submission import conformance, core, core_engine, documents, guides, transport
from submission.frames import Submission, empty_changes
from tests.submission import small
from tests.submission.test_define import PAGE

pytestmark = pytest.mark.req("URS-PKG-08")


def line(rule="R-1", dataset="AE", status="success", found=0, message="", **first):
    errors = [first] if first else []
    return {"rule": rule, "asks": "asks", "dataset": dataset, "status": status, "message": message, "found": found,
            "errors": errors}  # fmt: skip


def answer(*results, rules=None, **more):
    names = {one["rule"] for one in results}
    held = {"engine": "0.0", "python": "3", "rules": len(names) if rules is None else rules, "other_standards": 0}
    return held | {"refused": [], "results": list(results)} | more


OUT = line("R-1", "DM", "skipped", 1, error="Outside scope", message="no")
RESULTS = [
    OUT,
    line("R-1"),
    line("R-2", status="issue reported", found=3, message="wrong", value={"B": 1, "A": 2}, row=7),
    line("R-3", status="execution error", found=1, error="Rule format error", message="invalid operator"),
    line("R-3", "DM"),
    line("R-4", status="skipped", found=1, error="Column not found in data", message="AEX"),
    line("R-5", status="a word that nobody knows"),
    line("R-6", status="success", found=1, value={}),
    OUT | {"rule": "R-7"},
]


@pytest.fixture
def study(tmp_path):
    """A study with its transport files written, and a function that gives it an engine."""
    dm = small.dataset("DM", {"USUBJID": "text"}, [("1",)], "sdtm", forms=["DM"])
    io.write_text(tmp_path / "package/tabulations/sdtm/dm.xpt", "data")
    io.write_text(tmp_path / "rules/one.yml", "rule")

    def engine(script: str, **more):
        python = tmp_path / "python"
        io.write_text(python, f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        page = PAGE | {"core": {"python": "python", "rules": "rules"} | more}
        return Submission(page, (dm,), empty_changes(), {})

    def run(submission):
        return core.run(tmp_path, submission, tmp_path / "package")

    return tmp_path, engine, run


def test_findings_errors_and_what_applied_to_nothing_are_told_apart(study):
    folder, engine, run = study
    io.write_json(
        folder / "canned.json", answer(*RESULTS, other_standards=2, refused=[{"file": "x.yml", "message": "bad"}])
    )
    found = run(engine(f'cp "$3" "{folder}/asked.json"; cp "{folder}/canned.json" "$4"'))
    assert found.said.startswith(
        "CORE run: cdisc-rules-engine 0.0, 7 rules of SDTMIG 3.4 on 1 data sets of SDTM (it has none for ADaM). Of "
        "these rules 1 without a finding, 2 with findings (4 in all), 2 ended in an error, 2 applied to no data set "
        "or found no variable to read. Left out: 2 rules of another standard. Left out: 1 files that hold no rule. No"
    )
    told = found.open.set_index(["rule", "dataset"])
    assert told["status"].to_dict() == {
        ("R-2", "AE"): "issue reported",
        ("R-3", "AE"): "execution error",
        ("R-4", "AE"): "skipped",
        ("R-5", "AE"): "execution error",
        ("R-6", "AE"): "issue reported",
        ("x.yml", ""): "no rule",
    }
    assert told.loc[("R-3", "AE"), "message"] == "invalid operator" and told["findings"].sum() == 4
    asked = io.read_json(folder / "asked.json")
    assert asked["datasets"] == [str(folder / "package/tabulations/sdtm/dm.xpt")]
    assert [asked[key] for key in ("standard", "version", "cache", "rules")] == [
        "sdtmig",
        "3-4",
        None,
        str(folder / "rules"),
    ]


def test_the_order_in_which_the_engine_answers_changes_nothing():
    turned = [one | {"errors": [dict(reversed(first.items())) for first in one["errors"]]} for one in reversed(RESULTS)]
    first, second = (core.told(answer(*held), "S", 1, cached=True) for held in (RESULTS, turned))
    assert first.said == second.said
    pd.testing.assert_frame_equal(first.rows, second.rows)
    assert first.rows["first"].str.startswith('{"row": 7, "value": {"A": 2').any()


def test_a_rule_of_which_nothing_is_heard_is_an_error():
    assert "1 ended in an error" in core.told(answer(line(), rules=2), "S", 1, cached=True).said


@pytest.mark.parametrize(
    "script, said",
    [
        ("exit 0", "gave no answer (it ended with 0): it said nothing"),
        ("echo first >&2; echo 'No module named x' >&2; exit 1", "gave no answer (it ended with 1): No module named x"),
        ('echo "{" > "$4"', "gave no answer"),
        ('echo "{}" > "$4"', "gave no answer"),
        ('echo "[1]" > "$4"', "gave no answer"),
    ],
)
def test_an_engine_that_gives_no_answer_stops_the_package_whatever_it_ends_with(study, script, said):
    _, engine, run = study
    with pytest.raises(Cause) as caught:
        run(engine(script))
    assert said in str(caught.value) and "core.python" in str(caught.value)


def test_an_engine_without_a_rule_of_the_standard_is_no_pass(study):
    folder, engine, run = study
    io.write_json(folder / "canned.json", answer())
    with pytest.raises(Cause, match=r"core\.rules.*holds no rule of SDTMIG 3\.4"):
        run(engine(f'cp "{folder}/canned.json" "$4"'))


@pytest.mark.parametrize(
    "key, fault", [("python", "is no program"), ("rules", "is no folder of rules"), ("cache", "is no folder")]
)
def test_a_wrong_path_is_one_clear_line(study, key, fault):
    folder, engine, _ = study
    with pytest.raises(Cause) as caught:
        core.places(folder, engine("exit 0", **{key: "nowhere"}).page)
    (said,) = caught.value.lines()
    assert fault in said and f"core.{key}" in said and "nowhere" in said


def test_without_an_engine_the_guide_says_so_and_with_one_it_names_what_is_open(tmp_path):
    dm = small.dataset("DM", {"USUBJID": "text"}, [("1",)], "sdtm", forms=["DM"])
    submission = Submission(PAGE, (dm,), empty_changes(), {})
    assert core.run(tmp_path, submission, tmp_path) is core.NOT_RUN
    nothing = pd.DataFrame({column: pd.Series(dtype="object") for column in conformance.FINDING})
    assert "CORE not run: the study names no rules engine" in guides.render(tmp_path, submission, nothing, "sdtm")
    engine = core.told(answer(*RESULTS), "S", 1, cached=True)
    page = guides.render(tmp_path, submission, nothing, "sdtm", engine=engine)
    assert "2 with findings (4 in all)" in page and '<a href="../../core.csv">' in page
    assert '<td>R-3</td><td>AE</td><td>execution error</td><td>invalid operator</td><td class="n">0</td>' in page
    assert "R-1" not in page
    assert documents.CORE in documents.of("sdtm", core=True) and documents.CORE not in documents.of("sdtm", core=False)


def test_the_program_that_the_engine_runs_imports_nothing_of_the_house_and_keeps_the_keys_of_a_rule():
    tree = ast.parse(core.ENGINE.read_text(encoding="utf-8"))
    named = [n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in ast.walk(tree)
             if isinstance(n, ast.Import | ast.ImportFrom)]  # fmt: skip
    foreign = {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names)
    assert foreign == {"cdisc_rules_engine", "yaml"}
    assert core_engine._underscored({"Rule Type": [{"Use Case": 1}]}) == {"Rule_Type": [{"Use_Case": 1}]}
    found = core_engine._line("R", "asks", "AE", "issue reported", None, [{}] * 50)
    assert found["found"] == 50 and len(found["errors"]) == core_engine.TOLD and json.dumps(found)


def test_the_engine_itself_finds_a_planted_fault_and_its_errors_are_counted(tmp_path):
    python = os.environ.get("CORE_PYTHON")
    if not python:
        pytest.skip("CORE_PYTHON names no Python of the rules engine")
    criteria = ["AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE"]
    kinds = dict.fromkeys(["STUDYID", "DOMAIN", "USUBJID", "AETERM", "AEDECOD", "AESTDTC", "AESER", *criteria], "text")
    named = ("S1", "AE", "1", "a", "a", "2026-01-01", "Y")
    ae = small.dataset("AE", kinds, [(*named, *"YNNNNN"), (*named, *"NNNNNN")], "sdtm", keys=[])
    people = {"STUDYID": "text", "DOMAIN": "text", "USUBJID": "text", "SEX": "text", "AGE": "integer", "AGEU": "text"}
    dm = small.dataset("DM", people, [("S1", "DM", "1", "M", 40, "YEARS")], "sdtm", keys=[])
    for one in (ae, dm):
        transport.write(tmp_path / one.folder / f"{one.stem}.xpt", transport.content(one, datetime.date(2026, 10, 15)))
    page = PAGE | {
        "core": {"python": str(Path(python).absolute()), "rules": str(Path(__file__).with_name("core_rules"))}
    }
    found = core.run(tmp_path, Submission(page, (ae, dm), empty_changes(), {}), tmp_path)
    told = found.rows.set_index(["rule", "dataset"])[["status", "findings"]].to_records().tolist()
    assert told == [
        ("SPONSOR-000001", "AE", "issue reported", 1),
        ("SPONSOR-000002", "DM", "success", 0),
        ("SPONSOR-000003", "DM", "execution error", 0),
    ]
