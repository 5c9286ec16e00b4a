"""TA, TE, TV, TI and TS: the design of the trial, from trial_design.yaml and the study's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made, queries

FILE = "config/trial_design.yaml"
TERMINOLOGY = "CDISC CT"


def tabulate(context: Context) -> Made:
    """Build the trial design data set that the specification names."""
    design = context.lists["trial_design"]
    name = context.spec["name"]
    maker = {"TA": arms, "TE": elements, "TV": visits, "TI": criteria, "TS": summary}.get(name)
    if maker is None:
        raise Cause("is not a trial design data set", file=f"config/sdtm/{name.lower()}.yaml", field="name", value=name)
    made = Made(pd.DataFrame())
    rows = pd.DataFrame(maker(design, context, made))
    rows.insert(0, "STUDYID", context.page["study"]["id"])
    rows.insert(1, "DOMAIN", name)
    for variable in context.spec["variables"]:
        if variable not in rows:
            rows[variable] = np.nan
    made.data = rows.sort_values(context.spec["sort"], kind="stable", ignore_index=True)
    return made


def by_code(design: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The elements by their code."""
    return {element["code"]: element for element in design["elements"]}


def path_of(design: dict[str, Any], arm: str) -> list[dict[str, Any]]:
    """The way of one arm through the elements; an arm without one, or an unknown element, is refused."""
    found = [path for path in design["paths"] if path["arm"] == arm]
    if len(found) != 1:
        raise Cause("an arm has one path", file=FILE, field="paths", value=arm)
    unknown = [step["code"] for step in found[0]["elements"] if step["code"] not in by_code(design)]
    if unknown:
        raise Cause("is not an element of the design", file=FILE, field=f"paths.{arm}", value=unknown[0])
    return found[0]["elements"]


def arms(design: dict[str, Any], context: Context, made: Made) -> list[dict[str, Any]]:
    """TA: each arm's elements in order."""
    known = by_code(design)
    return [
        {
            "ARMCD": arm["code"],
            "ARM": arm["label"],
            "TAETORD": order,
            "ETCD": step["code"],
            "ELEMENT": known[step["code"]]["name"],
            "TABRANCH": step.get("branch"),
            "TATRANS": step.get("transition"),
            "EPOCH": known[step["code"]]["epoch"],
        }
        for arm in context.page["arms"]
        for order, step in enumerate(path_of(design, arm["code"]), start=1)
    ]


def elements(design: dict[str, Any], context: Context, made: Made) -> list[dict[str, Any]]:
    """TE: what starts and ends each element."""
    return [
        {
            "ETCD": e["code"],
            "ELEMENT": e["name"],
            "TESTRL": e["begins"],
            "TEENRL": e.get("ends"),
            "TEDUR": e.get("duration"),
        }
        for e in design["elements"]
    ]


def visits(design: dict[str, Any], context: Context, made: Made) -> list[dict[str, Any]]:
    """TV: the planned visits, the same for every arm."""
    rules = design.get("visits", {})
    unknown = set(rules) - {v["name"] for v in context.page["visits"]}
    if unknown:
        raise Cause("is not a visit of config.yaml", file=FILE, field="visits", value=sorted(unknown)[0])
    return [
        {
            "VISITNUM": float(v["number"]),
            "VISIT": v["name"],
            "VISITDY": v.get("day"),
            "TVSTRL": rules.get(v["name"], {}).get("begins") or _window(v),
            "TVENRL": rules.get(v["name"], {}).get("ends"),
        }
        for v in context.page["visits"]
        if not v.get("unscheduled")
    ]


def _window(visit: dict[str, Any]) -> str:
    if "from" not in visit:
        raise Cause("a visit has a window, or words for its start", file=FILE, field="visits", value=visit["name"])
    target = f"Study day {visit['day']}, " if visit.get("day") is not None else ""
    return f"{target}window from day {visit['from']} to day {visit['to']}"


def criteria(design: dict[str, Any], context: Context, made: Made) -> list[dict[str, Any]]:
    """TI: the criteria of each version of the protocol; a version that only the CRF knows is asked (R-VERSION)."""
    rule = design["criteria"]
    texts = context.codelists[rule["codelist"]]
    versions = {v["version"]: list(texts) if v["codes"] == "all" else v["codes"] for v in rule["versions"]}
    for block in context.spec.get("checks", []):
        records = context.forms[block["form"]]
        entered = records[block["field"]].str.strip()
        made.queries.append(
            queries(
                records[(entered != "") & ~entered.isin(list(versions))],
                rule="R-VERSION",
                field=block["field"],
                severity="major",
                message="The version of the protocol is not one of the trial design.",
            )
        )
    return [
        {"IETESTCD": code, "IETEST": texts[code]["test"], "IECAT": texts[code]["category"], "TIVERS": version}
        for version, codes in versions.items()
        for code in codes
    ]


def summary(design: dict[str, Any], context: Context, made: Made) -> list[dict[str, Any]]:
    """TS: the parameters of the summary; several values of one parameter are numbered by TSSEQ."""
    seen: dict[str, int] = {}
    rows = []
    for entry in design["summary"]:
        code = entry["code"]
        seen[code] = seen.get(code, 0) + 1
        value = _derived(entry["derive"], context) if "derive" in entry else entry.get("value")
        reference = entry.get("reference") or (
            TERMINOLOGY if "term" in entry else "ISO 8601" if _is_iso(code, value) else None
        )
        rows.append(
            {
                "TSSEQ": seen[code],
                "TSPARMCD": code,
                "TSPARM": entry["parameter"],
                "TSVAL": value,
                "TSVALNF": entry.get("flavor") or (None if value else "NI"),
                "TSVALCD": entry.get("term"),
                "TSVCDREF": reference,
                "TSVCDVER": str(context.page["standards"]["ct"]) if reference == TERMINOLOGY else None,
            }
        )
    return rows


def _is_iso(code: str, value: str | None) -> bool:
    return bool(value) and (code.endswith("DTC") or code in ("AGEMIN", "AGEMAX", "LENGTH", "PTRTDUR"))


def _derived(name: str, context: Context) -> str | None:
    """A value of the summary that the study's page or DM knows."""
    page = context.page
    dm = context.domains["dm"]
    sources: dict[str, Callable[[], Any]] = {
        "first_consent": lambda: dm["RFICDTC"].min(),
        "last_contact": lambda: dm["RFPENDTC"].max(),
        "treated_subjects": lambda: int(dm["RFXSTDTC"].notna().sum()),
        "planned_subjects": lambda: page["study"].get("planned_subjects"),
        "number_of_arms": lambda: len(page["arms"]),
        "title": lambda: page["study"]["title"],
        "study_id": lambda: page["study"]["id"],
        "cutoff": lambda: page["study"].get("cutoff"),
        "sdtmig": lambda: page["standards"]["sdtmig"],
    }
    if name not in sources:
        raise Cause(
            f"is not a value that can be derived; known: {', '.join(sources)}",
            file=FILE,
            field="summary.derive",
            value=name,
        )
    value = sources[name]()
    return None if value is None or pd.isna(value) else str(value)
