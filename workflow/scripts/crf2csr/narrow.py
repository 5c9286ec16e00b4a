"""Which columns of a source a room may name, so that of a large table no others are read.

A room names a variable in its own text or that of a module which it imports, in its specification or in a setting of
the study; or it makes the name of a domain and the rest (``f"{prefix}SEQ"``, ``--SEQ``), or of that of another domain.
Columns that none of these can be are never looked at. Nothing is gained where a table is small.
"""

from __future__ import annotations

import json
from typing import Any

from crf2csr import io
from crf2csr.jobs import CAPITALS, words

# A table with fewer cells is read whole, at less than it costs to find the names.
CELLS = 200_000
DOMAIN = 2  # letters of the domain before the rest of a name


def read_table(path: str, module: str, settings: Any) -> Any:
    """Read a source of the room ``module`` (``crf2csr.adam.x``), with the columns that it or its settings may name."""
    columns = io.columns(path)
    if io.rows(path) * len(columns) <= CELLS:
        return io.read_table(path)
    named = words(module) | frozenset(CAPITALS.findall(json.dumps(settings)))
    rests = named | {name[DOMAIN:] for name in named}
    return io.read_table(path, [name for name in columns if name in named or may_be(name, rests)])


def may_be(column: str, rests: frozenset[str]) -> bool:
    """Tell whether a column may be made of a domain and one of these; one of another style may always be."""
    return column[DOMAIN:] in rests or not CAPITALS.fullmatch(column)
