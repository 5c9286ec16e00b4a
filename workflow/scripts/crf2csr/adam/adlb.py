"""ADLB: laboratory results with ranges, baseline, change, windows, shifts and toxicity grades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.adam import _ctcae, _hepatic, _levels, _records
from crf2csr.columns import among, chosen, flagged, positions, put, taken
from crf2csr.groups import first_of, ranked
from crf2csr.trace import Made

LIMIT = rf"(<=|>=|<|>)({numbers.NUMBER.pattern})"
SCALES = {"H": "high", "L": "low"}
DIGITS = ["0", "1", "2", "3", "4", "5"]

BY_SUBJECT = True  # a result is judged by its subject's own results alone


def derive(
    adsl: pd.DataFrame, lb: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]
) -> Made:
    """Build ADLB: one row per result of the parameters of the specification, of treated subjects."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    made = Made(lb)
    tested = [p for p in spec["parameters"] if "made_by" not in p]
    code = parameter(lb, tested)
    rows = made.ledger.sieve(
        lb.assign(PARAMCD=code),
        "LB",
        [
            ("ADLB: parameters", code.notna(), "test is not a parameter of ADLB"),
            ("ADLB: tests that were done", lb["LBSTAT"] != "NOT DONE", "test was not done"),
            ("ADLB: results of treated subjects", among(lb["USUBJID"], treated.index), "subject was not treated"),
        ],
    )
    rows = measured(rows.reset_index(drop=True), page["labs"]["censored"])
    about = {p["code"]: p for p in tested}
    windows = {code: page["windows"][p.get("windows", spec["windows"])] for code, p in about.items()}
    rows = _records.derive(rows, treated, windows, page)
    subject = positions(rows["USUBJID"], treated.index)
    rows = conventional(rows, lists["labs"]["analytes"])
    rows = shifts(graded(rows, lists[page["labs"]["grading"]], page["labs"]["grading"]))
    if "levels" in page["labs"]:
        name = page["labs"]["levels"]
        rows["SEX"] = taken(treated["SEX"], subject, rows.index)
        rows = levelled(rows, lists[name], name)
    last = taken(treated["TRTEDT"], subject, rows.index).astype("Int64")
    late = too_late(rows, last, page["treatment_emergent_days"])
    rows = worst(rows, late)
    if "hepatic" in spec:
        rows["_KEY"] = np.arange(len(rows))
        liver, made.edges = _hepatic.derive(rows, treated, late, spec["hepatic"])
        made.edges["KEY"] = len(rows) + positions(made.edges["KEY"], liver["_KEY"])
        liver["_KEY"] = len(rows) + np.arange(len(liver))
        notable = liver.loc[liver["PARAMCD"].isin([spec["hepatic"]["quadrant"]]) & (liver["AVAL"] > 0), "USUBJID"]
        judged = [*spec["hepatic"]["enzymes"], spec["hepatic"]["bilirubin"], spec["hepatic"]["alp"]]
        shown = rows["PARAMCD"].isin(judged) & among(rows["USUBJID"], notable)
        rows["LIVFL"] = flagged(shown, rows.index)
        rows = pd.concat([rows, liver], ignore_index=True)
    made.data = _records.label(rows, spec, treated)
    return made


def parameter(lb: pd.DataFrame, parameters: list[dict[str, Any]]) -> pd.Series:
    """PARAMCD of each result: by category and test, since blood and urine share short names."""
    known = {(p["category"], test): p["code"] for p in parameters for test in p.get("tests", [p["code"]])}
    (category, categories), (test, tests) = (pd.factorize(lb[name]) for name in ("LBCAT", "LBTESTCD"))
    codes = list(dict.fromkeys(known.values()))
    at = np.full((len(categories) + 1, len(tests) + 1), -1)
    for (one, other), code in known.items():
        if one in categories and other in tests:
            at[categories.get_loc(one), tests.get_loc(other)] = codes.index(code)
    return chosen(at[category, test], codes, lb.index)


def measured(rows: pd.DataFrame, censored: dict[str, Any]) -> pd.DataFrame:
    """AVAL, AVALC, unit, range, date and source of each result.

    A result printed as a limit (``<0.5``) has no number in SDTM; its analysis value is the limit times the
    study's factor, and DTYPE says so.
    """
    value = rows["LBSTRESN"].astype("float64").copy()
    printed = rows.loc[value.isna(), "LBSTRESC"]
    limit = printed.astype("str").str.extract(LIMIT)
    sign, bound = limit[0], numbers.to_number(limit[1])
    at = pd.Series(-1, index=rows.index)
    for number, (side, signs) in enumerate((("below", ["<", "<="]), ("above", [">", ">="]))):
        met = sign.index[sign.isin(signs)]
        value[met], at[met] = bound[met] * censored[side]["times"], number
    dtype = chosen(at.to_numpy(), [censored[side]["dtype"] for side in ("below", "above")], rows.index)
    order = np.lexsort((ranked(rows["LBSEQ"], "first"), ranked(rows["LBDTC"], "first")))
    return rows.assign(
        AVAL=value,
        AVALC=rows["LBSTRESC"],
        AVALU=rows["LBSTRESU"],
        DTYPE=dtype,
        ADT=dates.to_day(rows["LBDTC"]),
        ANRLO=rows["LBSTNRLO"],
        ANRHI=rows["LBSTNRHI"],
        ANRIND=rows["LBNRIND"],
        ASEQ0=rows["USUBJID"].iloc[order].groupby(rows["USUBJID"].iloc[order]).cumcount(),
        AREAS=chosen(np.where(value.isna(), 0, -1), ["Result is not a number"], rows.index),
        R2A1HI=value / rows["LBSTNRHI"].where(rows["LBSTNRHI"] > 0),
        SRCDOM="LB",
        SRCVAR=chosen((at >= 0).to_numpy("int64"), ["LBSTRESN", "LBSTRESC"], rows.index),
        SRCSEQ=rows["LBSEQ"],
    )


