"""Assessments from SDTM RS: items side by side, scored, each with the rows that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crf2csr import dates
from crf2csr.adam import _pppasi

ITEMS = {"PPERY": "ERY", "PPPUS": "PUS", "PPDES": "DES", "PPAREAS": "ARE", "PPAREAP": "PCT", "PPPUSCNT": "PSC"}


@dataclass
class Scored:
    """``totals``: one row per assessment with the scores; ``items``: the RS rows (ITEM names each)."""

    totals: pd.DataFrame
    items: pd.DataFrame


def pppasi(rs: pd.DataFrame) -> Scored:
    """Score every PPPASI assessment of RS; the items of one assessment share RSGRPID.

    ``totals`` has the columns of :func:`crf2csr.adam._pppasi.scores`, PUSCNT (all four regions counted), ADT,
    VISIT, VISITNUM, ASEQ0 (order of collection), and REASON, COUNTS: why a score or the count is missing.
    """
    rows = rs[(rs["RSCAT"] == "PPPASI") & rs["RSTESTCD"].isin(list(ITEMS))].copy()
    region = {" ".join(place): code for place, (code, _) in _pppasi.REGIONS.items()}
    rows["ITEM"] = (rows["RSLOC"] + " " + rows["RSLAT"]).map(region) + rows["RSTESTCD"].map(ITEMS)
    rows["GIVEN"] = rows["RSORRES"].notna()
    needed = [f"{r}{i}" for r in region.values() for i in ITEMS.values()]
    both = rows.pivot(index=["USUBJID", "RSGRPID"], columns="ITEM", values=["RSSTRESN", "GIVEN"])
    wide = both["RSSTRESN"].reindex(columns=needed).astype("float64")
    given = both["GIVEN"].reindex(columns=needed).eq(True)
    # A percentage stands in for an area score that is missing, never for one that was entered and cannot be used.
    for code in region.values():
        unusable = given[f"{code}ARE"] & wide[f"{code}ARE"].isna()
        wide[f"{code}PCT"] = wide[f"{code}PCT"].mask(unusable)
    scored = _pppasi.scores(wide)
    counts = wide[[f"{r}PSC" for r in region.values()]]
    scored["PUSCNT"] = counts.sum(axis=1).where(counts.notna().all(axis=1))
    scored["REASON"] = _why(_pppasi.lacking(wide), given)
    scored["COUNTS"] = _why(counts.isna(), given)
    about = rows.groupby(["USUBJID", "RSGRPID"])[["RSDTC", "VISIT", "VISITNUM"]].first()
    totals = scored.join(about).reset_index()
    totals["ADT"] = dates.to_day(totals["RSDTC"].astype("str"))
    totals["ASEQ0"] = totals["RSGRPID"].str.rsplit("-", n=1).str[-1].astype("int64")
    return Scored(totals, rows)


def _why(lacking: pd.DataFrame, given: pd.DataFrame) -> pd.Series:
    """Name the items that are missing, and those that were entered but cannot be used."""
    missing = pd.Series("", index=lacking.index, dtype="str")
    unusable = missing.copy()
    for item in lacking.columns:
        missing = missing.mask(lacking[item] & ~given[item], missing + " " + item)
        unusable = unusable.mask(lacking[item] & given[item], unusable + " " + item)
    said = ("Items missing:" + missing).where(missing != "", "")
    both = (missing != "") & (unusable != "")
    said = said.mask(both, said + "; ") + ("Items not usable:" + unusable).where(unusable != "", "")
    return said.where(said != "")
