import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import events
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-01")

ADAE = pd.DataFrame(
    {
        "USUBJID": pd.Series(["1", "1", "2", "3"], dtype="str"),
        "AESER": pd.Series(["Y", "N", "N", "N"], dtype="str"),
        "ATOXGRN": pd.array([3, 1, None, 2], dtype="Int64"),
    }
)


def facts_of(*lines):
    return run(events, {"dataset": "adae", "options": {"lines": list(lines)}}, {"adsl": subjects(4), "adae": ADAE})


def test_subjects_and_events_are_counted_apart():
    facts, sets, _ = facts_of({"id": "any"}, {"id": "serious", "where": {"AESER": "Y"}})
    assert (stat(facts, "n", variable_level="any"), stat(facts, "events", variable_level="any")) == (3, 4)
    assert stat(facts, "p", variable_level="serious") == 0.25
    assert members(facts, sets, "n", variable_level="serious") == ("adae", [0])


@pytest.mark.req("URS-ACC-08")
def test_an_event_without_a_grade_is_counted_whether_it_is_dropped_or_kept():
    facts, sets, _ = facts_of(
        {"id": "drop", "where": {"ATOXGRN": {"ge": 2, "missing": "drop"}}},
        {"id": "keep", "where": {"ATOXGRN": {"ge": 2, "missing": "keep"}}},
    )
    assert stat(facts, "events", variable_level="drop") == 2
    assert stat(facts, "events", variable_level="keep") == 3
    for line in ("drop", "keep"):
        assert stat(facts, "events_unknown", variable_level=line) == 1
        assert members(facts, sets, "events_unknown", variable_level=line) == ("adae", [2])


@pytest.mark.req("URS-ACC-08")
def test_a_flag_that_is_blank_is_counted_as_unknown():
    blank = ADAE.assign(AESER=pd.Series(["Y", np.nan, "N", "N"], dtype="str"))
    facts, _, _ = run(
        events,
        {"dataset": "adae", "options": {"lines": [{"id": "serious", "where": {"AESER": "Y"}}]}},
        {"adsl": subjects(4), "adae": blank},
    )
    assert stat(facts, "events_unknown") == 1


@pytest.mark.req("URS-ACC-08")
def test_what_is_known_can_decide_though_another_value_is_missing():
    rows = pd.DataFrame(
        {
            "PARAMCD": pd.Series(["PULSE", "TEMP", np.nan, "PULSE"], dtype="str"),
            "AVAL": [np.nan, np.nan, 130.0, 130.0],
        }
    )
    high = {"PARAMCD": "PULSE", "AVAL": {"ge": 120, "missing": "drop"}}
    assert events.unjudged(rows, high).tolist() == [True, False, True, False]
    either = {"any": [{"PARAMCD": "TEMP"}, {"AVAL": {"ge": 120, "missing": "keep"}}]}
    assert events.unjudged(rows, either).tolist() == [True, False, False, False]
    assert not events.unjudged(rows, {"AVAL": {"present": False}}).any()
