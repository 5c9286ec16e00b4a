"""ADLB: laboratory results with ranges, baseline, change, windows, shifts and toxicity grades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.adam import _ctcae, _records
from crf2csr.adam._occurrence import first_of
from crf2csr.trace import Made

LIMIT = rf"(<=|>=|<|>)({numbers.NUMBER.pattern})"
SCALES = {"H": "high", "L": "low"}


def derive(
    adsl: pd.DataFrame, lb: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]
) -> Made:
    """Build ADLB: one row per result of the parameters of the specification, of treated subjects."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    made = Made(lb)
    rows = lb.assign(PARAMCD=parameter(lb, spec["parameters"]))
    rows = made.ledger.split(rows, rows["PARAMCD"].notna(), "ADLB: parameters", "LB", "test is not a parameter of ADLB")
    done = ~(rows["LBSTAT"] == "NOT DONE").fillna(False).astype(bool)
    rows = made.ledger.split(rows, done, "ADLB: tests that were done", "LB", "test was not done")
    rows = made.ledger.split(
        rows, rows["USUBJID"].isin(treated.index), "ADLB: results of treated subjects", "LB", "subject was not treated"
    )
    rows = measured(rows.reset_index(drop=True), page["labs"]["censored"])
    about = {p["code"]: p for p in spec["parameters"]}
    windows = {code: page["windows"][p.get("windows", spec["windows"])] for code, p in about.items()}
    rows = _records.derive(rows, treated, windows, page)
    rows = conventional(rows, lists["labs"]["analytes"])
    rows = shifts(graded(rows, lists[page["labs"]["grading"]], page["labs"]["grading"]))
    rows = worst(rows, rows["USUBJID"].map(treated["TRTEDT"]).astype("Int64"), page["treatment_emergent_days"])
    made.data = _records.label(rows, spec, treated)
    return made


def parameter(lb: pd.DataFrame, parameters: list[dict[str, Any]]) -> pd.Series:
    """PARAMCD of each result: by category and test, since blood and urine share short names."""
    known = {(p["category"], test): p["code"] for p in parameters for test in p.get("tests", [p["code"]])}
    pairs = pd.MultiIndex.from_frame(lb[["LBCAT", "LBTESTCD"]])
    return pd.Series(pairs.map(known), index=lb.index).astype("str")


def measured(rows: pd.DataFrame, censored: dict[str, Any]) -> pd.DataFrame:
    """AVAL, AVALC, unit, range, date and source of each result.

    A result printed as a limit (``<0.5``) has no number in SDTM; its analysis value is the limit times the
    study's factor, and DTYPE says so.
    """
    limit = rows["LBSTRESC"].astype("str").str.extract(LIMIT)
    sign, bound = limit[0], numbers.to_number(limit[1])
    below = (rows["LBSTRESN"].isna() & sign.isin(["<", "<="])).astype(bool)
    above = (rows["LBSTRESN"].isna() & sign.isin([">", ">="])).astype(bool)
    value = rows["LBSTRESN"].astype("float64")
    dtype = pd.Series(np.nan, index=rows.index, dtype="str")
    for met, rule in ((below, censored["below"]), (above, censored["above"])):
        value, dtype = value.mask(met, bound * rule["times"]), dtype.mask(met, rule["dtype"])
    return rows.assign(
        AVAL=value,
        AVALC=rows["LBSTRESC"],
        AVALU=rows["LBSTRESU"],
        DTYPE=dtype,
        ADT=dates.to_day(rows["LBDTC"]),
        ANRLO=rows["LBSTNRLO"],
        ANRHI=rows["LBSTNRHI"],
        ANRIND=rows["LBNRIND"],
        ASEQ0=rows.sort_values(["LBDTC", "LBSEQ"], kind="stable", na_position="first").groupby("USUBJID").cumcount(),
        AREAS=pd.Series("Result is not a number", index=rows.index, dtype="str").where(value.isna()),
        R2A1HI=value / rows["LBSTNRHI"].where(rows["LBSTNRHI"] > 0),
        SRCDOM="LB",
        SRCVAR=pd.Series("LBSTRESN", index=rows.index).mask(dtype.notna(), "LBSTRESC"),
        SRCSEQ=rows["LBSEQ"],
    )


