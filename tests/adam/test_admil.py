"""Milestones of a phase: first seen, how long, lost and held; the best response; from the records of ADCC."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crf2csr.adam import admil
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-14")

SPEC: dict[str, Any] = {
    "variables": {},
    "parameters": [
        {"code": "HALF", "label": "Half", "criterion": {"of": "X", "fall": 50}},
        {"code": "CLEAR", "label": "Clear", "criterion": {"of": "X", "fall": 100}},
        {"code": "BEST", "label": "Best", "best": {"of": "X", "grades": ["CLEAR", "HALF"], "none": "None"}},
    ],
}


TYPES = {
    "USUBJID": "str",
    "PARAMCD": "str",
    "APHASEN": "int64",
    "BASETYPE": "str",
    "ANL01FL": "str",
    "ADT": "Int64",
} | {
    "AVAL": "float64",
    "BASE": "float64",
    "BASEDT": "Int64",
    "ASEQ": "int64",
    "PCHG": "float64",
}
BEFORE = ("S", "X", 1, None, "Y", 60, 20.0, None, None, 1, None)  # a score of no line of treatment


def milestones(*values: tuple[int, float], spec: dict[str, Any] = SPEC, base: float = 20.0) -> pd.DataFrame:
    rows = [
        ("S", "X", 2, "A", "Y", at, float(v), base, 100, n, 100 * (v - base) / base)
        for n, (at, v) in enumerate(values, start=2)
    ]
    adcc = pd.DataFrame([BEFORE, *rows], columns=list(TYPES)).astype(TYPES)
    adph = pd.DataFrame(
        {
            "USUBJID": ["S", "S"],
            "APHASE": ["Before", "A"],
            "APHASEN": [1, 2],
            "APERIOD": pd.array([pd.NA, 1], dtype="Int64"),
            "APERIODC": [None, "Line 1"],
            "PHSDT": pd.array([50, 100], dtype="Int64"),
            "PHEDT": pd.array([99, 300], dtype="Int64"),
            "ASEQ": [1, 2],
        }
    )
    adsl = pd.DataFrame({"USUBJID": ["S"], "ONSETDT": pd.array([50], dtype="Int64")})
    made = admil.derive(adsl, adph, adcc, spec=spec, page={}, lists={})
    assert set(made.edges["KEY"]) == set(made.data["_KEY"])
    return made.data.set_index("PARAMCD")


def test_the_day_is_that_of_the_first_assessment_that_shows_it():
    half = milestones((110, 15), (120, 10), (150, 8)).loc["HALF"]
    assert (half["CNSR"], half["AVAL"], half["ADT"], half["NASSESS"], half["HELDFL"]) == (0, 21, 120, 3, "Y")


def test_time_in_response_runs_to_the_next_assessment_and_the_last_counts_a_day():
    half = milestones((110, 10), (120, 15), (150, 8), (160, 9)).loc["HALF"]
    assert half["RESPDUR"] == 10 + 10 + 1
    assert (half["LOSSDT"], half["LOSSDYON"], half["HELDFL"]) == (120, 71, "N")


def test_what_is_never_seen_is_censored_at_the_last_assessment():
    half = milestones((110, 15), (150, 11)).loc["HALF"]
    assert (half["CNSR"], half["AVAL"], half["RESPDUR"]) == (1, 51, 0) and pd.isna(half["HELDFL"])


def test_the_half_is_decided_in_whole_tenths():
    assert milestones((110, 4.3), base=8.7).loc["HALF", "CNSR"] == 0
    assert milestones((110, 4.4), base=8.7).loc["HALF", "CNSR"] == 1
    assert milestones((110, 0.1), base=0.2).loc["HALF", "CNSR"] == 0


def test_a_score_that_is_no_whole_tenth_is_refused():
    with pytest.raises(Cause, match="not in whole tenths"):
        milestones((110, 4.35), base=8.7)


def test_the_best_response_is_the_highest_milestone_of_the_lowest_score():
    best = milestones((110, 9), (120, 0), (150, 3)).loc["BEST"]
    assert (best["AVALC"], best["AVAL"], best["PCHG"], best["ADT"], best["LASTVAL"]) == ("Clear", 0, -100, 120, 3)
    assert milestones((110, 9)).loc["BEST", "AVALC"] == "Half"
    assert milestones((110, 19)).loc["BEST", "AVALC"] == "None"


def test_a_line_without_an_assessment_is_there_and_says_nothing():
    rows = milestones()
    assert rows["APHASE"].tolist() == ["A"] * 3 and (rows["NASSESS"] == 0).all()
    assert rows["CNSR"].isna().all() and rows["AVAL"].isna().all()


def test_a_score_that_does_not_exist_is_refused():
    spec = {"variables": {}, "parameters": [{"code": "HALF", "label": "Half", "criterion": {"of": "Y", "fall": 50}}]}
    with pytest.raises(Cause, match="no record of ADCC bears this parameter"):
        milestones((110, 1), spec=spec)
