"""ADSL: one row per subject; who is analysed, when treated, how it ended, and the subgroups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam import _assessments, _exposure, _prohibited, _sets, _subject, _windows
from crf2csr.columns import among
from crf2csr.trace import Made, edges_to

yes = _sets.yes


def derive(
    dm: pd.DataFrame,
    ds: pd.DataFrame,
    rs: pd.DataFrame | None = None,
    da: pd.DataFrame | None = None,
    dv: pd.DataFrame | None = None,
    cm: pd.DataFrame | None = None,
    pr: pd.DataFrame | None = None,
    mh: pd.DataFrame | None = None,
    su: pd.DataFrame | None = None,
    vs: pd.DataFrame | None = None,
    ce: pd.DataFrame | None = None,
    qs: pd.DataFrame | None = None,
    sc: pd.DataFrame | None = None,
    fa: pd.DataFrame | None = None,
    adie: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADSL from DM and from what the specification declares on other domains."""
    given = {
        "dm": dm,
        "ds": ds,
        "rs": rs,
        "da": da,
        "dv": dv,
        "cm": cm,
        "pr": pr,
        "mh": mh,
        "su": su,
        "vs": vs,
        "ce": ce,
        "qs": qs,
        "sc": sc,
        "fa": fa,
        "adie": adie,
    }
    domains = {name: frame for name, frame in given.items() if frame is not None}
    rows = dm[[name for name in dm if not name.startswith("_")]].copy()
    made = Made(rows)
    made.ledger.enter("ADSL: one row per subject of DM", "DM", len(dm), len(rows))
    rows["_KEY"] = rows["USUBJID"]
    rows["SRCDOM"], rows["SRCVAR"], rows["SRCSEQ"] = "DM", "USUBJID", 0
    rows = _treatment(rows, page)
    edges: list[pd.DataFrame] = []
    rows = _disposition(rows, ds, edges, page)
    if "RISKEDT" in spec["variables"]:
        rows["RISKEDT"] = risk_end(rows, page)
    found, more = _subject.derive(rows, spec.get("subject", {}), domains)
    rows, edges = rows.assign(**found), edges + more
    rows = _computed(rows)
    if rs is not None and "PPBASE" in spec["variables"]:
        rows = _pppasi(rows, rs, page, spec, edges)
    if da is not None:
        rows = _compliance(rows, da, page, edges)
    if "important_deviations" in page:
        rows = _deviations(rows, domains, page, lists, edges)
    for rule in spec.get("subject", {}).get("groups", []):
        rows[rule["variable"]], rows[f"{rule['variable']}N"] = _subject.grouped(rows[rule["of"]], rule)
    made.data = _sets.derive(rows, page["analysis_sets"])
    made.edges = pd.concat(edges, ignore_index=True)
    return made


def _treatment(rows: pd.DataFrame, page: dict[str, Any]) -> pd.DataFrame:
    rows["TRTSDT"], rows["TRTEDT"] = dates.to_day(rows["RFXSTDTC"]), dates.to_day(rows["RFXENDTC"])
    clock = rows["RFXSTDTC"].astype("str").str.extract(r"T(\d{2}):(\d{2})").astype("float64")
    rows["TRTSTM"] = (clock[0] * 3600 + clock[1] * 60).astype("Int64")
    rows["TRTDURD"] = rows["TRTEDT"] - rows["TRTSDT"] + 1
    rows["RFICDT"] = dates.to_day(rows["RFICDTC"])
    if "RFENDTC" in rows:
        rows["RFENDT"] = dates.to_day(rows["RFENDTC"])
    died = (
        dates.period(rows["DTHDTC"])
        if "DTHDTC" in rows
        else dates.period(pd.Series(np.nan, index=rows.index, dtype="str"))
    )
    rows["DTHDT"], rows["DTHDTF"] = died["last"], died["unknown"].where(died["last"].notna() & (died["unknown"] != ""))
    rows["TRT01P"], rows["TRT01A"] = rows["ARM"], rows["ACTARM"]
    order = {arm["label"]: n for n, arm in enumerate(page["arms"], start=1)}
    rows["TRT01PN"], rows["TRT01AN"] = rows["TRT01P"].map(order), rows["TRT01A"].map(order)
    return rows


def risk_end(rows: pd.DataFrame, page: dict[str, Any]) -> pd.Series:
    """Last day (Int64) on which an adverse event of a treated subject is treatment-emergent and can be known.

    The earliest of the last dose + ``treatment_emergent_days`` (null: no cap), last contact, death and the cut-off.
    """
    days, cutoff = page["treatment_emergent_days"], page["study"].get("cutoff")
    ends = {name: rows[name].astype("Int64") for name in ("LSTCNDT", "DTHDT")}
    if days is not None:
        ends["TRTEDT"] = rows["TRTEDT"].astype("Int64") + days
    if cutoff:
        day = dates.to_day(pd.Series([cutoff], dtype="str")).iloc[0]
        ends["CUTOFF"] = pd.Series(day, index=rows.index, dtype="Int64")
    return pd.DataFrame(ends).min(axis=1).astype("Int64").where(rows["TRTSDT"].notna())


