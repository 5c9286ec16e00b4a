"""Value-level metadata: what a variable holds for each supplemental qualifier or parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from submission import origins
from submission.frames import Dataset, Variable
from submission.measures import measured

if TYPE_CHECKING:
    from submission.define import Parts


def value_list(parts: Parts, dataset: Dataset, variable: Variable) -> str | None:
    """Enter the value list of QVAL by QNAM, or AVAL by PARAMCD; return its OID, or None for other variables."""
    by = {"QVAL": "QNAM", "AVAL": "PARAMCD"}.get(variable.name)
    if by is None or by not in dataset.frame:
        return None
    m, oid = parts.m, f"VL.{dataset.name}.{variable.name}"
    made = m.ValueListDef(OID=oid)
    for code, rows in dataset.frame.groupby(by, sort=True):
        held = rows[variable.name]
        if variable.kind != "text" and held.isna().all():
            continue
        child = f"IT.{dataset.name}.{variable.name}.{code}"
        clause = equals(parts, dataset.name, {by: str(code)})
        reference = m.ItemRef(ItemOID=child, Mandatory="No", OrderNumber=len(made.ItemRef) + 1)
        label, origin = _about(parts, dataset, variable, by, str(code))
        if origin.method:
            name = f"{dataset.name}.{variable.name}.{code}"
            reference.MethodOID = parts.method(f"MT.{name}", f"Derivation of {variable.name} of {code}", origin.method)
        reference.WhereClauseRef = [m.WhereClauseRef(WhereClauseOID=clause)]
        made.ItemRef.append(reference)
        kind = (
            replace(variable, kind="integer")
            if variable.kind == "float" and (held.dropna() % 1 == 0).all()
            else variable
        )
        item = m.ItemDef(OID=child, Name=str(code), SASFieldName=str(code)[:8], **measured(kind, held))
        item.Description = parts.words(label)
        item.Origin = [parts.origin(origin, dataset.name, str(code))]
        parts.items.append(item)
    if not len(made.ItemRef):
        return None
    parts.value_lists.append(made)
    return oid


def _about(parts: Parts, dataset: Dataset, variable: Variable, by: str, code: str) -> tuple[str, origins.Origin]:
    """Label and origin of one value: of the qualifier in its parent's specification, or of the parameter."""
    if by == "QNAM":
        rows = dataset.frame[dataset.frame["QNAM"] == code]
        parents = {one.name: one for one in parts.submission.of("sdtm")}
        parent = parents.get(str(rows["RDOMAIN"].iloc[0]))
        about = parent.spec["variables"].get(code, {}) if parent else {}
        declared = about.get("origin") or str(rows["QORIG"].iloc[0])
        method = about.get("text", f"{rows['QLABEL'].iloc[0]}: derived with its parent record")
        found = origins.Origin(declared, origins.SOURCES.get(declared), None, method if declared == "Derived" else None)
        return str(rows["QLABEL"].iloc[0]), found
    listed = dataset.spec.get("parameters", [])
    declared_as = next((p for p in listed if isinstance(p, dict) and p.get("code") == code), {})
    label = str(dataset.frame.loc[dataset.frame["PARAMCD"] == code, "PARAM"].iloc[0])
    rule = {k: v for k, v in declared_as.items() if k not in ("code", "label", "category")}
    text = f"{label}: {_words(rule)}" if rule else f"{label}: derived as programmed in crf2csr/adam/{dataset.stem}.py"
    return label, origins.Origin("Derived", "Sponsor", None, text)


def _words(rule: Any) -> str:
    """A declaration on one line."""
    if isinstance(rule, dict):
        return "; ".join(
            f"{key} {_words(value)}" if not isinstance(value, dict) else f"{key} ({_words(value)})"
            for key, value in rule.items()
        )
    if isinstance(rule, list):
        return ", ".join(_words(value) for value in rule)
    return str(rule)


def equals(parts: Parts, dataset: str, conditions: dict[str, Any]) -> str:
    """Enter a where clause of ``variable: value`` or ``variable: [values]`` once; return its OID."""
    m = parts.m
    names = [
        f"{name}.{'-'.join(map(str, value if isinstance(value, list) else [value]))}"
        for name, value in conditions.items()
    ]
    oid = "WC." + ".".join([dataset, *names]).replace(" ", "_")
    if oid not in parts.where:
        checks = []
        for name, value in conditions.items():
            many = isinstance(value, list)
            check = m.RangeCheck(Comparator="IN" if many else "EQ", SoftHard="Soft", ItemOID=f"IT.{dataset}.{name}")
            check.CheckValue = [m.CheckValue(_content=str(one)) for one in (value if many else [value])]
            checks.append(check)
        parts.where[oid] = m.WhereClauseDef(OID=oid, RangeCheck=checks)
    return oid
