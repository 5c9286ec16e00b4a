"""Lock a study, verify or describe its lock, or compare two: ``python -m lock make|verify|crate|diff``.

``make [STUDY] [--key FILE]``   runs from the raw files in a clean folder and writes ``lock/`` of the study
``verify [STUDY]``              does so again and says of each artefact whether it is identical
``crate [STUDY]``               describes the locked run that lies there as a Workflow Run RO-Crate
``diff A B``                    what moved between two locks: manifests, study folders or revisions of git

``verify`` ends with 0 (identical), 1 (something differs, is missing or extra), 2 (refused: a dirty tree, a bad
signature, no lock) or 3 (only the last digits of numbers differ; ``--level values`` takes that for 0).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from crf2csr.errors import Cause
from lock.make import make
from lock.verify import REFUSED, Asked, verify


def say(line: str) -> None:
    """Print a line at once: a run takes minutes."""
    print(line, flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m lock", description="Lock a study's run, and verify it.")
    verbs = top.add_subparsers(dest="verb", required=True)
    written = verbs.add_parser("make", help="write the lock of a study")
    written.add_argument("study", nargs="?", type=Path, default=Path())
    written.add_argument("--key", type=Path, help="sign with this key of ed25519")
    written.add_argument("--cores", type=int, default=4)
    checked = verbs.add_parser("verify", help="run again and compare every artefact")
    checked.add_argument("study", nargs="?", type=Path, default=Path())
    checked.add_argument("--signers", type=Path, help="allowed signers (default: lock/allowed_signers of the study)")
    checked.add_argument("--lock", default="", help="the id that the lock must have")
    checked.add_argument("--cores", type=int, default=4)
    checked.add_argument("--no-run", action="store_true", help="compare the inputs and what lies here, and run nothing")
    checked.add_argument("--brief", action="store_true", help="say only what is not identical")
    checked.add_argument("--level", choices=["bytes", "values"], default="bytes", help="the identity that is asked for")
    checked.add_argument("--keep", type=Path, help="run in this empty folder, and leave it")
    listed = verbs.add_parser("crate", help="write ro-crate-metadata.json of the run that lies here")
    listed.add_argument("study", nargs="?", type=Path, default=Path())
    compared = verbs.add_parser("diff", help="what moved between two locks")
    compared.add_argument("old")
    compared.add_argument("new")
    compared.add_argument("--study", type=Path, default=Path(), help="the study of a revision of git")
    compared.add_argument("--out", type=Path, help="write the comparison of the records there (page and sheets)")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; what cannot be done is said in one line per cause."""
    given = parser().parse_args(arguments)
    try:
        if given.verb == "make":
            make(given.study, given.key, given.cores, say)
            return 0
        if given.verb == "crate":
            try:
                from lock import crate  # its library is an extra of the installation
            except ModuleNotFoundError as error:
                raise Cause(f"{error.name} is not installed: make crate installs requirements-crate.lock") from None
            crate.write(given.study, say)
            return 0
        if given.verb == "diff":
            from lock import moved  # reads cuts and results, which nothing else here does

            return moved.main(given.old, given.new, given.study, given.out, say)
        return verify(
            Asked(
                given.study,
                given.signers,
                given.lock,
                given.cores,
                not given.no_run,
                given.brief,
                given.level,
                given.keep,
            ),
            say,
        )
    except Cause as cause:
        print("\n".join(f"REFUSED: {line}" for line in cause.lines()), file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
