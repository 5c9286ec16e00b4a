"""Data queries that only the computed score can raise: the CRF's own total, area and severity at odds.

Nothing is changed by them: the score stands as computed, the entry as it was collected.
"""

from __future__ import annotations

import pandas as pd

from crf2csr.adam import _assessments, _pppasi
from crf2csr.trace import queries


def _about(rows: pd.DataFrame, subjects: pd.DataFrame, events: dict[str, str]) -> pd.DataFrame:
    """What a query says of a row: its raw record, the subject's number and the visit by its code."""
    return rows.assign(
        REC=rows["_REC"].astype("str").str.replace(r" .*", "", regex=True),
        SUBJID=rows["USUBJID"].map(subjects["SUBJID"]),
        EVENT=rows["VISIT"].map(events).fillna("").astype("str"),
    )


def totals(
    rs: pd.DataFrame, scored: _assessments.Scored, subjects: pd.DataFrame, events: dict[str, str], rule: str = "P33"
) -> pd.DataFrame:
    """The total as written differs from that of the items by a tenth or more."""
    apart = _apart(rs, scored, subjects, events)
    computed = (apart["PPPASI"].astype("float64") / 10).astype("str")
    return _each(apart, rule, "The total as written differs from that of its items, ", computed, "minor")


def raters(
    rs: pd.DataFrame, scored: _assessments.Scored, subjects: pd.DataFrame, events: dict[str, str], rule: str = "P33"
) -> pd.DataFrame:
    """The totals that differ, asked about once per rater where they have one reason: for all subjects together."""
    return _pattern(_apart(rs, scored, subjects, events), rule)


def _apart(
    rs: pd.DataFrame, scored: _assessments.Scored, subjects: pd.DataFrame, events: dict[str, str]
) -> pd.DataFrame:
    """Rows of totals as written that differ from those of their items."""
    written = rs[(rs["RSTESTCD"] == "PPTOT") & rs["RSSTRESN"].notna()]
    made = scored.totals[["USUBJID", "RSGRPID", "PPPASI", "PALMS", "SOLES"]].dropna(subset=["PPPASI"])
    both = _about(written.merge(made, on=["USUBJID", "RSGRPID"]), subjects, events)
    return both[(both["RSSTRESN"] * 10 - both["PPPASI"].astype("float64")).abs() >= 1 - 1e-9]


def _pattern(apart: pd.DataFrame, rule: str, several: int = 3) -> pd.DataFrame:
    """Ask once per rater when several wrong totals are those of palms and soles with their weights swapped.

    Palms carry the weight 2 and soles 3 in tenths, so the swapped total is 3/2 palms + 2/3 soles; both sides
    of the comparison are multiplied by 6 and stay whole numbers.
    """
    if "RSEVALID" not in apart:
        return queries(apart.head(0), rule=rule, field="PPEVAL", message="", severity="minor", value="")
    written = (apart["RSSTRESN"] * 10).round().astype("Int64")
    swapped = apart[(6 * written == 9 * apart["PALMS"] + 4 * apart["SOLES"]).fillna(False).astype(bool)]
    count = swapped.groupby("RSEVALID")["REC"].transform("size")
    first = (
        swapped[count >= several]
        .sort_values(["RSEVALID", "USUBJID", "RSDTC"], kind="stable")
        .drop_duplicates("RSEVALID")
    )
    if first.empty:
        return queries(first, rule=rule, field="PPTOTAL", message="", severity="minor", value="")
    told = (
        "Rater "
        + first["RSEVALID"].astype("str")
        + " wrote "
        + count.loc[first.index].astype("str")
        + " totals with the weights of palms and soles swapped; this is the first of them."
    )
    return queries(first, rule=rule, field="PPEVAL", message=told, severity="minor", value=first["RSEVALID"])


