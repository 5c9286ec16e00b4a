"""Layout: characteristics of subjects; categories and measured values below one another, one column per arm."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf._cells import Shelf, across, arms, chosen, headers, section

MEASURED = [
    ("n", "{n}"),
    ("Mean (SD)", "{mean} ({sd})"),
    ("Median", "{median}"),
    ("Q1, Q3", "{q1}, {q3}"),
    ("Min, Max", "{min}, {max}"),
]


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill one block for each of ``rows: [{label, analysis, variable, words}]``.

    ``words`` translates levels for the reader. Missing is a row where a subject of any arm has no level.
    """
    where = f"display {spec['id']}"
    labels = arms(shelf.of(spec["analysis"], where))
    rows: list[dict[str, Any]] = []
    for planned in spec["rows"]:
        facts = chosen(shelf.of(planned.get("analysis", spec["analysis"]), where), planned)
        if facts.empty:
            raise Cause(
                "no fact of the analysis has this variable", file=where, field="variable", value=planned.get("variable")
            )
        rows.append(section(planned["label"]))
        if facts["method"].iloc[0] == "continuous":
            rows += [{"head": head, "level": 1, "cells": across(show, facts, labels, where)} for head, show in MEASURED]
            rows += _missing(facts, "{n_missing}", labels, where)
        else:
            rows += _levels(facts, planned.get("words", {}), labels, where)
            if planned.get("missing") != "hide":
                share = "[ ({p_missing})]" if facts["stat_name"].eq("p_missing").any() else ""
                rows += _missing(facts, "{n_missing}" + share, labels, where)
    return {"stub": spec.get("stub", "Characteristic"), "columns": headers(spec, shelf, where, labels), "rows": rows}


def _levels(facts: pd.DataFrame, words: dict[str, str], labels: list[str], where: str) -> list[dict[str, Any]]:
    return [
        {
            "head": words.get(str(level), str(level)),
            "level": 1,
            "cells": across("{n}[ ({p})]", facts[facts["variable_level"] == level], labels, where),
        }
        for level in facts["variable_level"].dropna().unique()
    ]


def _missing(facts: pd.DataFrame, show: str, labels: list[str], where: str) -> list[dict[str, Any]]:
    absent = facts[facts["stat_name"] == "n_missing"]
    if not (absent["stat"] > 0).any():
        return []
    return [{"head": "Missing", "level": 1, "cells": across(show, facts, labels, where)}]
