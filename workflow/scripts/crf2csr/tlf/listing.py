"""Layout: a listing by column. It names the table of its lines and holds none: ``crf2csr.listings`` reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

from crf2csr.errors import Cause
from crf2csr.tlf._cells import Shelf, fill


class Lines(NamedTuple):
    """The table of an analysis that lists rows: its path in the study, names of its columns, number of its rows."""

    table: str
    columns: list[str]
    length: int


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any], *, listing: Lines) -> dict[str, Any]:
    """Return ``columns`` and ``listing``: its ``dataset``, the ``table`` of its lines, and how many ``lines`` it has.

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
            "table": listing.table,
            "lines": listing.length,
        },
        "footnotes": [{"parts": counted}, *spec.get("footnotes", [])],
    }
