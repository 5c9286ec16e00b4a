"""Response by visit: observed, composite with non-responder imputation, and carried forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.adam import _pppasi
from crf2csr.trace import edges_to, own_rows

LEVELS = {"PPASI50": 50, "PPASI75": 75, "PPASI90": 90, "PPASI100": 100}


def observed(scores: pd.DataFrame) -> pd.DataFrame:
    """Response of each analysed post-baseline record, with ``_SRC``, the key of the score that decides it."""
    post = scores[scores["AVISITN"].fillna(0) > 0]
    post = post[(post["ANL01FL"] == "Y") | (post["ANL02FL"] == "Y")]
    keep = ["USUBJID", "ADT", "ADY", "AVISIT", "AVISITN", "AWTARGET", "AWTDIFF", "AWRANGE", "VISIT", "VISITNUM", "ANL01FL", "ANL02FL"]
    total, pga = post[post["PARAMCD"] == "PPPASI"], post[post["PARAMCD"] == "PPPGA"]
    parts = [
        total[keep].assign(PARAMCD=code, AVAL=_pppasi.response(total["BASE_T"], total["TENTHS"], level), _SRC=total["_KEY"])
        for code, level in LEVELS.items()
    ]
    met = ((pga["TENTHS"] <= 10) & (pga["BASE_T"] - pga["TENTHS"] >= 20)).astype("Int64")
    able = (pga["BASE_T"] >= 20).fillna(False).astype(bool)
    parts.append(pga[keep].assign(PARAMCD="PGASUC", AVAL=met.where(able), _SRC=pga["_KEY"]))
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["AVAL"].notna()].reset_index(drop=True)


def derive(
    scores: pd.DataFrame, treated: pd.DataFrame, adice: pd.DataFrame, page: dict[str, Any], spec: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return response rows and their edges.

    For each treated subject, visit and criterion there is exactly one row with ANL03FL = "Y" (composite
    strategy, missing = non-responder) and at most one with ANL04FL = "Y" (last observation carried forward).
    """
    seen = observed(scores)
    composite = adice[adice["ICESTRAT"] == "composite"].sort_values(["ASTDT", "ASEQ"], kind="stable")
    first_event = composite.groupby("USUBJID")[["ASTDT", "ICECD", "ICETERM", "ASEQ"]].first()
    grid = _grid(treated, page["windows"]["every_visit"], seen["PARAMCD"].unique())
    by = ["USUBJID", "PARAMCD", "AVISIT"]
    on_treatment = seen[seen["ANL01FL"] == "Y"]
    grid = grid.merge(on_treatment[[*by, "ADT", "AVAL"]], on=by, how="left")
    target = grid["USUBJID"].map(treated.set_index("USUBJID")["TRTSDT"]) + grid["AWTARGET"] - 1
    deadline = grid["ADT"].where(grid["ADT"].notna(), target)
    event = grid[["USUBJID"]].join(first_event, on="USUBJID")
    struck = (event["ASTDT"] <= deadline).fillna(False).astype(bool)
    reason = pd.Series("Observed", index=grid.index, dtype="str").mask(grid["AVAL"].isna(), "Missing without a composite event")
    reason = reason.mask(struck, "Composite event: " + event["ICETERM"].astype("str"))
    grid["RSPREAS"], grid["_ICE"] = reason, event["ASEQ"].where(struck)
    imputed = grid[struck | grid["AVAL"].isna()].assign(AVAL=0, DTYPE="NRI", ANL03FL="Y")
    free = grid[~struck & grid["AVAL"].notna()][by].assign(ANL03FL="Y")
    seen = seen.merge(free, on=by, how="left")
    seen["ANL03FL"] = seen["ANL03FL"].where(seen["ANL01FL"] == "Y")
    seen["RSPREAS"] = "Observed"
    rows = pd.concat([seen, imputed.drop(columns="ADT"), _carried(grid, seen, by)], ignore_index=True)
    rows["ANL04FL"] = rows["ANL04FL"].mask((rows["ANL01FL"] == "Y") & rows["DTYPE"].isna(), "Y")
    rows["AVALC"] = rows["AVAL"].map({1: "Y", 0: "N"})
    rows["CRIT1FL"] = rows["AVALC"]
    rows["_KEY"] = [f"R{n}" for n in range(len(rows))]
    rows["SRCDOM"] = pd.Series(np.nan, index=rows.index, dtype="str")
    return rows.drop(columns=["_SRC", "_ICE"]), _edges(rows, scores)


def _grid(treated: pd.DataFrame, windows: list[dict[str, Any]], codes: np.ndarray) -> pd.DataFrame:
    visits = pd.DataFrame([(w["visit"], float(w["number"]), w["target"]) for w in windows], columns=["AVISIT", "AVISITN", "AWTARGET"])
    grid = treated[["USUBJID"]].merge(visits.astype({"AVISIT": "str", "AWTARGET": "Int64"}), how="cross")
    return grid.merge(pd.DataFrame({"PARAMCD": pd.Series(list(codes), dtype="str")}), how="cross")


def _carried(grid: pd.DataFrame, seen: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Rows for visits without an analysed record, carrying the last analysed response forward."""
    ordered = grid.sort_values(["USUBJID", "PARAMCD", "AVISITN"], kind="stable")
    last = ordered.groupby(["USUBJID", "PARAMCD"])["AVAL"].ffill()
    source = seen[seen["ANL01FL"] == "Y"].set_index(by)["_SRC"]
    key = ordered.join(source, on=by)["_SRC"].groupby([ordered["USUBJID"], ordered["PARAMCD"]]).ffill()
    gap = ordered["AVAL"].isna() & last.notna()
    rows = ordered[gap].assign(AVAL=last[gap], _SRC=key[gap], DTYPE="LOCF", ANL04FL="Y", RSPREAS="Last observation carried forward")
    return rows.drop(columns=["ADT", "_ICE"])


def _edges(rows: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Edges of response rows: to the RS items of their score, to the event that outranks it, to the subject."""
    scored = rows[rows["_SRC"].notna()][["_KEY", "USUBJID", "_SRC"]]
    struck = rows[rows["_ICE"].notna()]
    bare = rows[rows["_SRC"].isna() & rows["_ICE"].isna()]
    links = scored.rename(columns={"_KEY": "KEY"})
    return pd.concat([
        own_rows(links["KEY"], links["_SRC"]),
        edges_to(struck, "ADICE", "_ICE"),
        edges_to(bare, "ADSL", None),
    ], ignore_index=True)
