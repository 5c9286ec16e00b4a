import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import _aj, _km, cumulative_incidence, gray
from crf2csr.errors import Cause
from tests.ard._rscript import ask
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-10")

ORACLE = oracle("07_aalen_johansen")
TTE = data("data/tte")
PROPERTY = settings(max_examples=50, derandomize=True, deadline=None)
CAUSES = {"Response": 1, "Stopped": 2}


def numbers(values):
    return np.array([np.nan if v is None else v for v in values], dtype="float64")


def case(name):
    time = TTE["CRTIME"] if name == "trial_days" else TTE["NWEEK"]
    return time.to_numpy("float64"), TTE["CR"].to_numpy(), ORACLE[name]


@pytest.mark.parametrize("name", ["trial_days", "trial_nominal_week"])
def test_incidence_and_its_error_agree_with_survfit_of_r(name):
    time, status, want = case(name)
    got = _aj.incidence(time, status, 2)
    np.testing.assert_array_equal(got.time, want["time"])
    np.testing.assert_array_equal(got.at_risk, want["n.risk"])
    for cause in (0, 1):
        np.testing.assert_allclose(got.cif[cause], want[f"cif{cause + 1}"], rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(got.se[cause], want[f"se{cause + 1}"], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("kind", "prefix"), [("log", ""), ("log-log", "loglog_"), ("plain", "plain_")])
@pytest.mark.parametrize("name", ["trial_days", "trial_nominal_week"])
def test_intervals_agree_with_survfit_of_r(name, kind, prefix):
    time, status, want = case(name)
    got = _aj.incidence(time, status, 2)
    for ours, theirs in zip(_aj.interval(got.cif[0], got.se[0], kind, 0.95), ("lower1", "upper1"), strict=True):
        bound = numbers(want[prefix + theirs])
        # R leaves the bounds open while the incidence is 0; here they are 0.
        expected = np.where((got.cif[0] == 0) & (np.isnan(bound) | (bound == 0)), 0.0, bound)
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", ["trial_days", "trial_nominal_week"])
def test_the_other_variance_agrees_with_cmprsk_of_r(name):
    time, status, want = case(name)
    got, want = _aj.incidence(time, status, 2), want["landmark"]
    for number, t in enumerate(want["time"]):
        for cause in (0, 1):
            f, _, other, _, _ = _aj.at(got, cause, t, "log-log", 0.95)
            assert f == pytest.approx(want[f"cmprsk_cif{cause + 1}"][number], rel=1e-9)
            assert other**2 == pytest.approx(want[f"cmprsk_var{cause + 1}"][number], rel=1e-9)


def test_gray_s_test_agrees_with_cmprsk_of_r():
    want = ORACLE["gray_test"]
    for cause in (1, 2):
        got = _aj.gray_test(TTE["CRTIME"].to_numpy(), TTE["CR"].to_numpy(), TTE["SEX"].to_numpy(str), cause)
        np.testing.assert_allclose(got, (want["stat"][cause - 1], 1, want["p"][cause - 1]), rtol=1e-9)


def drawn(seed):
    """A trial with many ties, some groups that end early, and a last day of events."""
    chance = np.random.default_rng(seed)
    n, groups = int(chance.integers(20, 150)), int(chance.integers(2, 5))
    frame = pd.DataFrame({"trial": seed, "t": chance.integers(1, 25, n), "g": chance.integers(0, groups, n)})
    frame["s"] = chance.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])
    if seed % 3 == 0:
        frame.loc[frame["t"] == frame["t"].max(), "s"] = 1
    if seed % 4 == 0:
        frame["t"] = np.where(frame["g"] == 0, np.minimum(frame["t"], 6), frame["t"])
    return frame


