"""The page of the validation: what was asked, who proves it, and what was found here; one self-contained file."""

from __future__ import annotations

import base64
import hashlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import markupsafe

from crf2csr.templating import templates
from validate import suite
from validate.operation import Proof
from validate.suite import Case
from validate.verdict import PASSED

if TYPE_CHECKING:
    from validate.report import Validation

HERE = Path(__file__).parent


def render(found: Validation) -> str:
    """Fill the template."""
    environment = templates(HERE)
    css = "".join((HERE.parent / name).read_text("utf-8") for name in ("compare/page.css", "validate/page.css"))
    proofs = found.operation.proofs
    return environment.get_template("page.html.j2").render(
        css=markupsafe.Markup(css),
        digest=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        found=found,
        areas=[(title, list(rows)) for title, rows in groupby(proofs, key=lambda proof: proof.requirement.area)],
        by_risk=[(risk, words, *_counted(risk, proofs)) for risk, words in found.catalogue.risks.items()],
        counted={outcome: sum(t.outcome == outcome for t in found.tests) for outcome in suite.OUTCOMES},
        functions=functions,
        not_run=_reasons(found.tests),
        open_packages=[p for p in found.installation.packages if p.verdict != PASSED],
        open_proofs=[proof for proof in proofs if proof.verdict != PASSED],
        open_faults=[f for f in found.operation.faults if f.verdict != PASSED],
        files=sum(package.files for package in found.installation.packages),
    )


def functions(proof: Proof) -> list[dict[str, Any]]:
    """The tests of a requirement with their cases taken together: file, name, cases, and the outcomes beside passed."""
    held: dict[tuple[str, str], list[Case]] = {}
    for test in proof.tests:
        file, _, name = test.node.split("[")[0].partition("::")
        held.setdefault((file, name), []).append(test)
    return [
        {
            "file": file,
            "name": name,
            "cases": len(tests),
            "said": ", ".join(
                f"{n} {'not run' if outcome == 'skipped' else outcome}"
                for outcome in suite.OUTCOMES[1:]
                if (n := sum(test.outcome == outcome for test in tests))
            ),
        }
        for (file, name), tests in held.items()
    ]


def _counted(risk: str, proofs: list[Proof]) -> tuple[int, int, int]:
    """Requirements of a class of risk, those that passed, and their tests."""
    mine = [proof for proof in proofs if proof.requirement.risk == risk]
    return len(mine), sum(proof.verdict == PASSED for proof in mine), sum(len(proof.tests) for proof in mine)


def _reasons(tests: list[Case]) -> list[tuple[str, int]]:
    """Why tests were not run, and how many for each reason."""
    reasons = sorted(test.reason or "no reason was given" for test in tests if test.outcome == "skipped")
    return [(reason, len(list(rows))) for reason, rows in groupby(reasons)]
