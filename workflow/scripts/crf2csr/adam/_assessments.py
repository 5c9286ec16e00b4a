"""Assessments from SDTM RS: items side by side, scored, each with the rows that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crf2csr import dates
from crf2csr.adam import _pppasi

ITEMS = {"PPERY": "ERY", "PPPUS": "PUS", "PPDES": "DES", "PPAREAS": "ARE", "PPAREAP": "PCT", "PPPUSCNT": "PSC"}
WEIGHTED = ("ERY", "PUS", "DES", "ARE", "PCT")


@dataclass
class Scored:
    """``totals``: one row per assessment with the scores; ``items``: the RS rows (ITEM names each)."""

    totals: pd.DataFrame
    items: pd.DataFrame


def pppasi(rs: pd.DataFrame) -> Scored:
    """Score every PPPASI assessment of RS; the items of one assessment share RSGRPID."""
    rows = rs[(rs["RSCAT"] == "PPPASI") & rs["RSTESTCD"].isin(list(ITEMS))].copy()
    region = {place: code for place, (code, _) in _pppasi.REGIONS.items()}
    place = rows["RSLOC"] + " " + rows["RSLAT"]
    rows["ITEM"] = place.map({" ".join(k): v for k, v in region.items()}) + rows["RSTESTCD"].map(ITEMS)
    wide = rows.pivot(index=["USUBJID", "RSGRPID"], columns="ITEM", values="RSSTRESN")
    needed = [f"{r}{i}" for r in region.values() for i in ITEMS.values()]
    wide = wide.reindex(columns=needed).astype("float64")
    scored = _pppasi.scores(wide)
    counts = wide[[f"{r}PSC" for r in region.values()]]
    scored["PUSCNT"] = counts.sum(axis=1).where(counts.notna().all(axis=1))
    about = rows.groupby(["USUBJID", "RSGRPID"])[["RSDTC", "VISIT", "VISITNUM"]].first()
    totals = scored.join(about).reset_index()
    totals["ADT"] = dates.to_day(totals["RSDTC"].astype("str"))
    totals["ASEQ0"] = totals["RSGRPID"].str.rsplit("-", n=1).str[-1].astype("int64")
    return Scored(totals, rows)
