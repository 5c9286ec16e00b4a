"""The reporting event of a study: every result of the pipeline with the analysis, method, set and display it is of.

Nothing is computed: facts are read from ``results/ard``, words from the configuration and the cards of the methods.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.specs import read_yaml
from submission.ars import check, contents, results
from submission.ars.conditions import body, both, conditions, negated

PURPOSES = {"primary": "PRIMARY OUTCOME MEASURE", "secondary": "SECONDARY OUTCOME MEASURE"}
TERMS = {
    "PURPOSE": ("AnalysisPurposeEnum", ["SUPPLEMENTARY", "DESCRIPTIVE"]),
    "REASON": ("AnalysisReasonEnum", ["NOT STATED"]),
}
PLAN = "DOC.SAP"
# Keys of a declared analysis that an ARS analysis says elsewhere.
TOLD = {"id", "label", "sap", "estimand", "method", "dataset", "variable", "variables"}


@dataclass(frozen=True)
class Declared:
    """What a study declares and what its run left; ``drawn`` names the analyses that a display is declared to show."""

    page: dict[str, Any]
    analyses: dict[tuple[str, str], dict[str, Any]]
    variables: dict[str, dict[str, str]]
    roles: dict[str, str]
    sections: list[dict[str, Any]]
    facts: pd.DataFrame
    displays: dict[str, list[dict[str, Any]]]
    drawn: dict[str, list[str]]
    cards: dict[str, Any]
    listed: dict[tuple[str, str], int]


def read(study: Path) -> Declared:
    """Read configuration and results of a study."""
    ard = [read_yaml(path) for path in sorted((study / "config/ard").glob("*.yaml"))]
    adam = [read_yaml(path) for path in sorted((study / "config/adam").glob("*.yaml"))]
    chapters = [spec["name"] for spec in ard]
    estimands = study / "config/estimands.yaml"
    tables: list[pd.DataFrame] = []
    cards: dict[str, Any] = {}
    displays: dict[str, list[dict[str, Any]]] = {}
    drawn: dict[str, list[str]] = {}
    for path in sorted((study / "config/tlf").glob("*.yaml")):
        drawn |= {one["id"]: sorted(set(contents.mentioned(one))) for one in read_yaml(path)["displays"]}
    for name in chapters:
        facts = io.read_table(study / f"results/ard/{name}.parquet")
        tables.append(facts.assign(chapter=name, place=range(len(facts))))
        cards |= io.read_json(study / f"results/ard/_methods/{name}.json")
        shown = study / f"results/tlf/{name}.json"
        displays[name] = io.read_json(shown)["displays"] if shown.exists() else []
    analyses = {(spec["name"], one["id"]): one for spec in ard for one in spec["analyses"]}
    lists = {key: study / f"results/ard/{key[0]}/{key[1]}.parquet" for key in analyses}
    return Declared(
        page=read_yaml(study / "config/config.yaml"),
        analyses=analyses,
        variables={s["name"]: {v: about["label"] for v, about in s["variables"].items()} for s in adam},
        roles={one["id"]: one["role"] for one in read_yaml(estimands)["estimands"]} if estimands.exists() else {},
        sections=read_yaml(study / "config/csr.yaml")["sections"],
        facts=pd.concat(tables, ignore_index=True),
        displays=displays,
        drawn=drawn,
        cards=cards,
        listed={key: io.rows(path) for key, path in lists.items() if path.exists()},
    )


def document(declared: Declared, files: dict[str, str]) -> dict[str, Any]:
    """The reporting event; ``files`` says of a display where, seen from the document, its file lies."""
    page, facts = declared.page, _placed(declared)
    factors = results.Factors(results.Study(page["arms"], declared.variables))
    facts["operation"], operations = results.operations(facts, declared.cards)
    facts["raw"], facts["shown"] = results.values(facts)
    facts["groups"] = results.result_groups(facts, factors)
    sets, subsets = _Conditions("AS"), _Conditions("DS")
    analyses = [_analysis(declared, oid, rows, sets, subsets) for oid, rows in facts.groupby("oid", sort=False)]
    chapters = dict(iter(facts[["oid", "analysis"]].groupby(facts["chapter"], sort=False)))
    shown = {
        one["id"]: _shown(one, declared.drawn.get(one["id"], []), chapters[chapter])
        for chapter, some in declared.displays.items()
        for one in some
        if chapter in chapters
    }
    every = [one for some in declared.displays.values() for one in some]
    chapter_of = {one["id"]: f"CAT.{name}" for name, some in declared.displays.items() for one in some}
    study = page["study"]
    return {
        "id": f"RE.{study['id']}",
        "name": study["title"],
        "description": (
            f"{study['notice']} Data cut-off: {study['cutoff']}. A missing value is the empty text in a condition."
        ).strip(),
        "version": 1,
        "mainListOfContents": contents.contents(
            declared.sections, every, shown, {one["id"]: one["name"] for one in analyses}
        ),
        "referenceDocuments": [{"id": PLAN, "name": "Statistical analysis plan"}],
        "terminologyExtensions": [
            {"id": f"TE.{key}", "enumeration": kind, "sponsorTerms": [_term(key, term) for term in terms]}
            for key, (kind, terms) in TERMS.items()
        ],
        "analysisOutputCategorizations": [
            {"id": "CAT", "label": "Chapter", "categories": [{"id": f"CAT.{n}", "label": n} for n in declared.displays]}
        ],
        "analysisSets": sets.made,
        "dataSubsets": subsets.made,
        "analysisGroupings": list(factors.made.values()),
        "methods": [_method(name, declared.cards[name], held) for name, held in operations.items()],
        "outputs": contents.outputs(every, files, chapter_of),
        "analyses": analyses,
    }


def _placed(declared: Declared) -> pd.DataFrame:
    """The facts with the id of their ARS analysis, and whether their variable is one of their data set."""
    facts = declared.facts.copy()
    pairs = {
        (dataset, name): name in declared.variables.get(str(dataset).upper(), {})
        for dataset, name in set(zip(facts["dataset"], facts["variable"].astype("object"), strict=True))
    }
    facts["own"] = [pairs[pair] for pair in zip(facts["dataset"], facts["variable"].astype("object"), strict=True)]
    facts["oid"] = "AN." + facts["chapter"].astype("object") + "." + facts["analysis"].astype("object")
    named = facts["own"] & (facts["variable"].where(facts["own"]).groupby(facts["oid"]).transform("nunique") > 1)
    facts["oid"] += ("." + facts["variable"].astype("object")).where(named, "")
    return facts


def _analysis(
    declared: Declared, oid: str, rows: pd.DataFrame, sets: _Conditions, subsets: _Conditions
) -> dict[str, Any]:
    first = rows.iloc[0]
    spec = declared.analyses[first["chapter"], first["analysis"]]
    dataset = spec["dataset"].upper()
    own = next(iter(rows["variable"][rows["own"]]), None)
    apart = oid != f"AN.{first['chapter']}.{first['analysis']}"
    role = declared.roles.get(spec.get("estimand", ""), "")
    made: dict[str, Any] = {
        "id": oid,
        "name": f"{spec['label']}: {own}" if apart else spec["label"],
        "categoryIds": [f"CAT.{first['chapter']}"],
        "reason": {"controlledTerm": "SPECIFIED IN SAP"} if "sap" in spec else _named("REASON", "NOT STATED"),
        "purpose": {"controlledTerm": PURPOSES[role]}
        if role in PURPOSES
        else _named("PURPOSE", "SUPPLEMENTARY" if role == "supplementary" else "DESCRIPTIVE"),
        "methodId": f"MTH.{spec['method']}",
        "dataset": dataset,
    }
    if own is not None:
        made["variable"] = own
    if "sap" in spec:
        section = {"refType": "NamedDestination", "pageNames": [str(spec["sap"])], "label": f"Section {spec['sap']}"}
        made["documentRefs"] = [{"referenceDocumentId": PLAN, "pageRefs": [section]}]
    people = conditions(spec.get("population", {}), "ADSL")
    others = [negated(conditions(one.get("where", {}), one["dataset"].upper())) for one in spec.get("without", [])]
    made["analysisSetId"] = sets.id(both(people, *others), "All subjects of ADSL")
    if spec.get("where"):
        made["dataSubsetId"] = subsets.id(conditions(spec["where"], dataset), "")
    groupings = list(dict.fromkeys(one["groupingId"] for some in rows["groups"] for one in some))
    made["orderedGroupings"] = [
        {"order": n, "groupingId": one, "resultsByGroup": True} for n, one in enumerate(groupings, 1)
    ]
    estimand = [("estimand", spec["estimand"])] if "estimand" in spec else []
    told = [*estimand, *((key, held) for key, held in spec.items() if key not in TOLD)]
    made["programmingCode"] = {
        "context": "Python, crf2csr",
        "code": f"crf2csr/ard/{spec['method']}.py",
        "parameters": [{"name": key, "value": [_json(held)]} for key, held in told],
    }
    made["results"] = [
        {"operationId": operation}
        | ({"rawValue": raw} if isinstance(raw, str) else {})
        | {"formattedValue": shown}
        | ({"resultGroups": groups} if groups else {})
        for operation, raw, shown, groups in zip(
            rows["operation"], rows["raw"], rows["shown"], rows["groups"], strict=True
        )
    ]
    return made


class _Conditions:
    """Analysis sets or data subsets: each condition once, numbered in the order in which it is met."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.made: list[dict[str, Any]] = []
        self._ids: dict[str, str] = {}

    def id(self, node: dict[str, Any], without: str) -> str:
        """Enter a condition; ``without`` is the name of the one that asks nothing."""
        key = json.dumps(node, ensure_ascii=False)
        if key not in self._ids:
            order = len(self.made) + 1
            self._ids[key] = oid = f"{self.kind}.{order}"
            name = _words(node) or without
            self.made.append({"id": oid, "name": name, "level": 1, "order": order} | body(node))
        return self._ids[key]


