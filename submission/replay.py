"""Programs that stand alone, in Python, R and SAS, on the transport files only.

One per analysis of proportions, of change from baseline, of survival on fixed days and of events by coded term.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from crf2csr.specs import read_yaml
from submission import unreplayed
from submission.frames import Submission

HERE = Path(__file__).parent / "programs"
KINDS = ("py", "R", "sas")
# What an analysis may say to be replayed; one that says more (groups, exclusions, ...) is not.
KEYS = {"id", "label", "sap", "estimand", "method", "dataset", "population", "where", "options", "arm"}
BY = {"by", "order_by", "levels", "variables"}


def programs(study: Path, submission: Submission) -> dict[str, str]:
    """File name -> text, with a readme that also names what has no program, and why; empty without an analysis."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"python": _python, "r": _r, "sas": _sas}
    made, told, left = {}, [], []
    for path in sorted((study / "config/ard").glob("*.yaml")):
        for analysis in read_yaml(path)["analyses"]:
            about = _about(analysis, submission)
            if about:
                told.append(about)
                for kind in KINDS:
                    template = environment.get_template(f"{about['method']}.{kind}.j2")
                    made[f"{about['file']}.{kind.lower()}"] = template.render(about)
            else:
                keys = KEYS | (BY if analysis["method"] == "paired" else set())
                left.append({"id": analysis["id"], "why": unreplayed.why(analysis, submission, METHODS, keys)})
    if told or left:
        readme = environment.get_template("readme.txt.j2")
        made["readme.txt"] = readme.render(study=submission.page["study"]["id"], programs=told, left=left)
    return made


def _about(analysis: dict[str, Any], submission: Submission) -> dict[str, Any] | None:
    """What the templates need, or None where the analysis is not of this kind."""
    known = {one.name: one for one in submission.of("adam")}
    name = str(analysis.get("dataset", "")).upper()
    method = analysis["method"]
    keys = KEYS | BY if method == "paired" else KEYS
    if method not in METHODS or not set(analysis) <= keys or name not in known or "ADSL" not in known:
        return None
    options, rows, people = analysis.get("options", {}), known[name].frame, known["ADSL"].frame
    population = _simple(analysis.get("population", {}), people)
    where = _simple(analysis.get("where", {}), rows)
    arm = analysis.get("arm", "TRT01P")
    own = METHODS[method](analysis, options, rows)
    if not population or where is None or own is None or arm not in people:
        return None
    level = float(options.get("level", 0.95))
    return {
        "id": analysis["id"],
        "file": str(analysis["id"]).replace("_", "-"),
        "label": analysis["label"],
        "method": method,
        "dataset": name.lower(),
        "population": population,
        "where": where,
        "arm": arm,
        "arm_in_rows": arm in rows,
        "level": level,
        "alpha": round(1 - level, 10),
        "tail": round((1 - level) / 2, 10),
        **own,
    }


def _proportion(analysis: dict[str, Any], options: dict[str, Any], rows: Any) -> dict[str, Any] | None:
    return {"exclude": options.get("missing") == "exclude"} if "AVAL" in rows else None


def _paired(analysis: dict[str, Any], options: dict[str, Any], rows: Any) -> dict[str, Any] | None:
    by, variables = analysis.get("by", []), analysis.get("variables", [])
    if not by or not variables or not {*by, *variables} <= set(rows) or any(rows[v].dtype.kind == "f" for v in by):
        return None
    return {"by": by, "variables": variables}


def _survival(analysis: dict[str, Any], options: dict[str, Any], rows: Any) -> dict[str, Any] | None:
    landmarks = [(str(label), float(day)) for label, day in options.get("landmarks", {}).items()]
    if not landmarks or not {"AVAL", "CNSR"} <= set(rows):
        return None
    return {"landmarks": landmarks, "conf_type": options.get("conf_type", "log-log")}


def _terms(analysis: dict[str, Any], options: dict[str, Any], rows: Any) -> dict[str, Any] | None:
    """Rows that are not shown (``at_least``) and grades (``worst``) are asked of other programs."""
    terms = list(options.get("terms", []))
    return {"terms": terms} if set(options) <= {"terms", "order"} and set(terms) <= set(rows) else None


METHODS: dict[str, Callable[[dict[str, Any], dict[str, Any], Any], dict[str, Any] | None]] = {
    "proportion": _proportion,
    "paired": _paired,
    "survival": _survival,
    "terms": _terms,
}


def _simple(conditions: dict[str, Any], frame: Any) -> list[tuple[str, list[str]]] | None:
    """Conditions as (variable, allowed texts), or None where one is of another kind; missing is the empty text."""
    found = []
    for name, wanted in conditions.items():
        if name not in frame or frame[name].dtype.kind == "f":
            return None
        if wanted == {"present": False}:
            found.append((name, [""]))
        elif isinstance(wanted, str):
            found.append((name, [wanted]))
        elif isinstance(wanted, list) and all(isinstance(one, str) for one in wanted):
            found.append((name, wanted))
        else:
            return None
    return found


def _python(held: list[Any]) -> str:
    return json.dumps(held)


def _r(held: list[str]) -> str:
    return "c(" + ", ".join(json.dumps(one) for one in held) + ")"


def _sas(held: list[str]) -> str:
    return ", ".join("'" + one.replace("'", "''") + "'" for one in held)
