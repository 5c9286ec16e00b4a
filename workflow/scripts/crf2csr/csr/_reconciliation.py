"""Do the floors agree on who: for each declared concept the subjects by source, and who is in one and not in another.

Nothing is computed here: subjects of SDTM are those with a row that meets a declared condition, subjects of ADaM and
of a printed row are those behind its fact.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.csr import _words
from crf2csr.errors import Cause
from crf2csr.populations import matches

UNEXPLAINED = "Neither a declared reason nor a data query explains it."


class Floors:
    """The tables of every floor, the facts with their members, and the analyses as declared."""

    def __init__(
        self,
        tables: dict[str, pd.DataFrame],
        facts: pd.DataFrame,
        sets: pd.DataFrame,
        chapters: dict[str, Any] | None = None,
    ) -> None:
        self.tables, self.facts = tables, facts
        self.sets = sets.set_index("SET")
        self.analyses = {a["id"]: a for chapter in (chapters or {}).values() for a in chapter["analyses"]}

    def table(self, name: str, where: str) -> pd.DataFrame:
        """One table; one that this run does not have is a cause."""
        if name not in self.tables:
            raise Cause("this run has no such table", file="config/csr.yaml", field=where, value=name)
        return self.tables[name]

    def holders(self, table: str, condition: dict[str, Any] | None, where: str) -> set[str]:
        """USUBJID of the subjects who have a row that meets a condition."""
        rows = self.table(table, where)
        return set(rows.loc[matches(rows, condition, source=f"config/csr.yaml, {where}"), "USUBJID"])

    def counted(self, analysis: str, level: str, where: str) -> tuple[list[int], set[str]]:
        """The facts ``n`` of one line of an analysis (one per arm), and the subjects behind them."""
        facts = self.facts
        mine = facts[
            (facts["analysis"] == analysis)
            & (facts["stat_name"] == "n")
            & (facts["variable_level"] == level)
            & facts["context"].isna()
        ]
        if mine.empty:
            raise Cause(
                "no analysis counts this line", file="config/csr.yaml", field=where, value=f"{analysis}: {level}"
            )
        people: set[str] = set()
        for number in mine["member_set"]:
            dataset, rows = self.sets.loc[number, ["DATASET", "ROWS"]]
            people |= set(self.table(f"adam/{dataset}", where)["USUBJID"].iloc[rows])
        return [int(i) for i in mine.index], people

    def said(self, analysis: str, level: str) -> str:
        """The condition of one line of an analysis in words: population, rows, and the line's own."""
        about = self.analyses.get(analysis, {})
        lines = about.get("options", {}).get("lines", [])
        own = next((line.get("where") for line in lines if line["id"] == level), None)
        parts = [_words.condition(w) for w in (about.get("population"), about.get("where"), own) if w]
        return "; ".join(parts) or f"line {level}"


def compare(
    plan: list[dict[str, Any]], floors: Floors, queries: pd.DataFrame, printed: dict[str, set[int]]
) -> list[dict[str, Any]]:
    """Compare the sources of each concept.

    Parameters
    ----------
    plan : list of dict
        ``concept``, ``sources`` (``{label, table, where}``, or ``{label, analysis, level}`` with ``display`` where
        it is printed), ``explained`` (``{table, where, why}``: who has such a row may differ) and ``fields``
        (``FORM.FIELD`` whose queries bear on it).
    queries : DataFrame
        All queries of the run: RULE, FORM, FIELD, SUBJID, MESSAGE.
    printed : dict
        The facts that each display prints.

    Returns
    -------
    list of dict
        ``concept``, ``sources`` (label, condition, n as parts, ``lacks``: how many of all subjects it does not have),
        ``agree`` and ``differences`` (subject, present, absent, why, explained).
    """
    made = []
    for entry in plan:
        concept = entry["concept"]
        sources = [_source(s, floors, concept, printed) for s in entry["sources"]]
        everyone = set().union(*(s["people"] for s in sources))
        some = sorted(p for p in everyone if any(p not in s["people"] for s in sources))
        short = _short_names(floors, concept)
        reasons = [(r["why"], floors.holders(r["table"], r.get("where"), concept)) for r in entry.get("explained", [])]
        asked = queries[(queries["FORM"] + "." + queries["FIELD"].fillna("")).isin(entry.get("fields", []))]
        made.append(
            {
                "concept": concept,
                "agree": not some,
                "sources": [
                    {k: v for k, v in s.items() if k != "people"} | {"lacks": len(everyone - s["people"])}
                    for s in sources
                ],
                "differences": [_difference(p, short.get(p, p), sources, reasons, asked) for p in some],
            }
        )
    return made


def _short_names(floors: Floors, concept: str) -> dict[str, str]:
    adsl = floors.table("adam/adsl", concept)
    return dict(zip(adsl["USUBJID"], adsl["SUBJID"], strict=True)) if "SUBJID" in adsl else {}


def _source(source: dict[str, Any], floors: Floors, concept: str, printed: dict[str, set[int]]) -> dict[str, Any]:
    if "table" in source:
        people = floors.holders(source["table"], source.get("where"), concept)
        return {
            "label": source["label"],
            "condition": _words.condition(source.get("where")),
            "n": [{"t": str(len(people))}],
            "people": people,
        }
    facts, people = floors.counted(source["analysis"], source["level"], concept)
    if "display" in source and not set(facts) <= printed.get(source["display"], set()):
        raise Cause(
            "the display does not print this line", file="config/csr.yaml", field=concept, value=source["display"]
        )
    parts: list[dict[str, Any]] = []
    for fact in facts:
        parts += [{"t": " + "}] * bool(parts) + [{"t": str(int(floors.facts.at[fact, "stat"])), "f": fact}]
    said = floors.said(source["analysis"], source["level"])
    return {"label": source["label"], "condition": said, "n": parts, "people": people}


def _difference(
    subject: str, shown: str, sources: list[dict[str, Any]], reasons: list[tuple[str, set[str]]], asked: pd.DataFrame
) -> dict[str, Any]:
    why = [text for text, people in reasons if subject in people]
    mine = asked[asked["SUBJID"] == shown]
    why += [f"Query {q.RULE} ({q.REC}, {q.FIELD}): {q.MESSAGE}" for q in mine.itertuples()]
    return {
        "subject": shown,
        "present": [s["label"] for s in sources if subject in s["people"]],
        "absent": [s["label"] for s in sources if subject not in s["people"]],
        "why": list(dict.fromkeys(why)) or [UNEXPLAINED],
        "explained": bool(why),
    }
