import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import _km, logrank, survival
from crf2csr.errors import Cause
from tests.ard._tables import REFERENCE, data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-08")

ORACLE = oracle("05_km")
TTE = data("data/tte")


def case(name):
    if name == "trial_days":
        return TTE["TIME"], TTE["EVENT"], ORACLE[name]
    if name == "trial_nominal_week":
        return TTE["NWEEK"], TTE["CR"] == 1, ORACLE[name]
    if name == "flat_at_half":
        return pd.Series([1, 2, 3, 4]), pd.Series([1, 1, 1, 1]), ORACLE[name]
    if name == "veteran":
        d = data("published/veteran")
        return d["time"], d["status"], ORACLE["published"]["veteran"]
    d = data("published/aml").query("x == 'Maintained'")
    return d["time"], d["status"], ORACLE["published"]["aml_maint"]


CASES = ["trial_days", "trial_nominal_week", "flat_at_half", "veteran", "aml_maint"]


def curve_of(name):
    time, event, want = case(name)
    return _km.curve(time.to_numpy("float64"), event.to_numpy(bool)), want


def numbers(values):
    return np.array(
        [np.nan if v is None else v for v in np.atleast_1d(np.array(values, dtype=object))], dtype="float64"
    )


@pytest.mark.parametrize("name", CASES)
def test_the_curve_its_error_and_the_numbers_at_risk_agree_with_r(name):
    got, want = curve_of(name)
    curve = want["log-log"]["curve"]
    for ours, theirs in (
        (got.time, "time"),
        (got.at_risk, "n.risk"),
        (got.events, "n.event"),
        (got.censored, "n.censor"),
    ):
        np.testing.assert_array_equal(ours, numbers(curve[theirs]))
    np.testing.assert_allclose(got.surv, numbers(curve["surv"]), rtol=1e-12, atol=1e-15)
    finite = np.isfinite(got.se_log)
    np.testing.assert_allclose(got.se_log[finite], numbers(curve["std.err_log"])[finite], rtol=1e-10)


@pytest.mark.parametrize("kind", _km.TYPES)
@pytest.mark.parametrize("name", CASES)
def test_intervals_quartiles_and_landmarks_agree_with_r(name, kind):
    got, want = curve_of(name)
    lower, upper = _km.interval(got.surv, got.se_log, kind, 0.95)
    for ours, theirs in ((lower, "lower"), (upper, "upper")):
        bound = numbers(want[kind]["curve"][theirs])
        # R leaves the bounds open while S is 1 for some types; here they are 1 for all.
        np.testing.assert_allclose(ours, np.where((got.surv == 1) & np.isnan(bound), 1.0, bound), rtol=1e-9, atol=1e-12)
    quartiles = np.array([_km.quantile(got, share, kind, 0.95) for share in (0.25, 0.5, 0.75)]).T
    for ours, theirs in zip(quartiles, ("est", "lower", "upper"), strict=True):
        np.testing.assert_array_equal(ours, numbers(want[kind]["quartiles"][theirs]))
    landmark = want[kind]["landmark"]
    at = np.array([_km.at(got, t, kind, 0.95) for t in np.atleast_1d(landmark["time"])]).T
    for ours, theirs in zip(at, ("surv", "se", "lower", "upper"), strict=True):
        np.testing.assert_allclose(ours, numbers(landmark[theirs]), rtol=1e-9)


@pytest.mark.parametrize(("oracle_name", "column"), [("logrank_sex", "SEX"), ("logrank_smoke", "SMOKE")])
def test_the_log_rank_test_agrees_with_r(oracle_name, column):
    want = ORACLE[oracle_name]
    got = _km.logrank(TTE["TIME"].to_numpy("float64"), TTE["EVENT"].to_numpy(bool), TTE[column].to_numpy(str))
    agrees(got, want)


def agrees(got, want):
    np.testing.assert_allclose((got.statistic, got.df, got.p), (want["chisq"], want["df"], want["p"]), rtol=1e-10)
    np.testing.assert_allclose(np.sort(got.expected), np.sort(want["exp"]), rtol=1e-10)
    np.testing.assert_array_equal(np.sort(got.observed), np.sort(want["obs"]))


def test_the_stratified_log_rank_test_agrees_with_r():
    time, event = TTE["TIME"].to_numpy("float64"), TTE["EVENT"].to_numpy(bool)
    got = _km.logrank(time, event, TTE["SEX"].to_numpy(str), TTE["PRIORBIO"].to_numpy(str))
    agrees(got, ORACLE["logrank_strat"])
    one = _km.logrank(time, event, TTE["SEX"].to_numpy(str), np.ones(len(time)))
    assert one.statistic == pytest.approx(ORACLE["logrank_sex"]["chisq"], rel=1e-10)


