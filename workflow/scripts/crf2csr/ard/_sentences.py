"""Sentences built from rows: templates with places for variables, clauses with conditions, rows beside a row.

A template is a text, or a list of clauses; a clause is a text or ``{when: condition, show: text}`` and stands where the
row meets its condition. ``{VAR}`` is a variable of the row, ``{adsl.VAR}`` one of its subject, ``{VAR:1}`` a number
with so many decimals, ``{VAR|end not known}`` says what stands for a missing value. A missing value is never blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._text import as_text
from crf2csr.errors import Cause
from crf2csr.populations import matches

PLACE = re.compile(r"\{(?:(adsl)\.)?([A-Z][A-Z0-9_]*)(?::([0-9]))?(?:\|([^{}]*))?\}")
UNDATED = "not told, since the start of the event is not known."


@dataclass
class Language:
    """How values are said.

    Attributes
    ----------
    people : DataFrame
        Rows of ADSL, by USUBJID.
    words : dict
        For a variable the words of its values; others stand as they are.
    lower : list of str
        Variables whose values are said in lower case.
    absent : str
        What stands for a missing value where the place does not say.
    source : str
        How a cause names the analysis.
    """

    people: pd.DataFrame
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    lower: list[str] = field(default_factory=list)
    absent: str = "not known"
    source: str = ""

    def value(self, rows: pd.DataFrame, outer: bool, name: str, digits: int | None, absent: str | None) -> pd.Series:
        """The text of one variable for each row."""
        held = self.people if outer else rows
        if name not in held:
            raise Cause("is not a variable of these rows", file=self.source, field=name)
        values = rows["USUBJID"].map(self.people[name]) if outer else rows[name]
        text = as_text(values, name, digits)
        text = text.mask(text.str.strip() == "")
        if pd.api.types.is_float_dtype(values) and digits is None:
            text = text.str.replace(r"\.0$", "", regex=True)
        if name in self.words:
            text = (
                text.map(self.words[name], na_action="ignore")
                .astype("str")
                .where(text.isin(list(self.words[name])), text)
            )
        if name in self.lower:
            text = text.str.lower()
        return text.fillna(self.absent if absent is None else absent)

    def filled(self, rows: pd.DataFrame, show: str | list[Any]) -> pd.Series:
        """The text of a template for each row."""
        out = pd.Series("", index=rows.index, dtype="str")
        for clause in show if isinstance(show, list) else [show]:
            template, when = (clause, None) if isinstance(clause, str) else (clause["show"], clause.get("when"))
            met = matches(rows, when, source=self.source)
            some = rows[met]
            made = pd.Series("", index=some.index, dtype="str")
            last = 0
            for found in PLACE.finditer(template):
                outer, name, digits, absent = found.groups()
                said = self.value(some, outer is not None, name, None if digits is None else int(digits), absent)
                made = made + template[last : found.start()] + said
                last = found.end()
            out = out + (made + template[last:]).reindex(rows.index).fillna("")
        return out


def enumerated(texts: list[str], block: dict[str, Any]) -> str:
    """Join the items of a list; more than ``at_most`` are counted instead."""
    limit = block.get("at_most", len(texts))
    rest = [f"and {len(texts) - limit} more"] if len(texts) > limit else []
    return str(block.get("join", "; ")).join(texts[:limit] + rest)


def near(events: pd.DataFrame, rows: pd.DataFrame, dates: list[str], before: int, after: int) -> pd.DataFrame:
    """Pairs of an event and a row of the same subject that was under way near the start of the event.

    Parameters
    ----------
    events : DataFrame
        USUBJID and ASTDT (Int64 days), by position.
    rows : DataFrame
        USUBJID and the two ``dates`` (start and end; the same variable twice for a single day), by position.
    before, after : int
        Days before and after the start of the event.

    Returns
    -------
    DataFrame
        EVENT and ROW, positions. A row whose start or end is missing may have been under way and is kept, unless
        the other date excludes it. An event without a start has no pairs.
    """
    start, end = dates
    left = pd.DataFrame(
        {"USUBJID": events["USUBJID"], "DAY": events["ASTDT"].astype("Int64"), "EVENT": events.index}
    ).dropna(subset=["DAY"])
    right = pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "FROM": rows[start].astype("Int64"),
            "TO": rows[end].astype("Int64"),
            "ROW": rows.index,
        }
    )
    pairs = left.merge(right, on="USUBJID")
    late = (pairs["FROM"] > pairs["DAY"] + after).fillna(False).astype(bool)
    over = (pairs["TO"] < pairs["DAY"] - before).fillna(False).astype(bool)
    return pairs.loc[~late & ~over, ["EVENT", "ROW"]].reset_index(drop=True)


@dataclass
class Sentence:
    """One sentence of one subject, and the rows that it was built from."""

    subject: str
    place: tuple[int, ...]
    head: str
    text: str
    dataset: str
    rows: np.ndarray


def listed(
    rows: pd.DataFrame, subjects: list[str], block: dict[str, Any], number: int, language: Language
) -> list[Sentence]:
    """One sentence per subject that enumerates its rows; ``none`` where it has none."""
    items = language.filled(rows, block["show"])
    groups = items.groupby(rows["USUBJID"]).groups if len(rows) else {}
    made = []
    for subject in subjects:
        mine = groups.get(subject, rows.index[:0])
        if not len(mine) and "none" not in block:
            continue
        text = (
            block.get("lead", "") + enumerated([str(items[row]) for row in mine], block) + block.get("end", ".")
            if len(mine)
            else block["none"]
        )
        made.append(Sentence(subject, (number,), block["head"], text, block["of"], mine.to_numpy("int64")))
    return made


def single(
    rows: pd.DataFrame, subjects: list[str], block: dict[str, Any], number: int, language: Language
) -> list[Sentence]:
    """One sentence per row, in order; ``none`` for a subject without a row."""
    texts, heads = language.filled(rows, block["show"]), language.filled(rows, block["head"])
    made = [
        Sentence(
            str(rows.at[row, "USUBJID"]),
            (number, order),
            str(heads[row]),
            str(texts[row]),
            block["of"],
            np.array([row]),
        )
        for order, row in enumerate(rows.index)
    ]
    if "none" in block:
        without = [s for s in subjects if s not in set(rows["USUBJID"])]
        nothing = np.array([], dtype="int64")
        made += [
            Sentence(s, (number,), block.get("none_head", ""), block["none"], block["of"], nothing) for s in without
        ]
    return made


def beside(
    events: pd.DataFrame, rows: pd.DataFrame, about: dict[str, Any], place: tuple[int, int], language: Language
) -> list[Sentence]:
    """One sentence per event about the rows of another data set that were under way near its start.

    ``place`` is the number of the block and of this sentence within an event.
    """
    pairs = near(events, rows, about["dates"], about.get("before", 0), about.get("after", 0))
    items = language.filled(rows, about["show"])
    groups = pairs.groupby("EVENT")["ROW"]
    found = {event: group.to_numpy("int64") for event, group in groups}
    leads = language.filled(events, about.get("lead", ""))
    nothing = language.filled(events, about["none"])
    made = []
    for order, event in enumerate(events.index):
        mine = found.get(event, np.array([], dtype="int64"))
        if pd.isna(events.at[event, "ASTDT"]):
            text = leads[event] + about.get("undated", UNDATED)
        elif len(mine):
            text = leads[event] + enumerated([str(items[row]) for row in mine], about) + about.get("end", ".")
        else:
            text = nothing[event]
        key = (place[0], order, place[1])
        made.append(
            Sentence(str(events.at[event, "USUBJID"]), key, about.get("head", ""), str(text), about["of"], mine)
        )
    return made
