"""Layout: the rows of a listing, column by column, each row with its position in the data set it comes from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any], *, listing: pd.DataFrame) -> dict[str, Any]:
    """Return labels (``columns``) and ``listing``: its data set, ``values`` by column (null is missing) and ``row``.

    The one row of the table itself says how many rows and subjects are listed, as facts.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    wanted = {column["variable"]: column["label"] for column in spec["columns"]}
    unknown = [name for name in wanted if name not in listing]
    if unknown:
        raise Cause("the analysis lists no such column", file=where, field="columns", value=unknown[0])
    return {
        "stub": "",
        "columns": [{"label": label, "name": name} for name, label in wanted.items()],
        "rows": [{"head": "Listed", "level": 0, "cells": [fill("{rows} rows, {n} of {N} subjects", facts, where)]}],
        "listing": {
            "dataset": str(facts["dataset"].iloc[0]),
            "row": [int(row) for row in listing["_ROW"]],
            "values": [_column(listing[name]) for name in wanted],
        },
    }


def _column(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else str(value) for value in values]
