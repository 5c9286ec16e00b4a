"""What the occurrence data sets share: subject columns, analysis dates, occurrence flags, queries."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates, trace
from crf2csr.adam import _imputation
from crf2csr.columns import flagged, positions, taken


def flag(condition: pd.Series) -> pd.Series:
    """Say "Y" where true and nothing elsewhere (an unknown condition is not true)."""
    return flagged(condition.fillna(False).astype(bool), condition.index)


def of_subject(rows: pd.DataFrame, adsl: pd.DataFrame, name: str) -> pd.Series:
    """Variable ``name`` of ADSL for the subject of each row."""
    return taken(adsl[name], positions(rows["USUBJID"], adsl["USUBJID"]), rows.index)


def with_subject(rows: pd.DataFrame, adsl: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Add the variables of ADSL that the specification wants and the rows do not have."""
    wanted = [name for name in spec["variables"] if name in adsl and name not in rows and name != "STUDYID"]
    at = positions(rows["USUBJID"], adsl["USUBJID"])
    return rows.assign(**{name: taken(adsl[name], at, rows.index) for name in wanted})


def with_dates(
    rows: pd.DataFrame, prefix: str, adsl: pd.DataFrame, cutoff: str | None, history: pd.Series | None = None
) -> pd.DataFrame:
    """Add ASTDT, ASTDTF, AENDT, AENDTF, ASTDY, AENDY, ADURN and ADURU from --STDTC and --ENDTC.

    Duration is missing where the start is wholly unknown, the end is missing, or the end is before the start.
    ``cutoff`` is the data cut-off (ISO), if there is one. ``history`` tells the rows that were over or under way
    before treatment: the first dose is never their start.
    """
    first, contact, death = (of_subject(rows, adsl, name).astype("Int64") for name in ("TRTSDT", "LSTCNDT", "DTHDT"))
    limit = dates.to_day(pd.Series(cutoff, index=rows.index, dtype="str"))
    new = first if history is None else first.mask(history)
    start = _imputation.starts(rows[f"{prefix}STDTC"], new, rows[f"{prefix}ENDTC"], contact, limit)
    end = _imputation.ends(rows[f"{prefix}ENDTC"], contact, death, limit)
    rows = rows.assign(ASTDT=start["DT"], ASTDTF=start["DTF"], AENDT=end["DT"], AENDTF=end["DTF"])
    rows["ASTDY"], rows["AENDY"] = dates.study_day(rows["ASTDT"], first), dates.study_day(rows["AENDT"], first)
    days = rows["AENDT"] - rows["ASTDT"] + 1
    known = (days >= 1).fillna(False).astype(bool) & (rows["ASTDTF"] != "Y").fillna(True).astype(bool)
    rows["ADURN"] = days.where(known)
    rows["ADURU"] = pd.Series("DAYS", index=rows.index, dtype="str").where(known)
    return rows


def analysis_term(rows: pd.DataFrame, coded: str, verbatim: str) -> pd.Series:
    """Coded term; where there is none, "Uncoded: " and the term as reported."""
    return rows[coded].where(rows[coded].notna(), "Uncoded: " + rows[verbatim].astype("str"))


def ask(
    rows: pd.DataFrame,
    adsl: pd.DataFrame,
    *,
    rule: str,
    field: str,
    message: str,
    severity: str,
    value: pd.Series | str | None = None,
) -> pd.DataFrame:
    """Data query for rows that still bear ``_REC`` of SDTM; the first id is the record's own."""
    about = rows.assign(
        REC=rows["_REC"].astype("str").str.split(" ").str[0], SUBJID=of_subject(rows, adsl, "SUBJID"), EVENT=""
    )
    return trace.queries(about, rule=rule, field=field, message=message, severity=severity, value=value)
