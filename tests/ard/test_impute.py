import numpy as np
import pytest

from crf2csr.ard import _impute
from tests.ard._tables import data, oracle

pytestmark = pytest.mark.req("URS-ARD-06")

WIDE = data("data/wide_pppasi")
SCORES = WIDE.drop(columns="USUBJID").to_numpy("float64")
BASE, TARGET = SCORES[:, 0], SCORES.shape[1] - 1
GAPS = np.flatnonzero(np.isnan(SCORES[:, TARGET]))


def completed(imputed, scores=SCORES):
    """The scores of the last visit, (imputations, subjects)."""
    column = scores.shape[1] - 1
    gaps = np.flatnonzero(np.isnan(scores[:, column]))
    full = np.tile(scores[:, column], (len(imputed.values), 1))
    full[:, gaps] = imputed.of(column, gaps)
    return full


@pytest.mark.parametrize(("imputer", "theirs"), [("normal", "norm"), ("matching", "pmm")])
def test_imputed_scores_agree_with_mice_within_three_monte_carlo_standard_errors(imputer, theirs):
    want, m = oracle("11_missing_data")["monte_carlo"][theirs], 1000
    imputed = _impute.impute(SCORES, seed=20260101, m=m, iterations=10, imputer=imputer)
    full = completed(imputed)
    for ours, name in (((full <= 0.5 * BASE + 1e-9).mean(axis=1), "prop"), ((full - BASE).mean(axis=1), "mean_chg")):
        error = np.hypot(ours.std(ddof=1) / np.sqrt(m), want[f"{name}_mcse"])
        assert abs(ours.mean() - want[name]) < 3 * error
        # The spread between imputations is what missing information rests on; 5 % is three errors of a deviation.
        assert ours.std(ddof=1) == pytest.approx(want[f"{name}_between_sd"], rel=3 / np.sqrt(m))
    each = imputed.of(TARGET, GAPS)
    assert WIDE["USUBJID"].iloc[GAPS].tolist() == want["subject"]
    error = np.hypot(each.std(axis=0, ddof=1), want["imputed_sd_by_subject"]) / np.sqrt(m)
    # Twelve subjects are looked at, so four errors.
    assert (np.abs(each.mean(axis=0) - want["imputed_mean_by_subject"]) < 4 * error).all()


def test_a_regression_is_that_of_mice_with_its_ridge():
    want = oracle("11_missing_data")["ols_w12"]
    whole = SCORES[~np.isnan(SCORES).any(axis=1)]
    x, y = np.column_stack([np.ones(len(whole)), whole[:, :-1]]), whole[:, -1]
    best, covariance = _impute.regression((x.T @ x)[None], (x.T @ y)[None])
    np.testing.assert_allclose(best[0], want["coef_ridge"], rtol=1e-8)
    raised = x.T @ x * (1 + 1e-5 * np.eye(x.shape[1]))
    np.testing.assert_allclose(covariance[0] @ raised, np.eye(x.shape[1]), atol=1e-9)


def test_observed_scores_stay_and_every_gap_is_filled():
    imputed = _impute.impute(SCORES, seed=1, m=3, iterations=2)
    places = set(zip(imputed.rows.tolist(), imputed.columns.tolist(), strict=True))
    assert places == set(zip(*(i.tolist() for i in np.nonzero(np.isnan(SCORES))), strict=True))
    assert np.isfinite(imputed.values).all()


@pytest.mark.parametrize("imputer", _impute.IMPUTERS)
def test_one_seed_gives_the_same_bits_and_another_seed_others(imputer):
    one, two, other = (_impute.impute(SCORES, seed=s, m=4, iterations=3, imputer=imputer).values for s in (7, 7, 8))
    assert (one == two).all()
    assert (one != other).any(axis=1).all()


@pytest.mark.parametrize("imputer", _impute.IMPUTERS)
def test_an_imputation_does_not_depend_on_how_many_run_beside_it(imputer, monkeypatch):
    many = _impute.impute(SCORES, seed=7, m=9, iterations=3, imputer=imputer).values
    few = _impute.impute(SCORES, seed=7, m=2, iterations=3, imputer=imputer).values
    assert (many[:2] == few).all()
    for size in (1, 2, 5):
        monkeypatch.setattr(_impute, "BATCH_CELLS", size * SCORES.size)
        assert (_impute.impute(SCORES, seed=7, m=9, iterations=3, imputer=imputer).values == many).all()


