import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import chdtri

from crf2csr.ard import _firth, firth
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-12")

ORACLE = oracle("10_logistic")
LOGIT = data("data/logit")
CASES = {
    **{want["var"]: (want["firth"], "Y", [want["var"]]) for want in ORACLE["subgroups"]},
    "full": (ORACLE["full"]["firth"], "Y", ["MALE", "CURR", "BIO", "BASE"]),
    "quasi-separation": (ORACLE["quasi_separation"], "Y", ["SEPX", "MALE"]),
    "a level where all respond": (ORACLE["separation_all_resp"], "YS", ["ALLR", "MALE"]),
}
ORDINARY = {
    **{want["var"]: (want["ml"], [want["var"]]) for want in ORACLE["subgroups"]},
    "full": (ORACLE["full"]["ml"], ["MALE", "CURR", "BIO", "BASE"]),
}
FEW = settings(max_examples=25, derandomize=True, deadline=None)


def design(table, columns):
    return np.column_stack([np.ones(len(table)), *(table[c].to_numpy("float64") for c in columns)])


def ends(fit, level=0.95):
    return np.array([_firth.interval(fit, j, level) for j in range(len(fit.beta))]).T


def p_values(fit):
    return [_firth.ratio_test(fit, [j])[2] for j in range(len(fit.beta))]


@pytest.mark.parametrize("case", CASES)
def test_estimates_profile_intervals_and_tests_agree_with_r(case):
    want, response, columns = CASES[case]
    fit = _firth.maximise(design(LOGIT, columns), LOGIT[response].to_numpy("float64"))
    assert fit.converged
    np.testing.assert_allclose(fit.beta, want["coef"], rtol=1e-11)
    np.testing.assert_allclose(fit.se, want["brglm2_se"], rtol=1e-11)
    np.testing.assert_allclose(ends(fit), [want["pl_lower"], want["pl_upper"]], rtol=1e-10)
    np.testing.assert_allclose(p_values(fit), want["pl_p"], rtol=1e-10)
    chisq, _, _ = _firth.ratio_test(fit, range(1, len(fit.beta)))
    np.testing.assert_allclose([fit.loglik, fit.loglik - chisq / 2], want["loglik_pen"], rtol=1e-12)


@pytest.mark.parametrize("case", ORDINARY)
def test_without_the_penalty_it_is_ordinary_maximum_likelihood(case):
    want, columns = ORDINARY[case]
    fit = _firth.maximise(design(LOGIT, columns), LOGIT["Y"].to_numpy("float64"), penalised=False)
    np.testing.assert_allclose(fit.beta, want["coef"], rtol=1e-10)
    np.testing.assert_allclose(fit.se, want["se"], rtol=1e-10)
    np.testing.assert_allclose(fit.loglik, want["loglik"], rtol=1e-12)
    # R finds the ends on a spline through the profile, right to about 2e-4.
    np.testing.assert_allclose(ends(fit), [want["profile_lower"], want["profile_upper"]], atol=3e-4)


@pytest.mark.parametrize(
    ("response", "columns", "wanted"),
    [("Y", ["MALE", "BASE"], False), ("Y", ["SEPX", "MALE"], True), ("YS", ["ALLR", "MALE"], True)],
)
def test_separation_is_found(response, columns, wanted):
    assert _firth.separated(design(LOGIT, columns), LOGIT[response].to_numpy("float64")) is wanted


