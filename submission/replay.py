"""Programs that stand alone: one per analysis of proportions, in Python, R and SAS, on the transport files only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from crf2csr.specs import read_yaml
from submission.frames import Submission

HERE = Path(__file__).parent / "programs"
KINDS = ("py", "R", "sas")
# What an analysis may say to be replayed; one that says more (groups, exclusions, ...) is not.
KEYS = {"id", "label", "sap", "estimand", "method", "dataset", "population", "where", "options", "arm"}


def programs(study: Path, submission: Submission) -> dict[str, str]:
    """File name -> text, with a readme; empty where no analysis can be replayed."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"python": _python, "r": _r, "sas": _sas}
    made, told = {}, []
    for path in sorted((study / "config/ard").glob("*.yaml")):
        for analysis in read_yaml(path)["analyses"]:
            about = _about(analysis, submission)
            if about:
                told.append(about)
                for kind in KINDS:
                    template = environment.get_template(f"proportion.{kind}.j2")
                    made[f"{about['file']}.{kind.lower()}"] = template.render(about)
    if told:
        readme = environment.get_template("readme.txt.j2")
        made["readme.txt"] = readme.render(study=submission.page["study"]["id"], programs=told)
    return made


def _about(analysis: dict[str, Any], submission: Submission) -> dict[str, Any] | None:
    """What the templates need, or None where the analysis is not of this kind."""
    known = {one.name: one for one in submission.of("adam")}
    name = str(analysis.get("dataset", "")).upper()
    if analysis["method"] != "proportion" or not set(analysis) <= KEYS or name not in known or "ADSL" not in known:
        return None
    options, rows, people = analysis.get("options", {}), known[name].frame, known["ADSL"].frame
    population = _simple(analysis.get("population", {}), people)
    where = _simple(analysis.get("where", {}), rows)
    arm = analysis.get("arm", "TRT01P")
    if not population or where is None or "AVAL" not in rows or arm not in people:
        return None
    level = float(options.get("level", 0.95))
    return {
        "id": analysis["id"],
        "file": str(analysis["id"]).replace("_", "-"),
        "label": analysis["label"],
        "dataset": name.lower(),
        "population": population,
        "where": where,
        "arm": arm,
        "exclude": options.get("missing") == "exclude",
        "level": level,
        "alpha": round(1 - level, 10),
        "tail": round((1 - level) / 2, 10),
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


def _python(held: list[str]) -> str:
    return json.dumps(held)


def _r(held: list[str]) -> str:
    return "c(" + ", ".join(json.dumps(one) for one in held) + ")"


def _sas(held: list[str]) -> str:
    return ", ".join("'" + one.replace("'", "''") + "'" for one in held)
