"""Cells of a display: text in parts, each printed number bound to the fact that it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import numbers
from crf2csr.errors import Cause

Part = dict[str, Any]
TOKEN = re.compile(r"\{([A-Za-z0-9_]+)(?:@([^}:]*))?(?::([a-z0-9_]+))?\}")
BRACKETS = re.compile(r"(\[[^\]]*\])")
SHOWN = ("format", "stat", "stat_text")
LOOKED_AT = ("stat_name", "variable_level", *SHOWN)
SELECTORS = ("variable", "variable_level", "group1_level", "group2_level", "group3_level")


class Nothing(Exception):
    """A layout has nothing to draw: no error, the display says that no data meet the criteria."""


class Shelf:
    """The declared results of one chapter, found by analysis, group and statistic; never what other defaults give."""

    def __init__(self, facts: pd.DataFrame) -> None:
        # Plain objects in few blocks: cells are looked up one by one, and an Arrow column costs at each look.
        text = [name for name in facts if not pd.api.types.is_numeric_dtype(facts[name])]
        plain = facts.astype(dict.fromkeys(text, object))
        self.facts = plain[plain["context"].isna()].copy()
        self.by_analysis = dict(iter(self.facts.groupby("analysis", sort=False)))

    def of(self, analysis: str, where: str) -> pd.DataFrame:
        """All facts of one analysis."""
        if analysis not in self.by_analysis:
            raise Cause("no analysis of this chapter bears this id", file=where, field="analysis", value=analysis)
        return self.by_analysis[analysis]


def part(fact: int, row: Mapping[str, Any] | pd.Series, format_name: str | None = None) -> Part:
    """One printed number: its text and its fact."""
    name = format_name or row["format"]
    text = str(row["stat_text"]) if name == "text" else numbers.shown(row["stat"], name)
    return {"t": text, "f": int(fact)}


def fill(template: str, facts: pd.DataFrame, where: str) -> list[Part]:
    """Fill ``{stat}`` tokens with facts; ``{stat@level:format}`` names a level and another format.

    Every token must match exactly one fact of ``facts`` (those of one cell). A piece in square brackets is left
    out after a zero: ``{n}[ ({p})]`` shows ``12 (20.0)`` and ``0``.
    """
    parts: list[Part] = []
    # Arrays, not rows of a frame: there are ten thousand tokens, and a frame costs at each look.
    columns = {name: facts[name].to_numpy() for name in LOOKED_AT}
    for piece in BRACKETS.split(template):
        if piece.startswith("[") and piece.endswith("]"):
            if not parts or parts[-1].get("t") != "0":
                parts += _tokens(piece[1:-1], columns, facts.index, where)
        elif piece:
            parts += _tokens(piece, columns, facts.index, where)
    return parts


def _tokens(template: str, columns: dict[str, Any], facts: pd.Index, where: str) -> list[Part]:
    """Texts and numbers of a template; ``facts`` are the numbers of the facts whose ``columns`` these are."""
    parts: list[Part] = []
    last = 0
    for match in TOKEN.finditer(template):
        if match.start() > last:
            parts.append({"t": template[last : match.start()]})
        name, level, format_name = match.groups()
        here = columns["stat_name"] == name
        if level is not None:
            here &= columns["variable_level"] == level
        found = np.flatnonzero(here)
        if len(found) != 1:
            raise Cause(f"{len(found)} facts stand for one token", file=where, field=match.group(), value=template)
        row = {column: columns[column][found[0]] for column in SHOWN}
        parts.append(part(facts[found[0]], row, format_name))
        last = match.end()
    if last < len(template):
        parts.append({"t": template[last:]})
    return parts


def cell(column: dict[str, Any], facts: pd.DataFrame, where: str) -> list[Part]:
    """Fill one planned column, ``{label, show}``; ``absent`` is the text where the arm has none of its statistics."""
    facts = chosen(facts, column)
    names = {match.group(1) for match in TOKEN.finditer(column["show"])}
    if "absent" in column and not facts["stat_name"].isin(names).any():
        return [{"t": column["absent"]}]
    return fill(column["show"], facts, where)


def notes(spec: dict[str, Any], shelf: Shelf) -> list[Any]:
    """Footnotes: texts as they are; ``{show, analysis, ...}`` becomes parts bound to facts."""
    where = f"display {spec['id']}"
    return [
        note
        if isinstance(note, str)
        else {"parts": fill(note["show"], chosen(shelf.of(note.get("analysis", spec["analysis"]), where), note), where)}
        for note in spec["footnotes"]
    ]


def arms(facts: pd.DataFrame) -> list[str]:
    """Labels of the columns of an analysis, in its own order; a fact of no arm (one model of all) makes none."""
    return list(dict.fromkeys(facts["group1_level"].dropna()))


def chosen(facts: pd.DataFrame, planned: dict[str, Any]) -> pd.DataFrame:
    """The facts that a planned row or column names by variable, level or group."""
    named = [facts[name].to_numpy() == str(planned[name]) for name in SELECTORS if name in planned]
    return facts[np.logical_and.reduce(named)] if named else facts


def headers(spec: dict[str, Any], shelf: Shelf, where: str, labels: list[str]) -> list[dict[str, Any]]:
    """One header per arm: its label, and ``n``, the parts of ``N = 60``.

    N is that of the analysis named by ``header`` (default: of the display); ``header: none`` leaves it out.
    """
    name = spec.get("header", spec["analysis"])
    if name == "none":
        return [{"label": label} for label in labels]
    counted = shelf.of(name, where)
    counted = counted[counted["stat_name"] == "N"]
    made = []
    for label in labels:
        mine = counted[counted["group1_level"] == label]
        if mine["stat"].nunique() != 1:
            raise Cause(
                f"{mine['stat'].nunique()} denominators stand for one column; name one by `header`",
                file=where,
                field="header",
                value=label,
            )
        made.append({"label": label, "n": [{"t": "N = "}, part(mine.index[0], mine.iloc[0])]})
    return made


def spread(planned: list[dict[str, Any]], heads: list[dict[str, Any]]) -> dict[str, Any]:
    """Columns of several statistics under each arm: ``columns`` and ``spanners``, the rows of heads above them."""
    return {
        "columns": [{"label": column["label"]} for _ in heads for column in planned],
        "spanners": [[head | {"span": len(planned)} for head in heads]],
    }


def across(template: str, facts: pd.DataFrame, labels: list[str], where: str) -> list[list[Part]]:
    """One cell per arm."""
    return [fill(template, facts[facts["group1_level"] == label], where) for label in labels]


def section(head: str, level: int = 0) -> dict[str, Any]:
    """A row that only bears a heading."""
    return {"head": head, "level": level, "cells": [], "section": True}
