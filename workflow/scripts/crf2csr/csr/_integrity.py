"""What happened to the data on the way: the ledger, the queries, the denominators, and how to make it all again."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pandas as pd

from crf2csr.csr import _words

FLOORS = {"raw": "Raw export", "sdtm": "SDTM", "adam": "ADaM"}
FORMS = "/_forms"  # the ledger of forms, on the floor of SDTM
SEVERITIES = ("blocker", "major", "minor", "info")
# Methods whose N is no denominator, or that of many small groups, which their own displays show.
OWN_GROUPS = ("select", "subgroup")
# Records that came after a withdrawal of data use are counted and asked about, and their content is not shown.
WITHHELD = ("P28",)
# The query that each record has which left its form for this reason: the way from the count to the lines of the export.
ASKED_AS = {
    "merged duplicate": "P06",
    "quarantined: record of another study": "R-STUDY",
    "quarantined: subject id is malformed": "P23",
    "quarantined: subject is not in demographics": "P24",
    "quarantined: after withdrawal of data use": "P28",
}
PACKAGES = ("snakemake", "pandas", "numpy", "pyarrow", "scipy", "lifelines", "statsmodels", "Jinja2")
QUERY_COLUMNS = {
    "SEVERITY": "Severity",
    "RULE": "Rule",
    "FORM": "Form",
    "SUBJID": "Subject",
    "EVENT": "Visit",
    "REC": "Record",
    "FIELD": "Field",
    "VALUE": "Value as entered",
    "MESSAGE": "What is asked",
    "AGE": "Age (days)",
    "ACCEPTED": "Accepted",
}


def ledger(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Steps by floor: what went in, what came out, what left and why."""
    floors = []
    for floor, title in FLOORS.items():
        names = [n for n in tables if n.startswith(f"{floor}/") and not n.endswith(FORMS)]
        parts = [tables[n] for n in sorted(names) if len(tables[n])]
        if parts:
            floors.append({"title": title, "steps": _steps(pd.concat(parts, ignore_index=True))})
    return floors


def forms(tables: dict[str, pd.DataFrame], queries: pd.DataFrame) -> list[dict[str, Any]]:
    """The fate of each form's records: read, brought to SDTM, and those that were not, by reason.

    ``asked`` of a reason are the positions of the queries that name its records, one each; without it where the
    queries do not name exactly as many records as the ledger counts.
    """
    steps = [step for name in sorted(tables) if name.endswith(FORMS) for step in _steps(tables[name])]
    for step in steps:
        mine = queries[queries["FORM"] == step["source"]]
        for lost in step["lost"]:
            named = mine[mine["RULE"] == ASKED_AS.get(lost["reason"], "")].drop_duplicates("REC")
            if len(named) == lost["n"]:
                lost["asked"] = named.index.tolist()
    return steps


def _steps(lines: pd.DataFrame) -> list[dict[str, Any]]:
    steps = []
    by = ["STEP", "SOURCE", "ROWS_IN", "ROWS_OUT"]
    for (step, source, rows_in, out), group in lines.groupby(by, sort=False, dropna=False):
        left = zip(group["REASON"].fillna(""), group["ROWS_LOST"], strict=True)
        lost = [{"reason": reason, "n": int(n)} for reason, n in left if n]
        steps.append({"step": step, "source": source, "in": int(rows_in), "out": int(out), "lost": lost})
    return steps


def key(rule: Any, record: Any, field: Any) -> str:
    """What an acceptance and a query have in common."""
    return f"{rule}|{record}|{field}"


def queries(tables: dict[str, pd.DataFrame], accepted: list[dict[str, Any]]) -> tuple[pd.DataFrame, list[str]]:
    """All queries of the run, gravest first, with who accepted them; and acceptances that match none, as sentences."""
    table = pd.concat(list(tables.values()), ignore_index=True).drop_duplicates(ignore_index=True)
    own = table["RULE"] + "|" + table["REC"].fillna("") + "|" + table["FIELD"].fillna("")
    said = {key(a["rule"], a["record"], a["field"]): f"{a['who']}, {a['date']}: {a['why']}" for a in accepted}
    table["ACCEPTED"] = own.map(said).fillna("")
    idle = [
        f"{a['rule']}, {a['record']}, {a['field']} ({a['who']})"
        for a in accepted
        if key(a["rule"], a["record"], a["field"]) not in set(own)
    ]
    rank = table["SEVERITY"].map({name: i for i, name in enumerate(SEVERITIES)})
    order = (
        table.assign(_RANK=rank)
        .sort_values(["_RANK", "RULE", "FORM", "REC", "FIELD"], kind="stable", na_position="first")
        .index
    )
    return table.loc[order].reset_index(drop=True), idle


def query_listing(table: pd.DataFrame) -> dict[str, Any]:
    """The queries as a listing; AGE is in days, and missing where the record has no date."""
    columns = {c: label for c, label in QUERY_COLUMNS.items() if c != "ACCEPTED" or (table[c] != "").any()}
    values = [
        [None if pd.isna(age) else int(age) for age in table[c]] if c == "AGE" else table[c].fillna("").tolist()
        for c in columns
    ]
    return {
        "id": "queries",
        "columns": [{"name": c, "label": label} for c, label in columns.items()],
        "listing": {"values": values},
    }


def query_counts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """How many queries of each severity, and how many of them are accepted."""
    found = []
    for severity in SEVERITIES:
        mine = table[table["SEVERITY"] == severity]
        found.append({"severity": severity, "n": len(mine), "accepted": int((mine["ACCEPTED"] != "").sum())})
    return found


def denominators(facts: pd.DataFrame, adsl: dict[str, Any]) -> list[dict[str, Any]]:
    """Every denominator in use: population, group, N as a printed number, and the analyses that divide by it.

    Analyses of one population and group whose N differ (observed cases, say) stand in lines of their own.
    """
    counted = facts[(facts["stat_name"] == "N") & ~facts["method"].isin(OWN_GROUPS) & facts["stat"].notna()].copy()
    counted["group1_level"] = counted["group1_level"].fillna("")
    lines = []
    for (population, arm, n), group in counted.groupby(["population", "group1_level", "stat"], sort=True):
        where = json.loads(population) if isinstance(population, str) else {}
        label = "; ".join(
            adsl.get("variables", {}).get(v, {}).get("label", v).removesuffix(" Population Flag") for v in where
        )
        lines.append(
            {
                "population": label or "All subjects",
                "condition": _words.condition(where),
                "arm": arm,
                "n": [{"t": str(int(n)), "f": int(group.index[0])}],
                "analyses": sorted(set(group["analysis"])),
            }
        )
    return lines


def versions() -> list[tuple[str, str]]:
    """The versions of the libraries that made the numbers; nothing of the machine.

    Python is left out: with the libraries of the lock 3.11, 3.12 and 3.13 give the same page (``bench/identity.py``).
    """
    found = []
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
