"""ADSL: one row per subject; who is analysed, when treated, how it ended, and the subgroups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.trace import Made, edges_to


def yes(condition: pd.Series) -> pd.Series:
    """"Y" where true, "N" elsewhere."""
    return pd.Series(np.where(condition.fillna(False).astype(bool), "Y", "N"), index=condition.index, dtype="str")


def derive(dm: pd.DataFrame, ds: pd.DataFrame, rs: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]) -> Made:
    """Build ADSL from DM, the disposition event and the baseline PPPASI items."""
    rows = dm.drop(columns=["_REC", "_FLD"]).copy()
    made = Made(rows)
    rows["_KEY"] = rows["USUBJID"]
    rows["SRCDOM"], rows["SRCVAR"], rows["SRCSEQ"] = "DM", "USUBJID", 0
    rows["TRTSDT"], rows["TRTEDT"] = dates.to_day(rows["RFXSTDTC"]), dates.to_day(rows["RFXENDTC"])
    rows["TRTDURD"] = rows["TRTEDT"] - rows["TRTSDT"] + 1
    rows["RFICDT"], rows["DTHDT"] = dates.to_day(rows["RFICDTC"]), dates.period(rows["DTHDTC"])["last"]
    rows["LSTCNDT"] = dates.to_day(rows["RFPENDTC"])
    rows["TRT01P"], rows["TRT01A"] = rows["ARM"], rows["ACTARM"]
    order = {arm["label"]: n for n, arm in enumerate(page["arms"], start=1)}
    rows["TRT01PN"], rows["TRT01AN"] = rows["TRT01P"].map(order), rows["TRT01A"].map(order)
    rows["SCRNFL"] = yes(rows["RFICDT"].notna())
    rows["SAFFL"] = yes(rows["TRTSDT"].notna())
    ended = ds[(ds["DSCAT"] == "DISPOSITION EVENT") & (ds["DSSCAT"] == "STUDY PARTICIPATION")].drop_duplicates("USUBJID", keep="last")
    about = ended.set_index("USUBJID")
    rows["DCSREAS"] = rows["USUBJID"].map(about["DSDECOD"])
    rows["EOSDT"] = dates.to_day(rows["USUBJID"].map(about["DSSTDTC"]).astype("str"))
    rows["EOSSTT"] = pd.Series(np.nan, index=rows.index, dtype="str").mask(rows["DCSREAS"].notna(), "DISCONTINUED").mask(rows["DCSREAS"] == "COMPLETED", "COMPLETED")
    rows["DCSREAS"] = rows["DCSREAS"].where(rows["DCSREAS"] != "COMPLETED")
    rows["ENRLFL"] = yes((rows["SCRNFL"] == "Y") & (rows["DCSREAS"] != "SCREEN FAILURE").fillna(True))
    base = baseline_total(rs, rows.set_index("USUBJID")["TRTSDT"])
    rows["PPBASE"] = rows["USUBJID"].map(base["tenths"]).astype("float64") / 10
    rows["FASFL"] = yes((rows["SAFFL"] == "Y") & (rows["PPBASE"] > 0))
    made.edges = pd.concat([
        edges_to(ended.merge(rows[["USUBJID", "_KEY"]]), "DS", "DSSEQ"),
        base["edges"],
    ], ignore_index=True)
    made.ledger.enter("ADSL: one row per subject of DM", "DM", len(dm), len(rows))
    made.data = rows
    return made


def baseline_total(rs: pd.DataFrame, first_dose: pd.Series) -> dict[str, Any]:
    """Baseline PPPASI in tenths by USUBJID, and the edges to the items that made it."""
    from crf2csr.adam import _assessments

    scored = _assessments.pppasi(rs)
    total, items = scored.totals, scored.items
    total["first"] = total["USUBJID"].map(first_dose)
    early = total[(total["ADT"] <= total["first"]).fillna(False).astype(bool) & total["PPPASI"].notna()]
    last = early.sort_values(["ADT", "ASEQ0"], kind="stable").groupby("USUBJID").tail(1)
    used = items.merge(last[["USUBJID", "RSGRPID"]])
    return {"tenths": last.set_index("USUBJID")["PPPASI"], "edges": edges_to(used.assign(_KEY=used["USUBJID"]), "RS", "RSSEQ")}
