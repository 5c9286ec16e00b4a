import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import _cox, _cox_tests, _km, cox
from crf2csr.errors import Cause
from tests.ard._rscript import ask
from tests.ard._tables import data, members, oracle, run, stat

pytestmark = pytest.mark.req("URS-ARD-11")

ORACLE = oracle("08_cox")
TTE = data("data/tte")
VETERAN = data("published/veteran")
PROPERTY = settings(max_examples=40, derandomize=True, deadline=None)
X = np.stack([TTE["SEX"] == "M", TTE["SMOKE"] == "CURRENT", TTE["PRIORBIO"] == "Y", TTE["BASE"]], axis=1).astype(float)
V = VETERAN[["karno", "age", "trt"]].to_numpy("float64")
ONE = {
    "efron": (TTE["TIME"], TTE["EVENT"], X, ORACLE["efron"]),
    "breslow": (TTE["TIME"], TTE["EVENT"], X, ORACLE["breslow"]),
    "single_sex": (TTE["TIME"], TTE["EVENT"], X[:, :1], ORACLE["single_sex"]),
    "nominal_week_efron": (TTE["NWEEK"], TTE["CR"] == 1, X, ORACLE["nominal_week_efron"]),
    "veteran_efron": (VETERAN["time"], VETERAN["status"], V, ORACLE["published"]["veteran_efron"]),
    "veteran_breslow": (VETERAN["time"], VETERAN["status"], V, ORACLE["published"]["veteran_breslow"]),
}


def fitted(name):
    time, event, x, want = ONE[name]
    m = _cox.model(time, event, x, want["ties"])
    return m, _cox.fit(m), want


def listed(value):
    return np.atleast_1d(np.array(value, dtype="float64"))


