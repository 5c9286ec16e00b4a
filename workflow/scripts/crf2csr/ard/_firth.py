"""Logistic regression by penalised likelihood (Firth), and by ordinary maximum likelihood.

The penalised log likelihood is l(b) + log|I(b)| / 2, I the information of all coefficients, also while some of them
are held. It has a finite maximum where responders and non-responders are separated, which l alone has not.

References: Firth, Biometrika 1993;80:27. Heinze and Schemper, Stat Med 2002;21:2409 (profile interval, likelihood
ratio test). Venzon and Moolgavkar, Appl Stat 1988;37:87 (profile interval). Konis, thesis, Oxford 2007 (separation
by linear programming).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtrc, expit, ndtri

# A Newton step is the last one when it would raise the likelihood by less than this: its error is then squared.
LAST_RISE = 1e-16
# Ends of an interval are found to this fraction of a standard error.
END = 1e-12
MOST_STEPS = 200
MOST_HALVINGS = 40
MOST_ENDS = 100


@dataclass(frozen=True)
class State:
    """Log likelihood at one point with its first and second derivatives.

    Attributes
    ----------
    loglik : float
    score : (p,) array
    hessian, information : (p, p) array
        Second derivatives of the (penalised) log likelihood; X'WX.
    """

    loglik: float
    score: np.ndarray
    hessian: np.ndarray
    information: np.ndarray


@dataclass(frozen=True)
class Fit:
    """The maximum, with some coefficients held or none.

    Attributes
    ----------
    design : (n, p) array
        Columns of the model, the intercept among them.
    response : (n,) array
        0 or 1.
    penalised : bool
    beta : (p,) array
    held : tuple of int
        Coefficients that were held.
    state : State
        At ``beta``.
    converged : bool
    """

    design: np.ndarray
    response: np.ndarray
    penalised: bool
    beta: np.ndarray
    held: tuple[int, ...]
    state: State
    converged: bool

    @property
    def loglik(self) -> float:
        """The (penalised) log likelihood at the maximum."""
        return self.state.loglik

    @cached_property
    def se(self) -> np.ndarray:
        """Standard errors: square roots of the diagonal of the inverse information."""
        return np.sqrt(np.diag(np.linalg.inv(self.state.information)))


def state(design: np.ndarray, response: np.ndarray, beta: np.ndarray, penalised: bool) -> State | None:
    """Likelihood and derivatives at ``beta``; None where the information is numerically singular."""
    eta = design @ beta
    p = expit(eta)
    weight = p * expit(-eta)
    information = (design.T * weight) @ design
    loglik = float(response @ eta - np.logaddexp(0.0, eta).sum())
    if not penalised:
        return State(loglik, design.T @ (response - p), -information, information)
    try:
        root = np.linalg.cholesky(information)
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return None
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    skew = weight * (1 - 2 * p)
    score = design.T @ (response - p + leverage * skew / 2)
    # Derivatives of log|I| / 2: d2/dj dk = [sum w'' q xj xk - trace(I^-1 Dj I^-1 Dk)] / 2 with Dj = X' diag(w' xj) X.
    size = design.shape[1]
    pairs = (design[:, :, None] * design[:, None, :]).reshape(-1, size * size)
    turned = inverse @ ((design.T * skew) @ pairs).reshape(size, size, size)
    traces = np.einsum("jab,kba->jk", turned, turned)
    bend = (design.T * (leverage * weight * (1 - 6 * weight))) @ design
    return State(loglik + float(np.log(np.diag(root)).sum()), score, (bend - traces) / 2 - information, information)


def _step(at: State, free: np.ndarray) -> np.ndarray:
    """Newton's step, or the step of Fisher scoring where the likelihood is not concave."""
    inner = np.ix_(free, free)
    try:
        np.linalg.cholesky(-at.hessian[inner])
        return np.linalg.solve(-at.hessian[inner], at.score[free])
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(at.information[inner], at.score[free], rcond=None)[0]