def test_drawn_trials_and_published_data_agree_with_r_run_now(tmp_path):
    trials = pd.concat([drawn(seed) for seed in range(12)])
    out = ask(
        tmp_path,
        """
        suppressPackageStartupMessages({library(survival); library(cmprsk)})
        d <- read.csv("trials.csv"); m <- survival::mgus2
        mgus <- data.frame(t = ifelse(m$pstat == 0, m$futime, m$ptime), s = ifelse(m$pstat == 0, 2 * m$death, 1))
        one <- function(e) { f <- survfit(Surv(t, factor(s, 0:2)) ~ 1, data = e)
          list(time = I(f$time), cif = f$pstate[, 2:3, drop = FALSE], se = f$std.err[, 2:3, drop = FALSE]) }
        out <- list(
          trials = lapply(split(d, d$trial), function(e) c(one(e), list(gray = cuminc(e$t, e$s, e$g)$Tests))),
          mgus = c(one(mgus), list(data = mgus)))
        """,
        trials=trials,
    )
    for seed, want in out["trials"].items():
        e = trials[trials["trial"] == int(seed)]
        got = _aj.incidence(e["t"].to_numpy(), e["s"].to_numpy(), 2)
        np.testing.assert_allclose(got.cif.T, want["cif"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got.se.T, want["se"], rtol=1e-8, atol=1e-9)
        for cause, line in enumerate(want["gray"], start=1):
            test = _aj.gray_test(e["t"].to_numpy(), e["s"].to_numpy(), e["g"].to_numpy(), cause)
            np.testing.assert_allclose(test, (line[0], line[2], line[1]), rtol=1e-8)
    mgus = pd.DataFrame(out["mgus"]["data"])
    got = _aj.incidence(mgus["t"].to_numpy(), mgus["s"].to_numpy(), 2)
    np.testing.assert_allclose(got.se.T, out["mgus"]["se"], rtol=1e-8, atol=1e-12)
    published = ORACLE["published"]["mgus2"]
    for number, t in enumerate(published["time"]):
        f, se, other, _, _ = _aj.at(got, 0, t, "log-log", 0.95)
        want = [published[name][number] for name in ("survival_cif1", "survival_se1", "cmprsk_var1")]
        np.testing.assert_allclose((f, se, other**2), want, rtol=1e-9)


ROWS = st.lists(st.tuples(st.integers(1, 10), st.sampled_from([0, 1, 2])), min_size=1, max_size=30)


@PROPERTY
@given(ROWS, st.randoms(use_true_random=False))
def test_the_incidences_and_the_survival_add_up_to_one_whatever_the_order_of_the_rows(rows, chance):
    time, status = (np.array(c) for c in zip(*rows, strict=True))
    got = _aj.incidence(time, status, 2)
    np.testing.assert_allclose(got.cif.sum(axis=0) + got.surv, 1, atol=1e-12)
    assert (np.diff(got.cif, axis=1) >= -1e-15).all()
    np.testing.assert_allclose(got.surv, _km.curve(time, status > 0).surv, atol=1e-12)
    chance.shuffle(rows)
    again = _aj.incidence(*(np.array(c) for c in zip(*rows, strict=True)), 2)
    np.testing.assert_array_equal(again.cif, got.cif)
    np.testing.assert_array_equal(again.se, got.se)
    for kind in _aj.TYPES:
        lower, upper = _aj.interval(got.cif, got.se, kind, 0.95)
        inside = ~np.isnan(lower)
        assert (lower[inside] <= got.cif[inside] + 1e-12).all() and (got.cif[inside] <= upper[inside] + 1e-12).all()


@PROPERTY
@given(ROWS)
def test_with_one_cause_alone_it_is_one_less_kaplan_meier_and_its_error_that_of_greenwood(rows):
    time, status = (np.array(c) for c in zip(*rows, strict=True))
    got, curve = _aj.incidence(time, status > 0, 1), _km.curve(time, status > 0)
    np.testing.assert_allclose(got.cif[0], 1 - curve.surv, atol=1e-12)
    alive = curve.surv > 0
    np.testing.assert_allclose(got.se[0][alive], curve.surv[alive] * curve.se_log[alive], rtol=1e-7, atol=1e-9)


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from([1, 2])), min_size=1, max_size=30))
def test_without_censoring_it_is_the_share_of_subjects_and_its_error_binomial(rows):
    time, status = (np.array(c) for c in zip(*rows, strict=True))
    got, n = _aj.incidence(time, status, 2), len(rows)
    share = np.array([((time <= t) & (status == 1)).mean() for t in got.time])
    np.testing.assert_allclose(got.cif[0], share, atol=1e-12)
    np.testing.assert_allclose(got.se[0] ** 2, share * (1 - share) / n, atol=1e-12)


@PROPERTY
@given(
    st.lists(st.tuples(st.integers(1, 8), st.sampled_from([0, 1, 2]), st.sampled_from("AB")), min_size=4, max_size=30)
)
def test_gray_s_test_knows_no_names_of_groups(rows):
    time, status, group = (np.array(c) for c in zip(*rows, strict=True))
    got = _aj.gray_test(time, status, group, 1)
    renamed = _aj.gray_test(time[::-1], status[::-1], np.where(group == "A", "Z", "Y")[::-1], 1)
    assert got[1] == renamed[1]
    if got[1] and got[0] < 1e6:
        assert got[0] == pytest.approx(renamed[0], rel=1e-6, abs=1e-9)


def frames(cr=None):
    adtte = pd.DataFrame(
        {
            "USUBJID": pd.Series([str(i) for i in range(1, 61)], dtype="str"),
            "CMPAVAL": TTE["CRTIME"].astype("float64"),
            "CMPSTAT": pd.array(TTE["CR"] if cr is None else cr, dtype="Int64"),
        }
    )
    return {"adsl": subjects(61), "adtte": adtte}


SPEC = {
    "dataset": "adtte",
    "options": {"causes": CAUSES, "landmarks": {"Day 55": 55, "Day 200": 200}, "grid": {"Day 0": 0, "Day 57": 57}},
}


