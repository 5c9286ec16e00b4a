"""A strategy that is declared for an event decides which records count and what stands for them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.adam import _estimands, _records, _response
from crf2csr.adam._estimands import Handling
from tests.adam.findings import PAGE, SPEC, WINDOWS, events, responses, scores, treated

pytestmark = pytest.mark.req("URS-ADA-05")

POLICY = "treatment policy"
# Half of baseline from week 1 on; the event comes between weeks 2 and 12.
RESPONDS = scores(("A", 1, 100, "Baseline"), ("A", 8, 60, "Week 1"), ("A", 15, 40, "Week 2"), ("A", 85, 70, "Week 12"))
RESCUE = events(("A", 30, "Rescue"))


def respond(rows: pd.DataFrame, adice: pd.DataFrame, how: list[Handling], *people: str) -> pd.DataFrame:
    subjects = treated(*(people or "A"))
    made = _records.derive(rows.copy(), subjects, {"SCORE": WINDOWS}, PAGE)
    return _response.derive(made, subjects, adice, {"SCORE": WINDOWS}, SPEC, how)[0]


def score(
    rows: pd.DataFrame, adice: pd.DataFrame, strategies: dict[str, str], records: str = "ANL01FL"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All scores with their flags and those that stand for later visits, and the edges of these."""
    subjects = treated("A")
    made = _records.derive(rows.copy(), subjects, {"SCORE": WINDOWS}, PAGE)
    how = [Handling("ANL03FL", records, "", strategies)]
    made, standing, edges = _estimands.scores(made, adice, how, {"SCORE": WINDOWS}, subjects)
    return pd.concat([made, standing], ignore_index=True), edges


def carried(rows: pd.DataFrame, flag: str = "ANL03FL") -> dict[str, tuple[object, ...]]:
    """What stands for each visit: value, derivation, category (by the flag)."""
    some = rows[rows[flag] == "Y"].sort_values("AVISITN", kind="stable").fillna({"DTYPE": ""})
    names = [name for name in ("AVAL", "DTYPE", "RSPCAT") if name in some]
    assert not some["AVISIT"].duplicated().any()
    return {visit: tuple(row) for visit, row in zip(some["AVISIT"], some[names].to_numpy().tolist(), strict=True)}


# ---- responses ----


def test_a_composite_event_is_non_response_from_its_day_on():
    made = carried(respond(RESPONDS, RESCUE, responses("composite")))
    assert made == {
        "Week 1": (0, "", "OBSERVED"),
        "Week 2": (1, "", "OBSERVED"),
        "Week 12": (0, "NRI", "COMPOSITE"),
    }


def test_under_treatment_policy_the_observed_value_counts_whatever_the_event():
    better = RESPONDS.assign(TENTHS=RESPONDS["TENTHS"].replace(70, 30))
    made = carried(respond(better, RESCUE, responses(POLICY)))
    assert made["Week 12"] == (1, "", "OBSERVED")
    assert carried(respond(better, RESCUE, responses("composite")))["Week 12"] == (0, "NRI", "COMPOSITE")


def test_under_the_hypothetical_strategy_the_value_is_missing_and_the_rule_for_missing_values_decides():
    made = respond(RESPONDS, RESCUE, responses("hypothetical"))
    row = made[(made["ANL03FL"] == "Y") & (made["AVISIT"] == "Week 12")].iloc[0]
    assert (row["RSPCAT"], row["RSPREAS"]) == ("MISSING", "Missing: set aside after Rescue")
    assert carried(made, "ANL04FL")["Week 12"] == (1, "LOCF", "MISSING")
    observed = made[made["DTYPE"].isna() & (made["AVISIT"] == "Week 12")].iloc[0]
    assert observed["RSPREAS"] == "Observed, set aside after an intercurrent event"
    assert observed[["ANL03FL", "ANL04FL"]].isna().all() and observed["ANL05FL"] == "Y"


