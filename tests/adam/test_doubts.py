"""Queries that only the computed score can raise."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import _assessments, _doubts, _pppasi

pytestmark = pytest.mark.req("URS-ACC-03")

PEOPLE = pd.DataFrame({"SUBJID": ["01-0001"]}, index=pd.Index(["A"], name="USUBJID"))


def assessment(total: float, **changed: float) -> pd.DataFrame:
    """RS rows of one assessment: every item 1, area score 2 and 20 %, and the total as written."""
    rows = []
    for (place, side), (region, _) in _pppasi.REGIONS.items():
        for test, item in _assessments.ITEMS.items():
            value = changed.get(f"{region}{item}", {"ARE": 2.0, "PCT": 20.0}.get(item, 1.0))
            rows.append((test, place, side, f"{region}{item}", value))
    rows.append(("PPTOT", None, None, "PPTOTAL", total))
    table = pd.DataFrame(rows, columns=["RSTESTCD", "RSLOC", "RSLAT", "_FLD", "RSSTRESN"])
    return table.assign(
        USUBJID="A",
        RSGRPID="PPPASI-1",
        RSCAT="PPPASI",
        RSORRES=table["RSSTRESN"].astype("str"),
        RSDTC="2026-01-01",
        VISIT="Week 1",
        VISITNUM=3.0,
        _REC="PPPASI:5",
    )


@pytest.mark.parametrize(("written", "asked"), [(6.0, 0), (6.1, 1), (5.9, 1), (6.05, 0)])
def test_a_total_that_differs_by_a_tenth_is_asked_about(written, asked):
    rs = assessment(written)
    made = _doubts.totals(rs, _assessments.pppasi(rs), PEOPLE, {"Week 1": "W1"})
    assert len(made) == asked
    if asked:
        assert made[["RULE", "SUBJID", "EVENT", "REC", "FIELD"]].to_numpy().tolist() == [
            ["P33", "01-0001", "W1", "PPPASI:5", "PPTOTAL"]
        ]
        assert made["MESSAGE"].str.endswith("items, 6.0.").all()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, []),
        ({"RPPCT": 30.0}, ["not that of the percentage"]),
        ({"LSARE": 0.0, "LSPCT": 0.0}, ["yet there is erythema"]),
        ({"LPERY": 0.0, "LPPUS": 0.0, "LPDES": 0.0}, ["yet the area score is above 0"]),
    ],
)
def test_area_percentage_and_severity_must_agree(changed, words):
    made = _doubts.areas(_assessments.pppasi(assessment(6.0, **changed)), PEOPLE, {"Week 1": "W1"})
    assert len(made) == len(words)
    assert all(word in message for word, message in zip(words, made["MESSAGE"], strict=True))