PENALISED_IN_R = """
given <- jsonlite::fromJSON(file("stdin"))
X <- given$x; y <- given$y; k <- ncol(X)
info <- function(b) { w <- as.vector(plogis(X %*% b)); crossprod(X, X * (w * (1 - w))) }
pen <- function(b) { e <- as.vector(X %*% b); sum(y * plogis(e, log.p = TRUE) + (1 - y) * plogis(-e, log.p = TRUE)) +
  as.numeric(determinant(info(b))$modulus) / 2 }
climb <- function(b, free) { if (length(free)) for (i in 1:2000) {
  p <- as.vector(plogis(X %*% b)); I <- info(b); h <- rowSums((X %*% solve(I)) * X) * p * (1 - p)
  s <- solve(I[free, free], crossprod(X, y - p + h * (0.5 - p))[free])
  moved <- b; repeat { moved[free] <- b[free] + s
    if (max(abs(s)) < 1e-14 || pen(moved) > pen(b) - 1e-13) break; s <- s / 2 }
  b <- moved; if (max(abs(s)) < 1e-14) break }
  b }
b <- climb(rep(0, k), 1:k); top <- pen(b); se <- sqrt(diag(solve(info(b))))
fall <- function(j, v) { s <- b; s[j] <- v; 2 * (top - pen(climb(s, setdiff(1:k, j)))) - qchisq(0.95, 1) }
end <- function(j, side) { far <- b[j] + side * 2 * se[j]; while (fall(j, far) < 0) far <- far + side * 2 * se[j]
  uniroot(function(v) fall(j, v), sort(c(b[j], far)), tol = 1e-13)$root }
p <- sapply(1:k, function(j) pchisq(fall(j, 0) + qchisq(0.95, 1), 1, lower.tail = FALSE))
cat(jsonlite::toJSON(list(coef = b, se = se, lower = sapply(1:k, end, -1), upper = sapply(1:k, end, 1), p = p),
  digits = NA))
"""


def test_a_penalised_likelihood_written_in_r_gives_the_same():
    random = np.random.default_rng(11)
    x = np.column_stack([np.ones(40), random.normal(size=40), random.random(40) < 0.4, np.arange(40) < 4])
    y = (random.random(40) < 0.5).astype(float)
    y[:4] = 1
    assert _firth.separated(x, y)
    program = shutil.which("Rscript")
    assert program, "the live comparison needs R: apt-get install --no-install-recommends r-base-core r-cran-jsonlite"
    made = subprocess.run(
        [program, "--vanilla", "-e", PENALISED_IN_R],
        input=json.dumps({"x": x.tolist(), "y": y.tolist()}),
        capture_output=True,
        text=True,
        check=True,
    )
    want = json.loads(made.stdout)
    fit = _firth.maximise(x, y)
    np.testing.assert_allclose(fit.beta, want["coef"], rtol=1e-10)
    np.testing.assert_allclose(fit.se, want["se"], rtol=1e-10)
    np.testing.assert_allclose(ends(fit), [want["lower"], want["upper"]], rtol=1e-8)
    np.testing.assert_allclose(p_values(fit), want["p"], rtol=1e-8)


cells = st.integers(0, 30)


@given(cells, cells, cells, cells)
@FEW
def test_in_a_fourfold_table_the_odds_ratio_is_that_of_the_counts_with_a_half_added(a, b, c, d):
    assume(a + b > 0 and c + d > 0)
    x = np.repeat([1.0, 1, 0, 0], [a, b, c, d])
    y = np.repeat([1.0, 0, 1, 0], [a, b, c, d])
    fit = _firth.maximise(np.column_stack([np.ones(len(x)), x]), y)
    wanted = np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
    assert fit.beta[1] == pytest.approx(wanted, abs=1e-10)


@st.composite
def studies(draw):
    n = draw(st.integers(8, 40))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = np.column_stack([np.ones(n), np.arange(n) % 3 == 0, random.normal(size=n)])
    return x, (random.random(n) < draw(st.floats(0, 1))).astype(float)


@given(studies())
@FEW
def test_the_interval_holds_the_estimate_and_says_what_the_test_says(study):
    fit = _firth.maximise(*study)
    low, high = ends(fit)
    assert (low < fit.beta).all() and (fit.beta < high).all()
    for j in range(3):
        chisq, df, p = _firth.ratio_test(fit, [j])
        assert df == 1
        if abs(chisq - chdtri(1, 0.05)) > 1e-9:
            assert (p < 0.05) == (not low[j] <= 0 <= high[j])


@given(studies())
@FEW
def test_the_ends_of_an_interval_lie_where_the_profile_has_fallen_by_half_a_quantile(study):
    fit = _firth.maximise(*study)
    for end in _firth.interval(fit, 2, 0.9):
        start = fit.beta.copy()
        start[2] = end
        there = _firth.maximise(*study, held=[2], start=start)
        assert 2 * (fit.loglik - there.loglik) == pytest.approx(chdtri(1, 0.1), abs=1e-9)


