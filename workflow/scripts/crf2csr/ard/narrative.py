"""Narratives: for each subject with a declared reason, sentences built from its rows, and what a time axis draws.

The sentences are templates of the configuration; each is bound to the rows that it was built from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._sentences import Language, Sentence, beside, listed, single
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="Sentences from rows",
    formulas={
        "": "The declared template, filled with the values of the rows; a value that is missing is said to be",
        "reason": "The subject has at least one row that meets the declared condition",
        "from": "Study day: 1 on the day of reference, -1 on the day before",
        "to": "Study day: 1 on the day of reference, -1 on the day before",
    },
)


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add, for each subject with a reason, ``reason``, ``sentence`` and the facts of the time axis.

    Options
    -------
    reasons : list of {label, of, where}
        A row of ``of`` (adsl, the data set or one of ``with``) that meets ``where`` makes a narrative.
    sentences : list of blocks
        ``{of, where, chosen, sort, head, show}``: one sentence per row; with ``join`` the rows of a subject are
        enumerated in one sentence between ``lead`` and ``end``. ``chosen: true`` takes only the rows that are a reason,
        ``false`` only the others. ``none`` is said where there is no row. ``beside`` lists sentences about rows of
        other data sets near the start of the event: ``{of, head, where, sort, dates: [start, end], before, after,
        lead, show, join, at_most, none, undated}``.
    axis : {start, lanes}
        ``start`` maps dates of ADSL to the words for them; the first that is known is day 1. A lane is
        ``{id, of, where, from, to, label, mark}``; ``to`` is left out for single days.
    at_most
        No more subjects than so many have a sheet: those whose first reason is declared first. How many others have
        a reason is the fact ``left_out``, with them as its members.
    words, lower, absent
        How values are said (see ``_sentences.Language``).
    """
    o = analysis.options
    reasons = _reasons(analysis)
    subjects = [s for s in analysis.subjects["USUBJID"] if s in reasons]
    left_out: list[str] = []
    if len(subjects) > o.get("at_most", len(subjects)):
        rank = {reason["label"]: n for n, reason in enumerate(o["reasons"])}
        first = sorted(subjects, key=lambda subject: rank[reasons[subject][0][0]])
        left_out = first[o["at_most"] :]
        subjects = [subject for subject in subjects if subject in set(first[: o["at_most"]])]
    people = analysis.subjects.set_index("USUBJID")
    language = Language(people, o.get("words", {}), o.get("lower", []), o.get("absent", "not known"), analysis.place)
    # The options are the templates of a whole chapter: they stand in the configuration, not beside each fact.
    about = analysis.common() | {"options": None, "group3": "USUBJID"}
    about |= {"group1_level": analysis.spec.get("pooled", "All subjects")}
    has = among(analysis.subjects["USUBJID"], subjects)
    whole = about | {"group3": None}
    facts.add("N", len(people), "count", facts.set_of("adsl", analysis.subjects.index), **whole)
    facts.add("n", len(subjects), "count", facts.set_of("adsl", analysis.subjects.index[has]), **whole)
    if "at_most" in o:
        out = analysis.subjects.index[among(analysis.subjects["USUBJID"], left_out)]
        facts.add("left_out", len(left_out), "count", facts.set_of("adsl", out), **whole)
    named = {s: about | {"group3_level": s} for s in subjects}
    for subject in subjects:
        one = named[subject]
        for label, of, rows in reasons[subject]:
            facts.add(
                "reason",
                None,
                "text",
                facts.set_of(of, rows),
                **(one | {"dataset": of}),
                variable=label,
                stat_text=label,
            )
    for order, sentence in enumerate(_sentences(analysis, subjects, reasons, language)):
        one = named[sentence.subject] | {"dataset": sentence.dataset, "variable": sentence.head}
        members = facts.set_of(sentence.dataset, sentence.rows)
        facts.add("sentence", None, "text", members, **one, variable_level=str(order), stat_text=sentence.text)
    if "axis" in o:
        _axis(analysis, named, language, facts)


def _rows_of(analysis: Analysis, name: str) -> pd.DataFrame:
    """The subjects' rows of one data set of the analysis."""
    known = {"adsl": analysis.subjects, analysis.spec["dataset"]: analysis.rows} | analysis.beside
    if name not in known:
        raise Cause("the analysis does not name this data set in `with`", file=analysis.place, field="of", value=name)
    return known[name]


