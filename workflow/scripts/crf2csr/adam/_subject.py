"""What a subject brings along, as declared in the specification of ADSL under ``subject``.

``values``  one value of a subject: the row of a domain that meets ``where``, by ``pick`` (baseline, first, last)
``dates``   the day of ``date`` of that row; of a partial date the first day that it can mean
``flags``   Y where any row meets ``where`` (with ``pick``, where the row picked does), else N
``counts``  how many distinct values of ``distinct`` (the first of these variables that is filled) there are
``groups``  bands of a number (``below`` excluded) or levels of a word, each with its numeric twin
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, populations
from crf2csr.columns import among
from crf2csr.errors import Cause
from crf2csr.groups import ends, numbered, ranked
from crf2csr.trace import edges_to

FILE = "config/adam/adsl.yaml: subject"


def sequence_of(name: str, frame: pd.DataFrame) -> str | None:
    """Variable that numbers the rows of a source within a subject: --SEQ, or ASEQ of an analysis data set."""
    return next((variable for variable in (f"{name.upper()}SEQ", "ASEQ") if variable in frame), None)


def rows_of(rule: dict[str, Any], domains: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows that a rule is about, of one domain or of several; DOM names the domain, SEQ the row."""
    names = rule["of"] if isinstance(rule["of"], list) else [rule["of"]]
    parts = []
    for name in names:
        if name not in domains:
            raise Cause("is not among the sources of this data set", file=FILE, field=rule["variable"], value=name)
        frame, prefix = domains[name], name.upper()
        where = {key.replace("--", prefix): value for key, value in rule.get("where", {}).items()}
        some = frame[populations.matches(frame, where, source=f"{FILE}: {rule['variable']}")]
        sequence = sequence_of(name, frame)
        some = some.assign(DOM=prefix, SEQ=some[sequence] if sequence else 0)
        for key in ("value", "date"):
            if key in rule:
                column = rule[key].replace("--", prefix)
                if column not in frame:
                    raise Cause("is not a variable of these rows", file=FILE, field=rule["variable"], value=column)
                some["_" + key.upper()] = some[column]
        some["_DISTINCT"] = _first_filled(some, [v.replace("--", prefix) for v in rule.get("distinct", [])])
        parts.append(some[["USUBJID", "DOM", "SEQ", *(c for c in ("_VALUE", "_DATE", "_DISTINCT") if c in some)]])
    return pd.concat(parts, ignore_index=True)


def _first_filled(rows: pd.DataFrame, names: list[str]) -> pd.Series:
    found = pd.Series(np.nan, index=rows.index, dtype="str")
    for name in names:
        if name in rows:
            found = found.where(found.notna(), rows[name].astype("str"))
    return found


def picked(rows: pd.DataFrame, pick: str, first_dose: pd.Series) -> pd.DataFrame:
    """One row per subject: ``first``, ``last``, or ``baseline``, the last on or before the first dose.

    A row whose date is missing or partial counts by the last day that it can mean; who was never treated has as
    baseline the last row of all.
    """
    if "_VALUE" in rows:
        rows = rows[rows["_VALUE"].notna()]
    day = (
        dates.period(rows["_DATE"].astype("str"))["last"]
        if "_DATE" in rows
        else pd.Series(pd.NA, index=rows.index, dtype="Int64")
    )
    rows = rows.assign(_DAY=day)
    if pick == "baseline":
        late = (rows["_DAY"] > rows["USUBJID"].map(first_dose)).fillna(False).astype(bool)
        rows = rows[~late]
    elif pick not in ("first", "last"):
        raise Cause("is not a way to pick a row; known: baseline, first, last", file=FILE, value=pick)
    keys = [ranked(rows[name], missing="first") for name in ("_DAY", "SEQ")]
    return rows.iloc[np.sort(ends(numbered([rows["USUBJID"]]), keys, "first" if pick == "first" else "last"))]


def derive(
    people: pd.DataFrame, rules: dict[str, Any], domains: dict[str, pd.DataFrame]
) -> tuple[dict[str, pd.Series], list[pd.DataFrame]]:
    """Values, flags and counts of each person of ``people`` (USUBJID, ``_KEY``, TRTSDT), and the edges."""
    first_dose = people.set_index("USUBJID")["TRTSDT"]
    key = people.set_index("USUBJID")["_KEY"]
    made: dict[str, pd.Series] = {}
    edges: list[pd.DataFrame] = []
    for kind in ("values", "dates", "flags", "counts"):
        for rule in rules.get(kind, []):
            about = rule if kind != "flags" or "pick" not in rule else rule | {"where": rule.get("among", {})}
            rows = rows_of(about, domains)
            rows = rows[among(rows["USUBJID"], key.index)]
            if kind == "counts":
                rows = rows[rows["_DISTINCT"].notna()]
                number = rows.groupby("USUBJID")["_DISTINCT"].nunique()
                made[rule["variable"]] = people["USUBJID"].map(number).astype("Int64").fillna(0)
            elif kind == "flags":
                if "pick" in rule:
                    rows = picked(rows, rule["pick"], first_dose)
                    met = rows_of(rule | {"where": rule.get("among", {}) | rule["where"]}, domains)[
                        ["USUBJID", "DOM", "SEQ"]
                    ]
                    rows = rows.merge(met, on=["USUBJID", "DOM", "SEQ"])
                has = among(people["USUBJID"], rows["USUBJID"])
                made[rule["variable"]] = pd.Series(np.where(has, "Y", "N"), index=people.index, dtype="str")
            elif kind == "dates":
                rows = picked(rows[rows["_DATE"].notna()], rule["pick"], first_dose)
                written = people["USUBJID"].map(rows.set_index("USUBJID")["_DATE"]).astype("str")
                made[rule["variable"]] = dates.period(written)["first"]
            else:
                rows = picked(rows, rule["pick"], first_dose)
                made[rule["variable"]] = people["USUBJID"].map(rows.set_index("USUBJID")["_VALUE"])
            edges += [
                edges_to(some.assign(_KEY=some["USUBJID"].map(key)), str(dom), "SEQ")
                for dom, some in rows.groupby("DOM")
            ]
    return made, edges


def grouped(values: pd.Series, rule: dict[str, Any]) -> tuple[pd.Series, pd.Series]:
    """Label and number (from 1) of the group that each value falls in; a missing value has neither."""
    text = pd.Series(np.nan, index=values.index, dtype="str")
    number = pd.Series(pd.NA, index=values.index, dtype="Int64")
    if "levels" in rule:
        for n, (word, label) in enumerate(rule["levels"].items(), start=1):
            here = values.astype("str") == word
            text, number = text.mask(here, label), number.mask(here, n)
        return text, number
    left = values.notna()
    for n, band in enumerate(rule["bands"], start=1):
        here = left & (values < band["below"]).fillna(False).astype(bool) if "below" in band else left
        text, number = text.mask(here, band["label"]), number.mask(here, n)
        left &= ~here
    return text, number
