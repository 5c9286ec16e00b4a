"""Programs that stand alone, in Python, R and SAS, on the transport files only: one per analysis of a common kind."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from crf2csr.specs import read_yaml
from submission import conditions, unreplayed
from submission.frames import Submission

HERE = Path(__file__).parent / "programs"
KINDS = ("py", "R", "sas")
# What an analysis may say to be replayed; one that says more (exclusions, columns of its own, ...) is not.
KEYS = {"id", "label", "sap", "estimand", "method", "dataset", "population", "where", "options", "arm"}
BY = {"by", "order_by", "levels"}
SAS_DAY_0 = datetime.date(1960, 1, 1)

About = dict[str, Any]
Made = tuple[About, list[str]]  # what the templates need of a method, and the variables that it reads


def programs(study: Path, submission: Submission) -> dict[str, str]:
    """File name -> text, with a readme that also names what has no program, and why; empty without an analysis."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"python": _python, "r": conditions.r, "sas": conditions.sas}
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
                keys = KEYS | METHODS.get(analysis["method"], (None, set()))[1]
                left.append({"id": analysis["id"], "why": unreplayed.why(analysis, submission, METHODS, keys)})
    if told or left:
        readme = environment.get_template("readme.txt.j2")
        made["readme.txt"] = readme.render(study=submission.page["study"]["id"], programs=told, left=left)
    return made


def _about(analysis: About, submission: Submission) -> About | None:
    """What the templates need, or None where the analysis is not of this kind."""
    known = {one.name: one for one in submission.of("adam")}
    name, method = str(analysis.get("dataset", "")).upper(), analysis["method"]
    if method not in METHODS or name not in known or "ADSL" not in known:
        return None
    make, more = METHODS[method]
    options, rows, people = analysis.get("options", {}), known[name].frame, known["ADSL"].frame
    population = conditions.said(analysis.get("population"), people, "adsl")
    where = conditions.said(analysis.get("where"), rows, "rows")
    arm, by = analysis.get("arm", "TRT01P"), analysis.get("by", [])
    if not set(analysis) <= KEYS | more or not population or not population.py or where is None or arm not in people:
        return None
    if not set(by) <= set(rows) or any(rows[v].dtype.kind == "f" for v in by):
        return None
    own = make(analysis, options, rows, submission)
    if own is None:
        return None
    about, uses = own
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
        "by": by,
        "level": level,
        "alpha": round(1 - level, 10),
        "tail": round((1 - level) / 2, 10),
        "people_read": _once(["USUBJID", arm, *population.uses, *about.get("dates", [])]),
        "rows_read": _once(["USUBJID", *where.uses, *by, *uses]),
        **about,
    }


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _variables(analysis: About) -> list[str]:
    return list(analysis["variables"]) if "variables" in analysis else [analysis.get("variable", "AVAL")]


def _measured(analysis: About, rows: pd.DataFrame) -> list[str] | None:
    """The variables of an analysis of numbers."""
    names = _variables(analysis)
    return names if all(name in rows and rows[name].dtype.kind == "f" for name in names) else None


def _lines(options: About, rows: pd.DataFrame) -> tuple[list[tuple[str, conditions.Said]], list[str]] | None:
    """The declared lines of events, each with its condition."""
    found = [(str(line["id"]), conditions.said(line.get("where"), rows, "rows")) for line in options["lines"]]
    if any(one is None for _, one in found):
        return None
    made = [(name, one) for name, one in found if one is not None]
    return made, [name for _, one in made for name in one.uses]


def _proportion(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    return ({"exclude": options.get("missing") == "exclude"}, ["AVAL"]) if "AVAL" in rows else None


def _continuous(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    names = _measured(analysis, rows)
    return ({"variables": names}, names) if names else None


def _counts(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    names = _variables(analysis)
    if not all(name in rows and rows[name].dtype.kind != "f" for name in names):
        return None
    listed = {name: [str(level) for level in options.get("levels", {}).get(name, [])] for name in names}
    return {"variables": names, "listed": listed, "observed": options.get("denominator") == "observed"}, names


def _paired(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    names = _measured(analysis, rows)
    if not names:
        return None
    of = {name: _digits(options.get("precision", options.get("decimals", 0)), name) for name in names}
    about = {
        "variables": names,
        "precision": of,
        "pratt": options.get("zeros") == "pratt",
        "exact_up_to": int(options.get("exact_up_to", 200)),
        "continuity": bool(options.get("continuity", True)),
    }
    return about, names


def _digits(option: Any, name: str) -> int:
    return int(option.get(name, 0) if isinstance(option, dict) else option)


def _survival(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    landmarks = [(str(label), float(day)) for label, day in options.get("landmarks", {}).items()]
    if not landmarks or not {"AVAL", "CNSR"} <= set(rows):
        return None
    return {"landmarks": landmarks, "conf_type": options.get("conf_type", "log-log")}, ["AVAL", "CNSR"]


def _terms(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    """Rows that are not shown (``at_least``) and grades (``worst``) are asked of other programs."""
    terms = list(options.get("terms", []))
    good = set(options) <= {"terms", "order"} and set(terms) <= set(rows)
    return ({"terms": terms}, terms) if good else None


def _events(analysis: About, options: About, rows: pd.DataFrame, _: Submission) -> Made | None:
    found = _lines(options, rows)
    return ({"lines": found[0]}, found[1]) if found and set(options) <= {"lines"} else None


def _rates(analysis: About, options: About, rows: pd.DataFrame, submission: Submission) -> Made | None:
    """Ends of the time at risk as (date of ADSL, days added); the cut-off as a day of the transport file."""
    found, page, people = _lines(options, rows), submission.page, submission["ADSL"].frame
    start, date = options.get("start", "TRTSDT"), options.get("date", "ASTDT")
    ends = {n: int(page[plus] if isinstance(plus, str) else plus) for n, plus in options["ends"].items()}
    cut_off = ends.pop("cutoff", None)
    if not found or not {start, *ends} <= set(people) or date not in rows:
        return None
    day = (datetime.date.fromisoformat(str(page["study"]["cutoff"])) - SAS_DAY_0).days
    about = {
        "lines": found[0],
        "start": start,
        "date": date,
        "ends": list(ends.items()),
        "cut_off": None if cut_off is None else day,
        "dates": [start, *ends],
    }
    return about, [date, *found[1]]


Method = Callable[[About, About, pd.DataFrame, Submission], Made | None]
# What makes a program of the method, and the further keys that it understands.
METHODS: dict[str, tuple[Method, set[str]]] = {
    "proportion": (_proportion, BY),
    "continuous": (_continuous, BY | {"variable", "variables"}),
    "counts": (_counts, BY | {"variable", "variables"}),
    "paired": (_paired, BY | {"variable", "variables"}),
    "survival": (_survival, set()),
    "terms": (_terms, set()),
    "events": (_events, set()),
    "rates": (_rates, set()),
}


def _python(held: Any) -> str:
    return json.dumps(held)
