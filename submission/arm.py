"""Analysis results metadata: the displays of the primary and secondary estimands, and the data that each one reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crf2csr.specs import read_yaml
from submission.define import Parts
from submission.values import equals

PURPOSES = {"primary": "PRIMARY OUTCOME MEASURE", "secondary": "SECONDARY OUTCOME MEASURE"}


def displays(study: Path) -> Callable[[Parts], Any] | None:
    """A function that enters the displays into a metadata version, or None where the study declares no estimand."""
    path = study / "config/estimands.yaml"
    if not path.exists():
        return None
    roles = {one["id"]: one["role"] for one in read_yaml(path)["estimands"]}
    analyses = {
        one["id"]: one
        for file in sorted((study / "config/ard").glob("*.yaml"))
        for one in read_yaml(file)["analyses"]
        if roles.get(one.get("estimand", "")) in PURPOSES
    }
    shown = [
        display
        for file in sorted((study / "config/tlf").glob("*.yaml"))
        for display in read_yaml(file)["displays"]
        if display.get("analysis") in analyses
    ]
    if not shown:
        return None
    return lambda parts: _entered(parts, sorted(shown, key=lambda d: d["id"]), analyses, roles)


def _entered(parts: Parts, shown: list[dict[str, Any]], analyses: dict[str, Any], roles: dict[str, str]) -> Any:
    made = []
    for display in shown:
        analysis = analyses[display["analysis"]]
        one = parts.m.ResultDisplay(OID=f"RD.{display['id']}", Name=display["id"])
        one.Description = parts.words(display["title"])
        one.AnalysisResult = [_result(parts, display["id"], analysis, PURPOSES[roles[analysis["estimand"]]])]
        made.append(one)
    return parts.m.AnalysisResultDisplays(ResultDisplay=made)


def _result(parts: Parts, display: str, analysis: dict[str, Any], purpose: str) -> Any:
    m, name = parts.m, analysis["dataset"].upper()
    frame = parts.submission[name].frame
    conditions = analysis.get("population", {}) | analysis.get("where", {})
    simple = {k: v for k, v in conditions.items() if k in frame and isinstance(v, str | int | float | list)}
    data = m.AnalysisDataset(ItemGroupOID=f"IG.{name}")
    if simple:
        data.WhereClauseRef = m.WhereClauseRef(WhereClauseOID=equals(parts, name, simple))
    wanted = [analysis.get("variable", "AVAL"), *analysis.get("by", [])]
    data.AnalysisVariable = [m.AnalysisVariable(ItemOID=f"IT.{name}.{v}") for v in wanted if v in frame]
    result = m.AnalysisResult(
        OID=f"AR.{display}.{analysis['id']}", AnalysisReason="SPECIFIED IN SAP", AnalysisPurpose=purpose
    )
    if isinstance(conditions.get("PARAMCD"), str) and "PARAMCD" in frame:
        result.ParameterOID = f"IT.{name}.PARAMCD"
    result.Description = parts.words(analysis["label"])
    result.AnalysisDatasets = m.AnalysisDatasets(AnalysisDataset=[data])
    left = {key: value for key, value in conditions.items() if key not in simple}
    also = f" Further condition: {json.dumps(left, ensure_ascii=True)}." if left else ""
    result.Documentation = m.Documentation(
        Description=parts.words(
            f"SAP section {analysis.get('sap', 'not named')}. Estimand {analysis['estimand']}.{also}"
        )
    )
    options = json.dumps(analysis.get("options", {}), sort_keys=True, ensure_ascii=True)
    result.ProgrammingCode = m.ProgrammingCode(Context="Python, crf2csr")
    result.ProgrammingCode.Code = m.Code(_content=f"crf2csr/ard/{analysis['method']}.py with {options}")
    return result
