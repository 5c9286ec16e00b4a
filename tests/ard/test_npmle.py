import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import _km, _npmle, npmle
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-09")

ORACLE = oracle("06_turnbull")
PROPERTY = settings(max_examples=40, derandomize=True, deadline=None)
INF = np.inf


def case(name):
    if name in ("trial", "trial_F"):
        d = data("data/tte")
        d = d if name == "trial" else d[d["SEX"] == "F"]
        return d["LEFT"].to_numpy("float64"), d["RIGHT"].fillna(INF).to_numpy("float64"), ORACLE[name]
    if name in ("rad", "radchem"):
        d = data("published/bcos")
        d = d[(d["treatment"] == "Rad") == (name == "rad")]
        return (
            d["left"].to_numpy("float64"),
            d["right"].fillna(INF).to_numpy("float64"),
            ORACLE["published"][name],
        )
    left = np.array([1.0, 8, 8, 7, 7, 17, 37, 46, 46, 45])
    right = np.array([7.0, 8, 10, 16, 14, INF, 44, INF, INF, INF])
    return left, right, ORACLE["published"]["lifelines_test_case"]


CASES = ["trial", "trial_F", "rad", "radchem", "lifelines_test_case"]


@pytest.mark.parametrize("name", CASES)
def test_innermost_intervals_and_their_masses_agree_with_r(name):
    left, right, want = case(name)
    want, at = want["npmle_reference"], want["surv_at"]
    got = _npmle.estimate(left, right)
    upper = np.array(want["hi"], dtype="float64")
    np.testing.assert_array_equal(got.lower, want["lo"])
    np.testing.assert_array_equal(got.upper, np.where(upper >= 1e9, INF, upper))
    np.testing.assert_allclose(got.mass, want["p"], rtol=1e-9, atol=1e-12)
    assert got.loglik == pytest.approx(want["loglik"], rel=1e-12)
    assert got.violation < 1e-12 and got.certified
    surv = [_npmle.survival_between(got, t)[1] for t in at["t"]]
    np.testing.assert_allclose(surv, at["reference"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_one_where_there_is_mass_and_nowhere_more(name):
    left, right, _ = case(name)
    got = _npmle.estimate(left, right)
    np.testing.assert_allclose(got.gradient[got.mass > 0], 1, rtol=1e-10)
    assert (got.gradient <= 1 + 1e-12).all()


def test_masses_that_are_not_the_maximum_are_not_certified():
    left, right, _ = case("trial")
    lower, upper = _npmle.innermost(left, right)
    rows = _npmle._Rows(*_npmle._reach(left, right, lower, upper), np.ones(len(left)), len(lower))
    assert rows.violation(np.full(len(lower), 1 / len(lower))) > 0.1


def test_a_bound_of_a_half_open_interval_belongs_to_its_right_end():
    # Seen free at 5 and with the event at 8; another is seen free at 8: nobody may have both.
    lower, upper = _npmle.innermost(np.array([5.0, 8.0]), np.array([8.0, INF]))
    np.testing.assert_array_equal((lower, upper), ([5, 8], [8, INF]))
    # An exact time at the end of an interval is inside it; one at its begin is not.
    np.testing.assert_array_equal(_npmle.estimate(np.array([5.0, 8.0]), np.array([8.0, 8.0])).mass, [1])
    got = _npmle.estimate(np.array([5.0, 5.0]), np.array([8.0, 5.0]))
    np.testing.assert_array_equal((got.lower, got.upper), ([5, 5], [5, 8]))
    np.testing.assert_allclose(got.mass, [0.5, 0.5])


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=30))
def test_without_interval_censoring_it_is_the_kaplan_meier_estimate(pairs):
    time, seen = (np.array(c) for c in zip(*pairs, strict=True))
    time = time.astype("float64")
    curve = _km.curve(time, seen)
    got = _npmle.estimate(time, np.where(seen, time, INF))
    # The general way gives the same from equal masses.
    slow = _npmle.estimate(time, np.where(seen, time, INF), np.full(len(got.mass), 1 / len(got.mass)))
    for made in (got, slow):
        assert made.certified
        for t, surv in zip(curve.time, curve.surv, strict=True):
            assert _npmle.survival_between(made, t)[1] == pytest.approx(surv, abs=1e-9)