def _disposition(rows: pd.DataFrame, ds: pd.DataFrame, edges: list[pd.DataFrame], page: dict[str, Any]) -> pd.DataFrame:
    """Status, reason and date of the end of the study and of treatment; last contact; death."""
    key = rows.set_index("USUBJID")["_KEY"]
    names = {
        "study": ("EOSSTT", "DCSREAS", "DCSREASP", "EOSDT"),
        "treatment": ("EOTSTT", "DCTREAS", "DCTREASP", "EOTDT"),
    }
    for about, (status, reason, words, day) in names.items():
        rule = page["disposition"][about]
        ended = _subject.rows_of(
            {"variable": status, "of": "ds", "where": rule, "value": "DSDECOD", "date": "DSSTDTC"}, {"ds": ds}
        )
        ended = _subject.picked(ended, "last", key)
        ended = ended[among(ended["USUBJID"], key.index)]
        rows[reason] = rows["USUBJID"].map(ended.set_index("USUBJID")["_VALUE"]).astype("str")
        source = ended.merge(
            ds[["USUBJID", "DSSEQ", "DSTERM"]], left_on=["USUBJID", "SEQ"], right_on=["USUBJID", "DSSEQ"]
        )
        rows[words] = rows["USUBJID"].map(source.set_index("USUBJID")["DSTERM"]).astype("str")
        rows[day] = dates.to_day(rows["USUBJID"].map(ended.set_index("USUBJID")["_DATE"]).astype("str"))
        known, done = rows[reason].notna(), rows[reason] == "COMPLETED"
        going = rows["TRTSDT"].notna() if about == "treatment" else pd.Series(True, index=rows.index)
        rows[status] = (
            pd.Series("ONGOING", index=rows.index, dtype="str")
            .where(going)
            .mask(known, "DISCONTINUED")
            .mask(done, "COMPLETED")
        )
        rows[reason], rows[words] = rows[reason].where(~done), rows[words].where(~done)
        edges.append(edges_to(ended.assign(_KEY=ended["USUBJID"].map(key)), "DS", "SEQ"))
    rows["DCTDT"] = rows["EOTDT"].where(rows["EOTSTT"] == "DISCONTINUED")
    dead = rows["DTHFL"] == "Y" if "DTHFL" in rows else rows["DTHDT"].notna()
    rows["DTHFL"] = pd.Series("Y", index=rows.index, dtype="str").where(
        dead | rows["DTHDT"].notna() | (rows["DCSREAS"] == "DEATH")
    )
    rows["DTHDT"] = rows["DTHDT"].where(rows["DTHDT"].notna(), rows["EOSDT"].where(rows["DCSREAS"] == "DEATH"))
    contact = (
        dates.to_day(rows["RFPENDTC"]) if "RFPENDTC" in rows else pd.Series(pd.NA, index=rows.index, dtype="Int64")
    )
    cutoff = page["study"].get("cutoff")
    if cutoff:
        limit = int(dates.to_day(pd.Series([cutoff], dtype="str")).iloc[0])
        contact = contact.mask((contact > limit).fillna(False).astype(bool))
    known = pd.concat([rows["EOSDT"], rows["TRTEDT"], rows["DTHDT"]], axis=1).max(axis=1).astype("Int64")
    rows["LSTCNDT"] = contact.where(contact.notna(), known)
    return rows


