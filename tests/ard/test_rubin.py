import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit

from crf2csr.ard import _binomial, _criterion, _rubin
from tests.ard._tables import data, oracle

pytestmark = pytest.mark.req("URS-ARD-06")

WANT = oracle("11_missing_data")
SETS = data("data/imputed_m20")
OBSERVED = data("data/wide_pppasi")["W12"].notna().to_numpy()
M, N = 20, 60
BASE = SETS["BASE"].to_numpy("float64").reshape(M, N)
WEEK_12 = SETS["W12"].to_numpy("float64").reshape(M, N)
CRITERION = {"of": "PPPASI", "fall": 50, "decimals": 6}  # the stored sets have six decimals


def moved(delta):
    """Week-12 scores with delta times baseline added to the imputed ones, not below 0."""
    return np.where(OBSERVED, WEEK_12, np.maximum(0, WEEK_12 + delta * BASE))


def responders(delta):
    base = _criterion.units(BASE[0], 6)
    return _criterion.met(base, _criterion.units(moved(delta), 6), CRITERION).sum(axis=1)


def agrees(pooled, want, level=0.95):
    low, high = pooled.interval(level)
    got = {
        "est": pooled.estimate,
        "ubar": pooled.within,
        "b": pooled.between,
        "total_var": pooled.total,
        "se": np.sqrt(pooled.total),
        "lambda": pooled.share,
        "riv": pooled.increase,
        "lower": low,
        "upper": high,
    }
    for name, value in got.items():
        np.testing.assert_allclose(value, want[name], rtol=1e-8, atol=1e-14, err_msg=name)
    if want["df_barnard_rubin"] not in ("Inf", None):
        np.testing.assert_allclose(pooled.df, want["df_barnard_rubin"], rtol=1e-8)


@pytest.mark.parametrize("want", WANT["pooled_by_delta"], ids=lambda case: f"delta {case['delta']}")
def test_pooling_of_the_stored_imputations_agrees_with_r_at_every_delta(want):
    x = responders(want["delta"])
    assert x.tolist() == want["x"]
    agrees(_rubin.pool_plain(x, N), want["prop"])
    p = x / N
    agrees(_rubin.pool(p, p * (1 - p) / N), want["prop_inf"])
    agrees(_rubin.pool_logit(x, N), want["logit"])
    back = _rubin.on_logit(x, N, 0.95)
    np.testing.assert_allclose([back.estimate, back.low, back.high], want["logit_backtransformed"], rtol=1e-8)
    change = moved(want["delta"]) - BASE
    agrees(_rubin.pool(change.mean(axis=1), change.var(axis=1, ddof=1) / N, N - 1), want["mean_chg"])


def test_missing_information_agrees_with_pool_scalar_of_mice():
    want, pooled = WANT["pool_scalar_check"], _rubin.pool_plain(responders(0), N)
    got = [pooled.estimate, pooled.total, pooled.df, pooled.increase, pooled.missing_information]
    np.testing.assert_allclose(got, [want[name] for name in ("qbar", "t", "df", "r", "fmi")], rtol=1e-8)


def test_pooled_coefficients_of_a_linear_model_agree_with_r():
    estimates, variances = [], []
    for base, score in zip(BASE, WEEK_12, strict=True):
        x = np.column_stack([np.ones(N), base])
        inverse = np.linalg.inv(x.T @ x)
        best = inverse @ x.T @ (score - base)
        rest = score - base - x @ best
        estimates.append(best)
        variances.append(np.diag(inverse) * (rest @ rest) / (N - 2))
    want = WANT["pooled_lm"]
    pooled = _rubin.pool(np.array(estimates).T, np.array(variances).T, N - 2)
    low, high = pooled.interval(0.95)
    for got, name in ((pooled.estimate, "est"), (np.sqrt(pooled.total), "se"), (pooled.df, "df"), (low, "lower")):
        np.testing.assert_allclose(got, want[name], rtol=1e-8, err_msg=name)
    np.testing.assert_allclose(high, want["upper"], rtol=1e-8)


def test_equal_imputations_are_the_observed_result_with_no_missing_information():
    x = np.full(7, 18)
    pooled = _rubin.on_logit(x, 59, 0.95)
    assert float(pooled.estimate) == 18 / 59
    assert float(pooled.pooled.between) == 0
    assert float(pooled.pooled.missing_information) == 0
    assert float(pooled.pooled.efficiency) == 1
    assert float(pooled.pooled.df) == pytest.approx(58 * 59 / 61, rel=1e-14)
    # With nothing missing the score interval is Wilson's.
    np.testing.assert_allclose(
        [float(end) for end in (_rubin.score(x, 59, 0.95).low, _rubin.score(x, 59, 0.95).high)],
        _binomial.wilson(18, 59, 0.95),
        rtol=1e-12,
    )


