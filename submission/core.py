"""CDISC's rules engine (CORE) as a step that a study may ask for: who runs it, and what is told of it.

The engine needs a Python and an environment of its own, which ``core.python`` of ``config.yaml`` names; rules and
the library's metadata come from the user. It ends with 0 whatever it found, so nothing is read from how it ends but
that it ended: findings, rules that could not be carried out and rules that applied to nothing are counted here.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from submission.frames import Submission

ENGINE = Path(__file__).with_name("core_engine.py")
CONFIG = "config/config.yaml"
COLUMNS = ("rule", "dataset", "status", "findings", "asks", "message", "first")
# What the engine says of a rule on a data set, the worst first; any other word counts as an error.
ERROR, ISSUE, CLEAN, SKIPPED = "execution error", "issue reported", "success", "skipped"
SCOPE = "Outside scope"
NO_RULE = "no rule"


@dataclass(frozen=True)
class Outcome:
    """``said``, a sentence, and ``rows``: what was found, ended in an error or was skipped within its scope."""

    said: str
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    ran: bool = False

    @property
    def open(self) -> pd.DataFrame:
        """The rows that somebody must look at: all but those that ended well."""
        return self.rows[self.rows["status"] != CLEAN]


NOT_RUN = Outcome(
    f"CORE not run: the study names no rules engine (core: {{python, rules, cache}} in {CONFIG}); "
    "the checks below are those of this package."
)


def places(study: Path, page: dict[str, Any]) -> dict[str, Path | None] | None:
    """Where the Python, the rules and the cache of the engine are, or None where the study asks for none of it.

    Raises
    ------
    Cause
        When one of them is not there.
    """
    asked = page.get("core")
    if asked is None:
        return None
    found = {key: study / asked[key] if asked.get(key) else None for key in ("python", "rules", "cache")}
    faults = {
        "python": "is no program that can be run" if not _runs(found["python"]) else "",
        "rules": "is no folder of rules" if not _folder(found["rules"]) else "",
        "cache": "is no folder" if found["cache"] and not _folder(found["cache"]) else "",
    }
    for key, fault in faults.items():
        if fault:
            raise Cause(fault, file=str(study / CONFIG), field=f"core.{key}", value=asked.get(key))
    return found


def _runs(path: Path | None) -> bool:
    return path is not None and path.is_file() and os.access(path, os.X_OK)


def _folder(path: Path | None) -> bool:
    return path is not None and path.is_dir()


def run(study: Path, submission: Submission, root: Path) -> Outcome:
    """Run the engine over the transport files of SDTM that lie below ``root``.

    Raises
    ------
    Cause
        When it gives no answer, or no rule is of the standard of the study.
    """
    found = places(study, submission.page)
    sdtm = submission.of("sdtm")
    if found is None:
        return NOT_RUN
    if not sdtm:
        return Outcome("CORE not run: there is no data set of SDTM.")
    version = str(submission.page["standards"]["sdtmig"])
    folder = root / sdtm[0].folder
    asked: dict[str, Any] = {
        "standard": "sdtmig",
        "version": version.replace(".", "-"),
        "datasets": [str((folder / f"{one.stem}.xpt").resolve()) for one in sdtm],
        "define": str((folder / "define.xml").resolve()),
        "terms": [f"sdtmct-{submission.page['standards']['ct']}"],
    }
    asked |= {key: str(path.resolve()) if path else None for key, path in found.items() if key != "python"}
    answer = _answered(study, Path(str(found["python"])).absolute(), asked)
    if not answer["rules"]:
        rule = f"holds no rule of SDTMIG {version} ({len(answer['refused'])} files that hold no rule at all)"
        raise Cause(rule, file=str(study / CONFIG), field="core.rules", value=submission.page["core"]["rules"])
    return told(answer, f"SDTMIG {version}", len(sdtm), cached=found["cache"] is not None)


def _answered(study: Path, python: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Put the question to the engine's own Python; return its answer."""
    with tempfile.TemporaryDirectory() as scratch:
        request, answer = Path(scratch) / "request.json", Path(scratch) / "answer.json"
        io.write_json(request, asked)
        done = subprocess.run(
            [str(python), "-I", str(ENGINE), str(request), str(answer)],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=scratch,
            check=False,
        )
        try:
            held = io.read_json(answer)
        except (Cause, ValueError):
            held = None  # told below, with the last words of the engine
    keys = {"engine", "rules", "refused", "other_standards", "results"}
    if done.returncode == 0 and isinstance(held, dict) and keys <= set(held):
        return held
    last = ([line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"])[-1].strip()
    rule = f"the rules engine gave no answer (it ended with {done.returncode}): {last[:300]}"
    raise Cause(rule, file=str(study / CONFIG), field="core.python", value=str(python))


def told(answer: dict[str, Any], standard: str, datasets: int, *, cached: bool) -> Outcome:
    """Count the answer of the engine."""
    worst: dict[str, str] = {}
    rows = []
    for one in answer["results"]:
        status = one["status"] if one["status"] in (ISSUE, CLEAN, SKIPPED) else ERROR
        status = ISSUE if status == CLEAN and one["found"] else status
        known = worst.get(one["rule"], SKIPPED)
        worst[one["rule"]] = min(status, known, key=(ERROR, ISSUE, CLEAN, SKIPPED).index)
        first = one["errors"][0] if one["errors"] else {}
        if status == SKIPPED and first.get("error") == SCOPE:
            continue
        why = str(first.get("message") or one["message"]) if status in (ERROR, SKIPPED) else one["message"]
        n = one["found"] if status == ISSUE else 0
        shown = json.dumps(first, sort_keys=True, ensure_ascii=False) if status == ISSUE else ""
        rows.append((one["rule"], one["dataset"], status, n, one["asks"], " ".join(why.split()), shown))
    refused = [(one["file"], "", NO_RULE, 0, "", " ".join(one["message"].split()), "") for one in answer["refused"]]
    table = pd.DataFrame(sorted(rows) + sorted(refused), columns=list(COLUMNS))
    by = Counter(worst.values())
    silent = answer["rules"] - len(worst)
    counts = {
        "without a finding": by[CLEAN],
        f"with findings ({int(table['findings'].sum()):,} in all)": by[ISSUE],
        "ended in an error": by[ERROR] + silent,
        "applied to no data set or found no variable to read": by[SKIPPED],
    }
    left = {"rules of another standard": answer["other_standards"], "files that hold no rule": len(refused)}
    counted = ", ".join(f"{n:,} {what}" for what, n in counts.items())
    said = (
        f"CORE run: cdisc-rules-engine {answer['engine']}, {answer['rules']:,} rules of {standard} on {datasets} data "
        f"sets of SDTM (it has none for ADaM). Of these rules {counted}."
    )
    said += "".join(f" Left out: {n:,} {what}." for what, n in left.items() if n)
    said += "" if cached else " No cache of the library was given: rules that need its metadata end in an error."
    return Outcome(said, table, ran=True)
