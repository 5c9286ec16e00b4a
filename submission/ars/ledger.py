"""What of the analysis results ARS 1.0 has no place for, and why; that every result is in the document."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from submission.ars.event import Declared

LEDGER = ("chapter", "analysis", "what", "rows", "reason")


def left_out(declared: Declared, made: dict[str, Any]) -> pd.DataFrame:
    """What of the analysis results the standard has no place for, and why; columns ``LEDGER``.

    Raises
    ------
    Cause
        When the document does not hold every fact.
    """
    facts = declared.facts
    held = sum(len(one["results"]) for one in made["analyses"])
    if held != len(facts):
        raise Cause(f"{len(facts)} results were found and {held} written", file="ars.json")
    rows: list[tuple[Any, ...]] = [
        (chapter, name, "rows of a listing", n, "a listed row is no result of an operation; its number of rows is")
        for (chapter, name), n in declared.listed.items()
    ]
    for column in ("warning", "error"):
        some = facts[facts[column].notna()]
        counts = some.groupby(["chapter", "analysis", column], sort=False).size()
        rows += [
            (chapter, name, f"{column}: {text}", n, f"a result has no field for its {column}; the result is there")
            for (chapter, name, text), n in counts.items()
        ]
    sets = facts[facts["member_set"].notna()].groupby(["chapter", "analysis"], sort=False).size()
    rows += [
        (
            chapter,
            name,
            "records that a result counts",
            n,
            "a result has no field for its records; the report shows them",
        )
        for (chapter, name), n in sets.items()
    ]
    return pd.DataFrame(rows, columns=list(LEDGER))
