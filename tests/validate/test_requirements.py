"""Requirements and marks: each test proves a requirement, each requirement has its tests, and nothing else passes."""

from __future__ import annotations

from typing import Any

import pytest

from crf2csr.errors import Cause
from tests.climb import ROOT
from validate import marks, plugin, requirements
from validate.marks import Mark
from validate.requirements import Catalogue, Requirement

pytestmark = pytest.mark.req("URS-VAL-01")

RISKS = {"high": {"words": "bad", "tests": 2}, "low": {"words": "dull", "tests": 1}}
ONE = {"id": "URS-AB-01", "risk": "high", "text": "It works."}


def listed(*rows: dict[str, Any], area: str = "AB") -> dict[str, Any]:
    return {"risks": RISKS, "areas": [{"area": area, "title": "An area", "requirements": list(rows)}]}


def catalogue(**risks: str) -> Catalogue:
    rows = [Requirement(id_.replace("_", "-"), "An area", "It works.", risk) for id_, risk in risks.items()]
    return Catalogue(rows, {"high": "bad", "low": "dull"}, {"high": 2, "low": 1})


@pytest.fixture(scope="module")
def own() -> list[Mark]:
    """The marks of all tests of this checkout."""
    return marks.of_checkout()


def test_in_this_checkout_every_test_and_every_requirement_has_its_other_half(own):
    """Who adds a test is told here which file says what it proves; make validate asks pytest itself once more."""
    marks.check(own, requirements.read())


def test_the_areas_cover_every_floor_and_every_class_of_risk_is_used():
    found = requirements.read()
    titles = " ".join(dict.fromkeys(r.area for r in found.requirements))
    assert all(f"Floor {floor}:" in titles for floor in ("raw", "sdtm", "adam", "ard", "tlf", "csr"))
    assert {r.risk for r in found.requirements} == set(found.risks)


@pytest.mark.parametrize(
    "row, said",
    [
        (ONE | {"id": "URS-AB-1"}, "value 'URS-AB-1': an id is URS-<area>-nn"),
        (ONE | {"id": "URS-CD-01"}, "value 'URS-CD-01': stands in the area AB"),
        (ONE | {"risk": "grave"}, "field URS-AB-01, value 'grave': is no class of risk: high, low"),
        (ONE | {"text": " "}, "field URS-AB-01: says nothing"),
        (ONE | {"owner": "QA"}, "field URS-AB-01, value 'owner': is not a key of a requirement"),
        ({"id": "URS-AB-01", "text": "It works."}, "field URS-AB-01: lacks risk"),
    ],
)
def test_a_fault_of_the_list_is_one_line(row, said):
    with pytest.raises(Cause) as found:
        requirements.parsed(listed(row), "list.yaml")
    assert found.value.lines() == [f"list.yaml, {said}"]


def test_an_id_that_stands_twice_and_a_list_that_is_none_are_refused():
    with pytest.raises(Cause, match="value 'URS-AB-01': this id stands twice"):
        requirements.parsed(listed(ONE, ONE), "list.yaml")
    with pytest.raises(Cause, match=r"list\.yaml: is no list of requirements"):
        requirements.parsed({"areas": []}, "list.yaml")


SOURCE = """
import pytest
pytestmark = [pytest.mark.req("URS-AB-01"), pytest.mark.skipif(False, reason="")]

def test_of_the_file(): ...

@pytest.mark.req("URS-AB-02", "URS-AB-03")
@pytest.mark.parametrize("x", [1])
def test_of_its_own(x): ...

class TestGroup:
    pytestmark = pytest.mark.req("URS-AB-04")
    def test_of_the_class(self): ...

def helper(): ...
"""


def test_the_nearest_mark_counts():
    found = {mark.test: mark.requirements for mark in marks.of_source(SOURCE, "tests/test_x.py")}
    assert found == {
        "test_of_the_file": ("URS-AB-01",),
        "test_of_its_own": ("URS-AB-02", "URS-AB-03"),
        "test_of_the_class": ("URS-AB-04",),
    }


@pytest.mark.parametrize("mark", ["pytest.mark.req", "pytest.mark.req()", "pytest.mark.req(NAME)"])
def test_a_mark_that_names_nothing_in_quotes_is_refused_with_its_line(mark):
    with pytest.raises(Cause) as found:
        marks.of_source(f"\n@{mark}\ndef test_a(): ...\n", "tests/test_x.py")
    assert found.value.as_line() == "tests/test_x.py, line 2: a mark of requirements names each by its id in quotes"


def test_the_source_and_pytest_agree_on_what_each_test_of_this_session_proves(request, own):
    asked = {
        (str(item.path.relative_to(ROOT)), item.originalname): plugin.proves(item) for item in request.session.items
    }
    read = {(mark.file, mark.test): mark.requirements for mark in own}
    assert asked and {test: read[test] for test in asked} == asked


def test_a_test_without_a_requirement_a_mark_that_names_none_and_a_requirement_without_a_test_are_refused_at_once():
    found = [
        Mark("tests/test_x.py", 4, "test_a", ()),
        Mark("tests/test_x.py", 9, "test_b", ("URS-AB-09",)),
        Mark("tests/test_x.py", 12, "test_c", ("URS-AB-01",)),
    ]
    with pytest.raises(Cause) as refused:
        marks.check(found, catalogue(URS_AB_01="high", URS_AB_02="low"))
    assert [line.split(": ")[:2] for line in refused.value.lines()] == [
        ["tests/test_x.py, line 4, field test_a", "no requirement is named"],
        [
            "tests/test_x.py, line 9, field test_b, value 'URS-AB-09'",
            "is no requirement of validate/requirements.yaml",
        ],
        ["validate/requirements.yaml, field URS-AB-01", "1 of the 2 tests that its risk asks for"],
        ["validate/requirements.yaml, field URS-AB-02", "no test proves it"],
    ]


def test_where_each_has_its_other_half_nothing_is_said():
    found = [Mark("f", n, f"test_{n}", ("URS-AB-01", "URS-AB-02")) for n in (1, 2)]
    marks.check(found, catalogue(URS_AB_01="high", URS_AB_02="low"))
