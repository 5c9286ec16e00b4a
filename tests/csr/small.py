"""A report in miniature: three subjects, one analysis, two SDTM rows each, one raw file; all in memory."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard import proportion
from crf2csr.ard._facts import COLUMNS, Facts
from crf2csr.ledger import Ledger
from crf2csr.trace import queries

SHA = "ab" * 32


def text(*values: str | None) -> pd.Series:
    """A text column."""
    return pd.Series(list(values), dtype="str")


def adrs() -> pd.DataFrame:
    """Responses: one row per subject; the first was made from the second subject's row as well."""
    return pd.DataFrame(
        {
            "USUBJID": text("S-1", "S-2", "S-3"),
            "ASEQ": pd.Series([1, 1, 1], dtype="Int64"),
            "PARAM": text("Response", "Response", "Response"),
            "AVAL": pd.Series([1.0, 0.0, 1.0]),
            "ADT": pd.Series([20000, 20001, None], dtype="Int64"),
        }
    )


def rs(values: tuple[str, ...] = ("4", "3", "0")) -> pd.DataFrame:
    """Findings: one row per subject, each from one line of the raw file."""
    return pd.DataFrame(
        {
            "USUBJID": text("S-1", "S-2", "S-3"),
            "RSSEQ": pd.Series([1, 1, 1], dtype="Int64"),
            "RSORRES": text(*values),
            "_REC": text("RS1:2", "RS1:3", "RS1:4"),
            "_FLD": text("SCORE", "SCORE", "SCORE"),
        }
    )


def raw(values: tuple[str, ...] = ("4", "3", "0")) -> pd.DataFrame:
    """The staged file."""
    return pd.DataFrame(
        {"LINE": pd.Series([2, 3, 4], dtype="Int64"), "SUBJID": text("1", "2", "3"), "SCORE": text(*values)}
    )


def facts() -> Facts:
    """n, N and p of one proportion."""
    made = Facts()
    common = {
        "analysis": "primary",
        "method": "proportion",
        "dataset": "adrs",
        "population": '{"FASFL": "Y"}',
        "group1": "TRT01P",
        "group1_level": "Drug",
        "options": '{"level": 0.95}',
    }
    made.add("n", 2, "count", made.set_of("adrs", [0, 2]), **common)
    made.add("N", 3, "count", made.set_of("adrs", [0, 1, 2]), **common)
    made.add("p", 2 / 3, "percent", made.set_of("adrs", [0, 1, 2]), **common)
    return made


def trace() -> pd.DataFrame:
    """Each response from the finding of its subject."""
    return pd.DataFrame(
        {"ROW": [0, 1, 2], "SRCDOM": text("RS", "RS", "RS"), "USUBJID": text("S-1", "S-2", "S-3"), "SRCSEQ": [1, 1, 1]}
    )


def asked(message: str = "Score is high.", severity: str = "minor") -> pd.DataFrame:
    """One query, on line 2."""
    frame = pd.DataFrame({"REC": text("RS1:2"), "SUBJID": text("1"), "EVENT": text("W1"), "SCORE": text("4")})
    return queries(frame, rule="P01", field="SCORE", message=message, severity=severity)


def ledger() -> pd.DataFrame:
    """One step that lost a row."""
    book = Ledger()
    book.enter("RS: items", "RS1", 4, 3, {"item is blank": 1})
    return book.frame()


def table(title: str = "Response") -> dict[str, Any]:
    """A table of one row: n/N (p)."""
    cell = [{"t": "2", "f": 0}, {"t": "/"}, {"t": "3", "f": 1}, {"t": " ("}, {"t": "66.7", "f": 2}, {"t": ")"}]
    return {
        "id": "t-1",
        "kind": "table",
        "number": "1",
        "title": title,
        "population": "Full analysis set",
        "sap": "4",
        "footnotes": ["A note."],
        "stub": "Statistic",
        "columns": [{"label": "Drug", "n": [{"t": "N = "}, {"t": "3", "f": 1}]}],
        "rows": [{"head": "Responders", "level": 0, "cells": [cell]}],
    }


