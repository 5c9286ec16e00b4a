"""Layout: the columns of a listing, and where its lines lie; they are not copied, for there may be millions."""

from __future__ import annotations

from typing import Any

from crf2csr.errors import Cause
from crf2csr.listings import Lines
from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any], *, listing: Lines) -> dict[str, Any]:
    """Return ``columns`` and ``listing``: its ``dataset``, the ``table`` that holds its lines, and how many ``lines``.

    The first footnote says how many rows and subjects are listed, as facts.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    wanted = {column["variable"]: column["label"] for column in spec["columns"]}
    unknown = [name for name in wanted if name not in listing.columns]
    if unknown:
        raise Cause("the analysis lists no such column", file=where, field="columns", value=unknown[0])
    counted = fill("{rows} rows of {n} of {N} subjects of the population.", facts, where)
    return {
        "columns": [{"label": label, "name": name} for name, label in wanted.items()],
        "listing": {
            "dataset": str(facts["dataset"].iloc[0]),
            "table": listing.path,
            "lines": listing.count,
        },
        "footnotes": [{"parts": counted}, *spec.get("footnotes", [])],
    }