def test_a_value_set_aside_may_be_left_missing_and_is_then_no_non_response():
    how = [Handling("ANL03FL", "ANL01FL", "left missing", {"RESCUE": "hypothetical"})]
    assert set(carried(respond(RESPONDS, RESCUE, how))) == {"Week 1", "Week 2"}
    how = [Handling("ANL03FL", "ANL01FL", "left missing", {"RESCUE": "composite"})]
    assert carried(respond(RESPONDS, RESCUE, how))["Week 12"] == (0, "NRI", "COMPOSITE")


def test_while_on_treatment_the_last_value_before_the_event_stands_for_later_visits():
    made = respond(RESPONDS, RESCUE, responses("while on treatment"))
    assert carried(made)["Week 12"] == (1, "LOV", "WHILE ON TREATMENT")
    row = made[made["DTYPE"] == "LOV"].iloc[0]
    assert row["RSPREAS"] == "Last value before Rescue" and row["AVALC"] == "Y"


def test_without_a_value_before_the_event_there_is_no_response_as_at_baseline():
    made = respond(RESPONDS, events(("A", 8, "Rescue")), responses("while on treatment"))
    assert carried(made)["Week 1"] == (0, "BOCF", "WHILE ON TREATMENT")
    assert made.loc[made["DTYPE"] == "BOCF", "RSPREAS"].eq("No value before Rescue: no response").all()


def test_the_sources_of_a_value_before_the_event_are_its_score_and_the_event():
    subjects = treated("A")
    made = _records.derive(RESPONDS.copy(), subjects, {"SCORE": WINDOWS}, PAGE)
    rows, edges = _response.derive(made, subjects, RESCUE, {"SCORE": WINDOWS}, SPEC, responses("while on treatment"))
    mine = edges[edges["KEY"] == rows.loc[rows["DTYPE"] == "LOV", "_KEY"].iloc[0]]
    assert set(mine["SRCKEY"].dropna()) == {"S2"} and set(mine["SRCDOM"].dropna()) == {"ADICE"}


@pytest.mark.parametrize(
    ("strategies", "category"),
    [
        ({"rescue": "composite", "pause": "hypothetical"}, "MISSING"),
        ({"rescue": "hypothetical", "pause": "composite"}, "COMPOSITE"),
        ({"rescue": "composite", "pause": POLICY}, "COMPOSITE"),
    ],
)
def test_of_several_events_the_first_that_is_not_under_treatment_policy_decides(strategies, category):
    adice = events(("A", 20, "Pause"), ("A", 30, "Rescue"))
    assert carried(respond(RESPONDS, adice, responses(**strategies)))["Week 12"][2] == category


def test_on_one_day_composite_comes_first():
    adice = events(("A", 30, "Pause"), ("A", 30, "Rescue"))
    made = carried(respond(RESPONDS, adice, responses("composite", pause="hypothetical")))
    assert made["Week 12"][2] == "COMPOSITE"


def test_without_estimands_only_what_was_observed_is_there():
    made = respond(RESPONDS, RESCUE, [])
    assert made["DTYPE" if "DTYPE" in made else "RSPCAT"].isin(["OBSERVED"]).all() and len(made) == 3
    assert made["SUSTFL"].isna().all()


strategies_ = st.sampled_from(_estimands.STRATEGIES)
looks = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(2, 110), st.one_of(st.none(), st.integers(0, 200))), max_size=12
)
strikes = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(1, 110), st.sampled_from(["Rescue", "Pause"])), max_size=4
)


@given(looks, strikes, strategies_, strategies_)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_under_every_strategy_each_visit_has_one_row_and_policy_forgets_the_events(seen, struck, rescue, pause):
    rows = scores(("A", 1, 100, "Baseline"), ("B", 1, 100, "Baseline"), *((p, d, t, "Unscheduled") for p, d, t in seen))
    made = respond(rows, events(*struck), responses(rescue, pause=pause), "A", "B")
    for flag in ("ANL03FL", "ANL04FL", "ANL05FL"):
        count = made[made[flag] == "Y"].groupby(["USUBJID", "AVISIT"]).size()
        assert len(count) == 2 * len(WINDOWS) and (count == 1).all()
    free = respond(rows, events(), responses(rescue, pause=pause), "A", "B")
    key = ["USUBJID", "AVISIT", "AVAL"]
    for one in (made, free):
        one.sort_values(key, inplace=True, ignore_index=True)
    pd.testing.assert_frame_equal(
        made.loc[made["ANL05FL"] == "Y", key].reset_index(drop=True),
        free.loc[free["ANL05FL"] == "Y", key].reset_index(drop=True),
    )


