"""How wide the columns of a grid are on paper, and how large its letters, from the texts that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

# Widths of letters of a serif face in units of the size, generous: a digit, what a capital and an ideograph have more.
LETTER, CAPITAL, IDEOGRAPH = 0.50, 0.22, 0.52
WIDER, IDEOGRAPHS = re.compile("[A-Z%@⟨⟩MWmw]"), re.compile("[\u2e80-\U0003ffff]")
PADDING = 10.0  # points that a cell keeps free at its sides
SIZES = {False: (9.0, 8.0, 7.0), True: (8.0, 7.0, 6.0)}
INDENT = 10.0  # points per level
CROWDED = 2.5  # a grid whose texts would need more widths of the page than this is set smaller
LEAST = 0.55  # of the page is what a narrow table takes


def fitted(grid: dict[str, Any], page: float) -> dict[str, Any]:
    """Add ``size`` (points) and ``widths`` (points, one per column) to a grid for a page so wide; return it.

    The largest size is taken at which the longest word of every column has room. Where even the smallest lets
    words be cut, all columns shrink alike.
    """
    need, word = _measured(grid)
    sizes = SIZES[grid["dense"]]
    for size in sizes:
        least, wanted = word * size + PADDING, need * size + PADDING
        if least.sum() <= page and (wanted.sum() <= CROWDED * page or size == sizes[-1]):
            break
    if wanted.sum() <= page:
        widths = wanted * max(1.0, min(1.3, LEAST * page / wanted.sum()))
    elif least.sum() <= page:
        spare = (wanted - least).clip(lower=0) ** 0.5
        spare = spare if spare.sum() else spare + 1
        widths = _shared(least, wanted, spare, page)
    else:
        widths = least * page / least.sum()
    return grid | {"size": size, "widths": [round(float(width), 1) for width in widths]}


def _shared(least: pd.Series, wanted: pd.Series, weight: pd.Series, page: float) -> pd.Series:
    """Give what is left over by weight, to none more than it wants; all that is left is given away."""
    widths, left = least.copy(), page - least.sum()
    for _ in range(len(least)):
        open_ = widths < wanted - 0.01
        if left < 0.5 or not open_.any():
            break
        given = (weight.where(open_, 0) / weight[open_].sum() * left).clip(upper=wanted - widths)
        widths, left = widths + given, left - given.sum()
    return widths


def _em(text: str) -> float:
    """Approximate width of a text in units of the size."""
    return len(text) * LETTER + len(WIDER.findall(text)) * CAPITAL + len(IDEOGRAPHS.findall(text)) * IDEOGRAPH


def _measured(grid: dict[str, Any]) -> tuple[pd.Series, pd.Series]:
    """The widest text and the widest word of each column, in units of the size."""
    columns = len(grid["text"])
    rows = [row for row in grid["rows"] if len(row["cells"]) == columns]
    need, word = [], []
    for column in range(columns):
        texts = list(dict.fromkeys(row["cells"][column] for row in rows))
        own = [row[column][0] for row in grid["heads"][-1:] if column < len(row)]
        heads = [line for text in own for line in text.split("\n")]
        deepest = max((row["level"] for row in rows), default=0) * INDENT / 9 if column == 0 else 0
        words = {word for text in (*texts, *heads) for word in text.split()}
        # A head may take two lines, or three in a listing, before it widens a column of short values.
        need.append(max(_widest(texts) + deepest, _widest(heads) / (3 if grid["dense"] else 1.5)))
        word.append(max(_widest(words), min(need[-1], 4.0)) + deepest)
        need[-1] = max(need[-1], word[-1])
    for row in grid["heads"][:-1]:
        _widen(need, word, row)
    return pd.Series(need), pd.Series(word)


def _widest(texts: Iterable[str]) -> float:
    return max(map(_em, texts), default=0.0)


def _widen(need: list[float], word: list[float], row: list[list[Any]]) -> None:
    """Let the columns under a spanning head have room for its lines together."""
    first = 0
    for text, span in row:
        wanted = _widest(text.split("\n"))
        lacking = (wanted - sum(need[first : first + span])) / span
        if lacking > 0:
            for column in range(first, first + span):
                need[column] += lacking
        first += span
