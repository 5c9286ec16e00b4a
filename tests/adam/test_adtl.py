"""The timeline: each dated event a row, with its words filled in, its ledger and its source."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import adtl
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-14")

ADSL = pd.DataFrame(
    {"USUBJID": ["S"], "TRTSDT": pd.array([100], dtype="Int64"), "ONSETDT": pd.array([50], dtype="Int64")}
)
ADAE = pd.DataFrame(
    {
        "USUBJID": "S",
        "ASEQ": [1, 2, 3],
        "ADECOD": ["Acne", "Cold", None],
        "GRADE": [1.0, 2.0, None],
        "ASTDT": pd.array([120, pd.NA, 49], dtype="Int64"),
        "SER": ["N", "N", "Y"],
    }
)
RULE = {"of": "adae", "date": "ASTDT", "kind": "Event", "text": "{ADECOD}, grade {GRADE:0}"}


def timeline(*rules: dict, **sources: pd.DataFrame):
    return adtl.derive(
        ADSL, **(sources or {"adae": ADAE}), spec={"timeline": list(rules), "variables": {}}, page={}, lists={}
    )


@pytest.mark.req("URS-ACC-02")
def test_an_event_without_a_date_is_in_the_ledger_and_a_missing_word_leaves_nothing():
    made = timeline(RULE)
    assert made.data[["ADT", "ADY", "ADYON", "TLTEXT"]].to_numpy().tolist() == [
        [120, 21, 71, "Acne, grade 1"],
        [49, -51, -1, "grade"],
    ]
    assert made.ledger.frame()["ROWS_LOST"].tolist() == [1]
    assert made.edges[["SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [["ADAE", 1], ["ADAE", 3]]


def test_conditions_choose_and_iso_dates_are_read():
    mh = pd.DataFrame({"USUBJID": "S", "MHSEQ": [4], "MHTERM": ["Onset"], "MHSTDTC": ["1970-02"]})
    made = timeline(
        {"of": "mh", "date": "MHSTDTC", "kind": "History", "text": "{MHTERM}"},
        RULE | {"where": {"SER": "Y"}},
        adae=ADAE,
        mh=mh,
    )
    assert made.data["ADT"].tolist() == [31, 49] and made.data["TLORD"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RULE | {"of": "adcm"}, "not among the sources"),
        (RULE | {"date": "AENDT"}, "not a variable"),
        (RULE | {"text": "{NAME}"}, "not a variable"),
    ],
)
def test_what_does_not_exist_is_refused(rule: dict, message: str):
    with pytest.raises(Cause, match=message):
        timeline(rule)