def _computed(rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers made of the values that the specification picked: body mass index, pack-years, disease duration."""
    if {"HEIGHTBL", "WEIGHTBL"} <= set(rows):
        height, weight = rows["HEIGHTBL"].astype("float64"), rows["WEIGHTBL"].astype("float64")
        rows["BMIBL"] = weight / (height / 100) ** 2
    if {"CIGDAY", "SMOKDUR"} <= set(rows):
        years = pd.to_numeric(rows["SMOKDUR"].astype("str").str.extract(r"^P(\d+(?:\.\d+)?)Y$")[0]).astype("float64")
        rows["SMOKYRS"] = years
        rows["PACKYRS"] = (rows["CIGDAY"].astype("float64") / 20 * years).mask(rows.get("SMOKSTAT") == "NEVER", 0.0)
    if "DIAGDTC" in rows:
        known = dates.period(rows["DIAGDTC"].astype("str"))
        rows["DIAGDT"], unknown = known["first"], known["unknown"]
        rows["DIAGDTF"] = unknown.where((unknown != "") & known["first"].notna())
        at = rows["TRTSDT"].where(rows["TRTSDT"].notna(), rows["RFICDT"])
        rows["DISDURY"] = ((at - rows["DIAGDT"]).astype("float64") / 365.25).where(
            (at >= rows["DIAGDT"]).fillna(False).astype(bool)
        )
    return rows


def _pppasi(
    rows: pd.DataFrame, rs: pd.DataFrame, page: dict[str, Any], spec: dict[str, Any], edges: list[pd.DataFrame]
) -> pd.DataFrame:
    """Baseline PPPASI, and whether the endpoint visit has one inside the window of the protocol."""
    scored = _assessments.pppasi(rs)
    about = rows.set_index("USUBJID")
    total = scored.totals[among(scored.totals["USUBJID"], about.index)].assign(
        AVAL=lambda t: t["PPPASI"].astype("float64")
    )
    first = total["USUBJID"].map(about["TRTSDT"])
    base = total[_windows.baseline(total, first, ["USUBJID"]) == "Y"].set_index("USUBJID")
    rows["PPBASE"] = rows["USUBJID"].map(base["PPPASI"]).astype("float64") / 10
    visit = next(v for v in page["visits"] if v["name"] == spec["endpoint_visit"])
    day = dates.study_day(total["ADT"], first)
    treated = (
        (total["ADT"] <= total["USUBJID"].map(about["TRTEDT"]) + page["after_treatment_days"])
        .fillna(False)
        .astype(bool)
    )
    inside = (
        ((day >= visit["from"]) & (day <= visit["to"])).fillna(False).astype(bool) & total["PPPASI"].notna() & treated
    )
    rows["ENDPINFL"] = yes(among(rows["USUBJID"], total.loc[inside, "USUBJID"])).where(rows["TRTSDT"].notna())
    used = pd.concat([base.reset_index()[["USUBJID", "RSGRPID"]], total.loc[inside, ["USUBJID", "RSGRPID"]]])
    items = scored.items.merge(used.drop_duplicates())
    edges.append(edges_to(items.assign(_KEY=items["USUBJID"].map(about["_KEY"])), "RS", "RSSEQ"))
    return rows


def _compliance(rows: pd.DataFrame, da: pd.DataFrame, page: dict[str, Any], edges: list[pd.DataFrame]) -> pd.DataFrame:
    """COMPL and, where there is none, COMPLRS: why."""
    treated = rows[rows["TRTSDT"].notna()]
    counts = _exposure.compliance(da, treated, page["arms"])
    rows["COMPL"] = rows["USUBJID"].map(counts["COMPL"]).astype("float64")
    rows["COMPLRS"] = rows["USUBJID"].map(counts["REASON"]).astype("str")
    used = da[among(da["USUBJID"], treated["USUBJID"])]
    edges.append(edges_to(used.assign(_KEY=used["USUBJID"]), "DA", "DASEQ"))
    return rows


def _deviations(
    rows: pd.DataFrame,
    domains: dict[str, pd.DataFrame],
    page: dict[str, Any],
    lists: dict[str, Any],
    edges: list[pd.DataFrame],
) -> pd.DataFrame:
    """IMPDVFL and what they are: deviations listed on the study's page, and prohibited treatment found by rule."""
    parts = []
    for rule in page["important_deviations"]:
        name = rule["of"]
        found = _subject.rows_of({"variable": "IMPDVFL"} | rule, domains)
        frame = domains[name].rename(columns={_subject.sequence_of(name, domains[name]): "SEQ"})
        found = found.merge(frame, on=["USUBJID", "SEQ"], how="left")
        if rule.get("rule") == "prohibited":
            hit = _prohibited.match(found, name, lists["prohibited"])
            end = dates.period(found[rule["end"]].astype("str"))["last"]
            before = (end < found["USUBJID"].map(rows.set_index("USUBJID")["TRTSDT"])).fillna(False).astype(bool)
            found = found.assign(_TEXT=hit["PROHDESC"])[hit["PROHRULE"].notna() & ~before]
        else:
            found = found.assign(_TEXT=found[rule["text"]])
        parts.append(found[["USUBJID", "DOM", "SEQ", "_TEXT"]])
    found = pd.concat(parts, ignore_index=True)
    found = found[among(found["USUBJID"], rows.loc[rows["TRTSDT"].notna(), "USUBJID"])]
    edges += [edges_to(some.assign(_KEY=some["USUBJID"]), str(dom), "SEQ") for dom, some in found.groupby("DOM")]
    treated = rows["TRTSDT"].notna()
    rows["IMPDVFL"] = yes(among(rows["USUBJID"], found["USUBJID"])).where(treated)
    texts = (
        found.drop_duplicates(["USUBJID", "_TEXT"])
        .sort_values(["USUBJID", "_TEXT"])
        .groupby("USUBJID")["_TEXT"]
        .agg("; ".join)
    )
    rows["IMPDVS"] = rows["USUBJID"].map(texts)
    return rows
