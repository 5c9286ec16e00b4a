import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import _km, logrank, survival
from crf2csr.errors import Cause
from tests.ard._tables import REFERENCE, data, members, oracle, run, stat, subjects

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
    np.testing.assert_allclose(got, (want["chisq"], want["df"], want["p"]), rtol=1e-10)


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


def test_reference_values_are_at_hand():
    assert (REFERENCE / "r" / "results" / "05_km.json").is_file()
