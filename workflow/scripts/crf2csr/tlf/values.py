"""Layout: single rows of data, one line each, or one line per row head with the rows of a key side by side."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf import _subjects
from crf2csr.tlf._cells import Nothing, Part, Shelf, fill, section

OPTIONAL = re.compile(r"\{([A-Z][A-Z0-9]*)\?\}")
NEEDED = re.compile(r"\{([A-Z][A-Z0-9]*)(?::[a-z0-9]+)?\}")


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``row`` and ``columns: [{label, show, absent}]`` for each row of ``analysis`` (method values).

    ``{VAR?}`` in ``show`` may be missing; where any other is, the cell is ``absent`` (default ``-``). ``section`` is a
    heading above the rows that share it; several subjects have headings of their own. With ``across`` (a template)
    the rows that share it are one column, and ``show`` and ``absent`` of the display fill it.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    facts = facts[facts["group3_level"].notna()]
    if facts.empty:
        raise Nothing
    rows = dict(iter(facts.groupby("variable_level", sort=False)))
    several = facts["group3_level"].nunique() > 1
    heads = {level: _text(spec["row"], mine, where) for level, mine in rows.items()}
    above = {level: _above(spec, mine, several, where) for level, mine in rows.items()}
    columns: list[dict[str, Any]] = spec.get("columns", [])
    if "across" in spec:
        keys = {level: _text(spec["across"], mine, where) for level, mine in rows.items()}
        columns = [{"label": key, "key": key, "show": spec["show"]} for key in dict.fromkeys(keys.values())]
    made, last = [], None
    for place in dict.fromkeys((above[level], heads[level] if "across" in spec else level) for level in rows):
        top, head = place
        if top and top != last:
            made.append(section(top))
        last = top
        if "across" in spec:
            mine = {keys[level]: rows[level] for level in rows if (above[level], heads[level]) == place}
            cells = [_cell(c, mine.get(c["key"]), spec.get("absent", "-"), where) for c in columns]
            made.append({"head": head, "level": int(bool(top)), "cells": cells})
        else:
            cells = [_cell(c, rows[head], c.get("absent", "-"), where) for c in columns]
            made.append({"head": heads[head], "level": int(bool(top)), "cells": cells})
    said = [{"label": c["label"]} | ({"text": True} if c.get("text") else {}) for c in columns]
    return {"stub": spec.get("stub", ""), "columns": said, "rows": made}


def _above(spec: dict[str, Any], facts: pd.DataFrame, several: bool, where: str) -> str:
    named = [f"Patient {_subjects.short(str(facts['group3_level'].iloc[0]))}"] if several else []
    return ", ".join([*named, *([_text(spec["section"], facts, where)] if "section" in spec else [])])


def _text(template: str, facts: pd.DataFrame, where: str) -> str:
    parts = _cell({"show": template}, facts, "", where)
    return "".join(part["t"] for part in parts)


def _cell(column: dict[str, Any], facts: pd.DataFrame | None, absent: str, where: str) -> list[Part]:
    """One cell; ``cases: {VAR: {value: show}}`` chooses its template by the text or number of a variable."""
    if facts is None:
        return [{"t": absent}]
    known = set(facts["stat_name"])
    template = column["show"]
    if isinstance(template, dict):
        template = _case(template, facts, where)
    template = OPTIONAL.sub(lambda found: f"{{{found[1]}}}" if found[1] in known else "", template)
    if not set(NEEDED.findall(template)) <= known:
        return [{"t": absent}]
    return fill(template, facts, where)


def _case(cases: dict[str, Any], facts: pd.DataFrame, where: str) -> str:
    """The template for the value of ``of`` of this row, else ``other``."""
    if set(cases) - {"of", "when", "other"}:
        raise Cause("a choice of templates has of, when and other", file=where, field="show", value=sorted(cases)[0])
    mine = facts[facts["stat_name"] == cases["of"]]
    if mine.empty:
        return str(cases["other"])
    first = mine.iloc[0]
    value = str(first["stat_text"]) if first["format"] == "text" else f"{first['stat']:g}"
    return str(cases["when"].get(value, cases["other"]))
