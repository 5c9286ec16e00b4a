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
from crf2csr.columns import chosen, last_of, positions, put, taken
from crf2csr.groups import numbered

BY, GROUP = ["USUBJID", "PARAMCD"], "_GROUP"
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
    of_subject = positions(rows["USUBJID"], subjects.index)
    first, last = (taken(subjects[name], of_subject, rows.index) for name in ("TRTSDT", "TRTEDT"))
    if "TENTHS" in rows:
        exact = rows["TENTHS"].astype("float64") / 10
        rows = rows.assign(AVAL=exact.where(exact.notna(), rows["AVAL"]) if "AVAL" in rows else exact)
    rows = rows.assign(ADY=dates.study_day(rows["ADT"], first)).reset_index(drop=True)
    first, last = first.reset_index(drop=True), last.reset_index(drop=True)
    rows = rows.join(_visits(rows, windows))
    # Subject and parameter as one number: both are texts, and asked for again and again.
    rows[GROUP] = numbered([rows[name] for name in BY])
    rows["ABLFL"] = _windows.baseline(rows, first, [GROUP])
    is_base = rows["ABLFL"] == "Y"
    rows["PWINFL"] = _windows.in_protocol_window(rows["ADY"], rows["AVISIT"], page["visits"])
    rows["AVISIT"], rows["AVISITN"] = put(rows["AVISIT"], is_base, "Baseline"), rows["AVISITN"].mask(is_base, 0)
    for name in ("AWTARGET", "AWTDIFF", "AWRANGE", "PWINFL"):
        rows[name] = rows[name].mask(is_base)
    rows = _change(rows, is_base, ~_windows.before_dose(rows, first) & rows["ADT"].notna())
    known = rows["AVAL"].notna() & rows["_POST"]
    cap = last + page["after_treatment_days"]
    within = (rows["ADT"] <= cap).fillna(False).astype(bool) | last.isna()
    rows["ANL01FL"] = put(_windows.nearest(rows, known & within, [GROUP]), is_base, "Y")
    rows["ANL02FL"] = put(_windows.nearest(rows, known, [GROUP]), is_base, "Y")
    return _reasons(rows, known, within, page["after_treatment_days"])


def _visits(rows: pd.DataFrame, windows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Windows differ by parameter; parameters that share theirs are done together."""
    groups: dict[str, tuple[list[dict[str, Any]], list[str]]] = {}
    for code, some in windows.items():
        groups.setdefault(repr(some), (some, []))[1].append(code)
    parts = []
    for some, codes in groups.values():
        here = rows["PARAMCD"].isin(codes)
        if here.all():
            return _windows.assign(rows["ADY"], some)
        parts.append(_windows.assign(rows.loc[here, "ADY"], some))
    return pd.concat(parts).reindex(rows.index)


def _change(rows: pd.DataFrame, is_base: pd.Series, post: pd.Series) -> pd.DataFrame:
    """BASE, CHG and PCHG; from whole tenths where a value has them, so that no float is ever subtracted."""
    if "TENTHS" not in rows:
        rows["TENTHS"] = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    at = rows_of_base(rows, is_base)
    rows["_BASE"], rows["BASE"] = taken(rows["TENTHS"], at, rows.index), taken(rows["AVAL"], at, rows.index)
    exact = (rows["TENTHS"] - rows["_BASE"]).astype("Int64")
    change = (exact.astype("float64") / 10).where(exact.notna(), rows["AVAL"] - rows["BASE"])
    rows["CHG"] = change.where(post)
    ratio = (100 * exact.astype("float64")).where(exact.notna(), 100 * change) / (
        rows["_BASE"].astype("float64").where(exact.notna(), rows["BASE"])
    )
    rows["PCHG"] = ratio.where(post & (rows["BASE"] > 0))
    rows["_POST"] = post
    return rows


def rows_of_base(rows: pd.DataFrame, is_base: pd.Series) -> np.ndarray:
    """Position of the baseline row of each row's subject and parameter, -1 where there is none."""
    group, found = pd.factorize(rows[GROUP])
    at, positions = np.full(len(found), -1), np.flatnonzero(is_base.to_numpy(bool))
    at[group[positions]] = positions
    return at[group]


def _reasons(rows: pd.DataFrame, known: pd.Series, within: pd.Series, days: int) -> pd.DataFrame:
    visit = rows["AVISIT"].notna()
    # The later of two reasons that a record has is the one that is told; the last word on a value is with its room.
    reasons = (
        (FARTHER, known & within & visit & rows["ANL01FL"].isna(), "Another record of the window is nearer its target"),
        (OUTSIDE, known & within & ~visit, "Outside every analysis window"),
        (LATE, known & ~within, f"More than {days} days after last dose"),
        (NOT_COMPUTABLE, rows["AVAL"].isna(), None),
        (UNDATED, rows["ADT"].isna(), "Date of assessment missing or partial"),
    )
    why = last_of([met for _, met, _ in reasons], len(rows))
    codes, said = [code for code, _, _ in reasons], [text for _, _, text in reasons]
    told = (why >= 0) & (why != codes.index(NOT_COMPUTABLE))
    rows["AREAS"] = put(rows["AREAS"], told, chosen(why, said, rows.index))
    unused = known.eq(False) & rows["AVAL"].notna() & (rows["ABLFL"] != "Y") & rows["ADT"].notna()
    rows["AREAS"] = put(rows["AREAS"], unused, "Before first dose, not the last value")
    rows["_WHY"] = chosen(why, codes, rows.index)
    return rows


def label(rows: pd.DataFrame, spec: dict[str, Any], subjects: pd.DataFrame) -> pd.DataFrame:
    """Name the parameters as the specification does and copy the subject's variables that it asks for."""
    about = {p["code"]: p for p in spec["parameters"]}
    codes, names = pd.factorize(rows["PARAMCD"])
    at = np.array([*(list(about).index(name) if name in about else -1 for name in names), -1])[codes]
    rows["PARAM"] = chosen(at, [p["label"] for p in about.values()], rows.index)
    rows["PARAMN"] = pd.Series(at + 1, index=rows.index, dtype="Int64").mask(at < 0)
    rows["PARCAT1"] = chosen(at, [p["category"] for p in about.values()], rows.index)
    of_subject = positions(rows["USUBJID"], subjects.index)
    for name in spec["variables"]:
        if name in subjects.columns and name not in rows:
            rows[name] = taken(subjects[name], of_subject, rows.index)
    return rows