@pytest.mark.parametrize("x", [0, 12])
def test_a_proportion_of_0_or_1_in_every_imputation_has_wilsons_interval(x):
    pooled = _rubin.proportion(np.full(5, x), 12, 0.95)
    assert not pooled.on_logit
    np.testing.assert_allclose([pooled.low, pooled.high], _binomial.wilson(x, 12, 0.95), rtol=1e-12, atol=1e-15)
    assert float(pooled.estimate) == x / 12
    assert float(pooled.pooled.missing_information) == 0


def test_one_proportion_of_0_makes_the_pooling_that_of_lott_and_reiter():
    x, n = np.array([0, 1, 2, 1, 1]), 10
    pooled = _rubin.proportion(x, n, 0.95)
    assert not pooled.on_logit
    # The ends solve the equation that defines them.
    p, b = x.mean() / n, (x / n).var(ddof=1)
    r = (1 + 1 / 5) * b / (x / n * (1 - x / n) / n).mean()
    quantile = stats.t.ppf(0.975, 4 * (1 + 1 / r) ** 2)
    for end in (float(pooled.low), float(pooled.high)):
        assert (p - end) ** 2 == pytest.approx(quantile**2 * end * (1 - end) * (1 + r) / n, rel=1e-9)


def test_imputations_of_none_and_of_all_say_nothing():
    pooled = _rubin.proportion(np.array([0, 0, 5]), 5, 0.95)
    assert (float(pooled.low), float(pooled.high)) == (0, 1)
    assert float(pooled.pooled.missing_information) == 1


COUNTS = st.integers(5, 60).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n), min_size=3, max_size=8))
)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(COUNTS)
def test_an_interval_holds_its_estimate_lies_within_0_and_1_and_mirrors(case):
    n, listed = case
    x = np.array(listed)
    pooled, mirror = _rubin.proportion(x, n, 0.95), _rubin.proportion(n - x, n, 0.95)
    assert 0 <= pooled.low <= pooled.estimate <= pooled.high <= 1
    np.testing.assert_allclose([1 - mirror.high, 1 - mirror.low], [pooled.low, pooled.high], atol=1e-12)
    again = _rubin.proportion(x[::-1], n, 0.95)
    np.testing.assert_allclose([again.low, again.high], [pooled.low, pooled.high], rtol=1e-12, atol=1e-15)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(COUNTS, st.floats(0.02, 0.98))
def test_the_one_sided_test_rejects_where_the_interval_lies_above(case, null):
    n, listed = case
    x = np.array(listed)
    pooled = _rubin.proportion(x, n, 0.95)
    if abs(float(pooled.low) - null) < 1e-9:
        return
    assert (_rubin.p_greater(x, n, null, pooled.on_logit) <= 0.025) == (pooled.low > null)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.integers(20, 30), min_size=4, max_size=9).filter(lambda x: len(set(x)) > 1))
def test_variance_between_imputations_widens_the_interval_and_takes_degrees_of_freedom(listed):
    x = np.array(listed)
    pooled = _rubin.pool_logit(x, 50)
    flat = _rubin.pool(pooled.estimate.repeat(2), pooled.within.repeat(2), 49)
    assert pooled.total > flat.total
    assert pooled.df < flat.df
    assert 0 < pooled.missing_information < 1


def test_the_monte_carlo_error_on_the_logit_is_that_of_its_formula():
    x, n = np.array([25, 27, 26, 30, 28, 27, 26, 29]), 60
    errors = _rubin.monte_carlo_errors(x, n, 0.95)
    q = logit(x / n)
    p = float(_rubin.on_logit(x, n, 0.95).estimate)
    assert errors["estimate"] == pytest.approx(p * (1 - p) * q.std(ddof=1) / np.sqrt(8), rel=0.01)
    assert errors["low"] > 0
    assert errors["high"] > 0
    assert set(_rubin.monte_carlo_errors(x[:2], n, 0.95).values()) == {None}
    assert _rubin.monte_carlo_errors(np.full(5, 20), n, 0.95)["estimate"] == 0