def test_strata_of_the_log_rank_test_are_variables_of_the_subject_and_who_has_none_is_counted():
    arms = {"arms": [{"label": "M"}, {"label": "F"}]}
    bio = TTE["PRIORBIO"].astype("str").mask(TTE.index == 7)
    adsl = pd.DataFrame({"USUBJID": TTE["USUBJID"], "TRT01P": TTE["SEX"], "BIO": bio})
    adtte = TTE[["USUBJID"]].assign(AVAL=TTE["TIME"].astype(float), CNSR=1 - TTE["EVENT"])
    facts, sets, _ = run(
        logrank, {"dataset": "adtte", "options": {"strata": ["BIO"]}}, {"adsl": adsl, "adtte": adtte}, arms
    )
    some = TTE.drop(index=7)
    want = _km.logrank(
        some["TIME"].to_numpy(), some["EVENT"].to_numpy(bool), some["SEX"].to_numpy(str), some["PRIORBIO"].to_numpy(str)
    )
    assert stat(facts, "chisq") == pytest.approx(want.statistic, rel=1e-12)
    assert (stat(facts, "N"), stat(facts, "left_out")) == (59, 1)
    assert members(facts, sets, "left_out") == ("adsl", [7])
    assert (
        stat(facts, "observed", variable_level="M") + stat(facts, "observed", variable_level="F") == some["EVENT"].sum()
    )
    with pytest.raises(Cause, match="not a variable of ADSL"):
        run(logrank, {"dataset": "adtte", "options": {"strata": ["NONE"]}}, {"adsl": adsl, "adtte": adtte}, arms)


def test_without_censoring_the_curve_is_the_empirical_distribution():
    time = np.array([3.0, 1, 2, 2, 5])
    got = _km.curve(time, np.ones(5, dtype=bool))
    np.testing.assert_allclose(got.surv, [(time > t).mean() for t in got.time], atol=1e-15)


def test_a_curve_that_ends_flat_at_a_half_has_no_median():
    got = _km.curve(np.array([1.0, 2, 3, 4]), np.array([True, True, False, False]))
    assert np.isnan(_km.quantile(got, 0.5, "log-log", 0.95)[0])


def test_survival_beyond_the_last_follow_up_is_undefined():
    got = _km.curve(np.array([1.0, 2, 3]), np.array([True, False, False]))
    assert np.isnan(_km.at(got, 4, "log-log", 0.95)[0])


ADTTE = pd.DataFrame(
    {
        "USUBJID": pd.Series(["1", "2", "3", "4"], dtype="str"),
        "AVAL": pd.array([10.0, 20.0, 20.0, None], dtype="float64"),
        "CNSR": pd.array([0, 1, 0, 1], dtype="Int64"),
    }
)


def test_at_risk_events_and_censored_add_up_on_every_day_of_the_grid():
    facts, sets, _ = run(
        survival,
        {"dataset": "adtte", "options": {"grid": {"0": 0, "20": 20, "30": 30}}},
        {"adsl": subjects(5), "adtte": ADTTE},
    )
    for day, want in {"0": [3, 0, 0], "20": [2, 1, 0], "30": [0, 2, 1]}.items():
        assert [stat(facts, n, variable_level=day) for n in ("at_risk", "events_before", "censored_before")] == want
    assert members(facts, sets, "at_risk", variable_level="20") == ("adtte", [1, 2])


def test_subjects_without_a_time_are_counted_and_not_analysed():
    facts, sets, _ = run(survival, {"dataset": "adtte"}, {"adsl": subjects(5), "adtte": ADTTE})
    assert (stat(facts, "N"), stat(facts, "events"), stat(facts, "n_missing")) == (3, 2, 2)
    assert members(facts, sets, "n_missing") == ("adsl", [3, 4])


def test_the_steps_are_the_curve():
    facts, _, _ = run(survival, {"dataset": "adtte"}, {"adsl": subjects(5), "adtte": ADTTE})
    assert stat(facts, "step_surv", group3_level="10") == pytest.approx(2 / 3)
    assert stat(facts, "step_surv", group3_level="20") == pytest.approx(1 / 3)


def test_a_log_rank_test_of_a_single_arm_is_refused():
    with pytest.raises(Cause, match="two or more arms"):
        run(logrank, {"dataset": "adtte"}, {"adsl": subjects(5), "adtte": ADTTE})


def test_the_log_rank_facts_name_everyone_who_entered():
    arms = {"arms": [{"label": "M"}, {"label": "F"}]}
    adsl = pd.DataFrame({"USUBJID": TTE["USUBJID"], "TRT01P": TTE["SEX"]})
    adtte = TTE[["USUBJID"]].assign(AVAL=TTE["TIME"].astype(float), CNSR=1 - TTE["EVENT"])
    facts, sets, _ = run(logrank, {"dataset": "adtte"}, {"adsl": adsl, "adtte": adtte}, arms)
    assert stat(facts, "chisq") == pytest.approx(ORACLE["logrank_sex"]["chisq"], rel=1e-10)
    assert len(members(facts, sets, "p_value")[1]) == 60


TIMES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=30)
PROPERTY = settings(max_examples=40, derandomize=True, deadline=None)


def of(pairs):
    return np.array([t for t, _ in pairs], dtype="float64"), np.array([e for _, e in pairs], dtype=bool)


