"""The numbers of the mixed model: against R's mmrm (stored), R's nlme (live), published data, and its own algebra."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crf2csr.ard import _mmrm_criterion, _mmrm_inference, _reml
from crf2csr.ard._mmrm_data import NoFit, arrange
from crf2csr.ard._mmrm_ladder import Ladder, climb
from crf2csr.ard._mmrm_structure import KINDS, autocorrelations, structure
from crf2csr.errors import Cause
from tests.ard._mmrm import ORACLE, SLEEP, THEIRS, VISITS, codes, fev, fev_means, trial, trial_design, trial_means

pytestmark = pytest.mark.req("URS-ARD-07")

FEW = settings(max_examples=15, derandomize=True, deadline=None)
METHODS = {"satterthwaite": "satt", "kenward-roger": "kr_linear"}


def relative(ours, theirs):
    theirs = np.asarray(theirs, dtype="float64")
    return float(np.max(np.abs(np.asarray(ours) - theirs) / np.abs(theirs)))


@pytest.fixture(scope="module")
def models():
    """Each model with unstructured covariance, its reference, and the contrasts of its means."""
    return {
        "main": (_reml.fit(trial(trial_design()), structure("us", 5)), ORACLE["main"], trial_means(6)),
        "interaction": (
            _reml.fit(trial(trial_design(interaction=True)), structure("us", 5)),
            ORACLE["interaction"],
            trial_means(10),
        ),
        "fev": (_reml.fit(fev(), structure("us", 4)), ORACLE["published"]["fev"], fev_means()),
    }


@pytest.mark.parametrize("name", ["main", "interaction", "fev"])
def test_likelihood_and_covariance_agree_with_r(models, name):
    fit, want, _ = models[name]
    assert relative(fit.neg2, want["neg2_reml"]) < 1e-12
    assert relative(fit.aic, want["AIC"]) < 1e-12
    assert relative(fit.bic, want["BIC"]) < 1e-12
    assert relative(fit.sigma, want["Sigma"]) < 1e-8
    assert relative(np.diag(fit.covariance), np.diag(np.array(want["beta_vcov"]))) < 1e-8
    assert fit.gradient < 1e-10
    assert (fit.data.subjects, fit.data.observations) == (want["n_subjects"], want["n_obs"])


@pytest.mark.parametrize("df", METHODS)
@pytest.mark.parametrize("name", ["main", "interaction", "fev"])
def test_estimates_errors_df_and_p_agree_with_r(models, name, df):
    fit, want, means = models[name]
    want = want[METHODS[df]]
    for contrasts, theirs, value in (
        (np.eye(means.shape[1]), want, "beta"),
        (means, want["lsmeans"], "emmean"),
    ):
        got = _mmrm_inference.by_model(fit, contrasts, df)
        assert relative(got.value, theirs[value]) < 1e-8
        assert relative(got.se, theirs["se"]) < 1e-8
        assert relative(got.df, theirs["df"]) < 1e-8
        assert relative(got.p, theirs["p"]) < 1e-8
        if "lower" in theirs:
            low, high = got.interval(0.95)
            assert relative(low, theirs["lower"]) < 1e-8
            assert relative(high, theirs["upper"]) < 1e-8


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"us"}))
def test_the_other_structures_agree_with_r(name):
    fit = _reml.fit(trial(trial_design()), structure(name, 5))
    want = ORACLE["other_structures"][THEIRS.get(name, name)]
    got = _mmrm_inference.by_model(fit, trial_means(6), "kenward-roger")
    assert relative(fit.neg2, want["neg2_reml"]) < 1e-12
    assert relative(fit.aic, want["AIC"]) < 1e-12
    assert fit.gradient < 1e-10
    # R's optimiser ends where the likelihood no longer changes, some 1e-8 of a parameter short of the optimum; ours
    # goes on until the gradient is nothing. Hence 1e-6 here, and more for p, which magnifies what t differs by.
    assert relative(got.value, want["lsm"]["emmean"]) < 1e-7
    assert relative(got.se, want["lsm"]["se"]) < 1e-6
    assert relative(got.df, want["lsm"]["df"]) < 1e-6
    assert relative(got.p, want["lsm"]["p"]) < 1e-5


def test_the_default_kenward_roger_of_r_is_another_number(models):
    # mmrm takes second derivatives in its own parametrisation; SAS does not. The error differs by 3 %.
    fit, want, means = models["main"]
    got = _mmrm_inference.by_model(fit, means, "kenward-roger")
    assert relative(got.se, want["kr"]["lsmeans"]["se"]) > 0.005


def test_two_drugs_of_student_are_a_paired_t_test():
    drug, person = np.repeat([0, 1], 10), np.tile(np.arange(10), 2)
    design = np.column_stack([np.ones(20), drug])
    fit = _reml.fit(arrange(SLEEP, design, person, drug), structure("us", 2))
    got = _mmrm_inference.by_model(fit, np.array([[0.0, 1.0]]), "kenward-roger")
    want = stats.ttest_rel(SLEEP[10:], SLEEP[:10])
    assert got.se[0] == pytest.approx(0.38895872, abs=1e-8)
    assert got.df[0] == pytest.approx(9, rel=1e-10)
    assert got.t[0] == pytest.approx(want.statistic, rel=1e-10)
    assert got.p[0] == pytest.approx(want.pvalue, rel=1e-9)


R_CODE = """
suppressPackageStartupMessages({library(nlme); library(jsonlite)})
d <- read.csv("rows.csv"); S <- fromJSON("sigma.json")
d <- d[order(d$subject, d$visit), ]; d$v <- factor(d$visit)
tight <- glsControl(tolerance = 1e-12, msTol = 1e-14, msMaxIter = 1000, maxIter = 1000)
told <- function(f) list(beta = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = as.numeric(logLik(f)))
one <- function(cor, w = NULL, control = tight)
  gls(y ~ v * base, data = d, correlation = cor, weights = w, method = "REML", control = control)
