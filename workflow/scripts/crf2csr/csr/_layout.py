"""Which display stands in which file of a report of many files: each section in one, or in as many as its rows need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.bound import parts
from crf2csr.csr import _embedded

# Rows behind the numbers of one file: so many are opened and searched within three seconds (a test holds it).
MOST_ROWS = 200_000


@dataclass
class File:
    """A file of sections: its number, which part of how many it is, and its sections with their displays."""

    number: str
    turn: int = 1
    of: int = 1
    sections: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stem(self) -> str:
        """The file within the folder of the report, without its ending."""
        return f"sections/{self.number}" + (f"-{self.turn}" if self.turn > 1 else "")

    @property
    def title(self) -> str:
        """The title of the section; what stands before it are headings alone."""
        return next(str(s["title"]) for s in self.sections if s["displays"])

    def displays(self) -> list[dict[str, Any]]:
        """All displays of the file."""
        return [d for s in self.sections for d in s["displays"]]

    def places(self) -> list[str]:
        """The ids that other files lead to."""
        return [f"s-{s['number']}" for s in self.sections if not s.get("continued")] + [
            d["id"] for d in self.displays()
        ]


def files(
    sections: Iterable[dict[str, Any]], facts: pd.DataFrame, sets: pd.DataFrame, most: int = MOST_ROWS
) -> list[File]:
    """Cut sections into files of at most ``most`` rows behind their numbers; a display is never cut.

    A section without displays is a heading, and opens the file of the section behind it.
    """
    rows_of = sets.set_index("SET")
    made: list[File] = []
    waiting: list[dict[str, Any]] = []
    for section in sections:
        if not section["displays"]:
            waiting.append(section)
            continue
        groups = _grouped(section["displays"], facts, rows_of, most)
        for turn, displays in enumerate(groups, start=1):
            part = section | {"displays": displays, "continued": turn > 1}
            made.append(File(section["number"], turn, len(groups), [*waiting, part]))
            waiting = []
    if waiting and made:
        made[-1].sections += waiting
    return made


def _grouped(
    displays: list[dict[str, Any]], facts: pd.DataFrame, sets: pd.DataFrame, most: int
) -> list[list[dict[str, Any]]]:
    """Neighbouring displays together as long as the rows behind them are at most ``most``."""
    groups: list[list[dict[str, Any]]] = [[]]
    held: dict[str, np.ndarray] = {}
    for display in displays:
        own = _rows_behind(display, facts, sets)
        joined = held | {name: _embedded.together([held.get(name, rows), rows]) for name, rows in own.items()}
        if groups[-1] and sum(map(len, joined.values())) > most:
            groups.append([])
            joined = own
        groups[-1].append(display)
        held = joined
    return groups


def _rows_behind(display: dict[str, Any], facts: pd.DataFrame, sets: pd.DataFrame) -> dict[str, np.ndarray]:
    """Positions of the rows behind the printed numbers of a display, by data set."""
    shown = sorted({part["f"] for part in parts(display)})
    named = facts["member_set"].loc[shown].dropna().astype("int64").unique()
    found = sets.loc[sorted(named)]
    return {str(name): _embedded.together(rows) for name, rows in found.groupby("DATASET")["ROWS"]}
