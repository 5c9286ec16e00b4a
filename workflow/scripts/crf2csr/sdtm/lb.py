"""LB: laboratory results as printed, and in standard units where analyte, unit and number leave no doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, records
from crf2csr.columns import each, looked_up
from crf2csr.sdtm import _mapping, _ranges, _results, _units
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made

BY_SUBJECT = True  # a result is read beside its subject's own results alone
AMBIGUOUS = "in a number is ambiguous; no standard result."
# Columns that the mapping fills for this room: analyte of labs.yaml, name on the print-out, time as entered.
ANALYTE, NAME, TIME = "_ANALYTE", "_NAME", "_TIME"
# For the annotated CRF: the variables made from these columns, and what a result as entered can fill beside its own.
FILLS = {ANALYTE: ("LBTESTCD", "LBTEST", "LBCAT", "LBSPEC", "LBSTRESU", "LBLOINC"), NAME: ("LBTEST", "LBNAM")}
BESIDE = {"ORRES": ("STAT", "REASND")}


def tabulate(context: Context) -> Made:
    """Build LB with the queries on units, ranges and results that cannot be read."""
    made = Made(pd.DataFrame())
    rows = _mapping.collected(context, made)
    labs = context.lists["labs"]
    for column in (NAME, TIME, "LBORRESU", "LBORNRLO", "LBORNRHI", "LBREASND"):
        if column not in rows:
            rows[column] = pd.Series(np.nan, index=rows.index, dtype="str")
    rows = described(rows, labs)
    read = readings(rows, context)
    rows = not_done(rows, read)
    factors = _units.find(rows[ANALYTE], rows["LBORRESU"], labs)
    rows = standardised(rows, read, factors, labs)
    rows = ranged(rows, read, factors, context, made)
    made.queries += asked(rows, read, factors, context)
    return _mapping.finished(rows, context, made)


def described(rows: pd.DataFrame, labs: dict[str, Any]) -> pd.DataFrame:
    """Add test, category and specimen of each analyte; an analyte without an entry keeps its printed name."""
    about = labs["analytes"]
    key = rows[ANALYTE]
    for variable, word in (("LBTESTCD", "code"), ("LBTEST", "test"), ("LBCAT", "category"), ("LBSPEC", "specimen")):
        terms = {name: entry.get(word, name if word == "code" else None) for name, entry in about.items()}
        rows[variable] = each(key, terms.get)
    rows["LBTEST"] = rows["LBTEST"].where(rows["LBTEST"].notna(), rows[NAME])
    return rows


def readings(rows: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Read the printed results by the words that each block of the specification names."""
    parts = []
    form = records.form_of(rows)
    printed = records.pointed(rows, "LBORRES", context.crf)
    for block in context.spec["records"]:
        words, none = (context.codelists[block["result"][k]["codelist"]] for k in ("words", "none"))
        here = printed.loc[form == block["form"]]
        parts.append(_results.read_all(here, words, none, context.lists["labs"].get("flags", [])))
    return pd.concat(parts).reindex(rows.index)


