"""Operational qualification: what the tests say of each requirement, and what the planted faults say of the tests."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crf2csr.errors import Cause
from crf2csr.specs import read_yaml
from validate.requirements import ROOT, Catalogue, Requirement
from validate.suite import OUTCOMES, Case
from validate.verdict import FAILED, INCOMPLETE, PASSED, worst

FAULTS, CAUGHT = "mutate/faults.yaml", "mutate/caught.csv"
HOUSE = "workflow/scripts/crf2csr/"
FLOORS = ("raw", "sdtm", "adam", "ard", "tlf", "csr")


@dataclass(frozen=True)
class Proof:
    """A requirement, its tests by outcome, and the verdict."""

    requirement: Requirement
    tests: list[Case]
    verdict: str

    def of(self, outcome: str) -> int:
        """Number of its tests with an outcome."""
        return sum(test.outcome == outcome for test in self.tests)


@dataclass(frozen=True)
class Fault:
    """A planted fault: where it stands, and the check that caught it (blank: none, or it was not tried)."""

    id: str
    what: str
    file: str
    floor: str
    caught_by: str
    verdict: str


@dataclass
class Operation:
    """Everything that was found out about operation."""

    proofs: list[Proof]
    faults: list[Fault] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst of all."""
        return worst([proof.verdict for proof in self.proofs] + [fault.verdict for fault in self.faults])

    @property
    def by_floor(self) -> list[tuple[str, int, int]]:
        """Floor, planted faults and faults caught: every floor in climbing order, then what is beside them."""
        counted: dict[str, list[int]] = {floor: [0, 0] for floor in FLOORS}
        for fault in self.faults:
            planted = counted.setdefault(fault.floor, [0, 0])
            planted[0] += 1
            planted[1] += fault.verdict == PASSED
        known = {floor: n for n, floor in enumerate((*FLOORS, "ground"))}
        return [(f, counted[f][0], counted[f][1]) for f in sorted(counted, key=lambda f: (known.get(f, len(known)), f))]


def proofs(catalogue: Catalogue, tests: Iterable[Case]) -> list[Proof]:
    """Each requirement with its tests: passed only where every test of it was run and passed."""
    held: dict[str, list[Case]] = {r.id: [] for r in catalogue.requirements}
    for test in tests:
        for id_ in test.requirements:
            held[id_].append(test)
    return [Proof(r, held[r.id], judged(held[r.id])) for r in catalogue.requirements]


def judged(tests: list[Case]) -> str:
    """The verdict on a requirement: a test that was not run stands for nothing."""
    outcomes = {test.outcome for test in tests}
    if strange := outcomes - set(OUTCOMES):
        raise Cause(f"is no outcome of a test ({', '.join(OUTCOMES)})", value=min(strange))
    if outcomes & {"failed", "error"} or not outcomes:
        return FAILED
    return INCOMPLETE if "skipped" in outcomes else PASSED


def floor_of(file: str) -> str:
    """The floor of a file, ``ground`` for what all floors stand on, else its first folder."""
    inside = file.removeprefix(HOUSE)
    if inside == file:
        return file.split("/")[0]
    return inside.split("/")[0] if inside.split("/")[0] in FLOORS else "ground"


def planted(nodes: set[str], root: Path = ROOT) -> list[Fault]:
    """The declared faults with what the last ``make mutate`` found; it must be of these faults and these tests.

    Parameters
    ----------
    nodes : set of str
        The tests that are collected, by their full names.
    """
    declared = read_yaml(root / FAULTS)["faults"]
    with (root / CAUGHT).open(encoding="utf-8", newline="") as lines:
        last = {row["fault"]: row for row in csv.DictReader(lines)}
    known = {node.split("[")[0] for node in nodes} | {node.split("::")[0] for node in nodes}
    found = []
    for fault in declared:
        row = last.get(fault["id"])
        same = row is not None and (row["what"], row["file"]) == (fault["what"], fault["file"])
        by = row["caught by"] if row is not None and same else ""
        verdict = FAILED if same and not by else PASSED if by.split("[")[0].split(" ")[0] in known else INCOMPLETE
        found.append(Fault(fault["id"], fault["what"], fault["file"], floor_of(fault["file"]), by, verdict))
    return found
