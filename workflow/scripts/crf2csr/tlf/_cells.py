"""Cells of a display: text in parts, each printed number bound to the fact that it shows."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr import numbers
from crf2csr.errors import Cause

Part = dict[str, Any]
TOKEN = re.compile(r"\{([A-Za-z0-9_]+)(?:@([^}:]*))?(?::([a-z0-9_]+))?\}")


class Shelf:
    """The facts of one chapter, found by analysis, group and statistic."""

    def __init__(self, facts: pd.DataFrame) -> None:
        self.facts = facts
        self.by_analysis = {name: part for name, part in facts.groupby("analysis", sort=False)}

    def of(self, analysis: str, where: str) -> pd.DataFrame:
        """All facts of one analysis."""
        if analysis not in self.by_analysis:
            raise Cause("no analysis of this chapter bears this id", file=where, field="analysis", value=analysis)
        return self.by_analysis[analysis]


def part(fact: int, row: pd.Series, format_name: str | None = None) -> Part:
    """One printed number: its text and its fact."""
    name = format_name or row["format"]
    text = str(row["stat_text"]) if name == "text" else numbers.shown(row["stat"], name)
    return {"t": text, "f": int(fact)}


def fill(template: str, facts: pd.DataFrame, where: str) -> list[Part]:
    """Fill ``{stat}`` tokens with facts; ``{stat@level:format}`` names a level and another format.

    Every token must match exactly one fact of ``facts`` (those of one cell).
    """
    parts: list[Part] = []
    last = 0
    for match in TOKEN.finditer(template):
        if match.start() > last:
            parts.append({"t": template[last : match.start()]})
        name, level, format_name = match.groups()
        found = facts[facts["stat_name"] == name]
        if level is not None:
            found = found[found["variable_level"] == level]
        if len(found) != 1:
            raise Cause(f"{len(found)} facts stand for one token", file=where, field=match.group(), value=template)
        parts.append(part(found.index[0], found.iloc[0], format_name))
        last = match.end()
    if last < len(template):
        parts.append({"t": template[last:]})
    return parts
