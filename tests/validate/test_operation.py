"""A run of the tests: read from its JUnit file, held against the tree, and turned into verdicts on requirements."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crf2csr.errors import Cause
from validate import operation, suite, tree
from validate.requirements import Catalogue, Requirement
from validate.suite import Case, Run

pytestmark = pytest.mark.req("URS-VAL-02")

TREE = "a" * 64
CASES = """
<testcase classname="t" name="a" time="0.4"><properties><property name="node" value="t.py::a"/>
  <property name="req" value="URS-AB-01"/><property name="tree" value="TREE"/>
  <property name="place" value="/home/some one/house"/></properties></testcase>
<testcase classname="t" name="b" time="9"><properties><property name="node" value="t.py::b[x]"/></properties>
  <failure message="boom in /home/someone/x">trace</failure></testcase>
<testcase classname="t" name="c"><properties><property name="node" value="t.py::c"/></properties>
  <skipped type="pytest.skip" message="the data are not at /home/some one/shared/data"/></testcase>
<testcase classname="t" name="d"><properties><property name="node" value="t.py::d"/></properties>
  <error message="no fixture">trace</error></testcase>
"""


@pytest.fixture
def junit(tmp_path) -> Path:
    body = CASES.replace("TREE", TREE)
    file = tmp_path / "junit.xml"
    head = '<testsuites><testsuite name="pytest" timestamp="2020-01-01T00:00:00" hostname="here">'
    file.write_text(f"{head}{body}</testsuite></testsuites>", encoding="utf-8")
    return file


def test_outcomes_and_the_tree_are_read_and_a_reason_loses_its_place(junit):
    found = suite.read(junit)
    assert found.tree == TREE
    assert found.outcomes == {
        "t.py::a": ("passed", ""),
        "t.py::b[x]": ("failed", ""),
        "t.py::c": ("skipped", "the data are not at ../shared/data"),
        "t.py::d": ("error", ""),
    }


@pytest.mark.parametrize(
    "said, left",
    [
        ("not at /opt/somebody/data/x.csv: get it", "not at .../x.csv: get it"),
        ("a/b and 1/2 stay", "a/b and 1/2 stay"),
        ("{here}/tests/x.py: and {here}/../shared/y", "tests/x.py: and ../shared/y"),
    ],
)
def test_no_path_of_a_machine_is_left_in_a_reason(said, left):
    here = Path("/home/somebody/a folder/checkout")
    assert suite.placeless(said.replace("{here}/..", str(here.parent)).replace("{here}", str(here)), here) == left


def test_a_file_that_is_no_junit_and_one_that_names_no_tree_are_refused(junit):
    junit.write_text(junit.read_text(encoding="utf-8").replace('name="tree"', 'name="wood"'), encoding="utf-8")
    with pytest.raises(Cause, match="does not say which tree was tested"):
        suite.read(junit)
    junit.write_text("<testsuites>", encoding="utf-8")
    with pytest.raises(Cause, match="is no JUnit file"):
        suite.read(junit)


def test_a_run_of_another_tree_or_of_other_tests_is_refused():
    tests, done = [Case("t.py::a", ("R",)), Case("t.py::b", ("R",))], ("passed", "")
    with pytest.raises(Cause, match=r"j\.xml, value 'bbbbbbbbbbbb': is of another tree"):
        suite.matched(tests, Run("b" * 64, {"t.py::a": done, "t.py::b": done}), TREE, "j.xml")
    with pytest.raises(Cause, match=r"1 tests have no outcome in it: t\.py::b"):
        suite.matched(tests, Run(TREE, {"t.py::a": done}), TREE, "j.xml")
    with pytest.raises(Cause, match=r"1 tests stand in it and are not collected here: t\.py::c"):
        suite.matched(tests, Run(TREE, dict.fromkeys(["t.py::a", "t.py::b", "t.py::c"], done)), TREE, "j.xml")
    assert suite.matched(tests[:1], Run(TREE, {"t.py::a": done}), TREE, "j.xml") == [
        Case("t.py::a", ("R",), "passed", "")
    ]


@pytest.mark.parametrize(
    "outcomes, verdict",
    [
        (["passed", "passed"], "passed"),
        (["passed", "skipped"], "incomplete"),
        (["skipped"], "incomplete"),
        (["skipped", "failed"], "failed"),
        (["passed", "error"], "failed"),
        ([], "failed"),
    ],
)
def test_a_requirement_is_passed_only_where_all_of_its_tests_passed(outcomes, verdict):
    asked = Catalogue([Requirement("URS-AB-01", "An area", "It works.", "low")], {"low": "dull"}, {"low": 1})
    tests = [Case(f"t.py::{n}", ("URS-AB-01",), outcome) for n, outcome in enumerate(outcomes)]
    (proof,) = operation.proofs(asked, tests)
    assert (proof.verdict, len(proof.tests)) == (verdict, len(outcomes))
    assert operation.Operation([proof]).verdict == verdict


def test_an_outcome_that_is_none_is_refused():
    with pytest.raises(Cause, match="value 'xpassed': is no outcome of a test"):
        operation.judged([Case("t.py::a", (), "xpassed")])


@pytest.mark.parametrize(
    "file, floor",
    [
        ("workflow/scripts/crf2csr/adam/adae.py", "adam"),
        ("workflow/scripts/crf2csr/dates.py", "ground"),
        ("config/config.yaml", "config"),
        ("qc/R/study.R", "qc"),
    ],
)
def test_a_fault_stands_on_the_floor_of_its_file(file, floor):
    assert operation.floor_of(file) == floor


def test_a_fault_counts_as_caught_only_by_a_check_that_is_still_there(tmp_path):
    """Caught, caught by a whole file that hung, survived, declared after the last run, changed since, check gone."""
    named = ["caught", "hung", "survived", "new", "changed", "gone"]
    entries = [{"id": n, "what": f"It is {n}", "file": "workflow/scripts/crf2csr/ard/x.py"} for n in named]
    (tmp_path / "mutate").mkdir()
    rows = "".join(f"  - {{id: {e['id']}, what: {e['what']}, file: {e['file']}}}\n" for e in entries)
    (tmp_path / operation.FAULTS).write_text(f"faults:\n{rows}", encoding="utf-8")
    by = {
        "caught": "t.py::a[2-Week",
        "hung": "t.py (did not end)",
        "survived": "",
        "changed": "t.py::a",
        "gone": "t.py::z",
    }
    lines = [
        f"{n},It is {'other' if n == 'changed' else n},workflow/scripts/crf2csr/ard/x.py,room,{by[n]}"
        for n in named
        if n in by
    ]
    (tmp_path / operation.CAUGHT).write_text("\n".join(["fault,what,file,stage,caught by", *lines, ""]), "utf-8")
    found = operation.planted({"t.py::a[1]", "t.py::a[2]"}, tmp_path)
    assert {fault.id: fault.verdict for fault in found} == {
        "caught": "passed",
        "hung": "passed",
        "survived": "failed",
        "new": "incomplete",
        "changed": "incomplete",
        "gone": "incomplete",
    }
    by_floor = operation.Operation([], found).by_floor
    assert [floor for floor, *_ in by_floor] == list(operation.FLOORS) and by_floor[3] == ("ard", 6, 2)


def test_every_fault_of_this_checkout_stands_on_a_floor_that_is_there():
    found = operation.planted(set())
    beside = {fault.floor for fault in found} - {*operation.FLOORS, "ground"}
    assert found and [floor for floor in beside if not (suite.ROOT / floor).is_dir()] == []


def test_the_hash_of_a_tree_follows_names_contents_and_modes_and_nothing_that_git_ignores(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("made/\n", encoding="utf-8")
    file, made = tmp_path / "a.txt", tmp_path / "made"
    file.write_text("one", encoding="utf-8")
    seen = [tree.digest(tmp_path)]
    made.mkdir()
    (made / "b.txt").write_text("two", encoding="utf-8")
    assert tree.digest(tmp_path) == seen[0]
    file.write_text("two", encoding="utf-8")
    seen.append(tree.digest(tmp_path))
    file.chmod(0o755)
    seen.append(tree.digest(tmp_path))
    file.rename(tmp_path / "c.txt")
    seen.append(tree.digest(tmp_path))
    assert len(set(seen)) == 4


@pytest.mark.req("URS-VAL-05")
def test_the_junit_of_the_package_has_no_time_host_or_message():
    tests = [
        Case("t.py::a", ("URS-AB-01", "URS-AB-02"), "passed"),
        Case("t.py::b[x<y]", ("URS-AB-01",), "failed"),
        Case("t.py::c", ("URS-AB-01",), "skipped", "no data"),
    ]
    text = suite.junit(tests)
    top = ElementTree.fromstring(text.split("\n", 1)[1])
    assert {key: top.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    cases = {
        case.get("name"): [p.get("value") for p in case.iter("property")] + [child.tag for child in case][1:]
        for case in top.iter("testcase")
    }
    assert cases == {
        "a": ["URS-AB-01", "URS-AB-02"],
        "b[x<y]": ["URS-AB-01", "failure"],
        "c": ["URS-AB-01", "skipped"],
    }
    assert not {"time", "timestamp", "hostname"} & {key for node in top.iter() for key in node.attrib}
    assert suite.junit(tests) == text
