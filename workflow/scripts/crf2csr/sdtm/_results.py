"""Results as laboratories print them: numbers, numbers below or above a limit, words, counts, and none at all.

Only a plain number has a numeric value. ``<0.5`` names a limit, ``1+`` a category, ``0-2/HP`` a span; a mark
behind a number (``2.1H``, ``0.5 ↑``) is the laboratory's opinion and is read off. A comma is ambiguous.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crf2csr import numbers
from crf2csr.columns import per_value
from crf2csr.dates import DASHES

KINDS = ("blank", "none", "word", "number", "limit", "span", "comma", "foreign", "unreadable")
SIGNS = {"≤": "<=", "≥": ">=", "＜": "<", "＞": ">"}
LIMIT = re.compile(rf"([<>]=?)\s*({numbers.NUMBER.pattern})", re.ASCII)
NAMED_LIMIT = re.compile(r"([<>]=?)\s*(L?LOQ|L?LOD|ULOQ)", re.ASCII)
SPAN = re.compile(r"([0-9]+)\s*(?:-\s*([0-9]+))?\s*/\s*HPF?", re.ASCII | re.IGNORECASE)
COMMA = re.compile(r"[<>]?=?\s*[+-]?[0-9]+(?:,[0-9]+)+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Reading:
    """What one text says: ``kind`` (of KINDS), normalised text, number or limit, sign of the limit, mark."""

    kind: str
    text: str = ""
    number: float = np.nan
    sign: str = ""
    mark: str = ""


def neat(text: str) -> str:
    """NFKC, one kind of dash, ASCII signs, no blanks at the rim; case is kept."""
    clean = unicodedata.normalize("NFKC", text).translate(DASHES).replace("\u200b", "").strip()
    for sign, plain in SIGNS.items():
        clean = clean.replace(sign, plain)
    return clean


def plain(text: str) -> str:
    """The text without blanks at the rim, with ASCII signs: what `neat` leaves alone was plainly entered."""
    for sign, ascii_sign in SIGNS.items():
        text = text.replace(sign, ascii_sign)
    return text.strip(" \t")


def read(text: str, words: dict[str, str], none: dict[str, str], marks: list[str]) -> Reading:
    """Read one result.

    Parameters
    ----------
    text : str
        As printed.
    words, none : dict
        Words that are results, and words that say that there is none; compared without case.
    marks : list of str
        Marks that may stand behind (or, for arrows, before) a number.
    """
    clean = neat(text)
    if not clean:
        return Reading("blank")
    folded = clean.casefold()
    if folded in none:
        return Reading("none", clean)
    if folded in words:
        return Reading("word", words[folded])
    body, mark = _unmarked(clean, marks)
    if numbers.NUMBER.fullmatch(body):
        return Reading("number", shortest(float(body)), float(body), "", mark)
    if found := LIMIT.fullmatch(body):
        return Reading("limit", found[1] + shortest(float(found[2])), float(found[2]), found[1], mark)
    if found := NAMED_LIMIT.fullmatch(body.upper()):
        return Reading("limit", found[1] + found[2], np.nan, found[1], mark)
    if found := SPAN.fullmatch(body):
        return Reading("span", found[1] + (f"-{found[2]}" if found[2] else ""), np.nan, "", mark)
    return Reading("comma" if COMMA.fullmatch(body) else "foreign" if _number_elsewhere(body) else "unreadable", clean)


def _number_elsewhere(text: str) -> bool:
    """Tell whether a programming language would take the text for a number: ``1_000``, ``1e5``, ``inf``, ``٣``."""
    try:
        return not np.isnan(float(text))
    except ValueError:
        return False


def _unmarked(clean: str, marks: list[str]) -> tuple[str, str]:
    """A result without the mark at its end or its beginning, and the mark (H or L)."""
    listed = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))
    if not listed:
        return clean, ""
    arrows = "|".join(re.escape(mark) for mark in marks if not mark.isascii())
    found = re.fullmatch(rf"(.*?[0-9])\s*((?:{listed})+)", clean) or (
        re.fullmatch(rf"(?P<mark>(?:{arrows})+)\s*(?P<body>.*[0-9])", clean) if arrows else None
    )
    if not found:
        return clean, ""
    body, mark = (found["body"], found["mark"]) if found.groupdict() else (found[1], found[2])
    return body, {"↑": "H", "↓": "L"}.get(mark[0], mark[0])


def shortest(value: float) -> str:
    """The shortest text of a number, ten significant digits at most."""
    return f"{value:.10g}"


def read_all(text: pd.Series, words: dict[str, str], none: dict[str, str], marks: list[str]) -> pd.DataFrame:
    """Read a column of results; each distinct text is read once.

    Returns
    -------
    DataFrame
        ``kind``, ``text``, ``number`` (number or limit), ``sign``, ``mark`` and ``cleaned`` (True where the
        text held other characters than the plain ones, full-width digits for example).
    """
    texts = text.fillna("").astype("str")
    folded_words = {neat(word).casefold(): term for word, term in words.items()}
    folded_none = {neat(word).casefold(): term for word, term in none.items()}
    table = (
        pd.DataFrame(
            [
                (t, r.kind, r.text, r.number, r.sign, r.mark, neat(t) != plain(t))
                for t in texts.unique()
                for r in [read(t, folded_words, folded_none, marks)]
            ],
            columns=["as printed", "kind", "text", "number", "sign", "mark", "cleaned"],
        )
        .set_index("as printed")
        .astype({"kind": "str", "text": "str", "sign": "str", "mark": "str", "number": "float64", "cleaned": bool})
    )
    return per_value(texts, lambda distinct: table.reindex(distinct))
