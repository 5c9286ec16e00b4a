"""Intervals and exact tests of one proportion against R, against published values, and against their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crf2csr.ard import _binomial
from tests.ard._tables import REFERENCE, oracle

pytestmark = pytest.mark.req("URS-ARD-03")

CASES = {
    name: case
    for name, case in oracle("01_binomial").items()
    if isinstance(case, dict) and "clopper_pearson_95" in case
} | {f"edge{i}": case for i, case in enumerate(oracle("01_binomial")["edge_cases"])}
# Ours -> the value of R, relative and absolute tolerance. The searches of R behind mid-P, the likelihood interval and
# Blaker's stop early, so those are also put into the equations that define them, below.
OF_R = {
    "clopper_pearson": (lambda r: r["clopper_pearson_95"], 1e-11, 1e-14),
    "wilson": (lambda r: r["other"]["wilson"], 1e-12, 1e-14),
    "wilson_cc": (lambda r: r["wilson_cc_95_newcombe"], 1e-7, 1e-14),
    "agresti_coull": (lambda r: r["other"]["agresti-coull"], 1e-11, 1e-14),
    "wald": (lambda r: r["other"]["asymptotic"], 1e-12, 1e-14),
    "jeffreys": (lambda r: r["jeffreys_central_95"], 1e-10, 1e-14),
    "logit": (lambda r: r["other"]["logit"], 1e-12, 1e-14),
    "mid_p": (lambda r: r["midp_95"], 0, 4e-5),
    "blaker": (lambda r: r["blaker_95"], 0, 2e-4),
    "likelihood": (lambda r: r["other"]["lrt"], 0, 2e-5),
}
# At 0 and n these are not the same thing in R: Jeffreys is not cut, logit and the likelihood have none.
INSIDE = {"jeffreys", "logit", "likelihood"}


@pytest.mark.parametrize("name", OF_R)
@pytest.mark.parametrize("case", CASES)
def test_intervals_agree_with_r(name, case):
    of_r, rtol, atol = OF_R[name]
    x, n = CASES[case]["x"], CASES[case]["n"]
    if name in INSIDE and x in (0, n):
        assert _binomial.INTERVALS[name](x, n, 0.95)[0 if x == 0 else 1] == x / n
        return
    np.testing.assert_allclose(_binomial.INTERVALS[name](x, n, 0.95), of_r(CASES[case]), rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", CASES)
def test_exact_p_values_agree_with_r(case):
    want = CASES[case]
    x, n, p0 = want["x"], want["n"], want["p0"]
    assert _binomial.at_least(x, n, p0) == pytest.approx(want["p_greater"], rel=1e-10)
    assert _binomial.two_sided(x, n, p0) == pytest.approx(want["p_two_sided_minlike"], rel=1e-10)
    assert _binomial.doubled(x, n, p0) == pytest.approx(want["p_two_sided_central"], rel=1e-10)
    assert _binomial.z_one_sided(x, n, p0) == pytest.approx(stats.norm.sf(np.sqrt(want["score_z2"])), rel=1e-10)


PUBLISHED = pd.read_csv(REFERENCE / "published_ci.csv")
CALLED = {"midp": "mid_p", "wilsoncc": "wilson_cc", "waldcc": "wald_cc", "wald_trunc": "wald"}


@pytest.mark.parametrize("row", list(PUBLISHED.itertuples()), ids=lambda r: f"{r.Index}-{r.method}-{r.x}-{r.n}")
def test_each_published_interval_is_reproduced_to_the_digits_printed(row):
    name = CALLED.get(row.method, row.method)
    ends = np.array(_binomial.INTERVALS[name](row.x, row.n, row.level)) * row.scale
    np.testing.assert_allclose(ends, [row.lo_published, row.hi_published], atol=0.5001 * 10.0**-row.decimals, rtol=0)


def test_at_sixty_subjects_and_thirty_percent_the_boundary_is_26_at_an_attained_alpha_of_0_0196():
    count, alpha = _binomial.boundary(60, 0.30, 0.025)
    assert count == 26
    assert round(alpha, 4) == 0.0196
    assert _binomial.clopper_pearson(26, 60, 0.95)[0] > 0.30 > _binomial.clopper_pearson(25, 60, 0.95)[0]


def test_the_boundary_is_beyond_n_where_nothing_rejects():
    assert _binomial.boundary(2, 0.5, 0.025) == (3, 0.0)


@pytest.mark.parametrize("n", [1, 7, 20, 60])
@pytest.mark.parametrize("p0", [0.05, 0.25, 0.3, 0.5, 0.85])
def test_the_lower_limit_exceeds_p0_if_and_only_if_the_one_sided_test_rejects_at_half_alpha(n, p0):
    for level in (0.8, 0.9, 0.95, 0.99):
        a = (1 - level) / 2
        for x in range(n + 1):
            lower, upper = _binomial.clopper_pearson(x, n, level)
            assert (lower > p0) == (_binomial.at_least(x, n, p0) <= a)
            assert (upper < p0) == (stats.binom.cdf(x, n, p0) <= a)


@pytest.mark.parametrize(("x", "n"), [(26, 60), (1, 20), (19, 20), (0, 20), (20, 20)])
def test_the_ends_of_the_mid_p_interval_solve_its_equation(x, n):
    lower, upper = _binomial.mid_p(x, n, 0.95)
    half = stats.binom.pmf(x, n, [lower, upper]) / 2
    if x > 0:
        assert stats.binom.sf(x, n, lower) + half[0] == pytest.approx(0.025, rel=1e-9)
    if x < n:
        assert stats.binom.cdf(x - 1, n, upper) + half[1] == pytest.approx(0.025, rel=1e-9)
    assert (lower == 0) == (x == 0)
    assert (upper == 1) == (x == n)


@pytest.mark.parametrize(("x", "n"), [(26, 60), (1, 20), (19, 20), (0, 20), (20, 20)])
def test_the_ends_of_the_likelihood_interval_lie_at_the_chi_square_quantile(x, n):
    for end in _binomial.likelihood(x, n, 0.95):
        if end not in (0, 1):
            fall = stats.binom.logpmf(x, n, x / n) - stats.binom.logpmf(x, n, end)
            assert 2 * fall == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-9)


def acceptability(x, n, p):
    """By definition: the smaller tail of x and the largest opposite tail that is no larger."""
    counts = np.arange(n + 1)
    upper, lower = stats.binom.sf(counts - 1, n, p), stats.binom.cdf(counts, n, p)
    own, opposite = (upper[x], lower) if upper[x] < lower[x] else (lower[x], upper)
    return own + max(opposite[opposite <= own], default=0)


@pytest.mark.parametrize(("x", "n", "level"), [(12, 77, 0.95), (0, 9, 0.9), (5, 9, 0.9), (9, 9, 0.9), (20, 31, 0.99)])
def test_blakers_interval_is_the_hull_of_what_is_acceptable(x, n, level):
    grid = np.linspace(0, 1, 3001)
    accepted = grid[[acceptability(x, n, p) > 1 - level for p in grid]]
    lower, upper = _binomial.blaker(x, n, level)
    assert lower <= accepted[0] < lower + 4e-4 and upper - 4e-4 < accepted[-1] <= upper


@st.composite
def counts(draw):
    n = draw(st.integers(1, 80))
    return draw(st.integers(0, n)), n, draw(st.sampled_from([0.8, 0.9, 0.95, 0.99]))


PROPERTIES = settings(max_examples=40, derandomize=True, deadline=None)


@pytest.mark.parametrize("name", _binomial.INTERVALS)
@PROPERTIES
@given(counts())
def test_an_interval_holds_the_estimate_and_mirrors_with_the_outcome(name, case):
    x, n, level = case
    lower, upper = _binomial.INTERVALS[name](x, n, level)
    assert lower - 1e-12 <= x / n <= upper + 1e-12
    mirrored = _binomial.INTERVALS[name](n - x, n, level)
    np.testing.assert_allclose((1 - upper, 1 - lower), mirrored, rtol=1e-9, atol=1e-12)


# The centre of Agresti and Coull's interval moves with the level: at n = 1 a wider level can give a higher lower end.
@pytest.mark.parametrize("name", sorted(set(_binomial.INTERVALS) - {"agresti_coull"}))
@PROPERTIES
@given(counts())
def test_an_interval_grows_with_the_level(name, case):
    x, n, level = case
    lower, upper = _binomial.INTERVALS[name](x, n, level)
    wider = _binomial.INTERVALS[name](x, n, (1 + level) / 2)
    assert wider[0] <= lower + 1e-12 and upper <= wider[1] + 1e-12


NOT_CUT = {"wald", "agresti_coull"}


@pytest.mark.parametrize("name", sorted(set(_binomial.INTERVALS) - NOT_CUT))
@PROPERTIES
@given(st.integers(1, 60))
def test_at_no_and_at_all_responders_the_interval_ends_at_0_and_at_1(name, n):
    assert _binomial.INTERVALS[name](0, n, 0.95)[0] == 0
    assert _binomial.INTERVALS[name](n, n, 0.95)[1] == 1


@pytest.mark.parametrize("name", sorted(set(_binomial.INTERVALS) - {"logit", "wald", "wald_cc"}))
@PROPERTIES
@given(counts())
def test_an_interval_moves_up_with_the_count_and_shrinks_with_n_at_the_same_share(name, case):
    x, n, level = case
    interval = _binomial.INTERVALS[name]
    lower, upper = interval(x, n, level)
    if x < n:
        more = interval(x + 1, n, level)
        assert lower <= more[0] + 1e-12 and upper <= more[1] + 1e-12
    twice = interval(2 * x, 2 * n, level)
    assert twice[1] - twice[0] < upper - lower
