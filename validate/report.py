"""The package that is written: one page for people, tables and JSON for programs, JUnit for both.

No byte of it tells when, where or by whom it was made: two runs on one tree and one machine write the same files.
"""

from __future__ import annotations

import csv
import io as text_io
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crf2csr import io
from validate import page, suite
from validate.installation import Installation
from validate.operation import Operation
from validate.performance import Performance
from validate.requirements import Catalogue
from validate.suite import Case
from validate.verdict import worst


@dataclass
class Validation:
    """All that was found out about one tree on one machine."""

    tree: str
    catalogue: Catalogue
    tests: list[Case]
    installation: Installation
    operation: Operation
    performance: Performance

    @property
    def verdict(self) -> str:
        """The worst of the three qualifications."""
        return worst([self.installation.verdict, self.operation.verdict, self.performance.verdict])


def files(found: Validation) -> dict[str, str]:
    """The content of each file of the package, by its name."""
    return {
        "index.html": page.render(found),
        "validation.json": json.dumps(_summary(found), ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        "requirements.csv": _table(
            ["requirement", "area", "risk", "text", "needs", "tests", *suite.OUTCOMES, "verdict"],
            (
                [
                    p.requirement.id,
                    p.requirement.area,
                    p.requirement.risk,
                    p.requirement.text,
                    p.requirement.needs,
                    len(p.tests),
                    *map(p.of, suite.OUTCOMES),
                    p.verdict,
                ]
                for p in found.operation.proofs
            ),
        ),
        "traceability.csv": _table(
            ["requirement", "risk", "test", "outcome", "reason"],
            (
                [p.requirement.id, p.requirement.risk, t.node, t.outcome, t.reason]
                for p in found.operation.proofs
                for t in p.tests
            ),
        ),
        "faults.csv": _table(
            ["fault", "what", "file", "floor", "caught by", "verdict"],
            ([f.id, f.what, f.file, f.floor, f.caught_by, f.verdict] for f in found.operation.faults),
        ),
        "installation.csv": _table(
            ["kind", "name", "locks", "locked", "installed", "archives", "files", "changed", "verdict"],
            _installed(found.installation),
        ),
        "performance.csv": _table(
            ["file", "rows", "verdict", "said"],
            ([line.file, line.rows, line.verdict, line.said] for line in found.performance.lines),
        ),
        "junit.xml": suite.junit(found.tests),
    }


def write(found: Validation, folder: Path) -> None:
    """Write the package into ``folder``; what an earlier run left there goes."""
    made = files(found)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in made.items():
        io.write_text(folder / name, text)


def _installed(found: Installation) -> Iterable[list[Any]]:
    yield from (
        [
            "package",
            p.name,
            " ".join(p.locks),
            p.locked,
            p.installed,
            p.archives,
            p.files,
            " ".join(p.changed),
            p.verdict,
        ]
        for p in found.packages
    )
    yield from (["lock", s.lock, "", "", "", s.sha256, "", "", s.verdict] for s in found.stamps)
    yield from (["tool", t.name, "", "", t.version, "", "", "", t.verdict] for t in found.tools)
    yield from (["of no lock", name, "", "", "", "", "", "", ""] for name in found.others)


def _table(head: list[str], rows: Iterable[list[Any]]) -> str:
    out = text_io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(head)
    lines.writerows(rows)
    return out.getvalue()


def _summary(found: Validation) -> dict[str, Any]:
    """The package as one document."""
    return {
        "verdict": found.verdict,
        "tree": found.tree,
        "installation": {"verdict": found.installation.verdict} | asdict(found.installation),
        "operation": {
            "verdict": found.operation.verdict,
            "requirements": [
                asdict(p.requirement)
                | {"verdict": p.verdict, "tests": len(p.tests)}
                | {outcome: p.of(outcome) for outcome in suite.OUTCOMES}
                for p in found.operation.proofs
            ],
            "tests": [asdict(test) for test in found.tests],
            "faults": [asdict(fault) for fault in found.operation.faults],
            "caught": [
                {"floor": floor, "planted": planted, "caught": caught}
                for floor, planted, caught in found.operation.by_floor
            ],
        },
        "performance": {"verdict": found.performance.verdict} | asdict(found.performance),
    }