def not_done(rows: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    """Where there is no result: LBSTAT, and the reason as entered (a word in place of the result is a reason)."""
    said = read["kind"] == "none"
    rows["LBREASND"] = rows["LBREASND"].where(~said | rows["LBREASND"].notna(), rows["LBORRES"].str.strip())
    rows["LBORRES"] = rows["LBORRES"].where(~said)
    rows["LBSTAT"] = pd.Series("NOT DONE", index=rows.index, dtype="str").where(rows["LBORRES"].isna())
    rows["LBORRESU"] = rows["LBORRESU"].where(rows["LBORRES"].notna())
    return rows


def standardised(rows: pd.DataFrame, read: pd.DataFrame, factors: pd.DataFrame, labs: dict[str, Any]) -> pd.DataFrame:
    """Add LBSTRESC, LBSTRESN, LBSTRESU and LBLOINC; ``_VALUE`` is the number or limit in the standard unit."""
    about, key = labs["analytes"], rows[ANALYTE]
    measured = key.isin([name for name, entry in about.items() if "units" in entry])
    value = _units.convert(read["number"], factors, labs["digits"]).where(measured, read["number"])
    rows["_VALUE"] = value
    rows["LBSTRESN"] = value.where(read["kind"] == "number")
    text = each(value, _results.shortest)
    unnamed = (read["kind"] == "limit") & read["number"].isna()
    stresc = text.where(read["kind"] == "number", (read["sign"] + text).where((read["kind"] == "limit") & ~unnamed))
    stresc = stresc.where(~(read["kind"].isin(["word", "span"]) | unnamed), read["text"])
    rows["LBSTRESC"] = stresc
    unit = each(key, {name: entry.get("unit") for name, entry in about.items()}.get)
    rows["LBSTRESU"] = unit.where(stresc.notna() & (read["kind"] != "word") & ~unnamed)
    if "LBLLOQ" in rows:
        rows["LBLLOQ"] = _units.convert(rows["LBLLOQ"].astype("float64"), factors, labs["digits"])
    own = each(key, {name: entry.get("loinc") for name, entry in about.items()}.get)
    rows["LBLOINC"] = factors["loinc"].astype("str").where(factors["loinc"].notna(), own.where(~measured))
    return rows


def ranged(rows: pd.DataFrame, read: pd.DataFrame, factors: pd.DataFrame, context: Context, made: Made) -> pd.DataFrame:
    """Add the reference range in both units, where it came from, and LBNRIND."""
    labs = context.lists["labs"]
    dm = context.domains["dm"].drop_duplicates("USUBJID").set_index("USUBJID")
    people = pd.DataFrame(
        {
            "name": rows[NAME],
            "sex": looked_up(rows["USUBJID"], dm["SEX"]),
            "day": dates.to_day(rows["LBDTC"]),
            "age": dates.age_years(
                looked_up(rows["USUBJID"], dm["BRTHDTC"]).astype("str"), rows["LBDTC"].str.slice(0, 10)
            ),
        },
        index=rows.index,
    )
    given = _ranges.printed(*(records.pointed(rows, name, context.crf) for name in ("LBORNRLO", "LBORNRHI")))
    by_form = given["low"].notna() | given["high"].notna()
    limits = _ranges.converted(given, factors, labs["digits"])
    table = context.tables[labs["ranges"]] if "ranges" in labs else None
    if table is not None:
        listed = _ranges.of_table(people, table, labs.get("laboratories", []))
        rows["LBNAM"] = listed["LAB"].astype("str")
        of_list = _ranges.printed(listed["LO"], listed["HI"])
        own = _units.find(rows[ANALYTE], listed["UNIT"], labs)
        measured = rows[ANALYTE].isin([name for name, about in labs["analytes"].items() if "units" in about])
        use = ~by_form & ~given["unreadable"] & measured & rows["LBORRES"].notna()
        standard = _ranges.converted(of_list, own, labs["digits"])
        same = use & (own["times"] == factors["times"]) & (own["over"] == factors["over"])
        for side, variable, column in (("low", "LBORNRLO", "LO"), ("high", "LBORNRHI", "HI")):
            limits[side] = limits[side].where(~use, standard[side])
            text = listed[column].astype("str")
            rows[variable] = rows[variable].where(~same, text.where(text.str.strip() != ""))
        made.ledger.enter(
            "LB: reference ranges",
            "labranges",
            int(use.sum()),
            int((use & limits.notna().any(axis=1)).sum()),
            {"no range for this name, sex, age and day": int((use & limits.isna().all(axis=1)).sum())},
        )
    odd = _units.implausible(limits["high"].where(limits["high"].notna(), limits["low"]), rows[ANALYTE], labs) & by_form
    limits = limits.mask(odd)
    rows["_BADRANGE"] = given["unreadable"]
    rows["_ODDRANGE"] = odd
    converts = rows["_VALUE"].notna()
    rows["LBSTNRLO"], rows["LBSTNRHI"] = limits["low"].where(converts), limits["high"].where(converts)
    rows["LBNRIND"] = _ranges.indicator(rows["_VALUE"], read["sign"].fillna(""), rows["LBSTNRLO"], rows["LBSTNRHI"])
    return rows


def asked(rows: pd.DataFrame, read: pd.DataFrame, factors: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """All queries on single results."""
    labs = context.lists["labs"]
    kind, numeric = read["kind"], read["kind"].isin(["number", "limit"]) & read["number"].notna()
    doubt = _units.proposals(read["number"].where(numeric), rows[ANALYTE], factors, labs)
    doubt = doubt.where(doubt.notna(), _units.against_own(rows["LBSTRESN"], rows["USUBJID"], rows[ANALYTE], labs))
    measured = rows[ANALYTE].isin([name for name, about in labs["analytes"].items() if "units" in about])
    unranged = numeric & measured & rows["_VALUE"].notna() & rows["LBSTNRLO"].isna() & rows["LBSTNRHI"].isna()
    marked = {"H": "HIGH", "L": "LOW"}
    against = numeric & (read["mark"] != "") & rows["LBNRIND"].notna() & (rows["LBNRIND"] != read["mark"].map(marked))
    other = records.with_comma(rows, context.crf)
    silent = (kind == "blank") & rows["LBREASND"].isna()
    found = [
        (
            rows[ANALYTE].isna(),
            NAME,
            "P13",
            "major",
            "The name of the test is not known; the result is kept without a test code.",
        ),
        (doubt.notna(), "LBORRESU", "P12", "major", doubt),
        ((kind == "comma") & ~other, "LBORRES", "P14", "major", f"A comma {AMBIGUOUS}"),
        (
            (kind == "comma") & other,
            "LBORRES",
            "P14",
            "major",
            f"A point, with a decimal comma declared, {AMBIGUOUS}",
        ),
        (kind == "unreadable", "LBORRES", "P16", "minor", "The result cannot be read; no standard result."),
        (
            kind == "foreign",
            "LBORRES",
            "P17",
            "minor",
            "The result is not written as a plain decimal number; no standard result.",
        ),
        (silent, "LBORRES", "P16", "minor", "There is neither a result nor a reason."),
        (
            numeric & read["cleaned"],
            "LBORRES",
            "P15",
            "info",
            "The number was entered with other characters than plain digits; it was read.",
        ),
        (
            against.fillna(False),
            "LBORRES",
            "P13",
            "minor",
            "The mark behind the number contradicts the reference range.",
        ),
        (rows["_BADRANGE"], "LBORNRLO", "P40", "minor", "The printed reference range cannot be read."),
        (
            rows["_ODDRANGE"],
            "LBORNRHI",
            "P40",
            "minor",
            "The printed reference range is implausible in the printed unit; it is not used.",
        ),
        (
            unranged & ~rows["_BADRANGE"] & ~rows["_ODDRANGE"],
            "LBORRES",
            "P40",
            "minor",
            "There is no reference range for this result.",
        ),
    ]
    return [
        query
        for met, variable, rule, severity, message in found
        for query in ask(
            rows[met.astype(bool)],
            context,
            variable,
            rule=rule,
            severity=severity,
            message=message[met] if isinstance(message, pd.Series) else message,
        )
    ]
