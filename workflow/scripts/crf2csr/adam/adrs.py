"""ADRS: PPPASI, its signs and regions, the global assessment, and response by visit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam import _assessments, _response, _windows
from crf2csr.trace import Made, edges_to

# Scores held in whole tenths; the others are plain counts.
TENTHS = ["PPPASI", "PPRP", "PPLP", "PPRS", "PPLS", "PALMS", "SOLES"]
SUMS = ["SGNERY", "SGNPUS", "SGNDES", "PUSCNT"]


def derive(adsl: pd.DataFrame, adice: pd.DataFrame, rs: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]) -> Made:
    """Build ADRS.

    Observed rows carry ANL01FL (on treatment, primary estimand) and ANL02FL (treatment policy); imputed rows
    carry DTYPE. ANL03FL marks the one row per subject and visit that the composite strategy with non-responder
    imputation uses, ANL04FL that of last observation carried forward.
    """
    treated = adsl[adsl["SAFFL"] == "Y"]
    scored = _assessments.pppasi(rs)
    values, edges = _long(scored)
    pga, pga_edges = _pga(rs)
    rows = pd.concat([values, pga], ignore_index=True)
    made = Made(rows)
    rows = made.ledger.split(rows, rows["USUBJID"].isin(treated["USUBJID"]), "ADRS: scores of treated subjects", "RS", "subject was not treated")
    rows = _flags(rows, treated.set_index("USUBJID"), page)
    responses, response_edges = _response.derive(rows, treated, adice, page, spec)
    made.data = pd.concat([rows, responses], ignore_index=True)
    labels = {p["code"]: p for p in spec["parameters"]}
    made.data["PARAM"] = made.data["PARAMCD"].map({k: p["label"] for k, p in labels.items()})
    made.data["PARAMN"] = made.data["PARAMCD"].map({k: n for n, k in enumerate(labels, start=1)})
    made.data["PARCAT1"] = made.data["PARAMCD"].map({k: p["category"] for k, p in labels.items()})
    for name in ("TRT01P", "TRT01PN", "TRT01A", "TRT01AN", "SAFFL", "FASFL"):
        made.data[name] = made.data["USUBJID"].map(treated.set_index("USUBJID")[name])
    made.edges = pd.concat([edges, pga_edges, response_edges], ignore_index=True)
    return made


def _long(scored: _assessments.Scored) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per assessment and score, and the edges to the items."""
    totals = scored.totals
    parts = []
    for name in TENTHS + SUMS:
        part = totals[["USUBJID", "RSGRPID", "ADT", "VISIT", "VISITNUM", "ASEQ0", "AREAFL"]].copy()
        part["AREAS"] = totals["REASON"].map(lambda items: f"Items missing: {items}", na_action="ignore")
        part["TENTHS"] = (totals[name] * (1 if name in TENTHS else 10)).astype("Int64")
        part["PARAMCD"] = name
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    rows["AREAS"] = rows["AREAS"].where(rows["TENTHS"].isna())
    rows["_KEY"] = rows["PARAMCD"] + "|" + rows["USUBJID"] + "|" + rows["RSGRPID"]
    rows["SRCDOM"], rows["SRCVAR"] = "RS", "RSSTRESN"
    items = scored.items[["USUBJID", "RSGRPID", "RSSEQ", "ITEM"]]
    used = {
        "PPPASI": items, "PALMS": items[items["ITEM"].str.match("RP|LP")], "SOLES": items[items["ITEM"].str.match("RS|LS")],
        **{f"PP{r}": items[items["ITEM"].str.startswith(r)] for r in ("RP", "LP", "RS", "LS")},
        **{f"SGN{s}": items[items["ITEM"].str.endswith(s)] for s in ("ERY", "PUS", "DES")},
        "PUSCNT": items[items["ITEM"].str.endswith("PSC")],
    }
    used = {k: v if k == "PUSCNT" else v[~v["ITEM"].str.endswith("PSC")] for k, v in used.items()}
    edges = pd.concat([
        edges_to(some.assign(_KEY=f"{name}|" + some["USUBJID"] + "|" + some["RSGRPID"]), "RS", "RSSEQ")
        for name, some in used.items()], ignore_index=True)
    return rows.drop(columns="RSGRPID"), edges


def _pga(rs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The global assessment as collected."""
    pga = rs[rs["RSTESTCD"] == "PPPGA"]
    rows = pd.DataFrame({
        "USUBJID": pga["USUBJID"], "ADT": dates.to_day(pga["RSDTC"]), "VISIT": pga["VISIT"], "VISITNUM": pga["VISITNUM"],
        "ASEQ0": pga["RSSEQ"].astype("int64"), "TENTHS": (pga["RSSTRESN"] * 10).astype("Int64"), "PARAMCD": "PPPGA",
        "SRCDOM": "RS", "SRCVAR": "RSSTRESN", "SRCSEQ": pga["RSSEQ"],
        "_KEY": "PPPGA|" + pga["USUBJID"] + "|" + pga["RSSEQ"].astype("str"),
    })
    rows["AREAS"] = pd.Series("Result missing or out of range", index=rows.index, dtype="str").where(rows["TENTHS"].isna())
    return rows, edges_to(rows, "RS", "SRCSEQ").iloc[0:0]


def _flags(rows: pd.DataFrame, treated: pd.DataFrame, page: dict[str, Any]) -> pd.DataFrame:
    """Study day, analysis visit, baseline, change, and which record of a window is analysed."""
    by = ["USUBJID", "PARAMCD"]
    first, last = rows["USUBJID"].map(treated["TRTSDT"]), rows["USUBJID"].map(treated["TRTEDT"])
    rows = rows.assign(AVAL=rows["TENTHS"].astype("float64") / 10, ADY=dates.study_day(rows["ADT"], first))
    rows = rows.join(_windows.assign(rows["ADY"], page["windows"]["every_visit"]))
    rows["ABLFL"] = _windows.baseline(rows, first, by)
    is_base = rows["ABLFL"] == "Y"
    rows["AVISIT"] = rows["AVISIT"].mask(is_base, "Baseline")
    rows["AVISITN"] = rows["AVISITN"].mask(is_base, 0)
    base = rows[is_base].set_index(by)["TENTHS"].rename("BASE_T")
    rows = rows.join(base, on=by)
    rows["BASE"] = rows["BASE_T"].astype("float64") / 10
    post = (rows["ADY"] > 1).fillna(False).astype(bool) & ~is_base
    change = (rows["TENTHS"] - rows["BASE_T"]).where(post)
    rows["CHG"] = change.astype("float64") / 10
    rows["PCHG"] = (100 * change / rows["BASE_T"]).astype("float64").where((rows["BASE_T"] > 0).fillna(False).astype(bool))
    known = rows["AVAL"].notna() & post
    within = (rows["ADT"] <= last + page["after_treatment_days"]).fillna(False).astype(bool)
    rows["ANL01FL"] = _windows.nearest(rows, known & within, by).mask(is_base, "Y")
    rows["ANL02FL"] = _windows.nearest(rows, known, by).mask(is_base, "Y")
    late = known & ~within
    rows["AREAS"] = rows["AREAS"].mask(late, f"More than {page['after_treatment_days']} days after last dose")
    other = known & within & rows["AVISIT"].notna() & rows["ANL01FL"].isna()
    rows["AREAS"] = rows["AREAS"].mask(other, "Another record of the window is nearer its target")
    outside = known & within & rows["AVISIT"].isna()
    rows["AREAS"] = rows["AREAS"].mask(outside, "Outside every analysis window")
    return rows