def listing(values: list[str | None], rows: list[int]) -> dict[str, Any]:
    """A listing of one column beside the subject."""
    return {
        "id": "l-1",
        "kind": "listing",
        "number": "16.2.1",
        "title": "Scores",
        "population": "All",
        "footnotes": [],
        "columns": [{"name": "USUBJID", "label": "Subject"}, {"name": "PARAM", "label": "Parameter"}],
        "listing": {"dataset": "adrs", "row": rows, "values": [[f"S-{r + 1}" for r in rows], values]},
    }


def read(
    displays: list[dict[str, Any]] | None = None, values: tuple[str, ...] = ("4", "3", "0"), **change: Any
) -> dict[str, Any]:
    """What the door opens, by floor and name."""
    made = facts()
    return {
        "tlf": {"efficacy": {"displays": displays or [table()]}},
        "facts": {"efficacy": made.frame()},
        "sets": {"efficacy": made.sets()},
        "methods": {"efficacy": {"proportion": proportion.CARD.about()}},
        "hashes": {"efficacy": SHA},
        "tables": {"adam/adrs": adrs(), "sdtm/rs": rs(values), "raw/rs1": raw(values)},
        "traces": {"adam/adrs": trace()},
        "ledger": {"sdtm/_ledger/rs": ledger()},
        "queries": {"sdtm/_queries/rs": asked()},
        **change,
    }


def part(sections: list[dict[str, Any]] | None = None, **change: Any) -> dict[str, Any]:
    """What the plan hands over."""
    words = {"type": "text", "label": "Label", "text": "how it is derived"}
    return {
        "page": {
            "study": {
                "id": "STUDY-1",
                "title": "A drug in a disease",
                "subtitle": "One arm",
                "notice": "SYNTHETIC DATA. Not real.",
                "cutoff": "2026-01-31",
            },
            "arms": [{"label": "Drug"}],
        },
        "csr": {
            "title": "Appendix",
            "sections": sections or [{"number": "14.2", "title": "Efficacy", "displays": ["t-1"]}],
        },
        "manifest": {"files": [{"name": "RS1.csv", "form": "RS1", "sha256": SHA, "rows": 3}]},
        "files": {"RS1": "data/raw/RS1.csv"},
        "crf": {
            "rs1": {
                "name": "RS1",
                "label": "Scores",
                "keys": {"SUBJID": "SUBJID"},
                "fields": {"SCORE": {"label": "Score of the rater"}},
            }
        },
        "sdtm": {
            "rs": {
                "label": "Disease Response",
                "variables": {"USUBJID": words, "RSSEQ": words, "RSORRES": words | {"origin": "Collected"}},
                "records": [{"form": "RS1", "set": {"RSORRES": {"assign": "SCORE"}}}],
            }
        },
        "adam": {
            "adrs": {
                "label": "Responses",
                "variables": {
                    "USUBJID": words,
                    "ASEQ": words,
                    "PARAM": words,
                    "AVAL": words,
                    "ADT": {"type": "date", "label": "Date"},
                },
            }
        },
        "ard": {
            "efficacy": {
                "analyses": [
                    {
                        "id": "primary",
                        "label": "Primary analysis",
                        "method": "proportion",
                        "dataset": "adrs",
                        "where": {"PARAM": "Response"},
                        "sap": "4",
                        "estimand": "primary",
                    }
                ]
            }
        },
        "estimands": {"primary": "Half of the score at the end"},
        "tlf": {"efficacy": {"displays": [{"id": "t-1", "layout": "summary", "analysis": "primary"}]}},
        "accepted": {},
        "code": SHA,
        "config": SHA,
        **change,
    }


assert set(facts().frame().columns) == set(COLUMNS)
