"""ADRS: PPPASI, its signs and regions, the global assessment, and response by visit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.adam import _assessments, _criteria, _doubts, _estimands, _records, _response
from crf2csr.columns import among
from crf2csr.trace import Made, edges_to

BY_SUBJECT = True  # scores and responses are judged by their subject's own rows alone; see ``across`` for the rest
# Scores held in whole tenths; the others are plain counts.
TENTHS = ["PPPASI", "PPRP", "PPLP", "PPRS", "PPLS", "PALMS", "SOLES"]
SUMS = ["SGNERY", "SGNPUS", "SGNDES", "PUSCNT"]


def derive(
    adsl: pd.DataFrame,
    adice: pd.DataFrame,
    rs: pd.DataFrame,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADRS: scores of every assessment, and response rows by visit (see ``_records`` and ``_response``)."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    scored = _assessments.pppasi(rs)
    values, edges = _long(scored)
    rows = pd.concat([values, _pga(rs)], ignore_index=True)
    made = Made(rows)
    rows = made.ledger.split(
        rows, among(rows["USUBJID"], treated.index), "ADRS: scores of treated subjects", "RS", "subject was not treated"
    )
    windows = {p["code"]: page["windows"][p["windows"]] for p in spec["parameters"] if "windows" in p}
    rows = _criteria.columns(_records.derive(rows, treated, windows, page), spec)
    how = _estimands.handlings(lists, "adrs", "scores")
    rows, standing, standing_edges = _estimands.scores(rows, adice, how, windows, treated)
    people = adsl.set_index("USUBJID")
    codes = {visit["name"]: visit["event"] for visit in page["visits"]}
    made.queries += [
        _doubts.totals(rs, scored, people, codes),
        _doubts.areas(scored, people, codes),
        _doubts.zero_baseline(rows, scored, people, codes),
    ]
    how = _estimands.handlings(lists, "adrs", "responses")
    responses, response_edges = _response.derive(rows, treated, adice, windows, spec, how)
    both = _estimands.empty_flags(pd.concat([rows, standing, responses], ignore_index=True), spec)
    made.data = _records.label(both, spec, treated)
    made.edges = pd.concat([edges, standing_edges, response_edges], ignore_index=True)
    return made


def across(sources: dict[str, pd.DataFrame], page: dict[str, Any]) -> list[pd.DataFrame]:
    """Queries for which the subjects of a study are looked at together: the totals of one rater."""
    codes = {visit["name"]: visit["event"] for visit in page["visits"]}
    rs, people = sources["rs"], sources["adsl"].set_index("USUBJID")
    return [_doubts.raters(rs, _assessments.pppasi(rs), people, codes)]


def _long(scored: _assessments.Scored) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per assessment and score, and the edges to the items."""
    totals = scored.totals
    parts = []
    for name in TENTHS + SUMS:
        part = totals[["USUBJID", "RSGRPID", "ADT", "VISIT", "VISITNUM", "ASEQ0", "AREAFL"]].copy()
        part["TENTHS"] = (totals[name] * (1 if name in TENTHS else 10)).astype("Int64")
        part["AREAS"] = (totals["COUNTS"] if name == "PUSCNT" else totals["REASON"]).where(part["TENTHS"].isna())
        part["PARAMCD"] = name
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    rows["AREAFL"] = rows["AREAFL"].where(rows["PARAMCD"].isin(TENTHS))
    rows["_KEY"] = rows["PARAMCD"] + "|" + rows["USUBJID"] + "|" + rows["RSGRPID"]
    rows["SRCDOM"], rows["SRCVAR"] = "RS", "RSSTRESN"
    items = scored.items[["USUBJID", "RSGRPID", "RSSEQ", "ITEM"]]
    count = items["ITEM"].str.endswith("PSC")
    plain, region = items[~count], items.loc[~count, "ITEM"]
    # Where no pustule was counted, the items that were entered are what shows it.
    counted = items[count][["USUBJID", "RSGRPID"]].drop_duplicates().assign(_counted=True)
    bare = items.merge(counted, on=["USUBJID", "RSGRPID"], how="left")["_counted"].isna().to_numpy()
    used = {
        "PPPASI": plain,
        "PALMS": plain[region.str.match("RP|LP")],
        "SOLES": plain[region.str.match("RS|LS")],
        **{f"PP{r}": plain[region.str.startswith(r)] for r in ("RP", "LP", "RS", "LS")},
        **{f"SGN{s}": plain[region.str.endswith(s)] for s in ("ERY", "PUS", "DES")},
        "PUSCNT": items[count.to_numpy() | bare],
    }
    edges = pd.concat(
        [
            edges_to(some.assign(_KEY=f"{name}|" + some["USUBJID"] + "|" + some["RSGRPID"]), "RS", "RSSEQ")
            for name, some in used.items()
        ],
        ignore_index=True,
    )
    return rows.drop(columns="RSGRPID"), edges


def _pga(rs: pd.DataFrame) -> pd.DataFrame:
    """The global assessment as collected."""
    pga = rs[rs["RSTESTCD"] == "PPPGA"]
    rows = pd.DataFrame(
        {
            "USUBJID": pga["USUBJID"],
            "ADT": dates.to_day(pga["RSDTC"]),
            "VISIT": pga["VISIT"],
            "VISITNUM": pga["VISITNUM"],
            "ASEQ0": pga["RSSEQ"].astype("int64"),
            "TENTHS": (pga["RSSTRESN"] * 10).astype("Int64"),
            "PARAMCD": "PPPGA",
            "SRCDOM": "RS",
            "SRCVAR": "RSSTRESN",
            "SRCSEQ": pga["RSSEQ"],
            "_KEY": "PPPGA|" + pga["USUBJID"] + "|" + pga["RSSEQ"].astype("str"),
        }
    )
    rows["AREAS"] = pd.Series("Result missing or out of range", index=rows.index, dtype="str").where(
        rows["TENTHS"].isna()
    )
    return rows
