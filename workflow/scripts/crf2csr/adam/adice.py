"""ADICE: intercurrent events, each with its strategy, its date and the record that shows it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.trace import Made

DISCONTINUED = {"LACK OF EFFICACY": "DISC-LOE", "ADVERSE EVENT": "DISC-AE", "DEATH": "DEATH"}


def derive(adsl: pd.DataFrame, ds: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]) -> Made:
    """Find the intercurrent events of treated subjects; a condition that is not declared is not an event."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    events = [discontinuations(ds, treated)]
    rows = pd.concat(events, ignore_index=True)
    declared = {event["id"]: event for event in page["intercurrent_events"]}
    made = Made(rows)
    rows = made.ledger.split(rows, rows["ICECD"].isin(list(declared)), "ADICE: declared events", "DS", "not declared in intercurrent_events")
    rows["ICETERM"] = rows["ICECD"].map({k: e["label"] for k, e in declared.items()})
    rows["ICESTRAT"] = rows["ICECD"].map({k: e["strategy"] for k, e in declared.items()})
    rows["ASTDY"] = dates.study_day(rows["ASTDT"], rows["USUBJID"].map(treated["TRTSDT"]))
    made.data = rows
    return made


def discontinuations(ds: pd.DataFrame, treated: pd.DataFrame) -> pd.DataFrame:
    """Treatment ended early: the disposition event, dated by itself."""
    ended = ds[(ds["DSSCAT"] == "STUDY TREATMENT") & ds["USUBJID"].isin(treated.index) & (ds["DSDECOD"] != "COMPLETED")]
    code = ended["DSDECOD"].map(DISCONTINUED)
    return pd.DataFrame({
        "USUBJID": ended["USUBJID"], "ICECD": code.where(code.notna(), "DISC-OTHER"),
        "ASTDT": dates.to_day(ended["DSSTDTC"]), "ICEDESC": ended["DSDECOD"],
        "SRCDOM": "DS", "SRCVAR": "DSDECOD", "SRCSEQ": ended["DSSEQ"],
    })