each <- varIdent(form = ~ 1 | v); sd <- sqrt(diag(S)); R <- cov2cor(S)
held <- one(corSymm(R[lower.tri(R)], form = ~ visit | subject, fixed = TRUE),
            varIdent(form = ~ 1 | v, fixed = setNames(sd[-1] / sd[1], 2:5)), glsControl(sigma = sd[1]))
# The sandwich at the same covariance matrix, by whole matrices.
X <- model.matrix(~ v * base, d); V <- outer(d$subject, d$subject, "==") * S[d$visit, d$visit]
W <- solve(V); Phi <- solve(t(X) %*% W %*% X); H <- X %*% Phi %*% t(X) %*% W; I <- diag(nrow(d)); r <- d$y - H %*% d$y
rooted <- function(M, power) { e <- eigen(M, symmetric = TRUE); e$vectors %*% (e$values^power * t(e$vectors)) }
sandwich <- function(reduced) {
  parts <- split(seq_len(nrow(d)), d$subject)
  scores <- lapply(parts, function(i) {
    C <- t(chol(V[i, i, drop = FALSE])); B <- diag(length(i)) - solve(C) %*% X[i, , drop = FALSE] %*% Phi %*%
      t(X[i, , drop = FALSE]) %*% t(solve(C))
    A <- if (reduced) C %*% rooted(B, -1 / 2) %*% solve(C) else diag(length(i))
    t(X[i, , drop = FALSE]) %*% W[i, i, drop = FALSE] %*% A %*% (I - H)[i, , drop = FALSE] })
  reached <- lapply(scores, function(s) Phi %*% s)   # each is linear in y: p x N
  meat <- Reduce(`+`, lapply(reached, function(g) tcrossprod(g %*% d$y)))
  df <- sapply(seq_len(ncol(X)), function(k) {
    G <- t(sapply(reached, function(g) g[k, ])); P <- G %*% V %*% t(G); sum(diag(P))^2 / sum(P^2) })
  list(se = unname(sqrt(diag(meat))), df = df) }
