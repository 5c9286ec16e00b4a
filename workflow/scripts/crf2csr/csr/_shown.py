"""What the displays show: their printed numbers, given one numbering over all chapters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from crf2csr import safe
from crf2csr.bound import Part, parts


def places(body: list[Part]) -> str:
    """Where the printed numbers stand in the text of a cell: ``fact:start:length``, in UTF-16 units."""
    found, at = [], 0
    for part in body:
        length = len(safe.visible(str(part["t"])).encode("utf-16-le")) // 2
        if "f" in part and length:
            found.append(f"{part['f']}:{at}:{length}")
        at += length
    return " ".join(found)


def first_numbers(chapters: Iterable[str], facts: dict[str, pd.DataFrame]) -> dict[str, int]:
    """The number of the first fact of each chapter in one numbering over all."""
    found, first = {}, 0
    for name in chapters:
        found[name] = first
        first += len(facts[name])
    return found


def renumber(chapters: dict[str, list[dict[str, Any]]], first: dict[str, int]) -> None:
    """Give the printed numbers of each chapter their numbers over all, in place."""
    for name, displays in chapters.items():
        for part in parts(displays):
            part["f"] += first[name]


def numbered(
    chapters: dict[str, list[dict[str, Any]]], facts: dict[str, pd.DataFrame], sets: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give facts and sets one numbering over all chapters; the parts of the displays are renumbered in place.

    Returns
    -------
    facts : DataFrame
        All facts with their ``chapter``; the index is the number that the parts bear.
    sets : DataFrame
        SET, DATASET, ROWS of all chapters.
    """
    renumber(chapters, first_numbers(chapters, facts))
    all_facts, all_sets, first_set = [], [], 0
    for name in chapters:
        all_facts.append(facts[name].assign(member_set=facts[name]["member_set"] + first_set, chapter=name))
        all_sets.append(sets[name].assign(SET=sets[name]["SET"] + first_set))
        first_set += len(sets[name])
    return pd.concat(all_facts, ignore_index=True), pd.concat(all_sets, ignore_index=True)
