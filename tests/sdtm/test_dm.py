"""When treatment ended, by the rules of the study's page."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.sdtm import dm
from tests.sdtm.small import context

pytestmark = pytest.mark.req("URS-SDT-07")

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


def test_consent_to_photographs_alone_is_no_consent_to_the_study():
    signed = [{"ICTYPE": "PHOTO", "RFICDAT": "2026-01-05"}, {"ICTYPE": "RECONSENT", "RFICDAT": "2026-03-02"}]
    made = dm.tabulate(
        context("dm", {"DM": [{"BRTHDAT": "1980-03-01", "SEX": "F"}], "ICF": signed}, derivations=dm.DERIVATIONS)
    )
    assert made.data["RFICDTC"].tolist() == ["2026-03-02"]


def test_who_is_born_after_consent_has_no_age():
    signed = [{"ICTYPE": "MAIN", "RFICDAT": "2026-01-05"}]
    made = dm.tabulate(
        context("dm", {"DM": [{"BRTHDAT": "2062-03-01", "SEX": "F"}], "ICF": signed}, derivations=dm.DERIVATIONS)
    )
    assert made.data["AGE"].isna().all() and made.data["BRTHDTC"].tolist() == ["2062-03-01"]
