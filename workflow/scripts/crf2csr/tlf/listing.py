"""Layout: the rows of a listing, column by column, each with its position in the data set it comes from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.columns import texts
from crf2csr.errors import Cause
from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any], *, listing: pd.DataFrame) -> dict[str, Any]:
    """Return ``columns`` and ``listing``: its ``dataset``, ``values`` by column (null is missing) and ``row``.

    The first footnote says how many rows and subjects are listed, as facts.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    wanted = {column["variable"]: column["label"] for column in spec["columns"]}
    unknown = [name for name in wanted if name not in listing]
    if unknown:
        raise Cause("the analysis lists no such column", file=where, field="columns", value=unknown[0])
    counted = fill("{rows} rows of {n} of {N} subjects of the population.", facts, where)
    return {
        "columns": [{"label": label, "name": name} for name, label in wanted.items()],
        "listing": {
            "dataset": str(facts["dataset"].iloc[0]),
            "row": [int(row) for row in listing["_ROW"]],
            "values": [texts(listing[name]) for name in wanted],
        },
        "footnotes": [{"parts": counted}, *spec.get("footnotes", [])],
    }