@PROPERTY
@given(TIMES, st.randoms(use_true_random=False))
def test_the_curve_falls_and_its_bounds_hold_it_whatever_the_order_of_the_rows(pairs, chance):
    got = _km.curve(*of(pairs))
    assert (np.diff(np.concatenate([[1.0], got.surv])) <= 0).all()
    assert got.events.sum() + got.censored.sum() == len(pairs) == got.at_risk[0]
    for kind in _km.TYPES:
        lower, upper = _km.interval(got.surv, got.se_log, kind, 0.95)
        known = ~np.isnan(lower)
        assert (known == (got.surv > 0)).all()
        assert (lower[known] <= got.surv[known] + 1e-12).all() and (got.surv[known] <= upper[known] + 1e-12).all()
        assert (lower[known] >= 0).all() and (upper[known] <= 1).all()
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    np.testing.assert_array_equal(_km.curve(*of(shuffled)).surv, got.surv)


@PROPERTY
@given(TIMES)
def test_a_quantile_lies_within_its_interval_and_a_later_share_comes_later(pairs):
    got = _km.curve(*of(pairs))
    found = [_km.quantile(got, share, "log-log", 0.95) for share in (0.25, 0.5, 0.75)]
    for value, lower, upper in found:
        assert not lower > value and not upper < value
    values = [value for value, _, _ in found if not np.isnan(value)]
    assert values == sorted(values)


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from("ABC")), min_size=2, max_size=30))
def test_the_log_rank_test_knows_no_names_and_no_order(rows):
    time, event = (np.array(column) for column in zip(*[(t, e) for t, e, _ in rows], strict=True))
    group = np.array([g for _, _, g in rows])
    got = _km.logrank(time, event, group)
    renamed = _km.logrank(time[::-1], event[::-1], np.array([{"A": "Z", "B": "X", "C": "Y"}[g] for g in group[::-1]]))
    assert got.df == renamed.df
    assert got.statistic == pytest.approx(renamed.statistic, rel=1e-8, abs=1e-10)
    assert got.observed.sum() == pytest.approx(got.expected.sum())


def test_a_group_that_was_never_at_risk_of_an_event_takes_no_degree_of_freedom():
    time, event = np.array([1.0, 5, 6, 7, 8]), np.array([False, True, True, False, True])
    got = _km.logrank(time, event, np.array(["A", "B", "B", "C", "C"]))
    assert got.df == 1


def test_all_censored_stays_at_one_and_has_no_median():
    adtte = ADTTE.assign(CNSR=1)
    facts, _, _ = run(survival, {"dataset": "adtte"}, {"adsl": subjects(5), "adtte": adtte})
    assert stat(facts, "step_surv", group3_level="20") == 1
    assert np.isnan(stat(facts, "median", context=None))


def test_one_subject_with_an_event_falls_to_nothing_on_that_day():
    facts, _, _ = run(survival, {"dataset": "adtte"}, {"adsl": subjects(1), "adtte": ADTTE.iloc[:1]})
    assert (stat(facts, "median", context=None), stat(facts, "step_surv")) == (10, 0)


def test_other_defaults_stand_beside_the_declared_quartiles_and_landmarks():
    adtte = TTE[["USUBJID"]].assign(AVAL=TTE["TIME"].astype(float), CNSR=1 - TTE["EVENT"])
    adsl = pd.DataFrame({"USUBJID": TTE["USUBJID"], "TRT01P": "A"})
    spec = {"dataset": "adtte", "options": {"landmarks": {"Day 55": 55}}}
    facts, _, _ = run(survival, spec, {"adsl": adsl, "adtte": adtte})
    want, log = ORACLE["trial_days"], "R default: log interval"
    assert stat(facts, "q1_high", context=None) == want["log-log"]["quartiles"]["upper"][0]
    assert stat(facts, "q1_high", context=log) == want["log"]["quartiles"]["upper"][0]
    assert stat(facts, "surv_low", context=log) == pytest.approx(want["log"]["landmark"]["lower"][1], rel=1e-9)
    assert stat(facts, "cum_high", context=log) == pytest.approx(1 - want["log"]["landmark"]["lower"][1], rel=1e-9)
    plain = stat(facts, "surv_low", context="plain interval")
    assert plain == pytest.approx(want["plain"]["landmark"]["lower"][1], rel=1e-9)


@pytest.mark.parametrize(
    ("event", "ours", "lifelines", "r"), [([1, 1, 1, 1], 2.5, 2, 2.5), ([1, 1, 0, 0], np.nan, 2, 3)]
)
def test_the_median_of_a_flat_piece_as_others_take_it(event, ours, lifelines, r):
    got = _km.curve(np.array([1.0, 2, 3, 4]), np.array(event, dtype=bool))
    values = (_km.quantile(got, 0.5, "log-log", 0.95)[0], _km.earliest(got, 0.5), _km.to_the_end(got, 0.5))
    np.testing.assert_array_equal(values, (ours, lifelines, r))


def test_an_option_that_the_method_does_not_know_is_refused():
    with pytest.raises(Cause, match="not an option"):
        run(survival, {"dataset": "adtte", "options": {"conftype": "log"}}, {"adsl": subjects(5), "adtte": ADTTE})


def test_reference_values_are_at_hand():
    assert (REFERENCE / "r" / "results" / "05_km.json").is_file()
