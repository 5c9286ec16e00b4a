"""Records of findings made ready for analysis: day, visit, baseline, change, and which one is analysed.

Serves every data set whose parameters are scores of assessments. Values may come with exact whole tenths
(``TENTHS``), and then change is exact too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam import _windows

BY = ["USUBJID", "PARAMCD"]
ADSL = ["TRT01P", "TRT01PN", "TRT01A", "TRT01AN", "SAFFL", "FASFL"]
# Why a record with a day is not analysed; ``_WHY`` holds the code, AREAS the sentence.
NOT_COMPUTABLE, LATE, FARTHER, OUTSIDE, UNDATED = "not computable", "late", "farther", "outside", "undated"


def derive(
    rows: pd.DataFrame,
    subjects: pd.DataFrame,
    windows: dict[str, list[dict[str, Any]]],
    page: dict[str, Any],
) -> pd.DataFrame:
    """Complete the rows of scores.

    Parameters
    ----------
    rows : DataFrame
        USUBJID, PARAMCD, ADT (day), AVAL or TENTHS, ASEQ0 (order of collection), VISIT, and AREAS where a
        value could not be had.
    subjects : DataFrame
        ADSL of the treated subjects, index USUBJID: TRTSDT, TRTEDT.
    windows : dict
        Analysis windows of each parameter code.
    page : dict
        ``visits`` and ``after_treatment_days`` of the study's page.

    Returns
    -------
    DataFrame
        With ADY, analysis visit, ABLFL, BASE, CHG, PCHG, PWINFL, AREAS, ``_WHY`` and the flags of the records that
        may be analysed: ANL01FL (up to ``after_treatment_days`` after the last dose), ANL02FL (whatever the treatment).
    """
    first, last = rows["USUBJID"].map(subjects["TRTSDT"]), rows["USUBJID"].map(subjects["TRTEDT"])
    if "TENTHS" in rows:
        exact = rows["TENTHS"].astype("float64") / 10
        rows = rows.assign(AVAL=exact.where(exact.notna(), rows["AVAL"]) if "AVAL" in rows else exact)
    rows = rows.assign(ADY=dates.study_day(rows["ADT"], first)).reset_index(drop=True)
    first, last = first.reset_index(drop=True), last.reset_index(drop=True)
    rows = rows.join(_visits(rows, windows))
    rows["ABLFL"] = _windows.baseline(rows, first, BY)
    is_base = rows["ABLFL"] == "Y"
    rows["PWINFL"] = _windows.in_protocol_window(rows["ADY"], rows["AVISIT"], page["visits"])
    rows["AVISIT"], rows["AVISITN"] = rows["AVISIT"].mask(is_base, "Baseline"), rows["AVISITN"].mask(is_base, 0)
    for name in ("AWTARGET", "AWTDIFF", "AWRANGE", "PWINFL"):
        rows[name] = rows[name].mask(is_base)
    rows = _change(rows, is_base, ~_windows.before_dose(rows, first) & rows["ADT"].notna())
    known = rows["AVAL"].notna() & rows["_POST"]
    cap = last + page["after_treatment_days"]
    within = (rows["ADT"] <= cap).fillna(False).astype(bool) | last.isna()
    rows["ANL01FL"] = _windows.nearest(rows, known & within, BY).mask(is_base, "Y")
    rows["ANL02FL"] = _windows.nearest(rows, known, BY).mask(is_base, "Y")
    return _reasons(rows, known, within, page["after_treatment_days"])


def _visits(rows: pd.DataFrame, windows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Windows differ by parameter; parameters that share theirs are done together."""
    groups: dict[str, tuple[list[dict[str, Any]], list[str]]] = {}
    for code, some in windows.items():
        groups.setdefault(repr(some), (some, []))[1].append(code)
    parts = [_windows.assign(rows.loc[rows["PARAMCD"].isin(codes), "ADY"], some) for some, codes in groups.values()]
    return pd.concat(parts).reindex(rows.index)


def _change(rows: pd.DataFrame, is_base: pd.Series, post: pd.Series) -> pd.DataFrame:
    """BASE, CHG and PCHG; from whole tenths where a value has them, so that no float is ever subtracted."""
    if "TENTHS" not in rows:
        rows["TENTHS"] = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    base = rows[is_base].set_index(BY)[["TENTHS", "AVAL"]].set_axis(["_BASE", "BASE"], axis=1)
    rows = rows.join(base, on=BY)
    exact = (rows["TENTHS"] - rows["_BASE"]).astype("Int64")
    change = (exact.astype("float64") / 10).where(exact.notna(), rows["AVAL"] - rows["BASE"])
    rows["CHG"] = change.where(post)
    ratio = (100 * exact.astype("float64")).where(exact.notna(), 100 * change) / (
        rows["_BASE"].astype("float64").where(exact.notna(), rows["BASE"])
    )
    rows["PCHG"] = ratio.where(post & (rows["BASE"] > 0))
    rows["_POST"] = post
    return rows


def _reasons(rows: pd.DataFrame, known: pd.Series, within: pd.Series, days: int) -> pd.DataFrame:
    why = pd.Series(np.nan, index=rows.index, dtype="str")
    visit = rows["AVISIT"].notna()
    why = why.mask(known & within & visit & rows["ANL01FL"].isna(), FARTHER)
    why = why.mask(known & within & ~visit, OUTSIDE).mask(known & ~within, LATE)
    why = why.mask(rows["AVAL"].isna(), NOT_COMPUTABLE).mask(rows["ADT"].isna(), UNDATED)
    said = {
        FARTHER: "Another record of the window is nearer its target",
        OUTSIDE: "Outside every analysis window",
        LATE: f"More than {days} days after last dose",
        UNDATED: "Date of assessment missing or partial",
    }
    rows["AREAS"] = rows["AREAS"].mask(why.isin(list(said)), why.map(said))
    unused = known.eq(False) & rows["AVAL"].notna() & (rows["ABLFL"] != "Y") & rows["ADT"].notna()
    rows["AREAS"] = rows["AREAS"].mask(unused, "Before first dose, not the last value")
    rows["_WHY"] = why
    return rows


def label(rows: pd.DataFrame, spec: dict[str, Any], subjects: pd.DataFrame) -> pd.DataFrame:
    """Name the parameters as the specification does and copy the subject's variables that it asks for."""
    about = {p["code"]: p for p in spec["parameters"]}
    rows["PARAM"] = rows["PARAMCD"].map({k: p["label"] for k, p in about.items()})
    rows["PARAMN"] = rows["PARAMCD"].map({k: n for n, k in enumerate(about, start=1)})
    rows["PARCAT1"] = rows["PARAMCD"].map({k: p["category"] for k, p in about.items()})
    for name in spec["variables"]:
        if name in subjects.columns and name not in rows:
            rows[name] = rows["USUBJID"].map(subjects[name])
    return rows
