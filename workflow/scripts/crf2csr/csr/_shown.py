"""What the displays show: their printed numbers, given one numbering over all chapters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from crf2csr import safe

Part = dict[str, Any]


def parts(body: Any) -> Iterator[Part]:
    """Yield every printed number ``{t: text, f: fact}`` of a display, wherever its layout put it.

    The data of listings and the ink of figures hold none, and are not searched.
    """
    if isinstance(body, dict):
        if "f" in body and "t" in body:
            yield body
            return
        for key, value in body.items():
            if key not in ("listing", "svg"):
                yield from parts(value)
    elif isinstance(body, list):
        for item in body:
            yield from parts(item)


def places(body: list[Part]) -> str:
    """Where the printed numbers stand in the text of a cell: ``fact:start:length``, in UTF-16 units."""
    found, at = [], 0
    for part in body:
        length = len(safe.visible(str(part["t"])).encode("utf-16-le")) // 2
        if "f" in part and length:
            found.append(f"{part['f']}:{at}:{length}")
        at += length
    return " ".join(found)


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
    all_facts, all_sets, first_fact, first_set = [], [], 0, 0
    for name, displays in chapters.items():
        for part in parts(displays):
            part["f"] += first_fact
        all_facts.append(facts[name].assign(member_set=facts[name]["member_set"] + first_set, chapter=name))
        all_sets.append(sets[name].assign(SET=sets[name]["SET"] + first_set))
        first_fact, first_set = first_fact + len(facts[name]), first_set + len(sets[name])
    return pd.concat(all_facts, ignore_index=True), pd.concat(all_sets, ignore_index=True)
