"""Layout: one row per line of the plan (often one analysis each), the same statistics in the columns of each arm."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf import _lines
from crf2csr.tlf._cells import Shelf


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``columns: [{label, show}]`` for each of ``rows: [{label, analysis, ...}]``."""
    return _lines.table(spec, shelf)