def test_facts_of_both_causes_with_the_values_of_other_defaults_beside():
    facts, sets, _ = run(cumulative_incidence, SPEC, frames())
    one = {"group2_level": "Response", "variable_level": "Day 55"}
    want = ORACLE["trial_days"]
    at = want["time"].index(55)
    assert stat(facts, "cif", **one, context=None) == pytest.approx(want["cif1"][at], rel=1e-9)
    assert stat(facts, "cif_low", **one, context=None) == pytest.approx(want["loglog_lower1"][at], rel=1e-9)
    assert stat(facts, "cif_high", **one, context="R default: log interval") == pytest.approx(
        want["upper1"][at], rel=1e-9
    )
    theirs = stat(facts, "cif_se", **one, context="R cmprsk: variance of Aalen and Gray")
    assert theirs**2 == pytest.approx(want["landmark"]["cmprsk_var1"][1], rel=1e-9)
    naive = stat(facts, "cif", **one, context="1 - Kaplan-Meier, competing events taken for censorings")
    assert naive > stat(facts, "cif", **one, context=None)
    counts = [stat(facts, name, group2_level="Stopped") for name in ("N", "events", "other_events", "censored")]
    assert counts == [60, (TTE["CR"] == 2).sum(), (TTE["CR"] == 1).sum(), (TTE["CR"] == 0).sum()]
    assert members(facts, sets, "events", group2_level="Stopped")[1] == list(np.flatnonzero(TTE["CR"] == 2))
    assert members(facts, sets, "left_out", variable_level="no record of this time") == ("adsl", [60])


def test_at_risk_events_of_each_cause_and_censorings_add_up():
    facts, *_ = run(cumulative_incidence, SPEC, frames())
    parts = [stat(facts, name, variable_level="Day 57") for name in ("at_risk", "censored_before")]
    parts += [stat(facts, "events_before", variable_level="Day 57", group2_level=cause) for cause in CAUSES]
    assert sum(parts) == 60 and parts[0] == (TTE["CRTIME"] >= 57).sum()


def test_beyond_all_follow_up_the_incidence_is_not_known_and_says_so():
    facts, *_ = run(cumulative_incidence, SPEC, frames(TTE["CR"].mask(TTE["CRTIME"] == TTE["CRTIME"].max(), 0)))
    found = facts[(facts["stat_name"] == "cif") & (facts["variable_level"] == "Day 200") & facts["context"].isna()]
    assert found["stat"].isna().all() and (found["warning"] == "nobody was followed so long").all()


def test_all_censored_has_no_incidence():
    facts, *_ = run(cumulative_incidence, SPEC, frames(np.zeros(60, dtype=int)))
    one = {"group2_level": "Response", "variable_level": "Day 55", "context": None}
    assert [stat(facts, name, **one) for name in ("cif", "cif_low", "cif_high")] == [0, 0, 0]


def test_nobody_is_an_error_and_no_crash():
    some = frames()
    some["adtte"] = some["adtte"].iloc[:0]
    facts, *_ = run(cumulative_incidence, SPEC, some)
    assert (facts.loc[(facts["stat_name"] == "cif"), "error"] == "no subject with a time").all()


def test_one_subject_with_the_event_has_all_of_it():
    some = frames()
    some["adtte"] = some["adtte"].iloc[:1]
    facts, *_ = run(cumulative_incidence, SPEC, some)
    assert stat(facts, "cif", group2_level="Response", variable_level="Day 200", context=None) == 1


def test_causes_without_a_label_and_groups_are_refused():
    for causes in ({}, {"Response": 1}, {"Response": 2}):
        with pytest.raises(Cause):
            run(cumulative_incidence, {"dataset": "adtte", "options": {"causes": causes}}, frames())
    with pytest.raises(Cause, match="the groups of this method"):
        run(cumulative_incidence, {**SPEC, "by": ["CMPSTAT"]}, frames())


TWO = {"arms": [{"label": "M"}, {"label": "F"}]}


def test_gray_s_test_over_the_arms_for_each_cause():
    some = frames()
    some["adsl"] = some["adsl"].iloc[:60].assign(TRT01P=TTE["SEX"].to_numpy())
    spec = {"dataset": "adtte", "options": {"causes": CAUSES}}
    facts, sets, _ = run(gray, spec, some, TWO)
    for number, cause in enumerate(CAUSES):
        got = [stat(facts, name, group2_level=cause) for name in ("chisq", "df", "p_value")]
        np.testing.assert_allclose(
            got, (ORACLE["gray_test"]["stat"][number], 1, ORACLE["gray_test"]["p"][number]), rtol=1e-9
        )
    assert len(members(facts, sets, "p_value", group2_level="Stopped")[1]) == 60
    with pytest.raises(Cause, match="two or more arms"):
        run(gray, spec, frames())


def test_without_an_event_gray_s_test_is_an_error_and_no_crash():
    some = frames(np.where(TTE["CR"] == 1, 1, 0))
    some["adsl"] = some["adsl"].iloc[:60].assign(TRT01P=TTE["SEX"].to_numpy())
    facts, *_ = run(gray, {"dataset": "adtte", "options": {"causes": CAUSES}}, some, TWO)
    found = facts[(facts["group2_level"] == "Stopped") & facts["stat_name"].isin(["chisq", "df", "p_value"])]
    assert found["stat"].isna().all() and found["error"].notna().all()
