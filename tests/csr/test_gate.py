"""The last word: one line per open blocker and per step that lost a row."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.csr import gate
from crf2csr.errors import Cause
from tests.csr import small

pytestmark = pytest.mark.req("URS-ACC-06")

FILES = {"RS1": "data/raw/RS1.csv"}


def accepted(**change: str) -> dict:
    entry = {
        "rule": "P01",
        "record": "RS1:2",
        "field": "SCORE",
        "who": "A. Reviewer",
        "why": "checked at the site",
        "date": "2026-01-31",
    }
    return {"accepted": {"accepted": [entry | change]}, "files": FILES}


def tables(severity: str = "blocker", **ledger: int) -> dict[str, pd.DataFrame]:
    book = small.ledger().assign(**ledger)
    more = small.asked("Another.", severity).assign(RULE="P02", REC="RS1:3")
    return {"sdtm/_queries/rs": small.asked(severity=severity), "adam/_queries/adrs": more, "sdtm/_ledger/rs": book}


def test_each_open_blocker_has_a_line_with_file_line_field_and_value():
    with pytest.raises(Cause) as stopped:
        gate.verdict(tables(), {"accepted": {}, "files": FILES})
    lines = stopped.value.lines()
    assert len(lines) == 2
    assert lines[0].startswith("data/raw/RS1.csv, line 2, field SCORE, value '4': Score is high. [P01")


def test_an_accepted_blocker_does_not_stop_and_another_still_does():
    with pytest.raises(Cause) as stopped:
        gate.verdict(tables(), accepted())
    assert [line for line in stopped.value.lines() if "P01" in line] == []
    assert len(stopped.value.lines()) == 1


def test_queries_that_are_no_blockers_pass():
    assert (
        gate.verdict(tables("major"), {"accepted": {}, "files": FILES})
        == "2 queries, 0 blockers, all accepted; every ledger balances\n"
    )


def test_an_acceptance_of_another_field_accepts_nothing_and_is_named():
    said = gate.verdict(tables("minor"), accepted(field="OTHER"))
    assert "this acceptance matches no query: P01, RS1:2, OTHER" in said


@pytest.mark.req("URS-ACC-02")
@pytest.mark.parametrize("change", [{"ROWS_LOST": 0}, {"ROWS_OUT": 4}, {"ROWS_IN": 3}, {"ROWS_LOST": -1}])
def test_a_ledger_that_does_not_balance_stops(change):
    with pytest.raises(Cause, match="does not balance"):
        gate.verdict(tables("minor", **change), {"accepted": {}, "files": FILES})


@pytest.mark.req("URS-ACC-02")
def test_two_steps_of_one_name_with_equal_losses_balance():
    book = pd.concat([small.ledger(), small.ledger()])
    assert gate.unbalanced({"sdtm/_ledger/rs": book}) == []