# ---- scores ----


def test_a_score_is_not_used_from_the_day_of_a_hypothetical_event_on_and_baseline_always_is():
    made, _ = score(RESPONDS, events(("A", 15, "Rescue")), {"RESCUE": "hypothetical"})
    assert list(carried(made)) == ["Baseline", "Week 1"]
    first, _ = score(RESPONDS, events(("A", 1, "Rescue")), {"RESCUE": "hypothetical"})
    assert list(carried(first)) == ["Baseline"]


def test_under_treatment_policy_every_score_counts_and_late_ones_do_where_the_records_allow():
    made, _ = score(RESPONDS, RESCUE, {"RESCUE": POLICY})
    assert list(carried(made)) == ["Baseline", "Week 1", "Week 2", "Week 12"]
    late = scores(("A", 1, 100, "Baseline"), ("A", 98, 10, "Week 12"))
    subjects = treated("A", left={"A": (70, "OTHER")})
    rows = _records.derive(late, subjects, {"SCORE": WINDOWS}, PAGE)
    for records, visits in (("ANL01FL", ["Baseline"]), ("ANL02FL", ["Baseline", "Week 12"])):
        how = [Handling("ANL05FL", records, "", {"RESCUE": POLICY})]
        made, _, _ = _estimands.scores(rows.copy(), events(), how, {"SCORE": WINDOWS}, subjects)
        assert list(carried(made, "ANL05FL")) == visits


def test_while_on_treatment_the_last_score_before_the_event_stands_for_later_visits():
    made, edges = score(RESPONDS, RESCUE, {"RESCUE": "while on treatment"})
    assert carried(made)["Week 12"] == (4.0, "LOV")
    row = made[made["DTYPE"] == "LOV"].iloc[0]
    assert (row["BASE"], row["CHG"], row["PCHG"]) == (10.0, -6.0, -60.0)
    assert pd.isna(row["ADT"]) and pd.isna(row["ANL01FL"])
    assert set(edges["SRCKEY"].dropna()) == {"S2"} and set(edges["SRCDOM"].dropna()) == {"ADICE"}


def test_the_baseline_stands_where_the_event_came_before_every_score():
    made, _ = score(RESPONDS, events(("A", 2, "Rescue")), {"RESCUE": "while on treatment"})
    assert [v[:2] for v in carried(made).values()] == [(10.0, ""), *[(10.0, "BOCF")] * 3]
    assert made.loc[made["DTYPE"] == "BOCF", "CHG"].eq(0).all()


# ---- which handling ----


def test_a_flag_is_filled_once_and_the_primary_estimand_is_the_main_one():
    entry = {"datasets": ["adrs"], "rows": "responses", "records": "ANL01FL", "missing": "non-response"}
    lists = {
        "estimands": {
            "estimands": [
                {"id": "b", "role": "supplementary", "events": {"X": POLICY}, "data": [entry | {"flag": "ANL05FL"}]},
                {"id": "a", "role": "primary", "events": {"X": "composite"}, "data": [entry | {"flag": "ANL03FL"}]},
                {"id": "c", "role": "secondary", "events": {"X": "composite"}, "data": [entry | {"flag": "ANL03FL"}]},
            ]
        }
    }
    assert [one.flag for one in _estimands.handlings(lists, "adrs", "responses")] == ["ANL03FL", "ANL05FL"]
    assert _estimands.handlings(lists, "adrs", "scores") == _estimands.handlings({}, "adrs", "responses") == []
