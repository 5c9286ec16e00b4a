"""Small data for the tests of this floor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from crf2csr.ard._facts import Analysis, Facts, choose

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
ARMS = {"arms": [{"code": "A", "label": "A", "treated": True}]}


def oracle(name: str) -> dict[str, Any]:
    """Reference values that R computed."""
    return json.loads((REFERENCE / "r" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def data(name: str) -> pd.DataFrame:
    """The data that R was given."""
    return pd.read_csv(REFERENCE / "r" / f"{name}.csv")


def subjects(n: int, **columns: Any) -> pd.DataFrame:
    """ADSL of ``n`` subjects 1..n in arm A."""
    return pd.DataFrame(
        {
            "USUBJID": pd.Series([str(i) for i in range(1, n + 1)], dtype="str"),
            "TRT01P": pd.Series(["A"] * n, dtype="str"),
            **columns,
        }
    )


def run(
    room: Any, spec: dict[str, Any], datasets: dict[str, pd.DataFrame], page: dict[str, Any] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    """Run one analysis; return its facts, its sets and what it returned."""
    facts = Facts()
    returned = room.analyze(chosen(spec, datasets, page), facts)
    return facts.frame(), facts.sets(), returned


def chosen(spec: dict[str, Any], datasets: dict[str, pd.DataFrame], page: dict[str, Any] | None = None) -> Analysis:
    """The analysis with its rows and subjects."""
    return choose({"id": "x", "method": "x", **spec}, datasets, page or ARMS)


def stat(facts: pd.DataFrame, name: str, **where: Any) -> float:
    """The one fact of this name."""
    found = facts[facts["stat_name"] == name]
    for column, value in where.items():
        found = found[found[column].isna()] if value is None else found[found[column] == value]
    assert len(found) == 1, f"{len(found)} facts {name} {where}"
    return found["stat"].iloc[0]


def members(facts: pd.DataFrame, sets: pd.DataFrame, name: str, **where: Any) -> tuple[str, list[int]]:
    """Data set and rows of the set of the one fact of this name."""
    found = facts[facts["stat_name"] == name]
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1
    one = sets.loc[sets["SET"] == found["member_set"].iloc[0]].iloc[0]
    return one["DATASET"], [int(row) for row in one["ROWS"]]
