"""What the page says of tables, facts, analyses and displays: labels, derivations, sources and hashes."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd

from crf2csr.csr import _integrity, _words
from crf2csr.csr._payload import column

# Variables that tell a reader at a glance what a row is; names are whole or end so (``--TESTCD`` of any domain).
BRIEF = re.compile(
    r"USUBJID|SUBJID|EVENT|LINE|PARAM|AVISIT|ADT|ADY|AVAL|AVALC|BASE|CHG|PCHG|DTYPE|RSPREAS|CNSR|ASTDT|AENDT|TRT01A|ARM|AGE|SEX|VISIT"
    r"|ICETERM|[A-Z]{2}(TEST|TERM|TRT|DECOD|LOC|LAT|ORRES|ORRESU|STRESN|DTC|STDTC|ENDTC|TOXGR|SEV|SER|OCCUR|DOSE)"
)
MOST = 14
KEY_LABELS = {
    "LINE": "Line of the file (text, XML), row (workbook) or observation (SAS) of the record",
    "STUDYID": "Study",
    "SITEID": "Site",
    "SUBJID": "Subject",
    "EVENT": "Visit",
    "EVENTREP": "Repeat of the visit",
    "FORM": "Form",
    "FORMREP": "Repeat of the form",
    "GRPREP": "Repeat of the group of items",
    "FORMSTAT": "Status of the form",
    "LASTMOD": "Last change of the record",
}
FACT_COLUMNS = (
    "analysis",
    "method",
    "dataset",
    "population",
    "group1",
    "group1_level",
    "group2",
    "group2_level",
    "group3",
    "group3_level",
    "variable",
    "variable_level",
    "stat_name",
    "stat",
    "stat_text",
    "format",
    "unit",
    "warning",
    "error",
    "options",
    "context",
    "member_set",
    "r_value",
    "r_digits",
    "r_method",
)


def tables(part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For each table of the graph: label, columns for lists, variables, and of a raw form its file and hash."""
    found = {}
    for floor in ("adam", "sdtm"):
        for name, spec in part[floor].items():
            fields = _fields(spec) if floor == "sdtm" else {}
            variables = {
                n: {"label": v.get("label", ""), "type": v.get("type"), "text": _text(v, fields.get(n, []))}
                for n, v in spec["variables"].items()
            }
            found[f"{floor}/{name}"] = {
                "label": spec["label"],
                "variables": variables,
                "brief": brief(list(spec["variables"])),
            }
    hashes = {entry["form"]: entry.get("sha256", "") for entry in part["manifest"]["files"]}
    for name, form in part["crf"].items():
        columns = {f.get("column") or n: n for n, f in form["fields"].items()}
        keys = {(form.get("keys") or {}).get(k, k): {"label": label} for k, label in KEY_LABELS.items()}
        found[f"raw/{name}"] = {
            "label": form["label"],
            "file": part["files"].get(form["name"], ""),
            "sha256": hashes.get(form["name"], ""),
            "form": form["name"],
            "variables": keys | {c: {"label": form["fields"][n].get("label", "")} for c, n in columns.items()},
            "alias": {n: c for c, n in columns.items() if c != n},
            "brief": ["LINE", "SUBJID", "EVENT"],
        }
    return found


def brief(variables: list[str]) -> list[str]:
    """The few variables by which a list of rows is read."""
    return [name for name in variables if BRIEF.fullmatch(name)][:MOST]


def _fields(spec: dict[str, Any]) -> dict[str, list[str]]:
    """SDTM variable -> the CRF fields that its rules read."""
    found: dict[str, list[str]] = {}
    for block in spec.get("records", []):
        for variable, rule in block.get("set", {}).items():
            if isinstance(rule, dict):
                read = [
                    rule[verb]
                    for verb in ("assign", "encode", "date", "number", "time")
                    if isinstance(rule.get(verb), str)
                ]
                form = rule.get("of", block.get("form", ""))
                found.setdefault(variable, []).extend(f"{form}.{field}" for field in read if field.isupper())
    return found