def _words(node: dict[str, Any]) -> str:
    """A condition in words."""
    if not node:
        return ""
    if "op" not in node:
        held = [one or "missing" for one in node["value"]]
        said = held[0] if len(held) == 1 else f"({', '.join(held)})"
        return f"{node['dataset']}.{node['variable']} {node['comparator']} {said}"
    parts = [f"({_words(part)})" if "op" in part else _words(part) for part in node["of"]]
    return f"NOT {parts[0]}" if node["op"] == "NOT" else f" {node['op']} ".join(parts)


def _method(name: str, card: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    made = {"id": f"MTH.{name}", "name": card["name"], "label": name, "operations": operations}
    told = [card["formulas"].get("", ""), *card["references"]]
    text = ". ".join(part.rstrip(".") for part in told if part)
    return made | ({"description": f"{text}."} if text else {})


def _shown(display: dict[str, Any], drawn: list[str], facts: pd.DataFrame) -> list[str]:
    """Ids of the analyses whose results a display shows, and of those that it is drawn from."""
    oids = facts["oid"].iloc[sorted(set(contents.facts_of(display)))]
    return list(dict.fromkeys([*oids, *facts["oid"][facts["analysis"].isin(drawn)]]))


def _term(key: str, term: str) -> dict[str, str]:
    return {"id": f"{key}.{term.replace(' ', '_')}", "submissionValue": term}


def _named(key: str, term: str) -> dict[str, str]:
    return {"controlledTerm": term, "sponsorTermId": _term(key, term)["id"]}


def _json(held: Any) -> str:
    return held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)


def text(made: dict[str, Any]) -> str:
    """The document as text, one result a line."""
    parts = [f"{_line(key)}: {_line(value)}" for key, value in made.items() if key != "analyses"]
    analyses = []
    for one in made["analyses"]:
        head = _line({key: value for key, value in one.items() if key != "results"})
        lines = ",\n".join(map(_line, one["results"]))
        analyses.append(head[:-1] + ', "results": [\n' + lines + "\n]}")
    parts.append('"analyses": [\n' + ",\n".join(analyses) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(held: Any) -> str:
    return json.dumps(held, ensure_ascii=False, allow_nan=False)


def checked(made: dict[str, Any], file: str) -> str:
    """The text of the document, or every fault raised."""
    found = check.faults(made)
    if found:
        raise Cause(f"breaks ARS 1.0 in {len(found)} places, first: {found[0]}", file=file)
    return text(made)
