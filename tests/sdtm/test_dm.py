"""When treatment ended, by the rules of the study's page."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.sdtm import dm
from tests.sdtm.small import context

TAKEN = {"EXOCCUR": "Y", "EXDOSE": "4", "EXDOSFRQ": "QD"}
CLOSED = TAKEN | {"EXSTDAT": "2026-02-03", "EXENDAT": "2026-03-01"}
OPEN = TAKEN | {"EXSTDAT": "2026-03-05"}
SAID = {"LSTDOSDT": "2026-04-28", "DSSTDAT": "2026-04-29"}
COUNTED = {"DADAT": "2026-04-30", "DISPAMT": "0", "RETAMT": "3"}


@pytest.mark.parametrize(
    ("intervals", "disposition", "tablets", "day"),
    [
        ([CLOSED], [SAID], [COUNTED], "2026-03-01"),
        ([CLOSED, OPEN], [SAID], [COUNTED], "2026-04-28"),
        ([OPEN], [], [COUNTED], "2026-04-30"),
        ([CLOSED, OPEN], [], [], None),
    ],
)
def test_the_last_dose_is_the_end_of_the_last_interval_else_as_said_else_as_counted(
    intervals, disposition, tablets, day
):
    about = context("dm", {"EX": intervals, "DS": disposition, "DA": tablets})
    rows = pd.DataFrame({"USUBJID": ["S-01-0001"]}, dtype="str")
    found = dm.last_dose(rows, about).values.iloc[0]
    assert pd.isna(found) if day is None else found == day
