"""ADMH: medical history with analysis dates and groups of comorbidity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.adam import _interest
from crf2csr.adam._occurrence import analysis_term, flag, of_subject, with_dates, with_subject
from crf2csr.columns import among
from crf2csr.groups import first_of
from crf2csr.trace import Made


def derive(
    adsl: pd.DataFrame, mh: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]
) -> Made:
    """Build ADMH from what was present; a condition that was asked about and denied is in MH only."""
    made = Made(mh)
    rows = made.ledger.split(
        mh, among(mh["USUBJID"], adsl["USUBJID"]), "ADMH: history of subjects in ADSL", "MH", "subject is not in ADSL"
    )
    present = rows["MHOCCUR"].isna() | (rows["MHOCCUR"] == "Y").fillna(False)
    rows = made.ledger.split(
        rows, present, "ADMH: conditions that were present", "MH", "asked about and not present, or not known"
    )
    rows = with_subject(rows.reset_index(drop=True), adsl, spec)
    everything = pd.Series(True, index=rows.index)
    rows = with_dates(rows, "MH", adsl, page["study"].get("cutoff"), everything)
    rows["ADECOD"] = analysis_term(rows, "MHDECOD", "MHTERM")
    rows["ABODSYS"] = rows["MHBODSYS"].where(rows["MHBODSYS"].notna(), "Uncoded")
    first = of_subject(rows, adsl, "TRTSDT").astype("Int64")
    rows["CONTFL"] = flag((rows["MHENRTPT"] == "ONGOING").fillna(False) | (rows["AENDT"] >= first))
    rows["MHGRP"], rows["MHGRPN"] = _groups(rows, lists["comorbidities"]["groups"])
    grouped = rows["MHGRP"].notna()
    rows["AOCCPFL"] = first_of(rows, everything, ["USUBJID", "ABODSYS", "ADECOD"], ["ASTDT", "MHSEQ"])
    rows["AOCCGFL"] = first_of(rows, grouped, ["USUBJID", "MHGRP"], ["ASTDT", "MHSEQ"])
    rows["SRCDOM"], rows["SRCVAR"], rows["SRCSEQ"] = "MH", "MHTERM", rows["MHSEQ"]
    made.data = rows
    return made


def _groups(rows: pd.DataFrame, groups: list[dict[str, Any]]) -> tuple[pd.Series, pd.Series]:
    """Label and number of the first group, in the order of the list, that a condition belongs to."""
    label = pd.Series(np.nan, index=rows.index, dtype="str")
    number = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    for n, group in enumerate(groups, start=1):
        use = _interest.member(rows, group, "MH", "config/comorbidities.yaml") & number.isna()
        label, number = label.mask(use, group["label"]), number.mask(use, n)
    return label, number
