"""Small data sets as the floors would write them, and as they are submitted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from submission.frames import Dataset, prepare, sealed

AE: dict[str, Any] = {
    "name": "AE",
    "label": "Adverse Events",
    "class": "EVENTS",
    "structure": "One record per adverse event per subject",
    "keys": ["STUDYID", "USUBJID", "AESEQ"],
    "variables": {
        "STUDYID": {"label": "Study Identifier", "type": "text"},
        "USUBJID": {"label": "Unique Subject Identifier", "type": "text"},
        "AESEQ": {"label": "Sequence Number", "type": "integer", "origin": "Derived"},
        "AETERM": {"label": "Reported Term", "type": "text", "origin": "Collected"},
        "AESER": {"label": "Serious Event", "type": "text", "origin": "Collected", "codelist": "NY"},
        "AEBOX": {"label": "A supplemental qualifier", "type": "text", "supp": True},
    },
}


def ae(*terms: str | None) -> pd.DataFrame:
    """One event per term, with a trace column."""
    n = len(terms)
    return pd.DataFrame(
        {
            "STUDYID": ["S1"] * n,
            "USUBJID": [f"S1-{i}" for i in range(n)],
            "AESEQ": pd.array(range(1, n + 1), dtype="Int64"),
            "AETERM": pd.array(terms, dtype="str"),
            "AESER": pd.array(["Y"] * n, dtype="str"),
            "_REC": [f"AE:{i}" for i in range(n)],
        }
    )


def dataset(name: str, kinds: dict[str, str], rows: list[tuple[Any, ...]], floor: str = "adam", **spec: Any) -> Dataset:
    """A data set from the kinds of its variables and its rows."""
    variables = {v: {"label": v, "type": kind} | spec.get("about", {}).get(v, {}) for v, kind in kinds.items()}
    about = {"name": name, "label": name, "class": "BASIC DATA STRUCTURE", "structure": "One record", "keys": []}
    about |= {key: value for key, value in spec.items() if key != "about"} | {"variables": variables}
    table = pd.DataFrame(rows, columns=list(kinds))
    return sealed(prepare(table, about, floor)[0])
