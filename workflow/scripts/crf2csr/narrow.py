"""Which columns of a source a room may name, so that of a large table no others are read.

A room names a variable in its own text or that of a module which it imports, in its specification or in a setting of
the study; or it makes the name of a domain and the rest (``f"{prefix}SEQ"``, ``--SEQ``), or of that of another domain.
Columns that none of these can be are never looked at. Nothing is gained where a table is small.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from crf2csr import io
from crf2csr.jobs import HOUSE, imports

NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")
# A table with fewer cells is read whole, at less than it costs to find the names.
CELLS = 200_000
DOMAIN = 2  # letters of the domain before the rest of a name


def read_table(path: str, module: str, settings: Any) -> Any:
    """Read a source of the room ``module`` (``crf2csr.adam.x``), with the columns that it or its settings may name."""
    columns = io.columns(path)
    if io.rows(path) * len(columns) <= CELLS:
        return io.read_table(path)
    named = names(module) | frozenset(NAME.findall(json.dumps(settings)))
    rests = named | {name[DOMAIN:] for name in named}
    return io.read_table(path, [name for name in columns if name in named or may_be(name, rests)])


def may_be(column: str, rests: frozenset[str]) -> bool:
    """Tell whether a column may be made of a domain and one of these; one of another style may always be."""
    return column[DOMAIN:] in rests or not NAME.fullmatch(column)


@cache
def names(module: str) -> frozenset[str]:
    """Every word in capitals in the text of a module and of all of the house that it imports."""
    files = (HOUSE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in sorted(imports(module)))
    texts = (io.read_bytes(file).decode("utf-8") for file in files if file.is_file())
    return frozenset(word for text in texts for word in NAME.findall(text))
