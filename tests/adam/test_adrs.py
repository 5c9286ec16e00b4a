"""Scores, baseline, windows and response by visit."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.adam import _assessments, _criteria, _pppasi, _records, _response, _windows
from crf2csr.adam._estimands import Handling
from crf2csr.errors import Cause
from tests.adam.findings import PAGE, SPEC, WINDOWS, events, responses, scores, treated

pytestmark = pytest.mark.req("URS-ADA-05")

NOBODY = events()


def records(rows: pd.DataFrame, subjects: pd.DataFrame) -> pd.DataFrame:
    return _records.derive(rows, subjects, {"SCORE": WINDOWS}, PAGE)


def respond(
    rows: pd.DataFrame,
    subjects: pd.DataFrame,
    adice: pd.DataFrame = NOBODY,
    how: list[Handling] | None = None,
) -> pd.DataFrame:
    made = records(rows, subjects)
    return _response.derive(made, subjects, adice, {"SCORE": WINDOWS}, SPEC, how or responses())[0]


def cell(rows: pd.DataFrame, person: str, visit: str, flag: str = "ANL03FL") -> pd.Series:
    found = rows[(rows["USUBJID"] == person) & (rows["AVISIT"] == visit) & (rows[flag] == "Y")]
    assert len(found) == 1
    return found.iloc[0]


# ---- the score ----


def items(**changed: float | None) -> pd.DataFrame:
    regions = [code for code, _ in _pppasi.REGIONS.values()]
    row: dict[str, float | None] = {
        f"{r}{i}": v for r in regions for i, v in (("ERY", 4), ("PUS", 4), ("DES", 4), ("ARE", 6), ("PCT", 100))
    }
    return pd.DataFrame([row | changed]).astype("float64")


@pytest.mark.req("URS-ADA-02")
def test_the_worst_of_everything_is_72():
    assert _pppasi.scores(items())["PPPASI"].tolist() == [720]


@pytest.mark.req("URS-ADA-02")
def test_palms_weigh_two_tenths_and_soles_three():
    nothing = {f"{r}{s}": 0.0 for r in ("LP", "RS", "LS", "RP") for s in ("ERY", "PUS", "DES")}
    assert _pppasi.scores(items(**nothing | {"RPERY": 1.0}))["PPPASI"].tolist() == [12]
    assert _pppasi.scores(items(**nothing | {"RSERY": 1.0}))["PPPASI"].tolist() == [18]


@pytest.mark.req("URS-ADA-02")
@pytest.mark.parametrize(
    ("percent", "score"),
    [(0, 0), (0.5, 1), (9.9, 1), (10, 2), (30, 3), (50, 4), (70, 5), (90, 6), (100, 6), (101, None)],
)
def test_an_area_score_follows_from_the_percentage(percent, score):
    found = _pppasi.area_score(pd.Series([float(percent)]))
    assert found.tolist() == ([score] if score is not None else [pd.NA])


@pytest.mark.req("URS-ADA-02")
def test_a_missing_area_score_is_derived_from_the_percentage_and_flagged():
    made = _pppasi.scores(items(RPARE=None, RPPCT=100.0))
    assert made["PPPASI"].tolist() == [720] and made["AREAFL"].tolist() == ["Y"]


@pytest.mark.req("URS-ADA-02")
def test_any_other_missing_item_makes_the_total_missing():
    made = _pppasi.scores(items(LSDES=None))
    assert made["PPPASI"].isna().all() and made["SGNDES"].isna().all() and made["SGNERY"].tolist() == [16]


@pytest.mark.req("URS-ADA-02")
def test_a_missing_item_and_one_that_cannot_be_used_are_told_apart():
    lacking = pd.DataFrame({"RPERY": [True, False], "LSDES": [True, False]})
    entered = pd.DataFrame({"RPERY": [False, True], "LSDES": [True, True]})
    assert _assessments._why(lacking, entered).iloc[0] == "Items missing: RPERY; Items not usable: LSDES"
    assert pd.isna(_assessments._why(lacking, entered).iloc[1])


# ---- criteria ----


@pytest.mark.req("URS-ADA-04")
@settings(deadline=None)
@given(st.integers(1, 720), st.integers(0, 720), st.sampled_from([50, 75, 90, 100]))
def test_a_fall_is_decided_as_in_fractions(base, post, fall):
    from fractions import Fraction

    want = Fraction(base - post, base) >= Fraction(fall, 100)
    got = _criteria.met(pd.Series([base], dtype="Int64"), pd.Series([post], dtype="Int64"), {"of": "X", "fall": fall})
    assert bool(got.iloc[0]) is want
    short = {50: 2 * post <= base, 75: 4 * post <= base, 90: 10 * post <= base, 100: post == 0}[fall]
    assert short is want


@pytest.mark.req("URS-ADA-04")
def test_exact_boundaries_count_as_response():
    base, post = pd.Series([28, 120, 10], dtype="Int64"), pd.Series([7, 12, 1], dtype="Int64")
    assert _criteria.met(base, post, {"of": "X", "fall": 75}).tolist() == [1, 1, 1]
    assert _criteria.met(base, post, {"of": "X", "fall": 90}).tolist() == [0, 1, 1]


@pytest.mark.req("URS-ADA-04")
def test_a_fall_from_zero_is_not_defined():
    assert (
        _criteria.met(pd.Series([0], dtype="Int64"), pd.Series([0], dtype="Int64"), {"of": "X", "fall": 50})
        .isna()
        .all()
    )


@pytest.mark.req("URS-ADA-04")
def test_success_needs_clear_or_almost_clear_and_two_grades():
    rule = {"of": "G", "at_most": 1, "better_by": 2, "base_at_least": 2}
    base, post = pd.Series([20, 30, 40, 10, 20], dtype="Int64"), pd.Series([0, 10, 20, 0, 10], dtype="Int64")
    assert _criteria.met(base, post, rule).tolist() == [1, 1, 0, pd.NA, 0]


@pytest.mark.req("URS-ADA-04")
def test_an_unknown_word_in_a_criterion_is_refused():
    spec = {"name": "X", "parameters": [{"code": "A"}, {"code": "B", "criterion": {"of": "A", "drop": 50}}]}
    with pytest.raises(Cause, match="not a response criterion"):
        _criteria.declared(spec)


# ---- windows and baseline ----


@pytest.mark.req("URS-ADA-03")
@given(st.lists(st.integers(-30, 120).filter(bool), min_size=1, max_size=25))
@settings(max_examples=25, deadline=None)
def test_each_window_has_at_most_one_analysed_record_and_it_is_the_nearest(days):
    made = records(scores(("A", -1, 100, "Screening"), *(("A", d, 50, "Unscheduled") for d in days)), treated("A"))
    post = made[made["_POST"] & made["AVISIT"].notna() & (made["ADY"] <= 98)]
    chosen = post[post["ANL01FL"] == "Y"]
    assert not chosen.duplicated("AVISIT").any()
    assert set(chosen["AVISIT"]) == set(post["AVISIT"])
    nearest = post.groupby("AVISIT")["AWTDIFF"].agg(lambda d: d.abs().min())
    assert chosen.set_index("AVISIT")["AWTDIFF"].abs().to_dict() == nearest.to_dict()


@pytest.mark.req("URS-ADA-03")
def test_a_tie_takes_the_later_record():
    made = records(
        scores(("A", 1, 100, "Baseline"), ("A", 83, 10, "Week 12"), ("A", 87, 20, "Unscheduled")), treated("A")
    )
    assert made.loc[made["ANL01FL"] == "Y", "ADY"].tolist() == [1, 87]


@pytest.mark.req("URS-ADA-03")
def test_baseline_is_the_last_value_on_or_before_the_first_dose():
    made = records(
        scores(
            ("A", -7, 100, "Screening"), ("A", 1, 90, "Baseline"), ("A", 1, None, "Unscheduled"), ("A", 8, 45, "Week 1")
        ),
        treated("A"),
    )
    assert made.loc[made["ABLFL"] == "Y", "TENTHS"].tolist() == [90]
    assert made.loc[made["ADY"] == 8, ["BASE", "CHG", "PCHG"]].to_numpy().tolist() == [[9.0, -4.5, -50.0]]


@pytest.mark.req("URS-ADA-03")
def test_a_value_after_the_time_of_the_first_dose_is_not_baseline():
    rows = pd.DataFrame(
        {
            "USUBJID": "A",
            "PARAMCD": "X",
            "ADT": [10, 10],
            "ATM": [3600, 9000],
            "TRTSTM": 7200,
            "ASEQ0": [1, 2],
            "AVAL": [1.0, 2.0],
        }
    )
    flag = _windows.baseline(rows, pd.Series([10, 10]), ["USUBJID", "PARAMCD"])
    assert flag.tolist()[0] == "Y" and pd.isna(flag.tolist()[1])


@pytest.mark.req("URS-ADA-03")
def test_a_record_too_long_after_the_last_dose_is_kept_with_its_reason_for_the_treatment_policy():
    made = records(scores(("A", 1, 100, "Baseline"), ("A", 85, 10, "Week 12")), treated("A", left={"A": (70, "OTHER")}))
    late = made[made["ADY"] == 85].iloc[0]
    assert pd.isna(late["ANL01FL"]) and late["ANL02FL"] == "Y" and late["AREAS"] == "More than 14 days after last dose"


@pytest.mark.req("URS-ADA-03")
def test_a_visit_outside_the_window_of_the_protocol_is_flagged():
    made = records(scores(("A", 1, 100, "Baseline"), ("A", 97, 10, "Week 12")), treated("A"))
    assert made.loc[made["ADY"] == 97, ["AVISIT", "PWINFL", "ANL01FL"]].to_numpy().tolist() == [["Week 12", "N", "Y"]]


# ---- response ----


def test_a_composite_event_on_the_day_outranks_the_response_and_one_after_it_does_not():
    rows = scores(*(row for p in "ABC" for row in ((p, 1, 100, "Baseline"), (p, 85, 10, "Week 12"))))
    made = respond(rows, treated(*"ABC"), events(("A", 85, "Rescue"), ("B", 86, "Rescue")))
    struck, free, never = (cell(made, p, "Week 12") for p in "ABC")
    assert (struck["AVAL"], struck["DTYPE"], struck["RSPCAT"], struck["RSPREAS"]) == (
        0,
        "NRI",
        "COMPOSITE",
        "Composite event: Rescue",
    )
    assert (free["AVAL"], free["RSPCAT"]) == (1, "OBSERVED") and never["AVAL"] == 1
    assert cell(made, "A", "Week 12", "ANL05FL")["AVAL"] == 1


def test_without_a_record_the_target_day_decides_what_the_event_strikes():
    rows = scores(("A", 1, 100, "Baseline"), ("B", 1, 100, "Baseline"))
    made = respond(rows, treated(*"AB"), events(("A", 85, "Rescue"), ("B", 86, "Rescue")))
    assert cell(made, "A", "Week 12")["RSPCAT"] == "COMPOSITE" and cell(made, "B", "Week 12")["RSPCAT"] == "MISSING"


@pytest.mark.parametrize(
    ("more", "left", "reason"),
    [
        ([], None, "Missing: visit not done"),
        ([], {"A": (40, "LOST TO FOLLOW-UP")}, "Missing: treatment discontinued (LOST TO FOLLOW-UP)"),
        ([("A", 85, None, "Week 12")], None, "Missing: score not computable"),
        ([("A", 105, 10, "Week 12")], None, "Missing: assessed outside the analysis window"),
        ([("A", 90, 10, "Week 12")], {"A": (40, "OTHER")}, "Missing: assessed too long after last dose"),
    ],
)
def test_a_missing_week_12_says_why(more, left, reason):
    made = respond(scores(("A", 1, 100, "Baseline"), *more), treated("A", left=left, last_day=95))
    row = cell(made, "A", "Week 12")
    assert (row["AVAL"], row["DTYPE"], row["RSPREAS"]) == (0, "NRI", reason)


def test_who_has_no_baseline_counts_as_non_responder_among_all_treated():
    made = respond(scores(("A", 85, 10, "Week 12"), ("B", 1, 100, "Baseline")), treated("A", "B"))
    row = cell(made, "A", "Week 12")
    assert (row["AVAL"], row["RSPELFL"], row["RSPREAS"]) == (0, "N", "Missing: no baseline")


def test_the_last_observation_is_carried_over_missing_visits_only():
    made = respond(
        scores(("A", 1, 100, "Baseline"), ("A", 15, 40, "Week 2"), ("B", 1, 100, "Baseline")),
        treated("A", "B"),
        events(("B", 3, "Rescue")),
    )
    carried = cell(made, "A", "Week 12", "ANL04FL")
    assert (carried["AVAL"], carried["DTYPE"]) == (1, "LOCF")
    never = cell(made, "A", "Week 1", "ANL04FL")
    assert (never["AVAL"], never["DTYPE"]) == (0, "BOCF")
    assert (cell(made, "B", "Week 12", "ANL04FL")["DTYPE"], cell(made, "B", "Week 12", "ANL04FL")["RSPCAT"]) == (
        "NRI",
        "COMPOSITE",
    )


@pytest.mark.req("URS-ADA-04")
def test_a_response_is_sustained_when_every_later_visit_and_the_last_keep_it():
    rows = scores(
        ("A", 1, 100, "Baseline"),
        ("A", 8, 40, "Week 1"),
        ("A", 15, 60, "Week 2"),
        ("A", 85, 40, "Week 12"),
        ("B", 1, 100, "Baseline"),
        ("B", 8, 40, "Week 1"),
        ("B", 15, 40, "Week 2"),
    )
    made = respond(rows, treated("A", "B"))
    seen = made[made["DTYPE"].isna()].sort_values(["USUBJID", "ADY"])
    assert seen["SUSTFL"].tolist() == ["N", "N", "Y", "N", "N"]


people = st.lists(st.sampled_from("ABCD"), unique=True, min_size=1)
visits = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.integers(-5, 120).filter(bool), st.one_of(st.none(), st.integers(0, 720))),
    max_size=30,
)
strikes = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 110)), max_size=4)


@given(people, visits, strikes)
@settings(max_examples=25, deadline=None)
def test_every_treated_subject_has_exactly_one_row_per_visit_and_criterion_in_each_handling(who, looks, struck):
    rows = scores(*((p, d, t, "Unscheduled") for p, d, t in [*looks, (who[0], 1, 300)] if p in who))
    made = respond(rows, treated(*who), events(*((p, d, "Rescue") for p, d in struck if p in who)))
    for flag in ("ANL03FL", "ANL04FL", "ANL05FL"):
        count = made[made[flag] == "Y"].groupby(["USUBJID", "PARAMCD", "AVISIT"]).size()
        assert len(count) == len(who) * len(WINDOWS) and (count == 1).all()
    assert made.loc[made["RSPCAT"] == "COMPOSITE", "AVAL"].eq(0).all()