def maximise(
    design: np.ndarray,
    response: np.ndarray,
    *,
    penalised: bool = True,
    held: Sequence[int] = (),
    start: np.ndarray | None = None,
) -> Fit:
    """Climb to the maximum by Newton's method with step-halving.

    Parameters
    ----------
    design : (n, p) array
        Of full column rank; the intercept is a column of it.
    response : (n,) array
        0 or 1.
    penalised : bool
        With Firth's penalty or without.
    held : sequence of int
        Coefficients that keep the value of ``start``.
    start : (p,) array, optional
        Where to start; zero by default.
    """
    beta = np.zeros(design.shape[1]) if start is None else np.array(start, dtype="float64")
    free = np.setdiff1d(np.arange(design.shape[1]), np.asarray(held, dtype="int64"))
    at = state(design, response, beta, penalised)
    if at is None:
        raise ValueError("the information is singular where the search starts")
    converged = len(free) == 0
    for _ in range(0 if converged else MOST_STEPS):
        step = _step(at, free)
        last = float(at.score[free] @ step) < LAST_RISE
        lowest = at.loglik - 1e-12 * (1 + abs(at.loglik))
        for halving in range(MOST_HALVINGS):
            tried = beta.copy()
            tried[free] += step / 2**halving
            there = state(design, response, tried, penalised)
            if there is not None and there.loglik >= lowest:
                break
        else:
            break
        beta, at, converged = tried, there, last
        if converged:
            break
    return Fit(design, response, penalised, beta, tuple(int(j) for j in held), at, converged)


def ratio_test(fit: Fit, zero: Sequence[int]) -> tuple[float, int, float]:
    """Likelihood ratio test that the coefficients ``zero`` are all 0: chi-square, degrees of freedom, p-value.

    The penalty of both fits is that of the whole model. A fit that does not converge gives NaN.
    """
    start = fit.beta.copy()
    start[list(zero)] = 0.0
    null = maximise(fit.design, fit.response, penalised=fit.penalised, held=zero, start=start)
    if not (fit.converged and null.converged):
        return float("nan"), len(zero), float("nan")
    chisq = max(2 * (fit.loglik - null.loglik), 0.0)
    return chisq, len(zero), float(chdtrc(len(zero), chisq))


def interval(fit: Fit, j: int, level: float) -> tuple[float, float]:
    """Profile likelihood interval of coefficient ``j``; an end that is not found is NaN."""
    z = -float(ndtri((1 - level) / 2))
    return _end(fit, j, -z), _end(fit, j, z)


def _end(fit: Fit, j: int, z: float) -> float:
    """Where the signed root of twice the fall of the profile likelihood is ``z``.

    The root is near a straight line, so Newton's method finds it in few steps; the slope is the held component of
    the score. The interval that holds the end bounds every step; each fit starts from the last.
    """
    if not fit.converged:
        return float("nan")
    side, unit = np.sign(z), float(fit.se[j])
    inside, outside = float(fit.beta[j]), side * np.inf
    near, value = fit, inside + z * unit
    for _ in range(MOST_ENDS):
        usable = (s for s in _starts(near, j, value) if state(fit.design, fit.response, s, fit.penalised))
        start = next(usable, None)
        if start is None:
            return float("nan")
        near = maximise(fit.design, fit.response, penalised=fit.penalised, held=(j,), start=start)
        if not near.converged:
            return float("nan")
        root = side * np.sqrt(max(2 * (fit.loglik - near.loglik), 0.0))
        if side * (root - z) < 0:
            inside = value
        else:
            outside = value
        slope = -near.state.score[j] / root if root else 0.0
        following = value - (root - z) / slope if slope else np.nan
        if abs(following - value) < END * unit:
            return float(following)
        low, high = min(inside, outside), max(inside, outside)
        if not low < following < high:
            following = (inside + outside) / 2 if np.isfinite(outside) else value + 2 * (value - float(fit.beta[j]))
        value = following
    return float("nan")


def _starts(fit: Fit, j: int, value: float) -> Iterator[np.ndarray]:
    """Where the other coefficients go, to first order, when coefficient ``j`` moves to ``value``; where they were."""
    there = fit.beta.copy()
    there[j] = value
    free = np.delete(np.arange(len(there)), j)
    bend = -fit.state.hessian
    trend = np.linalg.lstsq(bend[np.ix_(free, free)], bend[free, j], rcond=None)[0]
    along = there.copy()
    along[free] -= trend * (value - fit.beta[j])
    yield along
    yield there


def separated(design: np.ndarray, response: np.ndarray) -> bool:
    """Tell whether a direction separates the responses, wholly or in part: no finite maximum likelihood estimate.

    Such a direction d has x'd >= 0 for every responder and x'd <= 0 for every other, and not 0 for all.
    """
    from scipy.optimize import linprog

    signed = (2 * response - 1)[:, None] * design / np.abs(design).max(axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return bool(found.status == 0 and -found.fun > 1e-7)


def dependent(design: np.ndarray) -> bool:
    """Tell whether a column of the design is a sum of multiples of the others, or there are fewer rows than columns."""
    largest = np.abs(design).max(axis=0, initial=0.0)
    return bool((largest == 0).any()) or int(np.linalg.matrix_rank(design / largest)) < design.shape[1]