@given(studies(), st.randoms(use_true_random=False))
@FEW
def test_the_order_of_rows_changes_nothing(study, random):
    x, y = study
    order = list(range(len(y)))
    random.shuffle(order)
    one, other = _firth.maximise(x, y), _firth.maximise(x[order], y[order])
    np.testing.assert_allclose(one.beta, other.beta, atol=1e-9)
    np.testing.assert_allclose(ends(one), ends(other), atol=1e-8)


@given(studies(), st.floats(1e-3, 1e3))
@FEW
def test_another_unit_of_a_number_divides_its_coefficient_and_keeps_its_test(study, unit):
    x, y = study
    one, other = _firth.maximise(x, y), _firth.maximise(x * [1, 1, unit], y)
    np.testing.assert_allclose(one.beta[2], other.beta[2] * unit, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(p_values(one)[1:], p_values(other)[1:], rtol=1e-7)
    np.testing.assert_allclose(ends(one)[:, 2], ends(other)[:, 2] * unit, rtol=1e-7, atol=1e-9)


@given(studies())
@FEW
def test_with_the_other_level_as_reference_the_odds_ratio_inverts(study):
    x, y = study
    one, other = _firth.maximise(x, y), _firth.maximise(np.column_stack([x[:, 0], 1 - x[:, 1], x[:, 2]]), y)
    np.testing.assert_allclose(one.beta[1:], [-other.beta[1], other.beta[2]], atol=1e-9)
    np.testing.assert_allclose(ends(one)[:, 1], -ends(other)[::-1, 1], atol=1e-8)


@given(studies())
@FEW
def test_counting_the_other_response_inverts_every_odds_ratio(study):
    x, y = study
    np.testing.assert_allclose(_firth.maximise(x, y).beta, -_firth.maximise(x, 1 - y).beta, atol=1e-9)


# The room, on small tables.

SPEC = {"method": "firth", "dataset": "adrs"}
SEX = {"id": "sex", "covariates": [{"variable": "SEX", "reference": "F"}]}
AGE = {"id": "age", "covariates": [{"variable": "AGE", "continuous": True, "per": 10}]}
ADSL = subjects(
    8,
    SEX=pd.Series(["F", "F", "F", "F", "M", "M", "M", None], dtype=object),
    AGE=[30.0, 41, 52, 63, 34, 45, 56, 67],
    SAME=pd.Series(["A"] * 8, dtype=object),
)
ADRS = pd.DataFrame({"USUBJID": pd.Series(list("1234567"), dtype="str"), "AVAL": [1.0, 1, 1, 0, 0, 0, 1]})


def made(*models, adsl=ADSL, adrs=ADRS, **options):
    return run(firth, SPEC | {"options": {"models": list(models), **options}}, {"adsl": adsl, "adrs": adrs})


def declared(facts):
    return facts[facts["context"].isna()]


def test_a_model_gives_odds_ratio_interval_test_and_counts_by_level():
    facts, _, _ = made(SEX)
    shown = declared(facts)
    assert stat(shown, "or") == pytest.approx((1.5 * 1.5) / (2.5 * 3.5))
    assert stat(shown, "coef") == pytest.approx(np.log(stat(shown, "or")))
    assert stat(shown, "or_low") < stat(shown, "or") < stat(shown, "or_high")
    assert (stat(shown, "responders", variable_level="F"), stat(shown, "subjects", variable_level="F")) == (3, 4)
    assert (stat(shown, "responders", variable_level="M"), stat(shown, "subjects", variable_level="M")) == (1, 3)
    assert stat(shown, "joint_p") == stat(shown, "p_value") == stat(shown, "overall_p")


def test_a_subject_with_a_missing_covariate_is_left_out_by_name():
    facts, sets, _ = made({"id": "both", "covariates": [*SEX["covariates"], *AGE["covariates"]]})
    assert stat(facts, "entered", variable="SEX") == stat(facts, "entered", variable="AGE") == 7
    assert members(facts, sets, "left_out", variable="AGE", variable_level="missing SEX") == ("adsl", [7])
    assert members(facts, sets, "subjects", variable="AGE") == ("adsl", [0, 1, 2, 3, 4, 5, 6])
    assert members(facts, sets, "responders", variable="AGE") == ("adrs", [0, 1, 2, 6])


def test_a_subject_without_a_row_is_a_nonresponder_or_is_left_out():
    adrs = ADRS.iloc[1:].reset_index(drop=True)
    facts, _, _ = made(AGE, adrs=adrs)
    assert (stat(facts, "responders"), stat(facts, "subjects")) == (3, 8)
    facts, sets, _ = made(AGE, adrs=adrs, missing="exclude")
    assert (stat(facts, "responders"), stat(facts, "subjects")) == (3, 6)
    assert members(facts, sets, "left_out", variable_level="no response value") == ("adsl", [0, 7])


def test_a_number_is_compared_per_so_many_units():
    by_ten, _, _ = made(AGE)
    by_one, _, _ = made({"id": "age", "covariates": [{"variable": "AGE", "continuous": True}]})
    for name in ("or", "or_low", "or_high"):
        assert stat(declared(by_ten), name) == pytest.approx(stat(declared(by_one), name) ** 10)
    assert stat(declared(by_ten), "p_value") == stat(declared(by_one), "p_value")
    assert set(by_ten.loc[by_ten["stat_name"] == "or", "unit"]) == {"per 10"}


def test_separation_keeps_a_finite_estimate_and_says_that_maximum_likelihood_has_none():
    facts, _, _ = made(SEX, adrs=ADRS.assign(AVAL=[1.0, 1, 1, 1, 0, 0, 0]))
    one = declared(facts).query("stat_name == 'or'").iloc[0]
    assert 0 < one["stat"] < 1 and "separation" in one["warning"]
    other = facts[facts["context"].notna() & (facts["stat_name"] == "or")].iloc[0]
    assert np.isnan(other["stat"]) and "separation" in other["error"]


def test_what_other_defaults_give_stands_beside_the_result():
    facts, _, _ = made(AGE)
    beside = facts[facts["context"].notna()].set_index(["context", "stat_name"])["stat"]
    assert beside.notna().all()
    assert len(beside.loc[firth.LIKELIHOOD]) == 4 and len(beside.loc[firth.WALD]) == 3


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_when_all_respond_or_none_the_estimates_stay_finite(value):
    facts, _, _ = made(SEX, AGE, adrs=ADRS.assign(AVAL=value), adsl=ADSL.iloc[:7])
    shown = declared(facts)
    for name in ("or", "or_low", "or_high", "p_value"):
        assert np.isfinite(shown.loc[shown["stat_name"] == name, "stat"]).all()
    assert shown.loc[shown["stat_name"] == "epv", "stat"].eq(0).all()


@pytest.mark.req("URS-ARD-16")
@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ([{"variable": "SAME", "reference": "A", "levels": ["A", "B"]}], "SAME has one level only"),
        ([{"variable": "SEX", "reference": "U", "levels": ["U", "F", "M"]}], "no subject at the reference U"),
        ([{"variable": "AGE", "continuous": True}, {"variable": "AGE2", "continuous": True}], "determine one another"),
        ([{"variable": "NONE", "continuous": True}], "no subject entered"),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why_in_the_place_of_its_numbers(planned, words):
    adsl = ADSL.assign(AGE2=2 * ADSL["AGE"] - 7, NONE=np.nan)
    facts, _, _ = made({"id": "m", "covariates": planned}, adsl=adsl)
    for name in ("or", "or_low", "or_high", "p_value", "joint_p", "overall_p"):
        rows = facts[facts["stat_name"] == name]
        assert len(rows) and rows["stat"].isna().all() and rows["error"].str.contains(words).all()


def test_a_level_without_subjects_is_named_and_the_others_are_estimated():
    facts, _, _ = made({"id": "m", "covariates": [{"variable": "SEX", "reference": "F", "levels": ["F", "U", "M"]}]})
    rows = declared(facts).query("stat_name == 'or'").set_index("variable_level")
    assert rows.loc["U", "error"] == "no subject at this level" and np.isnan(rows.loc["U", "stat"])
    without, _, _ = made(SEX)
    assert rows.loc["M", "stat"] == pytest.approx(stat(declared(without), "or"))


def test_few_events_per_variable_bear_a_warning():
    facts, _, _ = made(AGE, min_events_per_variable=5)
    row = facts[facts["stat_name"] == "epv"].iloc[0]
    assert row["stat"] == 4 and row["warning"] == "fewer than 5 events per variable"
    facts, _, _ = made(AGE, min_events_per_variable=4)
    assert facts.loc[facts["stat_name"] == "epv", "warning"].isna().all()


def test_a_model_that_needs_more_subjects_at_a_level_is_counted_and_not_fitted():
    needy = {"id": "sex", "covariates": [{"variable": "SEX", "reference": "F", "needs": "M"}]}
    facts, sets, _ = made(needy, AGE, min_subjects=4)
    assert members(facts, sets, "too_few", variable="SEX") == ("adsl", [4, 5, 6])
    assert set(declared(facts).query("stat_name == 'or'")["variable"]) == {"AGE"}
    assert stat(facts, "looks") == 1
    facts, _, _ = made(needy, AGE, min_subjects=3)
    assert stat(facts, "looks") == 2 and "too_few" not in set(facts["stat_name"])


def test_facts_of_a_model_bear_its_own_options_only():
    facts, _, _ = made(SEX, AGE, level=0.9)
    mine = facts.loc[(facts["group2_level"] == "age") & (facts["stat_name"] == "or"), "options"].iloc[0]
    assert json.loads(mine) == {"level": 0.9, "covariates": ["AGE per 10"]}


@pytest.mark.parametrize(
    ("models", "options", "words"),
    [
        ([{"id": "m", "covariates": [{"variable": "AGE", "continuous": True}] * 4}], {}, "1 to 3 covariates"),
        ([{"id": "m", "covariates": []}], {}, "1 to 3 covariates"),
        ([SEX, SEX], {}, "two models bear one id"),
        ([SEX], {"penalty": 1}, "not an option"),
        ([SEX], {"missing": "drop"}, "nonresponder or exclude"),
        ([{"id": "m", "covariates": [{"variable": "AGE"}]}], {}, "`reference`"),
        ([{"id": "m", "covariates": [{"variable": "SEX", "reference": "X"}]}], {}, "not a level"),
        ([{"id": "m", "covariates": [{"variable": "SEX", "reference": "F", "per": 2}]}], {}, "not known"),
        ([{"id": "m", "covariates": [{"variable": "AGE", "continuous": True, "per": 0}]}], {}, "positive"),
        ([{"id": "m", "covariates": [{"variable": "SEX", "continuous": True}]}], {}, "is a number"),
        ([{"id": "m", "covariates": [{"variable": "WEIGHT", "continuous": True}]}], {}, "not a variable of ADSL"),
        ([{"id": "m", "covariates": [{"variable": "SEX", "reference": "F", "needs": "M"}]}], {}, "min_subjects"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(models, options, words):
    with pytest.raises(Cause, match=words):
        made(*models, **options)


def test_rows_that_are_not_one_response_per_subject_are_refused():
    with pytest.raises(Cause, match="more than one row"):
        made(SEX, adrs=pd.concat([ADRS, ADRS.iloc[:1]], ignore_index=True))
    with pytest.raises(Cause, match="0 or 1"):
        made(SEX, adrs=ADRS.assign(AVAL=2.0))
    with pytest.raises(Cause, match="no groups of rows"):
        run(firth, SPEC | {"by": ["AVAL"], "options": {"models": [SEX]}}, {"adsl": ADSL, "adrs": ADRS})


def test_each_arm_has_its_own_model():
    adsl = ADSL.assign(TRT01P=pd.Series(["A", "B"] * 4, dtype="str"))
    arms = {"arms": [{"label": "A"}, {"label": "B"}]}
    facts, _, _ = run(firth, SPEC | {"options": {"models": [AGE]}}, {"adsl": adsl, "adrs": ADRS}, arms)
    assert [stat(facts, "subjects", group1_level=arm) for arm in "AB"] == [4, 4]
    assert stat(declared(facts), "or", group1_level="A") != stat(declared(facts), "or", group1_level="B")
