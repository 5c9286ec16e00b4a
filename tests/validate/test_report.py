"""The package that is written: whole, closed, the same bytes each time, and its verdict that of the worst part."""

from __future__ import annotations

import csv
import io
import json
import os
import re

import pytest

from crf2csr.errors import Cause
from tests.climb import ROOT
from validate import __main__ as program
from validate import report
from validate.installation import Installation, Package, Stamp, Tool
from validate.operation import Fault, Operation, proofs
from validate.performance import Line, Performance
from validate.requirements import Catalogue, Requirement
from validate.suite import Case

pytestmark = pytest.mark.req("URS-VAL-05")

CATALOGUE = Catalogue(
    [
        Requirement("URS-AB-01", "Area one", "A <b>bold</b> promise.", "high"),
        Requirement("URS-AB-02", "Area two", "A quiet one.", "low", "data of others"),
    ],
    {"high": "bad", "low": "dull"},
    {"high": 1, "low": 1},
)


def validation(*, failing: str = "", skipped: bool = False) -> report.Validation:
    """A sound validation of two requirements, or one in which a part fails or was not run."""
    tests = [
        Case("tests/test_a.py::test_it_works[1]", ("URS-AB-01",), "failed" if failing == "operation" else "passed"),
        Case("tests/test_a.py::test_it_works[2]", ("URS-AB-01", "URS-AB-02"), "passed"),
    ]
    if skipped:
        tests.append(Case("tests/test_b.py::test_far", ("URS-AB-02",), "skipped", "no data of others"))
    bad = {name: "failed" if failing == name else "passed" for name in ("installation", "performance")}
    changed = ("a/b.py",) if failing == "installation" else ()
    return report.Validation(
        "f" * 64,
        CATALOGUE,
        tests,
        Installation(
            [Package("a", ("requirements.lock",), "1", "1", "0" * 64, 3, changed, bad["installation"])],
            [Stamp("requirements.lock", "1" * 64, "passed")],
            [Tool("python", "CPython 3", "passed")],
            ["pip"],
        ),
        Operation(
            proofs(CATALOGUE, tests),
            [Fault("f-1", "A fault", "config/x.yaml", "config", "tests/test_a.py::x", "passed")],
        ),
        Performance("S1", "2026-01-01", [Line("results/sdtm/ae.parquet", 7, bad["performance"])], 15),
    )


@pytest.mark.req("URS-VAL-02")
@pytest.mark.parametrize("part", ["installation", "operation", "performance"])
def test_one_part_that_fails_fails_the_whole_and_is_named_on_the_page(part):
    found = validation(failing=part)
    assert found.verdict == "failed" and validation().verdict == "passed"
    assert "Something failed" in report.files(found)["index.html"]


@pytest.mark.req("URS-VAL-02")
def test_a_test_that_was_not_run_is_never_called_passed():
    files = report.files(validation(skipped=True))
    rows = {r["requirement"]: r for r in csv.DictReader(io.StringIO(files["requirements.csv"]))}
    assert (rows["URS-AB-02"]["verdict"], rows["URS-AB-02"]["skipped"]) == ("incomplete", "1")
    assert rows["URS-AB-01"]["verdict"] == "passed"
    assert (
        "no data of others" in files["index.html"] and json.loads(files["validation.json"])["verdict"] == "incomplete"
    )


def test_no_test_of_this_session_is_called_by_the_place_of_the_checkout(request):
    names = [item.nodeid for item in request.session.items]
    assert names and [name for name in names if str(ROOT) in name or str(ROOT.parent / "shared") in name] == []


def test_the_matrix_has_a_line_for_each_requirement_of_each_test():
    rows = list(csv.DictReader(io.StringIO(report.files(validation())["traceability.csv"])))
    assert [(r["requirement"], r["test"][-3:], r["outcome"]) for r in rows] == [
        ("URS-AB-01", "[1]", "passed"),
        ("URS-AB-01", "[2]", "passed"),
        ("URS-AB-02", "[2]", "passed"),
    ]


def test_the_page_is_closed_shows_text_as_text_and_every_requirement_with_its_tests():
    page = report.files(validation())["index.html"]
    assert "default-src 'none'" in page and "<script" not in page and "://" not in page
    assert "A &lt;b&gt;bold&lt;/b&gt; promise." in page
    assert page.count('<tr id="URS-') == 2 and "it works" in page and "(2 cases)" in page
    assert re.findall(r'\s(?:style|on\w+)="', page) == []


def test_two_runs_write_the_same_bytes_and_nothing_of_an_earlier_one_stays(tmp_path):
    for name in ("one", "two"):
        report.write(validation(skipped=True), tmp_path / name)
    (tmp_path / "two/old.csv").write_text("old", encoding="utf-8")
    os.utime(tmp_path / "two/index.html", (0, 0))
    report.write(validation(skipped=True), tmp_path / "two")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two and set(one) == set(report.files(validation()))


@pytest.mark.req("URS-VAL-02")
@pytest.mark.parametrize(
    "given, arguments, code",
    [
        ({}, [], 0),
        ({"failing": "operation"}, ["--partial"], 1),
        ({"skipped": True}, [], 3),
        ({"skipped": True}, ["--partial"], 0),
    ],
)
def test_the_program_ends_with_what_was_found(given, arguments, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, "validated", lambda junit, cores: validation(**given))
    assert program.main([*arguments, "--out", str(tmp_path / "out")]) == code
    said = capsys.readouterr().out
    assert (f"{tmp_path}/out/index.html" in said) and ("URS-AB" in said) == bool(given)


@pytest.mark.req("URS-VAL-02")
def test_what_is_refused_is_a_line_and_writes_nothing(tmp_path, monkeypatch, capsys):
    def refuse(junit, cores):
        raise Cause("is of another tree than lies here: run the tests again", file="j.xml")

    monkeypatch.setattr(program, "validated", refuse)
    assert program.main(["--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "REFUSED: j.xml: is of another tree than lies here: run the tests again\n"
    assert not (tmp_path / "out").exists()