@pytest.mark.parametrize("imputer", _impute.IMPUTERS)
def test_the_order_of_the_rows_changes_no_bit(imputer):
    order = np.random.default_rng(3).permutation(len(SCORES))
    plain = completed(_impute.impute(SCORES, seed=7, m=4, iterations=3, imputer=imputer))
    mixed = completed(_impute.impute(SCORES[order], seed=7, m=4, iterations=3, imputer=imputer), SCORES[order])
    assert (mixed == plain[:, order]).all()


def test_subjects_with_equal_scores_are_told_apart_by_their_ties():
    twins = np.vstack([SCORES, SCORES[GAPS[0]]])
    ties = np.zeros(len(twins))
    ties[-1] = 1
    back = np.arange(len(twins))[::-1]
    plain = completed(_impute.impute(twins, seed=7, m=4, iterations=3, ties=ties), twins)
    mixed = completed(_impute.impute(twins[back], seed=7, m=4, iterations=3, ties=ties[back]), twins[back])
    assert (mixed == plain[:, back]).all()


def test_matching_returns_observed_scores_only():
    imputed = _impute.impute(SCORES, seed=1, m=20, iterations=3, imputer="matching")
    for column in range(SCORES.shape[1]):
        drawn = imputed.values[:, imputed.columns == column]
        assert set(drawn.ravel()) <= set(SCORES[~np.isnan(SCORES[:, column]), column])


def test_matching_takes_each_of_the_five_nearest_and_no_other():
    known = np.array([[5.0, 1.0, 9.0, 3.0, 2.0, 8.0, 4.0]])
    chance = np.linspace(0, 0.999, 40)[None]
    taken = known[0][_impute._donors(known, np.full((1, 40), 2.9), chance)[0]]
    assert set(taken) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert set(known[0][_impute._donors(known, np.full((1, 40), 99.0), chance)[0]]) == {3.0, 4.0, 5.0, 8.0, 9.0}
    few = np.array([[2.0, 1.0]])
    assert set(few[0][_impute._donors(few, np.full((1, 40), 1.4), chance)[0]]) == {1.0, 2.0}


def test_a_visit_at_which_all_are_clear_stops_no_chain():
    clear = SCORES.copy()
    clear[:, TARGET] = np.where(np.isnan(clear[:, TARGET]), np.nan, 0.0)
    imputed = _impute.impute(clear, seed=1, m=5, iterations=3)
    assert np.abs(imputed.values[:, imputed.columns == TARGET]).max() < 1e-6
    assert np.isfinite(imputed.values).all()


def test_without_a_gap_nothing_is_imputed():
    whole = SCORES[~np.isnan(SCORES).any(axis=1)]
    imputed = _impute.impute(whole, seed=1, m=5, iterations=2)
    assert imputed.values.shape == (5, 0)
    assert np.isnan(imputed.chains).all()


@pytest.mark.parametrize("seen", [0, 3, 6])
def test_a_visit_with_too_few_observed_scores_is_refused(seen):
    few = SCORES.copy()
    few[np.flatnonzero(~np.isnan(few[:, TARGET]))[seen:], TARGET] = np.nan
    with pytest.raises(_impute.NotImputable) as refused:
        _impute.impute(few, seed=1, m=2, iterations=2)
    assert (refused.value.visit, refused.value.seen, refused.value.needed) == (TARGET, seen, 6)


def test_the_chain_means_are_those_of_the_imputed_scores_at_the_end():
    imputed = _impute.impute(SCORES, seed=1, m=5, iterations=4)
    for column in np.unique(imputed.columns):
        last = imputed.values[:, imputed.columns == column].mean(axis=1)
        np.testing.assert_allclose(imputed.chains[-1, :, column], last, rtol=1e-12)
    assert np.isnan(imputed.chains[:, :, 0]).all()


def test_r_hat_is_one_for_mixing_chains_and_large_for_parted_ones():
    noise = np.random.default_rng(5).normal(size=(400, 20, 2))
    parted = noise + np.array([0.0, 3.0]) * np.arange(20)[None, :, None]
    mixing, apart = _impute.r_hat(parted)
    assert mixing == pytest.approx(1, abs=0.01)
    assert apart > 5
    kept = parted[200:, :, 1]
    between, within = kept.mean(axis=0).var(ddof=1), kept.var(axis=0, ddof=1).mean()
    assert apart == pytest.approx(np.sqrt(199 / 200 + between / within), rel=1e-12)
    assert np.isnan(_impute.r_hat(noise[:2])).all()
    assert np.isnan(_impute.r_hat(noise[:, :1])).all()
