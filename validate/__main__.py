"""Validate this installation: ``python -m validate [check|tree|publish]``.

``python -m validate``   runs every test (or reads ``--junit FILE`` of a run of this tree that just ended), looks at the
                         installation, runs the shipped study, and writes ``validation/``
``check``                only asks whether every test and every requirement has its other half; a second
``tree``                 only says the hash of this tree
``publish``              writes ``qc/published.csv`` from the results that lie here: after a change of a number

It ends with 0 (passed), 1 (something failed), 2 (refused, with one line per cause) or 3 (nothing failed, but something
could not be looked at; ``--partial`` takes that for 0).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from crf2csr.errors import Cause
from validate import installation, marks, operation, performance, report, suite, tree
from validate.requirements import ROOT, read
from validate.verdict import ENDS, INCOMPLETE

REFUSED = 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m validate", description="Validate this installation.")
    top.add_argument("verb", nargs="?", choices=["check", "tree", "publish"])
    top.add_argument("--junit", type=Path, help="the JUnit file of a run of all tests on this very tree")
    top.add_argument("--cores", type=int, default=2)
    top.add_argument("--out", type=Path, default=ROOT / "validation")
    top.add_argument("--partial", action="store_true", help="end with 0 though something could not be looked at")
    return top


def say(line: str) -> None:
    """Print a line at once: the tests take minutes."""
    print(line, flush=True)


def validated(junit: Path | None, cores: int) -> report.Validation:
    """Do everything; the cheap questions, which can refuse, come first."""
    catalogue = read()
    say("Which test proves which requirement ...")
    found, tests = suite.collected()
    marks.check(found, catalogue)
    here = tree.digest(ROOT)
    faults = operation.planted({test.node for test in tests})
    performance.read(ROOT)
    if junit is None:
        say(f"Running {len(tests)} tests, {cores} at a time ...")
        junit = suite.run(cores)
    done = suite.matched(tests, suite.read(junit), here, str(junit))
    say("What is installed ...")
    installed = installation.qualified()
    say("Running the shipped study from its raw files in a clean folder ...")
    performed = performance.qualified(cores)
    if tree.digest(ROOT) != here:
        raise Cause("the tree was changed while it was validated: run it again")
    operated = operation.Operation(operation.proofs(catalogue, done), faults)
    return report.Validation(here, catalogue, done, installed, operated, performed)


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; what cannot be done is said in one line per cause."""
    given = parser().parse_args(arguments)
    try:
        if given.verb == "check":
            found = marks.of_checkout()
            marks.check(found, read())
            say(f"{len(found)} tests and {len(read().requirements)} requirements: each has its other half")
            return 0
        if given.verb == "tree":
            say(tree.digest(ROOT))
            return 0
        if given.verb == "publish":
            say(f"{performance.write(ROOT)} lines: {performance.PUBLISHED}")
            return 0
        made = validated(given.junit, given.cores)
        report.write(made, given.out)
    except Cause as cause:
        print("\n".join(f"REFUSED: {line}" for line in cause.lines()), file=sys.stderr)
        return REFUSED
    for name in ("installation", "operation", "performance"):
        say(f"{name:13} {getattr(made, name).verdict}")
    for proof in made.operation.proofs:
        if proof.verdict != "passed":
            say(f"{proof.requirement.id} {proof.verdict}: {proof.requirement.text}")
    say(f"{made.verdict.upper()}. The page: {given.out / 'index.html'}")
    return 0 if given.partial and made.verdict == INCOMPLETE else ENDS[made.verdict]


if __name__ == "__main__":
    sys.exit(main())
