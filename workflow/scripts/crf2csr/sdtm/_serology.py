"""MB and IS: tests for infections, in words or numbers as printed; standardised like other laboratory results."""

from __future__ import annotations

import pandas as pd

from crf2csr import records
from crf2csr.sdtm import _mapping, _results
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made

# For the annotated CRF: what a result as entered can fill beside its own variable.
BESIDE = {"ORRES": ("STAT", "REASND")}


def tabulate(context: Context) -> Made:
    """Build the domain; each block names the words of its results under ``result``."""
    made = Made(pd.DataFrame())
    rows = _mapping.collected(context, made).reset_index(drop=True)
    prefix = context.spec["name"]
    read = readings(rows, context)
    none = read["kind"] == "none"
    result = rows[f"{prefix}ORRES"].where(~none)
    rows[f"{prefix}REASND"] = rows[f"{prefix}ORRES"].str.strip().where(none)
    rows[f"{prefix}STAT"] = pd.Series("NOT DONE", index=rows.index, dtype="str").where(none)
    rows[f"{prefix}ORRES"] = result
    rows[f"{prefix}STRESC"] = read["text"].where(read["kind"].isin(["number", "limit", "word"]))
    rows[f"{prefix}STRESN"] = read["number"].where(read["kind"] == "number")
    unread = read["kind"].isin(["comma", "foreign", "unreadable", "span"])
    rules = read["kind"].map({"comma": "P14", "foreign": "P17"}).fillna("P16")
    for rule in sorted(rules[unread].unique()):
        made.queries += ask(
            rows[unread & (rules == rule)],
            context,
            f"{prefix}ORRES",
            rule=rule,
            severity="major",
            message="The result cannot be read; no standard result.",
        )
    return _mapping.finished(rows, context, made)


def readings(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Read the results of each block by its words."""
    form, parts = rows["REC"].str.split(":").str[0], []
    for block in context.spec["records"]:
        words, none = (context.codelists[block["result"][key]["codelist"]] for key in ("words", "none"))
        here = records.pointed(rows, f"{context.spec['name']}ORRES", context.crf).loc[form == block["form"]]
        parts.append(_results.read_all(here, words, none, block["result"].get("marks", [])))
    return pd.concat(parts).reindex(rows.index)