def _reasons(analysis: Analysis) -> dict[str, list[tuple[str, str, np.ndarray]]]:
    """Subject -> its reasons, in the declared order: label, data set, positions of the rows."""
    found: dict[str, list[tuple[str, str, np.ndarray]]] = {}
    for reason in analysis.options["reasons"]:
        rows = _rows_of(analysis, reason["of"])
        mine = rows[matches(rows, reason["where"], source=analysis.place)]
        for subject, positions in mine.groupby("USUBJID", sort=False).groups.items():
            found.setdefault(str(subject), []).append((reason["label"], reason["of"], positions.to_numpy("int64")))
    return found


def _chosen(
    rows: pd.DataFrame, block: dict[str, Any], reasons: dict[str, Any], subjects: list[str], place: str
) -> pd.DataFrame:
    """The rows of a block, in its order."""
    rows = rows[among(rows["USUBJID"], subjects) & matches(rows, block.get("where"), source=place)]
    if "chosen" in block:
        held = [positions for mine in reasons.values() for _, of, positions in mine if of == block["of"]]
        is_reason = rows.index.isin(np.concatenate(held) if held else np.array([], dtype="int64"))
        rows = rows[is_reason if block["chosen"] else ~is_reason]
    unknown = [name for name in block.get("sort", []) if name not in rows]
    if unknown:
        raise Cause("is not a variable to sort by", file=place, field="sort", value=unknown[0])
    return rows.sort_values(block["sort"], kind="stable", na_position="last") if "sort" in block else rows


def _sentences(analysis: Analysis, subjects: list[str], reasons: dict[str, Any], language: Language) -> list[Sentence]:
    """All sentences, subject by subject, in the order of the blocks."""
    made: list[Sentence] = []
    for number, block in enumerate(analysis.options["sentences"]):
        rows = _chosen(_rows_of(analysis, block["of"]), block, reasons, subjects, analysis.place)
        if "join" in block:
            made += listed(rows, subjects, block, number, language)
            continue
        made += single(rows, subjects, block, number, language)
        for within, other in enumerate(block.get("beside", [])):
            more = _chosen(_rows_of(analysis, other["of"]), other, reasons, subjects, analysis.place)
            made += beside(rows, more, other, (number, within), language)
    rank = {subject: n for n, subject in enumerate(subjects)}
    return sorted(made, key=lambda s: (rank[s.subject], s.place))


def _axis(analysis: Analysis, named: dict[str, dict[str, Any]], language: Language, facts: Facts) -> None:
    """Add the day of reference in words, and for each row of a lane its label, mark and days."""
    axis, people = analysis.options["axis"], analysis.subjects
    day = pd.Series(pd.NA, index=people.index, dtype="Int64")
    said = pd.Series(language.absent, index=people.index, dtype="str")
    for variable, words in axis["start"].items():
        if variable not in people:
            raise Cause("is not a variable of ADSL", file=analysis.place, field="axis.start", value=variable)
        new = day.isna() & people[variable].notna()
        day, said = day.fillna(people[variable].astype("Int64")), said.mask(new, words)
    for position, subject in people["USUBJID"].items():
        if subject in named:
            members = facts.set_of("adsl", [position])
            one = named[subject] | {"dataset": "adsl"}
            facts.add("reference", None, "text", members, **one, stat_text=str(said[position]))
    reference = pd.Series(day.to_numpy(), index=people["USUBJID"], dtype="Int64")
    for lane in axis["lanes"]:
        rows = _chosen(_rows_of(analysis, lane["of"]), lane, {}, list(named), analysis.place)
        zero = rows["USUBJID"].map(reference).astype("Int64")
        ends = {
            name: dates.study_day(rows[lane[name]].astype("Int64"), zero) for name in ("from", "to") if name in lane
        }
        texts = {name: language.filled(rows, lane[name]) for name in ("label", "mark") if name in lane}
        for row, subject in rows["USUBJID"].items():
            one = named[str(subject)] | {"dataset": lane["of"], "group2": "lane", "group2_level": lane["id"]}
            one |= {"variable": lane["from"], "variable_level": str(row)}
            members = facts.set_of(lane["of"], [row])
            for name, text in texts.items():
                facts.add(name, None, "text", members, **one, stat_text=str(text[row]))
            for name, when in ends.items():
                known = pd.notna(when[row])
                none = {} if known else {"warning": "not known"}
                facts.add(name, float(when[row]) if known else None, "d0", members, **one, **none)
