"""Layout: a sentence for each row of ``values``, its numbers bound to facts; several subjects are told apart."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf import _subjects
from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``show`` for each row of ``analysis``. Gives ``sentences``: lists of parts."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    rows = [mine for _, mine in facts[facts["group3_level"].notna()].groupby("variable_level", sort=False)]
    several = facts["group3_level"].nunique() > 1
    said = []
    for mine in rows:
        subject = _subjects.short(str(mine["group3_level"].iloc[0]))
        said.append(([{"t": f"Patient {subject}: "}] if several else []) + fill(spec["show"], mine, where))
    return {"sentences": said}