@pytest.mark.parametrize("name", ONE)
def test_coefficients_errors_and_likelihoods_agree_with_r(name):
    m, got, want = fitted(name)
    assert got.converged and not got.infinite.any()
    # R stops where the likelihood moves by 1e-13 of itself, which leaves 1e-10 of a coefficient near 0.
    np.testing.assert_allclose(got.beta, listed(want["coef"]), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(got.se, listed(want["se"]), rtol=1e-9)
    null = _cox.likelihood(m, np.zeros(len(got.beta))).loglik
    np.testing.assert_allclose((null, got.point.loglik), want["loglik"], rtol=1e-12)


@pytest.mark.parametrize("name", ONE)
def test_the_three_tests_of_all_coefficients_agree_with_r(name):
    m, got, want = fitted(name)
    tests = _cox_tests.global_tests(m, got)
    np.testing.assert_allclose(tests["lr"], want["lr"], rtol=1e-9)
    np.testing.assert_allclose(tests["score"], want["score"], rtol=1e-9)
    # R prints the Wald statistic with two decimals, its p in full.
    assert tests["wald"][0] == pytest.approx(want["wald"][0], abs=0.005001)
    np.testing.assert_allclose(tests["wald"][1:], want["wald"][1:], rtol=1e-9)


@pytest.mark.parametrize("name", ONE)
def test_the_check_of_proportional_hazards_is_that_of_cox_zph(name):
    m, got, want = fitted(name)
    terms = {str(i): [i] for i in range(len(got.beta))}
    for transform, theirs in (("km", want["zph_km_chisq"]), ("rank", want["zph_rank_chisq"])):
        made = _cox_tests.proportional(m, got, terms, transform)
        np.testing.assert_allclose([found[0] for found in made.values()], theirs, rtol=1e-8)
    made = _cox_tests.proportional(m, got, terms, "km")
    np.testing.assert_allclose([found[2] for found in made.values()], want["zph_km_p"], rtol=1e-8)


@pytest.mark.parametrize("name", ["efron", "veteran_breslow"])
def test_the_derivatives_are_those_of_the_likelihood(name):
    m, got, _ = fitted(name)
    beta = got.beta + 0.3 * got.se
    step = 1e-5 * got.se
    for j in range(len(beta)):
        up, down = (beta + sign * step[j] * (np.arange(len(beta)) == j) for sign in (1, -1))
        slope = (_cox.likelihood(m, up).loglik - _cox.likelihood(m, down).loglik) / (2 * step[j])
        bend = (_cox.likelihood(m, up).score - _cox.likelihood(m, down).score) / (2 * step[j])
        point = _cox.likelihood(m, beta)
        assert point.score[j] == pytest.approx(slope, rel=1e-5, abs=1e-5)
        np.testing.assert_allclose(point.information[j], -bend, rtol=1e-5, atol=1e-5)


R_PROGRAM = """
suppressPackageStartupMessages(library(survival))
d <- read.csv("tte.csv"); ct <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
d$MALE <- as.integer(d$SEX == "M"); d$CURR <- as.integer(d$SMOKE == "CURRENT"); d$BIO <- as.integer(d$PRIORBIO == "Y")
names <- c("MALE", "CURR", "BIO", "BASE")
profile <- function(ties) { f <- coxph(Surv(TIME, EVENT) ~ MALE + CURR + BIO + BASE, d, ties = ties, control = ct)
  t(sapply(names, function(v) { others <- setdiff(names, v); s <- sqrt(vcov(f)[v, v])
    height <- function(b) { d$off <- b * d[[v]]
      g <- coxph(reformulate(c(others, "offset(off)"), "Surv(TIME, EVENT)"), d, ties = ties, control = ct)
      g$loglik[2] - f$loglik[2] + qchisq(0.95, 1) / 2 }
    b <- coef(f)[[v]]
    c(uniroot(height, c(b - 4 * s, b), tol = 1e-14)$root, uniroot(height, c(b, b + 4 * s), tol = 1e-14)$root) })) }
three <- coxph(Surv(TIME, EVENT) ~ factor(SMOKE) + AGE, d, control = ct)
lungc <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog")])
km <- with(survfit(Surv(time, status) ~ 1, lungc), list(surv = surv, lower = lower))
out <- list(efron = profile("efron"), breslow = profile("breslow"), coef = unname(coef(three)),
  se = unname(sqrt(diag(vcov(three)))), levels = three$xlevels[[1]], zph = cox.zph(three)$table,
  zph_identity = cox.zph(three, "identity")$table, zph_log = cox.zph(three, "log")$table,
  lung = list(data = lungc, km = km))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    return ask(tmp_path_factory.mktemp("r"), R_PROGRAM, tte=TTE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_profile_intervals_agree_with_r_run_now(live, ties):
    m = _cox.model(TTE["TIME"], TTE["EVENT"], X, ties)
    made = _cox.fit(m)
    got = [_cox_tests.profile(m, made, which, 0.95) for which in range(4)]
    np.testing.assert_allclose(got, live[ties], rtol=1e-8)


def test_the_published_lung_data_agree_with_r_run_now(live):
    lung = pd.DataFrame(live["lung"]["data"])
    m = _cox.model(lung["time"], lung["status"] == 2, lung[["age", "sex", "ph.ecog"]])
    got = _cox.fit(m)
    np.testing.assert_allclose(got.beta, ORACLE["published"]["lung_efron"]["coef"], rtol=1e-9)
    zph = _cox_tests.proportional(m, got, {"age": [0], "sex": [1], "ph.ecog": [2]}, "km")
    np.testing.assert_allclose(
        [found[0] for found in zph.values()], ORACLE["published"]["lung_efron"]["zph_km_chisq"], rtol=1e-8
    )
    curve = _km.curve(lung["time"].to_numpy("float64"), (lung["status"] == 2).to_numpy())
    np.testing.assert_allclose(curve.surv, live["lung"]["km"]["surv"], rtol=1e-9)
    lower, _ = _km.interval(curve.surv, curve.se_log, "log", 0.95)
    np.testing.assert_allclose(lower, live["lung"]["km"]["lower"], rtol=1e-9)


ADTTE = TTE[["USUBJID"]].assign(AVAL=TTE["TIME"].astype("float64"), CNSR=1 - TTE["EVENT"])
ADSL = TTE[["USUBJID", "AGE", "SEX", "SMOKE", "BASE", "PRIORBIO"]].assign(TRT01P="A")
SMOKE = {"variable": "SMOKE", "label": "Smoking", "reference": "CURRENT"}


def room(covariates, adsl=ADSL, adtte=ADTTE, page=None, **options):
    spec = {"dataset": "adtte", "options": {"covariates": covariates, **options}}
    return run(cox, spec, {"adsl": adsl, "adtte": adtte}, page)


def test_a_category_has_a_coefficient_per_level_and_one_check_per_term(live):
    facts, sets, _ = room([SMOKE, {"variable": "AGE"}])
    assert live["levels"][0] == "CURRENT"
    for number, level in enumerate(live["levels"][1:]):
        where = {"variable": "SMOKE", "variable_level": level, "context": None}
        assert stat(facts, "coef", **where) == pytest.approx(live["coef"][number], rel=1e-8)
        assert stat(facts, "se", **where) == pytest.approx(live["se"][number], rel=1e-8)
        mine = np.flatnonzero(TTE["SMOKE"] == level)
        assert members(facts, sets, "n", variable="SMOKE", variable_level=level)[1] == list(mine)
    assert stat(facts, "n", variable_level="CURRENT") == (TTE["SMOKE"] == "CURRENT").sum()
    for number, variable in enumerate(["SMOKE", "AGE", "AVAL"]):
        got = [stat(facts, f"zph_{name}", variable=variable, context=None) for name in ("chisq", "df", "p")]
        np.testing.assert_allclose(got, live["zph"][number], rtol=1e-8)
        other = stat(facts, "zph_chisq", variable=variable, context="g(t): identity of time")
        assert other == pytest.approx(live["zph_identity"][number][0], rel=1e-8)
    log, *_ = room([SMOKE, {"variable": "AGE"}], ph_transform="log")
    assert stat(log, "zph_chisq", variable="AVAL", context=None) == pytest.approx(live["zph_log"][2][0], rel=1e-8)


def test_a_number_may_be_counted_in_larger_units():
    one, ten = (room([{"variable": "AGE", **per}])[0] for per in ({}, {"per": 10}))
    assert stat(ten, "coef", context=None) == pytest.approx(10 * stat(one, "coef", context=None), rel=1e-9)
    assert stat(ten, "p_value", context=None) == pytest.approx(stat(one, "p_value", context=None), rel=1e-9)
    assert stat(ten, "profile_low") == pytest.approx(stat(one, "profile_low") ** 10, rel=1e-8)


def test_the_other_rule_for_ties_stands_beside():
    facts, *_ = room([{"variable": "BASE"}, {"variable": "SEX", "reference": "F"}])
    said = "SAS default: Breslow ties"
    m = _cox.model(TTE["TIME"], TTE["EVENT"], X[:, [3, 0]], "breslow")
    assert stat(facts, "hr", variable="BASE", context=said) == pytest.approx(np.exp(_cox.fit(m).beta[0]), rel=1e-10)


def test_intervals_of_wald_and_of_the_profile_lie_around_the_ratio():
    facts, *_ = room([{"variable": "BASE"}])
    hr = stat(facts, "hr", context=None)
    for low, high in (("hr_low", "hr_high"), ("profile_low", "profile_high")):
        assert stat(facts, low, context=None) < hr < stat(facts, high, context=None)
    # One coefficient: its likelihood ratio test is that of the model.
    assert stat(facts, "p_lr") == pytest.approx(stat(facts, "lr_p"), rel=1e-9)


def test_who_entered_and_who_was_left_out_by_reason():
    adsl = ADSL.assign(BASE=ADSL["BASE"].mask(ADSL.index == 3))
    adtte = ADTTE.drop(index=5).assign(AVAL=lambda rows: rows["AVAL"].mask(rows.index == 8))
    facts, sets, _ = room([{"variable": "BASE", "label": "baseline"}], adsl, adtte)
    assert stat(facts, "entered") == 57
    reasons = {"baseline not known": [3], "no record of this time": [5], "no time": [8]}
    for reason, rows in reasons.items():
        assert members(facts, sets, "left_out", variable_level=reason) == ("adsl", rows)


def monotone(beside=True):
    """Only men have events; the age of men is as it is."""
    chance = np.random.default_rng(3)
    n = 60
    frame = pd.DataFrame({"USUBJID": [str(i) for i in range(n)], "TRT01P": "A", "SEX": ["M", "F"] * (n // 2)})
    frame["AGE"] = chance.integers(20, 80, n)
    adtte = frame[["USUBJID"]].assign(AVAL=chance.integers(1, 40, n).astype("float64"))
    adtte["CNSR"] = np.where(frame["SEX"] == "M", chance.integers(0, 2, n), 1)
    return frame, adtte


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_an_infinite_estimate_is_said_and_its_profile_interval_is_open_on_one_side(ties):
    adsl, adtte = monotone()
    facts, *_ = room([{"variable": "SEX", "reference": "F"}, {"variable": "AGE"}], adsl, adtte, ties=ties)
    sex = facts[(facts["variable"] == "SEX") & facts["context"].isna()].set_index("stat_name")
    assert np.isnan(sex.loc["hr", "stat"]) and "infinite estimate (+)" in sex.loc["hr", "error"]
    assert sex.loc["profile_low", "stat"] > 1 and np.isnan(sex.loc["profile_high", "stat"])
    assert "no limit" in sex.loc["profile_high", "warning"]
    assert sex.loc["p_lr", "stat"] < 0.001
    # What stays finite is what the men alone give, for among women nothing happens.
    men = adsl["SEX"] == "M"
    alone = _cox.fit(_cox.model(adtte["AVAL"][men], adtte["CNSR"][men] == 0, adsl.loc[men, ["AGE"]], ties))
    age = {"variable": "AGE", "context": None}
    assert stat(facts, "coef", **age) == pytest.approx(alone.beta[0], rel=1e-8)
    assert stat(facts, "se", **age) == pytest.approx(alone.se[0], rel=1e-8)
    assert "not defined" in facts.loc[facts["stat_name"] == "wald_p", "error"].iloc[0]
    assert facts.loc[facts["stat_name"] == "zph_p", "error"].notna().all()


def test_a_direction_of_two_covariates_is_found_where_neither_orders_the_events_alone():
    chance = np.random.default_rng(5)
    x = chance.integers(0, 5, (60, 2)).astype("float64")
    time = 100 - 10 * (x[:, 0] - x[:, 1]) + 5 * chance.random(60)
    m = _cox.model(time, np.ones(60), x)
    np.testing.assert_array_equal(_cox.fit(m).infinite, [1, -1])
    for one in (0, 1):
        assert not _cox.fit(_cox.model(time, np.ones(60), x[:, [one]])).infinite.any()


def test_a_covariate_that_orders_all_leaves_others_undetermined():
    adsl, adtte = ADSL.assign(ORDER=-ADTTE["AVAL"] - TTE.index / 100), ADTTE.assign(CNSR=0)
    facts, *_ = room([{"variable": "ORDER"}, {"variable": "AGE"}], adsl, adtte.assign(AVAL=-adsl["ORDER"]))
    assert "infinite" in facts.loc[(facts["variable"] == "ORDER") & (facts["stat_name"] == "hr"), "error"].iloc[0]
    assert "not determined" in facts.loc[(facts["variable"] == "AGE") & (facts["stat_name"] == "hr"), "error"].iloc[0]


@pytest.mark.req("URS-ARD-16")
@pytest.mark.parametrize(
    ("covariates", "adtte", "why"),
    [
        ([{"variable": "AGE"}], ADTTE.assign(CNSR=1), "no event"),
        ([{"variable": "AGE"}, {"variable": "AGES"}], ADTTE, "told apart"),
        ([{"variable": "CONSTANT"}], ADTTE, "does not vary"),
        ([{"variable": "SEX", "reference": "X", "levels": ["X", "M", "F"]}], ADTTE, "reference level"),
        ([{"variable": "SEX", "reference": "M", "levels": ["M", "F", "X"]}], ADTTE, "at this level"),
        ([{"variable": "AGE"}], ADTTE.iloc[:1], "does not vary"),
    ],
)
def test_what_cannot_be_fitted_is_an_error_and_no_crash(covariates, adtte, why):
    facts, *_ = room(covariates, ADSL.assign(AGES=2 * ADSL["AGE"] + 1, CONSTANT=1), adtte)
    assert facts.loc[facts["stat_name"] == "hr", "error"].str.contains(why, na=False).any()


@pytest.mark.parametrize(
    ("covariates", "options", "match"),
    [
        ([{"variable": "NONE"}], {}, "not a variable"),
        ([{"variable": "SEX"}], {}, "name the reference"),
        ([{"variable": "SEX", "reference": "F", "levels": ["F"]}], {}, "not declared"),
        ([{"variable": "AGE", "scale": 2}], {}, "not a property"),
        ([{"variable": "AGE"}], {"ties": "exact"}, "none of efron"),
        ([{"variable": "AGE"}], {"ph_transform": "sqrt"}, "none of km"),
        ([{"variable": "AGE"}], {"tie": "efron"}, "not an option"),
        ([], {}, "needs covariates"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(covariates, options, match):
    with pytest.raises(Cause, match=match):
        room(covariates, **options)


def test_the_arm_as_a_covariate_makes_one_model_of_all_arms():
    page = {"arms": [{"label": "F"}, {"label": "M"}]}
    adsl = ADSL.assign(TRT01P=ADSL["SEX"])
    facts, *_ = room([{"variable": "TRT01P", "label": "Treatment", "reference": "F"}], adsl, page=page)
    assert set(facts["group1_level"]) == {"All arms"}
    assert stat(facts, "coef", context=None) == pytest.approx(ORACLE["single_sex"]["coef"], rel=1e-9)
    assert stat(facts, "n", variable_level="F") == (TTE["SEX"] == "F").sum()


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 3), st.integers(-5, 5)), min_size=8, max_size=30
)


@PROPERTY
@given(ROWS, st.randoms(use_true_random=False))
def test_a_fit_is_a_maximum_or_proves_that_there_is_none_whatever_the_order_of_the_rows(rows, chance):
    def fit_of(some):
        time, event, one, two = (np.array(c, dtype="float64") for c in zip(*some, strict=True))
        m = _cox.model(time, event, np.stack([one, two], axis=1))
        return m, _cox.fit(m)

    if not any(event for _, event, _, _ in rows):
        return
    m, got = fit_of(rows)
    assert got.converged
    if got.infinite.any():
        # Far out the likelihood is at its limit, and no nearer point is above it.
        assert all(_cox.likelihood(m, b).loglik <= got.point.loglik + 1e-8 for b in np.eye(2) * 3)
    else:
        np.testing.assert_allclose(got.point.score, 0, atol=1e-7)
    chance.shuffle(rows)
    _, again = fit_of(rows)
    assert again.point.loglik == pytest.approx(got.point.loglik, rel=1e-9, abs=1e-8)
    np.testing.assert_array_equal(again.infinite != 0, got.infinite != 0)


@PROPERTY
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.booleans(), st.booleans()), min_size=6, max_size=30, unique_by=lambda r: r[0]
    )
)
def test_without_ties_the_score_test_of_two_groups_is_the_log_rank_test(rows):
    time, event, group = (np.array(c) for c in zip(*rows, strict=True))
    m = _cox.model(time, event, group[:, None].astype("float64"))
    null = _cox.likelihood(m, np.zeros(1))
    if null.information[0, 0] < 1e-9:
        return
    want = _km.logrank(time.astype("float64"), event, group)
    assert null.score[0] ** 2 / null.information[0, 0] == pytest.approx(want.statistic, rel=1e-8, abs=1e-10)