def written_totals(
    rows: pd.DataFrame,
    computed: pd.DataFrame,
    subjects: pd.DataFrame,
    events: dict[str, str],
    name: str,
    rule: str = "P33",
) -> pd.DataFrame:
    """The total of a questionnaire as written (QS ``rows``) differs from the one computed from its items.

    ``computed`` has USUBJID, _SHEET (the raw record) and the score under ``name``.
    """
    written = rows[rows["QSSTRESN"].notna()].assign(_SHEET=rows["_REC"].str.split(" ").str[0])
    both = _about(written.merge(computed.dropna(subset=[name]), on=["USUBJID", "_SHEET"]), subjects, events)
    apart = both[both["QSSTRESN"] != both[name].astype("float64")]
    asked = queries(
        apart,
        rule=rule,
        field="",
        severity="minor",
        value=apart["QSORRES"],
        message="The total as written differs from that of its items, " + apart[name].astype("str") + ".",
    )
    return asked.assign(FIELD=apart["_FLD"])


def areas(
    scored: _assessments.Scored, subjects: pd.DataFrame, events: dict[str, str], rule: str = "P34"
) -> pd.DataFrame:
    """Area score and percentage, or area and severity of a region, contradict each other."""
    rows = _about(scored.items, subjects, events)
    by = ["USUBJID", "RSGRPID"]
    wide = rows.pivot(index=by, columns="ITEM", values="RSSTRESN")
    parts = []
    for region, _ in _pppasi.REGIONS.values():
        needed = [f"{region}{item}" for item in ("ERY", "PUS", "DES", "ARE", "PCT")]
        some = wide.reindex(columns=needed).astype("float64").set_axis(["ERY", "PUS", "DES", "ARE", "PCT"], axis=1)
        severity = some[["ERY", "PUS", "DES"]].sum(axis=1).where(some[["ERY", "PUS", "DES"]].notna().all(axis=1))
        expected = _pppasi.area_score(some["PCT"]).astype("float64")
        doubts = {
            "The area score is not that of the percentage.": some["ARE"].notna()
            & expected.notna()
            & (some["ARE"] != expected)
            & ~((some["ARE"] == 0) & (severity > 0)),
            "The area score is 0, yet there is erythema, pustules or desquamation.": (some["ARE"] == 0)
            & (severity > 0),
            "Erythema, pustules and desquamation are 0, yet the area score is above 0.": (some["ARE"] > 0)
            & (severity == 0),
        }
        cells = rows[rows["ITEM"] == f"{region}ARE"].set_index(by)
        for message, doubt in doubts.items():
            hit = cells.loc[cells.index.isin(doubt.index[doubt])].reset_index()
            parts.append(_each(hit, rule, message, None, "minor" if "percentage" in message else "major"))
    return pd.concat(parts, ignore_index=True)


def zero_baseline(
    rows: pd.DataFrame, scored: _assessments.Scored, subjects: pd.DataFrame, events: dict[str, str], rule: str = "P31"
) -> pd.DataFrame:
    """The baseline of the total is 0, so no per cent change is defined."""
    base = rows[
        (rows["PARAMCD"] == "PPPASI") & (rows["ABLFL"] == "Y") & (rows["TENTHS"] == 0).fillna(False).astype(bool)
    ]
    sheet = base["_KEY"].str.split("|").str[2]
    firsts = scored.items.drop_duplicates(["USUBJID", "RSGRPID"])
    hit = firsts.merge(base[["USUBJID"]].assign(RSGRPID=sheet), on=["USUBJID", "RSGRPID"])
    return _each(
        _about(hit, subjects, events), rule, "The baseline score is 0: per cent change is not defined.", None, "major"
    )


def _each(rows: pd.DataFrame, rule: str, message: str, more: pd.Series | None, severity: str) -> pd.DataFrame:
    """One query per row, at the field that holds its result."""
    parts = []
    for field, some in rows.groupby("_FLD", sort=True):
        made = queries(
            some, rule=rule, field=str(field), message=message, severity=severity, value=some["RSORRES"].astype("str")
        )
        if more is not None:
            made["MESSAGE"] = message + more.loc[some.index] + "."
        parts.append(made)
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else queries(rows.iloc[0:0], rule=rule, field="", message=message, severity=severity, value="")
    )
