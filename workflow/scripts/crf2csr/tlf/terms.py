"""Layout: coded terms in two levels, subjects (%) and events, or subjects by worst grade, for each arm."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Shelf, arms, fill, headers, spread

PLAIN = [{"label": "n (%)", "show": "{n}[ ({p})]"}, {"label": "Events", "show": "{events}"}]


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill one row for any event, each group and each term; ``grades`` [{label, level}] makes a column of each."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    graded = spec.get("grades", [])
    columns = [{"label": g["label"], "show": "{n}[ ({p})]", "level": str(g["level"])} for g in graded] or PLAIN
    if graded:
        columns = [PLAIN[0] | {"label": "Any grade"}, *columns]
    rows = []
    lines = facts.loc[facts["group2_level"].notna(), ["group2_level", "group3_level"]].drop_duplicates()
    for group, term in lines.itertuples(index=False, name=None):
        line = facts[
            (facts["group2_level"] == group)
            & (facts["group3_level"].isna() if pd.isna(term) else facts["group3_level"] == term)
        ]
        cells = [
            fill(column["show"], _column(line[line["group1_level"] == label], column), where)
            for label in labels
            for column in columns
        ]
        rows.append({"head": str(group if pd.isna(term) else term), "level": 0 if pd.isna(term) else 1, "cells": cells})
    return {"stub": spec.get("stub", ""), **spread(columns, headers(spec, shelf, where, labels)), "rows": rows}


def _column(facts: pd.DataFrame, column: dict[str, Any]) -> pd.DataFrame:
    return (
        facts[facts["variable_level"] == column["level"]]
        if "level" in column
        else facts[facts["variable_level"].isna()]
    )