writeLines(toJSON(list(us = told(one(corSymm(form = ~ visit | subject), each)), held = told(held),
  cs = told(one(corCompSymm(form = ~ visit | subject))), csh = told(one(corCompSymm(form = ~ visit | subject), each)),
  ar1 = told(one(corAR1(form = ~ visit | subject))), arh1 = told(one(corAR1(form = ~ visit | subject), each)),
  empirical = sandwich(FALSE), bias_reduced = sandwich(TRUE)), digits = NA, auto_unbox = TRUE), "result.json")
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Fits of this house, and of R's nlme on the same rows, computed now."""
    program = shutil.which("Rscript")
    assert program, (
        "the live comparison needs R: apt-get install --no-install-recommends r-base-core r-cran-nlme r-cran-jsonlite"
    )
    folder = tmp_path_factory.mktemp("nlme")
    design = trial_design(interaction=True)
    fits = {name: _reml.fit(trial(design), structure(name, 5)) for name in ("us", "cs", "csh", "ar1", "arh1")}
    rows = {"subject": codes(VISITS["USUBJID"]), "visit": codes(VISITS["AVISITN"]) + 1}
    rows |= {"y": VISITS["CHG"], "base": design[:, 5]}
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    (folder / "sigma.json").write_text(json.dumps(fits["us"].sigma.tolist()), encoding="utf-8")
    (folder / "fit.R").write_text(R_CODE, encoding="utf-8")
    done = subprocess.run(
        [program, "--vanilla", "fit.R"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"R with nlme and jsonlite is needed; it said: {done.stderr}"
    return fits, json.loads((folder / "result.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["us", "cs", "csh", "ar1", "arh1"])
def test_estimates_errors_and_likelihood_agree_with_nlme(live, name):
    fits, results = live
    fit, want = fits[name], results[name]
    # nlme's optimiser decides: its likelihood is never better than ours, and its parameters are 1e-5 from there.
    assert want["loglik"] <= -fit.neg2 / 2 + 1e-9
    assert relative(-fit.neg2 / 2, want["loglik"]) < 1e-9
    assert relative(fit.coefficients, want["beta"]) < 1e-5
    assert relative(np.sqrt(np.diag(fit.covariance)), want["se"]) < 3e-5


def test_at_one_covariance_matrix_nlme_gives_the_same_numbers(live):
    # No optimiser between the two: R is given our matrix and holds it.
    fits, results = live
    fit, want = fits["us"], results["held"]
    assert relative(-fit.neg2 / 2, want["loglik"]) < 1e-12
    assert relative(fit.coefficients, want["beta"]) < 1e-11
    assert relative(np.sqrt(np.diag(fit.covariance)), want["se"]) < 1e-11


@pytest.mark.parametrize("kind", _mmrm_inference.SANDWICH)
def test_sandwich_errors_and_their_df_agree_with_whole_matrices_in_r(live, kind):
    fits, results = live
    got = _mmrm_inference.by_sandwich(fits["us"], np.eye(10), kind)
    assert relative(got.se, results[kind]["se"]) < 1e-9
    assert relative(got.df, results[kind]["df"]) < 1e-9


@pytest.mark.parametrize("visits", [1, 2, 3, 5])
@pytest.mark.parametrize("name", KINDS)
def test_derivatives_of_a_structure_are_those_of_finite_differences(name, visits):
    one = structure(name, visits)
    free = one.start(np.linspace(1, 2, visits), 0.4) + 0.1 * np.cos(np.arange(one.size))
    theta, slope = one.natural(free)
    assert np.linalg.eigvalsh(one.matrix(theta))[0] > 0
    h, eye = 1e-5, np.eye(one.size)
    first, second = one.derivatives(theta)
    for k in range(one.size):
        by = (one.natural(free + h * eye[k])[0] - one.natural(free - h * eye[k])[0]) / (2 * h)
        np.testing.assert_allclose(slope[:, k], by, atol=1e-7)
        by = (one.matrix(theta + h * eye[k]) - one.matrix(theta - h * eye[k])) / (2 * h)
        np.testing.assert_allclose(first[k], by, atol=1e-8)
        by = (one.derivatives(theta + h * eye[k])[0] - one.derivatives(theta - h * eye[k])[0]) / (2 * h)
        np.testing.assert_allclose(second[:, k], by, atol=1e-8)


@pytest.mark.parametrize("name", ["us", "toeph", "arh1", "csh"])
def test_gradient_and_hessian_of_the_criterion_are_those_of_finite_differences(name):
    data, one = trial(trial_design()), structure(name, 5)
    theta = one.natural(one.start(np.linspace(0.6, 1.4, 5), 0.5))[0]
    at = _mmrm_criterion.slopes_at(data, one, _mmrm_criterion.state_at(data, one, theta))
    h, eye = 1e-5, np.eye(one.size)
    for k in range(one.size):
        up, down = (_mmrm_criterion.state_at(data, one, theta + sign * h * eye[k]) for sign in (1, -1))
        assert at.gradient[k] == pytest.approx((up.value - down.value) / (2 * h), rel=1e-6, abs=1e-5)
        by = (
            _mmrm_criterion.slopes_at(data, one, up).gradient - _mmrm_criterion.slopes_at(data, one, down).gradient
        ) / (2 * h)
        np.testing.assert_allclose(at.hessian[k], by, rtol=1e-6, atol=1e-4)


@FEW
@given(st.lists(st.floats(-0.95, 0.95), min_size=1, max_size=5))
def test_any_partial_autocorrelations_make_a_positive_definite_toeplitz_matrix(partial):
    corr, _ = autocorrelations(np.array(partial))
    by_lag = np.append(1.0, corr)
    lag = np.abs(np.subtract.outer(np.arange(len(by_lag)), np.arange(len(by_lag))))
    assert np.linalg.eigvalsh(by_lag[lag])[0] > 0
    assert corr[0] == partial[0]


def complete(seed, subjects, visits):
    """Values of all subjects at all visits, correlated within a subject."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(subjects, visits)) * np.arange(1, visits + 1) + rng.normal(size=(subjects, 1))


def rows_of(table):
    person, visit = np.nonzero(~np.isnan(table))
    return table[person, visit], np.eye(table.shape[1])[visit], person, visit


@FEW
@given(st.integers(0, 10_000), st.integers(6, 25), st.integers(1, 4))
def test_complete_data_give_the_means_their_errors_and_n_minus_1_df(seed, subjects, visits):
    table = complete(seed, subjects, visits)
    fit = _reml.fit(arrange(*rows_of(table)), structure("us", visits))
    for df in METHODS:
        got = _mmrm_inference.by_model(fit, np.eye(visits), df)
        np.testing.assert_allclose(got.value, table.mean(axis=0), rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(got.se, table.std(axis=0, ddof=1) / np.sqrt(subjects), rtol=1e-8)
        np.testing.assert_allclose(got.df, subjects - 1, rtol=1e-8)
    np.testing.assert_allclose(fit.sigma, np.atleast_2d(np.cov(table.T)), rtol=1e-7, atol=1e-8)


@FEW
@given(st.integers(0, 10_000), st.integers(5, 20))
def test_two_visits_with_kenward_roger_are_a_paired_t_test(seed, subjects):
    table = complete(seed, subjects, 2)
    fit = _reml.fit(arrange(*rows_of(table)), structure("us", 2))
    got = _mmrm_inference.by_model(fit, np.array([[-1.0, 1.0]]), "kenward-roger")
    want = stats.ttest_rel(table[:, 1], table[:, 0])
    np.testing.assert_allclose([got.t[0], got.df[0]], [want.statistic, subjects - 1], rtol=1e-7)


@FEW
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_the_names_of_subjects_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    table = complete(seed, 25, 3)
    table[rng.random(table.shape) < 0.15] = np.nan
    y, design, person, visit = rows_of(table)
    order, names = rng.permutation(len(y)), rng.permutation(25)
    first = _reml.fit(arrange(y, design, person, visit), structure("us", 3))
    again = _reml.fit(arrange(y[order], design[order], names[person[order]], visit[order]), structure("us", 3))
    for df in METHODS:
        a, b = (_mmrm_inference.by_model(f, np.eye(3), df) for f in (first, again))
        np.testing.assert_allclose(a.value, b.value, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(a.se, b.se, rtol=1e-8)
        np.testing.assert_allclose(a.df, b.df, rtol=1e-7)


@FEW
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
def test_a_change_of_units_changes_the_numbers_and_not_the_inference(seed, scale, shift):
    table = complete(seed, 20, 3)
    table[0, 2] = table[1, 1] = np.nan
    y, design, person, visit = rows_of(table)
    one = _reml.fit(arrange(y, design, person, visit), structure("us", 3))
    other = _reml.fit(arrange(scale * y + shift, design, person, visit), structure("us", 3))
    a, b = (_mmrm_inference.by_model(f, np.array([[1.0, -1, 0], [0, 1, -1]]), "kenward-roger") for f in (one, other))
    np.testing.assert_allclose(a.t, b.t, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(a.df, b.df, rtol=1e-6)
    np.testing.assert_allclose(scale * a.se, b.se, rtol=1e-6)


def test_a_missing_value_between_two_visits_is_not_guessed_but_used():
    table = complete(3, 30, 3)
    table[:5, 1] = np.nan
    fit = _reml.fit(arrange(*rows_of(table)), structure("us", 3))
    assert fit.data.count.tolist() == [5, 25]
    assert fit.coefficients[1] != pytest.approx(np.nanmean(table[:, 1]), rel=1e-6)
    assert fit.coefficients[[0, 2]] == pytest.approx(table[:, [0, 2]].mean(axis=0), rel=1e-7)


def test_one_visit_of_two_arms_has_the_bias_reduced_error_of_welch():
    y, arm = complete(5, 20, 1)[:, 0] * np.repeat([1.0, 3.0], 10), np.repeat([0, 1], 10)
    data = arrange(y, np.eye(2)[arm], np.arange(20), np.zeros(20, dtype=int))
    got = _mmrm_inference.by_sandwich(_reml.fit(data, structure("cs", 1)), np.array([[1.0, -1.0]]), "bias_reduced")
    assert got.se[0] == pytest.approx(np.sqrt(y[:10].var(ddof=1) / 10 + y[10:].var(ddof=1) / 10), rel=1e-10)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda y, x, p, v: (y[:0], x[:0], p[:0], v[:0]), "no value"),
        (lambda y, x, p, v: (y[:3], x[:3, :2], p[:3] * 0, v[:3]), "one subject"),
        (lambda y, x, p, v: (y, np.column_stack([x, x[:, 0] + x[:, 1]]), p, v), "not of full rank"),
        (lambda y, x, p, v: (y, np.column_stack([x, 0 * x[:, 0]]), p, v), "not of full rank: column 4"),
        (lambda y, x, p, v: (x @ np.array([1.0, 2, 3]), x, p, v), "do not vary"),
        (lambda y, x, p, v: (y[:3], x[:3], p[:3], v[:3]), "too few"),
        (lambda y, x, p, v: (y, x, p * 0 + (p > 3), v), "two values at one visit"),
    ],
)
def test_what_cannot_be_arranged_is_refused_by_name(change, reason):
    with pytest.raises(NoFit, match=reason):
        arrange(*change(*rows_of(complete(1, 10, 3))))


def test_visits_that_nobody_has_together_are_not_given_a_covariance():
    table = complete(2, 20, 3)
    table[:10, 1], table[10:, 2] = np.nan, np.nan
    with pytest.raises(NoFit, match="no subject has both visit 2 and visit 3"):
        _reml.fit(arrange(*rows_of(table)), structure("us", 3))


def test_more_covariances_than_values_are_refused():
    with pytest.raises(NoFit, match="more than the residual degrees of freedom"):
        _reml.fit(arrange(*rows_of(complete(2, 3, 4))), structure("us", 4))


def test_a_singular_covariance_is_no_result():
    table = complete(2, 12, 3)
    table[:, 2] = table[:, 0] + table[:, 1]
    with pytest.raises(NoFit):
        _reml.fit(arrange(*rows_of(table)), structure("us", 3))


def test_a_structure_that_fails_is_followed_by_the_next_with_the_declared_errors():
    table = complete(2, 20, 3)
    table[:10, 1], table[10:, 2] = np.nan, np.nan
    data = arrange(*rows_of(table), labels=["Week 1", "Week 2", "Week 4"])
    ladder = Ladder(["us", "ar1", "cs"], "model", "empirical", "satterthwaite")
    reached = climb(data, ladder)
    assert (reached.fit.structure.name, reached.errors) == ("ar1", "empirical")
    assert reached.told == "unstructured: no subject has both Week 2 and Week 4"
    want = _mmrm_inference.by_sandwich(_reml.fit(data, structure("ar1", 3)), np.eye(3), "empirical")
    np.testing.assert_array_equal(reached.contrasts(np.eye(3)).se, want.se)


def test_when_every_structure_fails_all_reasons_are_told():
    data = arrange(*rows_of(complete(1, 2, 3)))
    with pytest.raises(NoFit, match=r"unstructured: 6 covariance parameters .*; heterogeneous Toeplitz: 5 covariance"):
        climb(data, Ladder(["us", "toeph"], "model", "empirical", "kenward-roger"))


def test_an_unknown_structure_is_a_cause():
    with pytest.raises(Cause, match="known: us, toeph, toep, arh1, ar1, csh, cs"):
        structure("spatial", 3)