BOUNDS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=25)


def bounds_of(pairs):
    """A width of 0 is an exact time, one of 6 an event that was not seen."""
    left, width = (np.array(c, dtype="float64") for c in zip(*pairs, strict=True))
    return left, np.where(width == 6, INF, left + width)


@PROPERTY
@given(BOUNDS, st.randoms(use_true_random=False))
def test_it_is_certified_sums_to_one_and_knows_no_order_of_rows(pairs, chance):
    left, right = bounds_of(pairs)
    got = _npmle.estimate(left, right)
    assert got.certified and got.mass.sum() == pytest.approx(1, abs=1e-12) and (got.mass >= 0).all()
    assert (got.lower[1:] >= got.upper[:-1]).all()
    chance.shuffle(pairs)
    again = _npmle.estimate(*bounds_of(pairs))
    assert again.loglik == pytest.approx(got.loglik, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(again.mass, got.mass, atol=1e-6)


@PROPERTY
@given(BOUNDS, st.integers(0, 15))
def test_a_survival_probability_lies_between_its_least_and_greatest_and_falls_with_time(pairs, t):
    got = _npmle.estimate(*bounds_of(pairs))
    least, most, inside = _npmle.survival_between(got, t)
    assert 0 <= least <= most <= 1 and (inside is None) == (most - least < 1e-15)
    later = _npmle.survival_between(got, t + 1)
    assert later[0] <= least + 1e-12 and later[1] <= most + 1e-12
    after, by = _npmle.quantile_between(got, 0.5)
    assert after <= by


def adtte(left, right):
    n = len(left)
    return pd.DataFrame(
        {
            "USUBJID": pd.Series([str(i) for i in range(1, n + 1)], dtype="str"),
            "LBOUND": pd.array(left, dtype="Float64"),
            "RBOUND": pd.array([None if np.isinf(r) else r for r in right], dtype="Float64"),
        }
    )


SPEC = {"dataset": "adtte", "options": {"landmarks": {"Day 8": 8, "Day 40": 40, "Day 60": 60}}}


def trial():
    left, right, want = case("trial")
    facts, sets, _ = run(npmle, SPEC, {"adsl": subjects(62), "adtte": adtte(left, right)})
    return facts, sets, want, left, right


def test_the_intervals_themselves_are_facts_with_who_may_have_had_the_event_in_them():
    facts, sets, want, left, right = trial()
    ref = want["npmle_reference"]
    found = facts[facts["stat_name"] == "mass"]
    assert list(found["group3_level"]) == [f"({a}, {b}]" for a, b in zip(ref["lo"], ref["hi"], strict=True)]
    np.testing.assert_allclose(found["stat"], ref["p"], rtol=1e-9, atol=1e-12)
    one = {"group3_level": "(26, 27]"}
    assert members(facts, sets, "possible", **one)[1] == [int(i) for i in np.flatnonzero((left <= 26) & (right >= 27))]
    assert stat(facts, "possible", **one) == ((left <= 26) & (right >= 27)).sum()
    assert stat(facts, "kkt_violation") < 1e-12
    assert facts.loc[facts["stat_name"] == "certified", "stat_text"].tolist() == ["yes"]


def test_a_day_inside_an_interval_with_mass_has_a_range_and_names_the_interval():
    facts, *_ = trial()
    least, most = (stat(facts, f"cum_{end}", variable_level="Day 40", context=None) for end in ("least", "most"))
    assert most - least == pytest.approx(0.185322373571173, rel=1e-9)
    within = facts[facts["stat_name"] == "within"].set_index("variable_level")["stat_text"]
    assert within.to_dict() == {"Day 8": "determined", "Day 40": "(30, 55]", "Day 60": "(59, 82]"}
    surv = stat(facts, "surv_most", variable_level="Day 60", context=None)
    assert surv == pytest.approx(0.480426965013729, rel=1e-9)


def test_the_median_is_an_interval():
    facts, *_ = trial()
    # 0.435 of the mass by day 55, 0.520 by day 57.
    assert (stat(facts, "median_after"), stat(facts, "median_by")) == (56, 57)
    assert (stat(facts, "q1_after"), stat(facts, "q1_by")) == (30, 55)


def test_where_survival_is_just_a_half_the_median_reaches_to_the_next_mass():
    got = _npmle.estimate(np.array([1.0, 5.0]), np.array([2.0, 9.0]))
    assert _npmle.quantile_between(got, 0.5) == (1, 9)


def test_what_lifelines_and_survfit_give_stands_beside():
    facts, *_ = trial()
    # Bounds closed at the left: the reference of the trial data at day 60 is 0.480, lifelines gives 0.439.
    closed = "lifelines default: bounds closed at the left"
    assert stat(facts, "surv_least", variable_level="Day 60", context=closed) < 0.45
    middle = "R survfit: mass at the middle of its interval"
    assert stat(facts, "surv_least", variable_level="Day 60", context=middle) == pytest.approx(0.480426965, rel=1e-8)


def test_who_has_no_record_or_no_bounds_is_left_out_by_reason():
    frame = adtte([1.0, 5, 5], [5.0, INF, 8])
    frame.loc[1, "LBOUND"] = pd.NA
    facts, sets, _ = run(npmle, SPEC, {"adsl": subjects(4), "adtte": frame})
    assert stat(facts, "N") == 2
    assert members(facts, sets, "left_out", variable_level="no record of this time") == ("adsl", [3])
    assert members(facts, sets, "left_out", variable_level="no bounds of the time") == ("adsl", [1])
    assert (stat(facts, "n_between"), stat(facts, "n_never"), stat(facts, "n_exact")) == (2, 0, 0)


def test_nobody_with_bounds_is_an_error_and_no_crash():
    facts, *_ = run(npmle, SPEC, {"adsl": subjects(2), "adtte": adtte([], [])})
    assert facts.loc[facts["stat_name"] == "loglik", "error"].tolist() == ["no subject with bounds"]


def test_all_censored_has_no_event_and_no_median():
    facts, *_ = run(npmle, SPEC, {"adsl": subjects(2), "adtte": adtte([9.0, 60], [INF, INF])})
    assert facts.loc[facts["stat_name"] == "interval", "stat_text"].tolist() == ["after 60"]
    assert stat(facts, "cum_most", variable_level="Day 60", context=None) == 0
    assert np.isnan(stat(facts, "median_by"))


def test_one_subject_has_all_mass_in_its_interval():
    facts, *_ = run(npmle, SPEC, {"adsl": subjects(1), "adtte": adtte([29.0], [57.0])})
    assert stat(facts, "mass", group3_level="(29, 57]") == 1


def test_bounds_in_disorder_and_unknown_options_are_refused():
    with pytest.raises(Cause, match="in disorder"):
        run(npmle, SPEC, {"adsl": subjects(1), "adtte": adtte([29.0], [20.0])})
    with pytest.raises(Cause, match="not an option"):
        run(npmle, {"dataset": "adtte", "options": {"level": 0.9}}, {"adsl": subjects(1), "adtte": adtte([1.0], [2.0])})
    bounds = {"dataset": "adtte", "options": {"bounds": ["L", "R"]}}
    with pytest.raises(Cause, match="not a variable"):
        run(npmle, bounds, {"adsl": subjects(1), "adtte": adtte([1.0], [2.0])})