def conventional(rows: pd.DataFrame, analytes: dict[str, Any]) -> pd.DataFrame:
    """Add the values in the conventional unit by the explicit factor of each analyte."""
    about = {code: a["conventional"] for code, a in analytes.items() if "conventional" in a}
    units = [{"times": 1, "over": 1} | unit for unit in about.values()]
    codes, tests = pd.factorize(rows["PARAMCD"])
    at = np.array([*(list(about).index(name) if name in about else -1 for name in tests), -1])[codes]
    times, over = (
        taken(pd.Series([unit[key] for unit in units], dtype="float64"), at, rows.index) for key in ("times", "over")
    )
    values = {f"{name}CV": rows[name] * times / over for name in ("AVAL", "BASE", "CHG")}
    said = [f"{analytes[name].get('test', name)} ({unit['unit']})" for name, unit in about.items()]
    unit = chosen(at, [unit["unit"] for unit in about.values()], rows.index)
    return rows.assign(CONVU=unit, PARAMCV=chosen(at, said, rows.index), **values)


def graded(rows: pd.DataFrame, table: _ctcae.Table, version: str) -> pd.DataFrame:
    """Toxicity grade in each direction, the worse of the two, and why there is none."""
    base = taken(rows["ANRIND"], _records.rows_of_base(rows, rows["ABLFL"] == "Y"), rows.index)
    rows = rows.assign(BNRIND=base, POST=rows["_POST"].astype(bool))
    for letter, direction in SCALES.items():
        found = _ctcae.grades(rows, table, direction, version)
        rows[f"ATOXGR{letter}N"], rows[f"ATOXDSC{letter}"] = found["GRADE"], found["TERM"]
        rows[f"_WHY{letter}"] = found["WHY"]
    high, low = rows["ATOXGRHN"], rows["ATOXGRLN"]
    rows["ATOXGRN"] = high.where((high >= low).fillna(low.isna()).astype(bool), low)
    rows["ATOXREAS"] = put(rows["_WHYH"], rows["_WHYH"].isna(), rows["_WHYL"])
    for name in ("ATOXGR", "ATOXGRH", "ATOXGRL"):
        rows[name] = as_digit(rows[f"{name}N"])
    return rows


def as_digit(number: pd.Series) -> pd.Series:
    """A grade or level as text."""
    return chosen(number.to_numpy("int64", na_value=-1), DIGITS, number.index)


def levelled(rows: pd.DataFrame, table: _levels.Table, name: str) -> pd.DataFrame:
    """Level of the outlier in each direction (high, low, fall from the baseline), and why one cannot be told."""
    asked = rows[_levels.USED].astype(dict.fromkeys(_levels.WORDS, "category"))
    why = None
    for direction, letter in _levels.DIRECTIONS.items():
        found = _levels.levels(asked, table, direction, name)
        rows[f"OUTLV{letter}N"], rows[f"OUTLV{letter}"] = found["LEVEL"], as_digit(found["LEVEL"])
        why = found["WHY"] if why is None else put(why, why.isna(), found["WHY"])
    rows["OUTREAS"] = why
    return rows


def shifts(rows: pd.DataFrame) -> pd.DataFrame:
    """Baseline grades, and the shift from baseline of range indicator and grades, after baseline.

    A missing side of a shift of range is shown as MISSING, so that no subject leaves the table.
    """
    at = _records.rows_of_base(rows, rows["ABLFL"] == "Y")
    for letter in ("H", "L"):
        rows[f"BTOXGR{letter}"] = taken(rows[f"ATOXGR{letter}"], at, rows.index)
    post = rows["POST"]
    rows["SHIFT1"] = shift(rows["BNRIND"], rows["ANRIND"], post)
    for name, letter in (("SHIFT2", "H"), ("SHIFT3", "L")):
        told = post & rows[f"ATOXDSC{letter}"].notna()
        rows[name] = shift(rows[f"BTOXGR{letter}"], rows[f"ATOXGR{letter}"], told)
    return rows


def shift(base: pd.Series, value: pd.Series, told: pd.Series) -> pd.Series:
    """``<base> to <value>`` where it is to be told; a missing side is shown as MISSING."""
    (first, firsts), (second, seconds) = pd.factorize(base), pd.factorize(value)
    # The code of a missing value is -1, which takes the last.
    words = [f"{one} to {other}" for one in [*firsts, "MISSING"] for other in [*seconds, "MISSING"]]
    at = (first % (len(firsts) + 1)) * (len(seconds) + 1) + second % (len(seconds) + 1)
    return chosen(np.where(told, at, -1), words, base.index)


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
    asked = rows[[_records.GROUP, "ADT", "ASEQ0"]]
    for flag, graded_by in flags.items():
        some = rows["POST"] & rows[graded_by].notna() & ~late
        rows[flag] = first_of(asked.assign(_worst=-rows[graded_by]), some, [_records.GROUP], ["_worst", "ADT", "ASEQ0"])
    return rows
