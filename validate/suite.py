"""The tests of the checkout: what pytest collects, how a run of them ended, and that run without clock and machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from crf2csr.errors import Cause
from validate.marks import Mark
from validate.plugin import NODE, PLACE, TREE
from validate.requirements import ROOT

JUNIT = "logs/junit.xml"
OUTCOMES = ("passed", "failed", "error", "skipped")
FEW = 3


@dataclass(frozen=True)
class Case:
    """One collected test, its requirements, its outcome, and the reason where it was not run."""

    node: str
    requirements: tuple[str, ...]
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """What a JUnit file says: the tree that was tested, and by test the outcome and the reason not to run it."""

    tree: str
    outcomes: dict[str, tuple[str, str]]


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT / "workflow/scripts"), str(ROOT)])
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def collected() -> tuple[list[Mark], list[Case]]:
    """What pytest collects here: a mark for each case of each test, and the tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "collected.json"
        command = _pytest("-p", "validate.plugin", "--collect-only", "-q", f"--collected-to={file}")
        run = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False)
        if run.returncode or not file.is_file():
            said = [line for line in run.stdout.splitlines() if line.startswith(("ERROR", "E  "))] or [
                run.stderr[-300:]
            ]
            raise Cause(f"pytest cannot collect the tests: {said[0]}")
        rows = json.loads(file.read_text(encoding="utf-8"))
    tests = [Case(node, tuple(ids)) for _, _, node, ids in rows]
    return [Mark(path, line + 1, node.split("::", 1)[-1], tuple(ids)) for path, line, node, ids in rows], tests


def run(cores: int) -> Path:
    """Run all tests; return the JUnit file. That tests fail is no fault of the run."""
    file = ROOT / JUNIT
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    workers = ("-n", str(cores), "--dist", "worksteal") if cores > 1 else ()
    ended = subprocess.run(
        _pytest("-q", *workers, f"--junitxml={file}"), cwd=ROOT, env=_environment(), check=False
    ).returncode
    if ended not in (0, 1) or not file.is_file():
        raise Cause(f"the run of the tests was broken off (pytest ended with {ended})")
    return file


def read(file: Path) -> Run:
    """Read the JUnit file of a run."""
    try:
        top = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise Cause(f"is no JUnit file ({error})", file=str(file)) from None
    said: dict[str, str] = {p.get("name", ""): p.get("value", "") for p in top.iter("property")}
    tree, place = said.get(TREE), said.get(PLACE)
    outcomes = {}
    for case in top.iter("testcase"):
        named = next((p.get("value", "") for p in case.iter("property") if p.get("name") == NODE), "")
        if named and place:
            outcomes[named] = _outcome(case, Path(place))
    if not outcomes or not tree:
        raise Cause("does not say which tree was tested: pytest --junitxml of this checkout does", file=str(file))
    return Run(tree, outcomes)


def _outcome(case: ElementTree.Element, place: Path) -> tuple[str, str]:
    for outcome, tag in (("error", "error"), ("failed", "failure"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            return outcome, placeless(found.get("message", ""), place) if outcome == "skipped" else ""
    return "passed", ""


def placeless(said: str, root: Path) -> str:
    """A sentence without the place of the checkout that was tested and without any other path of that machine."""
    near = said.replace(f"{root}/", "").replace(f"{root.parent}/", "../")
    return " ".join(re.sub(r"(?<![\w./])/(?:[^\s/:]+/)*([^\s/:]+)", r".../\1", near).split())


def matched(tests: Iterable[Case], found: Run, here: str, file: str) -> list[Case]:
    """Give each collected test its outcome; a run of another tree, or of other tests, is refused."""
    if found.tree != here:
        raise Cause("is of another tree than lies here: run the tests again", file=file, value=found.tree[:12])
    known = list(tests)
    nodes = {test.node for test in known}
    for said, lacking in (
        ("have no outcome in it", sorted(nodes - found.outcomes.keys())),
        ("stand in it and are not collected here", sorted(found.outcomes.keys() - nodes)),
    ):
        if lacking:
            more = f" and {len(lacking) - FEW} more" if len(lacking) > FEW else ""
            raise Cause(f"{len(lacking)} tests {said}: {', '.join(lacking[:FEW])}{more}", file=file)
    return sorted((Case(t.node, t.requirements, *found.outcomes[t.node]) for t in known), key=lambda test: test.node)


def junit(tests: list[Case]) -> str:
    """The run as JUnit: every test with its requirements and its outcome, and no time, host or message of a machine."""
    count = {outcome: sum(t.outcome == outcome for t in tests) for outcome in OUTCOMES}
    totals = {
        "tests": str(len(tests)),
        "failures": str(count["failed"]),
        "errors": str(count["error"]),
        "skipped": str(count["skipped"]),
    }
    top = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(top, "testsuite", {"name": "operational qualification"} | totals)
    for test in tests:
        file, _, name = test.node.partition("::")
        case = ElementTree.SubElement(suite, "testcase", {"classname": file, "name": name})
        held = ElementTree.SubElement(case, "properties")
        for id_ in test.requirements:
            ElementTree.SubElement(held, "property", {"name": "req", "value": id_})
        if test.outcome != "passed":
            tag = {"failed": "failure"}.get(test.outcome, test.outcome)
            ElementTree.SubElement(case, tag, {"message": test.reason} if test.reason else {})
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"