def conventional(rows: pd.DataFrame, analytes: dict[str, Any]) -> pd.DataFrame:
    """Add the values in the conventional unit by the explicit factor of each analyte."""
    about = {code: a["conventional"] for code, a in analytes.items() if "conventional" in a}
    code = rows["PARAMCD"]
    times = code.map({name: unit.get("times", 1) for name, unit in about.items()}).astype("float64")
    over = code.map({name: unit.get("over", 1) for name, unit in about.items()}).astype("float64")
    values = {f"{name}CV": rows[name] * times / over for name in ("AVAL", "BASE", "CHG")}
    return rows.assign(CONVU=code.map({name: unit["unit"] for name, unit in about.items()}).astype("str"), **values)


def graded(rows: pd.DataFrame, table: _ctcae.Table, version: str) -> pd.DataFrame:
    """Toxicity grade in each direction, the worse of the two, and why there is none."""
    base = rows[rows["ABLFL"] == "Y"].set_index(["USUBJID", "PARAMCD"])
    rows = rows.join(base["ANRIND"].rename("BNRIND"), on=["USUBJID", "PARAMCD"]).assign(POST=rows["_POST"].astype(bool))
    for letter, direction in SCALES.items():
        found = _ctcae.grades(rows, table, direction, version)
        rows = rows.assign(
            **{f"ATOXGR{letter}N": found["GRADE"], f"ATOXDSC{letter}": found["TERM"], f"_WHY{letter}": found["WHY"]}
        )
    rows["ATOXGRN"] = rows[["ATOXGRHN", "ATOXGRLN"]].max(axis=1).astype("Int64")
    rows["ATOXREAS"] = rows["_WHYH"].where(rows["_WHYH"].notna(), rows["_WHYL"])
    for name in ("ATOXGR", "ATOXGRH", "ATOXGRL"):
        rows[name] = rows[f"{name}N"].astype("str").where(rows[f"{name}N"].notna())
    return rows


def shifts(rows: pd.DataFrame) -> pd.DataFrame:
    """Baseline grades, and the shift from baseline of range indicator and grades, after baseline.

    A missing side of a shift of range is shown as MISSING, so that no subject leaves the table.
    """
    by = ["USUBJID", "PARAMCD"]
    base = rows[rows["ABLFL"] == "Y"].set_index(by)
    for letter in ("H", "L"):
        rows = rows.join(base[f"ATOXGR{letter}"].rename(f"BTOXGR{letter}"), on=by)
    post = rows["POST"]
    rows["SHIFT1"] = (rows["BNRIND"].fillna("MISSING") + " to " + rows["ANRIND"].fillna("MISSING")).where(post)
    for name, letter in (("SHIFT2", "H"), ("SHIFT3", "L")):
        shift = rows[f"BTOXGR{letter}"].fillna("MISSING") + " to " + rows[f"ATOXGR{letter}"].fillna("MISSING")
        rows[name] = shift.where(post & rows[f"ATOXDSC{letter}"].notna())
    return rows


def worst(rows: pd.DataFrame, last: pd.Series, days: int | None) -> pd.DataFrame:
    """Flag the worst grade after baseline in each direction, up to the last dose + ``days``; of equals the first."""
    late = (
        (rows["ADT"] > last + days).fillna(False).astype(bool)
        if days is not None
        else pd.Series(False, index=rows.index)
    )
    for letter in SCALES:
        grade = rows[f"ATOXGR{letter}N"]
        ordered = rows.assign(_worst=-grade)
        among = rows["POST"] & grade.notna() & ~late
        rows[f"WGR{letter}FL"] = first_of(ordered, among, ["USUBJID", "PARAMCD"], ["_worst", "ADT", "ASEQ0"])
    return rows
