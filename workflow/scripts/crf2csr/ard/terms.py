"""Events by coded term in two levels: subjects with at least one, and events.

A subject counts once in each row, however often it had the event. An event without a term is counted under
``Not coded``. With ``worst``, each subject is also counted once per term at its worst grade; a grade that is
missing is a grade of its own, below all others, so that a known grade wins.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard import _coded
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause

CARD = Card(
    name="Events by coded term",
    formulas={"n": "Distinct subjects with at least one event of the row", "events": "Events of the row", "p": "n / N"},
    references=(),
    r={"n": "tapply(USUBJID, term, function(s) length(unique(s)))"},
)

ANY = "Any event"
MISSING = "Missing"


def ranked(rows: pd.DataFrame, terms: list[str], order: str) -> list[tuple[str, str | None]]:
    """Return the rows of the table: ``(group, None)`` before its ``(group, term)``.

    ``frequency`` sorts by number of subjects over all arms, then alphabet; ``alphabet`` by name alone.
    """
    upper, lower = terms
    people = {
        "group": rows.groupby(upper)["USUBJID"].nunique().to_dict(),
        "term": rows.groupby([upper, lower])["USUBJID"].nunique().to_dict(),
    }
    rank = (lambda n: -n) if order == "frequency" else (lambda n: 0)
    found: list[tuple[str, str | None]] = []
    for group in sorted(people["group"], key=lambda name: (rank(people["group"][name]), str(name))):
        found.append((group, None))
        inner = {term: n for (of, term), n in people["term"].items() if of == group}
        found += [(group, term) for term in sorted(inner, key=lambda name: (rank(inner[name]), str(name)))]
    return found


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n, p and events for any event, each group and each term.

    Options: ``terms`` [group variable, term variable]; ``order`` frequency or alphabet; ``at_least`` keeps terms
    that reach this share of subjects in some arm; ``worst`` a graded variable with ``grades``, its levels in
    ascending order.
    """
    o = analysis.options
    if o.get("order", "frequency") not in ("frequency", "alphabet"):
        raise Cause("`order` is frequency or alphabet", file=analysis.place, value=o["order"])
    terms = list(o["terms"])
    others = [*([o["worst"]] if "worst" in o else []), *analysis.spec.get("by", [])]
    rows = _coded.coded(analysis.rows, terms, others, analysis.place)
    if "worst" in o:
        rows[MISSING] = rows[o["worst"]].map(_grade_text).astype("str").fillna(MISSING)
        strange = set(rows[MISSING]) - {*map(str, o["grades"]), MISSING}
        if strange:
            raise Cause("is not among `grades`", file=analysis.place, field=o["worst"], value=sorted(strange)[0])
    whole = Analysis(analysis.spec, rows, analysis.subjects, analysis.arms, analysis.arm_variable, analysis.page)
    groups = whole.groups()
    lines = ranked(rows, terms, o.get("order", "frequency"))
    kept = _common(lines, groups, terms, o.get("at_least", 0.0))
    for where, mine, people in groups:
        about = analysis.common() | where
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        facts.add(
            "terms_left_out",
            sum(t is not None for _, t in lines) - sum(t is not None for _, t in kept),
            "count",
            None,
            **about,
        )
        _add(about | {"group2": terms[0], "group2_level": ANY}, mine, people, o, facts)
        of_group, of_term = dict(iter(mine.groupby(terms[0]))), dict(iter(mine.groupby(terms)))
        none = mine.iloc[0:0]
        for group, term in kept:
            one = about | {"group2": terms[0], "group2_level": group}
            if term is None:
                _add(one, of_group.get(group, none), people, o, facts)
            else:
                one |= {"group3": terms[1], "group3_level": term}
                _add(one, of_term.get((group, term), none), people, o, facts)


def _grade_text(value: Any) -> Any:
    """A grade as text: 3 and 3.0 are ``3``; missing stays missing."""
    if pd.isna(value):
        return value
    return str(int(value)) if isinstance(value, float) and float(value).is_integer() else str(value)


def _common(
    lines: list[tuple[str, str | None]], groups: list[Any], terms: list[str], share: float
) -> list[tuple[str, str | None]]:
    """Keep the terms that reach the share in some arm, and the groups that hold one of them."""
    if share <= 0:
        return lines
    enough = _coded.common(groups, terms, share)
    held = {group for group, _ in enough}
    return [line for line in lines if (line in enough if line[1] is not None else line[0] in held)]


def _add(one: dict[str, Any], part: pd.DataFrame, people: pd.DataFrame, o: dict[str, Any], facts: Facts) -> None:
    subjects, members = part["USUBJID"].nunique(), facts.set_of(one["dataset"], part.index)
    facts.add("n", subjects, "count", members, **one)
    facts.add("p", subjects / len(people) if len(people) else None, "percent", members, **one)
    facts.add("events", len(part), "count", members, **one)
    if "worst" not in o:
        return
    grades = [MISSING, *map(str, o["grades"])]
    rank = part[MISSING].map({grade: n for n, grade in enumerate(grades)}).astype("int64")
    worst = part[rank == rank.groupby(part["USUBJID"]).transform("max")]
    for grade in [*map(str, o["grades"]), MISSING]:
        at = worst[worst[MISSING] == grade]
        n, rows = at["USUBJID"].nunique(), facts.set_of(one["dataset"], at.index)
        facts.add("n", n, "count", rows, **one, variable=o["worst"], variable_level=grade)
        facts.add(
            "p",
            n / len(people) if len(people) else None,
            "percent",
            rows,
            **one,
            variable=o["worst"],
            variable_level=grade,
        )