def _text(variable: dict[str, Any], fields: list[str]) -> str:
    origin = variable.get("origin", "")
    said = [variable["text"]] if variable.get("text") else []
    if fields:
        said.append("from " + ", ".join(dict.fromkeys(fields)))
    return ": ".join(part for part in (origin, "; ".join(said)) if part)


def facts(used: pd.DataFrame, adam: dict[str, Any]) -> dict[str, Any]:
    """Facts by column, as tables are; ``id`` is what the printed numbers bear.

    A value of a single row is called by the label of its variable.
    """
    labels = {(n, v): about.get("label", v) for n, spec in adam.items() for v, about in spec["variables"].items()}
    said = [labels.get(key) for key in zip(used["dataset"], used["variable"], strict=True)]
    own = pd.Series(said, index=used.index, dtype=object).where(used["variable"] == used["stat_name"])
    words = used.assign(
        stat_words=own.where(own.notna(), used["stat_name"].map(_words.statistic)).astype("str"),
        options=used["options"].map(_words.settings, na_action="ignore"),
        population=used["population"].map(lambda p: _words.condition(json.loads(p)), na_action="ignore"),
    )
    present = [c for c in (*FACT_COLUMNS, "stat_words") if c in words]
    return {
        "n": len(used),
        "id": [int(i) for i in used.index],
        "columns": [{"name": c, **column(words[c])} for c in present],
    }


def analyses(chapters: dict[str, Any], estimands: dict[str, str]) -> dict[str, dict[str, Any]]:
    """For each declared analysis its label, section of the plan, condition in words, and its estimand by its label."""
    return {
        a["id"]: {"label": a.get("label", a["id"]), "where": _words.condition(a.get("where"))}
        | ({"sap": str(a["sap"])} if a.get("sap") else {})
        | ({"estimand": estimands.get(a["estimand"], a["estimand"])} if a.get("estimand") else {})
        for chapter in chapters.values()
        for a in chapter["analyses"]
    }


def _named(value: Any) -> set[str]:
    """Every analysis that a display names, at any depth."""
    if isinstance(value, dict):
        own = {value["analysis"]} if isinstance(value.get("analysis"), str) else set()
        return own.union(*(_named(v) for v in value.values()))
    return set().union(*(_named(v) for v in value)) if isinstance(value, list) else set()


def source(display: dict[str, Any], chapter: str, sha256: str, part: dict[str, Any]) -> dict[str, Any]:
    """Where a display comes from: data sets, programs (the rooms of the house) and the hash of its numbers."""
    planned: dict[str, Any] = next(
        (d for d in part["tlf"].get(chapter, {}).get("displays", []) if d["id"] == display["id"]), {}
    )
    names = _named(planned)
    mine = [a for a in part["ard"].get(chapter, {}).get("analyses", []) if a["id"] in names]
    read = [(a["dataset"], *(other["dataset"] for other in a.get("beside", {}).values())) for a in mine]
    datasets = list(dict.fromkeys(name for some in read for name in some))
    programs = [f"adam.{d}" for d in datasets] + [f"ard.{m}" for m in dict.fromkeys(a["method"] for a in mine)]
    programs += [f"tlf.{planned['layout']}"] if "layout" in planned else []
    named = dict.fromkeys(a.get("estimand") for a in mine)
    return {
        "chapter": chapter,
        "estimands": [part["estimands"][name] for name in named if name in part["estimands"]],
        "datasets": [d.upper() for d in datasets],
        "programs": programs,
        "sha256": sha256,
    }


def reproduction(part: dict[str, Any], hashes: dict[str, str], payload: str) -> dict[str, Any]:
    """What a second person needs to make this page again, and to see that it is the same."""
    return {
        "files": [
            {"name": e["name"], "form": e["form"], "rows": e.get("rows", ""), "sha256": e.get("sha256", "")}
            for e in part["manifest"]["files"]
        ],
        "chapters": sorted(hashes.items()),
        "code": part["code"],
        "config": part["config"],
        "payload": payload,
        "lock": part.get("lock"),
        "versions": _integrity.versions(),
    }
