"""ADLB: laboratory results with ranges, baseline, change, windows, shifts and toxicity grades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.adam import _ctcae, _hepatic, _levels, _records
from crf2csr.adam._occurrence import first_of
from crf2csr.columns import among
from crf2csr.trace import Made

LIMIT = rf"(<=|>=|<|>)({numbers.NUMBER.pattern})"
SCALES = {"H": "high", "L": "low"}

BY_SUBJECT = True  # a result is judged by its subject's own results alone


def derive(
    adsl: pd.DataFrame, lb: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]
) -> Made:
    """Build ADLB: one row per result of the parameters of the specification, of treated subjects."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    made = Made(lb)
    tested = [p for p in spec["parameters"] if "made_by" not in p]
    rows = lb.assign(PARAMCD=parameter(lb, tested))
    rows = made.ledger.split(rows, rows["PARAMCD"].notna(), "ADLB: parameters", "LB", "test is not a parameter of ADLB")
    done = ~(rows["LBSTAT"] == "NOT DONE").fillna(False).astype(bool)
    rows = made.ledger.split(rows, done, "ADLB: tests that were done", "LB", "test was not done")
    rows = made.ledger.split(
        rows,
        among(rows["USUBJID"], treated.index),
        "ADLB: results of treated subjects",
        "LB",
        "subject was not treated",
    )
    rows = measured(rows.reset_index(drop=True), page["labs"]["censored"])
    about = {p["code"]: p for p in tested}
    windows = {code: page["windows"][p.get("windows", spec["windows"])] for code, p in about.items()}
    rows = _records.derive(rows, treated, windows, page)
    rows = conventional(rows, lists["labs"]["analytes"])
    rows = shifts(graded(rows, lists[page["labs"]["grading"]], page["labs"]["grading"]))
    if "levels" in page["labs"]:
        name = page["labs"]["levels"]
        rows = levelled(rows.assign(SEX=rows["USUBJID"].map(treated["SEX"])), lists[name], name)
    late = too_late(rows, rows["USUBJID"].map(treated["TRTEDT"]).astype("Int64"), page["treatment_emergent_days"])
    rows = worst(rows, late)
    if "hepatic" in spec:
        rows["_KEY"] = "L" + rows.index.astype("str")
        liver, made.edges = _hepatic.derive(rows, treated, late, spec["hepatic"])
        notable = liver.loc[liver["PARAMCD"].isin([spec["hepatic"]["quadrant"]]) & (liver["AVAL"] > 0), "USUBJID"]
        judged = [*spec["hepatic"]["enzymes"], spec["hepatic"]["bilirubin"], spec["hepatic"]["alp"]]
        shown = rows["PARAMCD"].isin(judged) & among(rows["USUBJID"], notable)
        rows["LIVFL"] = pd.Series("Y", index=rows.index, dtype="str").where(shown)
        rows = pd.concat([rows, liver], ignore_index=True)
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
    said = {name: f"{analytes[name].get('test', name)} ({unit['unit']})" for name, unit in about.items()}
    unit = code.map({name: unit["unit"] for name, unit in about.items()}).astype("str")
    return rows.assign(CONVU=unit, PARAMCV=code.map(said).astype("str"), **values)


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


def levelled(rows: pd.DataFrame, table: _levels.Table, name: str) -> pd.DataFrame:
    """Level of the outlier in each direction (high, low, fall from the baseline), and why one cannot be told."""
    why = pd.Series(np.nan, index=rows.index, dtype="str")
    for direction, letter in _levels.DIRECTIONS.items():
        found = _levels.levels(rows, table, direction, name)
        rows = rows.assign(**{f"OUTLV{letter}N": found["LEVEL"]})
        rows[f"OUTLV{letter}"] = found["LEVEL"].astype("str").where(found["LEVEL"].notna())
        why = why.where(why.notna(), found["WHY"])
    return rows.assign(OUTREAS=why)


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


def too_late(rows: pd.DataFrame, last: pd.Series, days: int | None) -> pd.Series:
    """Tell which results come later than the last dose (a day) + ``days``; None: no cap."""
    if days is None:
        return pd.Series(False, index=rows.index)
    return (rows["ADT"] > last + days).fillna(False).astype(bool)


def worst(rows: pd.DataFrame, late: pd.Series) -> pd.DataFrame:
    """Flag the worst grade and level after baseline in each direction, of equals the first; ``late`` ones never."""
    flags = {f"WGR{letter}FL": f"ATOXGR{letter}N" for letter in SCALES}
    flags |= {
        f"WLV{letter}FL": f"OUTLV{letter}N" for letter in _levels.DIRECTIONS.values() if f"OUTLV{letter}N" in rows
    }
    for flag, graded_by in flags.items():
        ordered = rows.assign(_worst=-rows[graded_by])
        among = rows["POST"] & rows[graded_by].notna() & ~late
        rows[flag] = first_of(ordered, among, ["USUBJID", "PARAMCD"], ["_worst", "ADT", "ASEQ0"])
    return rows
