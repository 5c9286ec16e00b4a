"""Attributes of estimands, and subjects touched by each intercurrent event."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import estimand
from crf2csr.errors import Cause
from tests.ard._tables import ARMS, members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-14")

DAY_1 = 1000
PAGE = ARMS | {
    "intercurrent_events": [
        {"id": "RESCUE", "label": "Rescue medication"},
        {"id": "DEATH", "label": "Death"},
        {"id": "PAUSE", "label": "Pause"},
    ],
    "estimands": {
        "estimands": [
            {
                "id": "main",
                "label": "Response",
                "role": "primary",
                "sap": "4",
                "treatment": "Drug",
                "population": {"flag": "FASFL", "words": "Adults"},
                "variable": "Response at the end",
                "summary": "Proportion",
                "missing": "Counts as non-response",
                "events": {"RESCUE": "composite", "DEATH": "composite", "PAUSE": "treatment policy"},
            }
        ]
    },
}
VISIT = {"visit": {"dataset": "adrs", "where": {"AVISIT": "End"}}}
EVENTS = {"dataset": "adice", "beside": VISIT, "options": {"about": "events", "strategies_of": "main", "day": 85}}


def adice(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """Events as (subject, code, study day)."""
    table = pd.DataFrame(rows, columns=["USUBJID", "ICECD", "DAY"])
    return pd.DataFrame(
        {
            "USUBJID": table["USUBJID"].astype("str"),
            "ICECD": table["ICECD"].astype("str"),
            "ASTDT": (DAY_1 - 1 + table["DAY"]).astype("Int64"),
            "ASEQ": range(1, len(table) + 1),
        }
    )


def ends(**days: int) -> pd.DataFrame:
    """The analysed last visit as study day of each subject."""
    return pd.DataFrame(
        {
            "USUBJID": pd.Series([name.removeprefix("s") for name in days], dtype="str"),
            "AVISIT": pd.Series(["End"] * len(days), dtype="str"),
            "ADT": pd.array([DAY_1 - 1 + day for day in days.values()], dtype="Int64"),
        }
    )


def touched(events: pd.DataFrame, visits: pd.DataFrame, n: int = 4, **spec: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    people = subjects(n, TRTSDT=pd.array([DAY_1] * n, dtype="Int64"))
    facts, sets, _ = run(estimand, EVENTS | spec, {"adsl": people, "adice": events, "adrs": visits}, PAGE)
    return facts, sets


def counted(facts: pd.DataFrame, level: str) -> dict[str, float]:
    names = ("n", "events", "n_first", "n_by", "n_after")
    return {name: stat(facts, name, variable_level=level) for name in names}


def test_a_subject_counts_once_per_event_and_the_first_of_all_is_told():
    facts, sets = touched(
        adice(("1", "PAUSE", 10), ("1", "RESCUE", 20), ("1", "RESCUE", 40), ("2", "RESCUE", 5)), ends(s1=85)
    )
    assert counted(facts, "RESCUE") == {"n": 2, "events": 3, "n_first": 1, "n_by": 2, "n_after": 0}
    assert counted(facts, "PAUSE") == {"n": 1, "events": 1, "n_first": 1, "n_by": 1, "n_after": 0}
    assert counted(facts, "DEATH") == dict.fromkeys(("n", "events", "n_first", "n_by", "n_after"), 0)
    assert members(facts, sets, "n", variable_level="RESCUE") == ("adice", [1, 2, 3])
    assert members(facts, sets, "n_first", variable_level="RESCUE") == ("adice", [3])


def test_an_event_is_set_against_the_analysed_visit_and_the_target_day_for_want_of_one():
    facts, sets = touched(
        adice(("1", "RESCUE", 88), ("2", "RESCUE", 85), ("3", "RESCUE", 86), ("4", "RESCUE", 81)), ends(s1=88, s4=80)
    )
    assert members(facts, sets, "n_by", variable_level="RESCUE") == ("adice", [0, 1])
    assert members(facts, sets, "n_after", variable_level="RESCUE") == ("adice", [2, 3])


def test_events_are_taken_together_by_strategy_and_over_all():
    facts, sets = touched(adice(("1", "RESCUE", 10), ("1", "DEATH", 20), ("2", "PAUSE", 30)), ends())
    assert counted(facts, "composite") == {"n": 1, "events": 2, "n_first": 1, "n_by": 1, "n_after": 0}
    assert counted(facts, "any")["n"] == 2 and stat(facts, "p", variable_level="any") == 0.5
    assert members(facts, sets, "n_none") == ("adsl", [2, 3])
    assert "hypothetical" not in set(facts["variable_level"].dropna())


def test_of_events_on_one_day_the_composite_one_is_first():
    facts, _ = touched(adice(("1", "PAUSE", 10), ("1", "RESCUE", 10)), ends())
    assert (counted(facts, "PAUSE")["n_first"], counted(facts, "RESCUE")["n_first"]) == (0, 1)


looks = st.lists(
    st.tuples(st.sampled_from("1234"), st.sampled_from(["RESCUE", "DEATH", "PAUSE"]), st.integers(1, 120)), max_size=10
)


@given(looks, st.integers(60, 100))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_counts_add_up(events, day):
    facts, _ = touched(adice(*events), ends(s1=day))
    for level in ("RESCUE", "DEATH", "PAUSE", "composite", "treatment policy", "any"):
        row = counted(facts, level)
        assert row["n_by"] + row["n_after"] == row["n"] <= row["events"]
    firsts = [counted(facts, code)["n_first"] for code in ("RESCUE", "DEATH", "PAUSE")]
    assert sum(firsts) == counted(facts, "any")["n"] == counted(facts, "any")["n_first"]
    assert stat(facts, "n_none") == 4 - counted(facts, "any")["n"]


def test_attributes_stand_as_declared_and_the_population_is_counted():
    people = subjects(3, FASFL=pd.Series(["Y", "N", "Y"], dtype="str"))
    spec = {"dataset": "adice", "options": {"about": "estimands"}}
    facts, sets, _ = run(estimand, spec, {"adsl": people, "adice": adice()}, PAGE)
    said = dict(zip(facts["stat_name"], facts["stat_text"], strict=True))
    assert (said["treatment"], said["population"], said["summary"]) == ("Drug", "Adults", "Proportion")
    assert members(facts, sets, "N", variable_level="main") == ("adsl", [0, 2])
    strategies = facts[facts["stat_name"] == "strategy"]
    assert dict(zip(strategies["group2_level"], strategies["stat_text"], strict=True)) == {
        "Rescue medication": "composite",
        "Death": "composite",
        "Pause": "treatment policy",
    }


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"options": {"about": "everything"}}, "value 'everything': `about` is estimands or events"),
        ({"options": {"about": "events", "strategies_of": "other", "day": 85}}, "value 'other': is not an estimand"),
        ({"beside": {}}, "name its records"),
        ({"options": {"about": "events", "strategies_of": "main"}}, "name its target day"),
        ({"by": ["ICECD"]}, "by strategy and by nothing else"),
    ],
)
def test_an_option_that_is_not_known_is_refused(spec, words):
    with pytest.raises(Cause, match=words):
        touched(adice(), ends(), **spec)
