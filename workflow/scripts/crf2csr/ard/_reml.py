"""Restricted maximum likelihood of a linear model whose rows are repeated measures of subjects.

``y = X b + e``; the errors of one subject have covariance V, the rows and columns of one matrix S(theta) at the visits
that the subject has. Minus twice the restricted log-likelihood (Patterson and Thompson, Biometrika 1971;58:545) is

``(N - p) log 2 pi + sum log|V_i| + log|X'V^-1 X| + r'V^-1 r``,  ``r = y - X b``,

without the constant ``-log|X'X|`` (as in SAS and in R's nlme and mmrm). It is minimised in parameters without bounds
(the Cholesky factor of an unstructured matrix) by BFGS with the exact gradient, then polished in the natural
parameters by Newton's method with the exact Hessian, or by Fisher scoring where that is not positive definite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from crf2csr.ard._mmrm_data import NoFit, Repeated
from crf2csr.ard._mmrm_structure import Structure

Array = np.ndarray
# In working units (residuals of unit variance). The polish aims at the first; a fit past the second is refused.
GRADIENT_GOAL = 1e-12
GRADIENT_LIMIT = 1e-6
# Smallest eigenvalue over the largest: of the covariance matrix, and of the Hessian scaled to unit diagonal.
DEFINITE = 1e-9
CURVED = 1e-9


@dataclass(frozen=True)
class State:
    """The criterion and its parts at one ``theta``, in working units.

    Attributes
    ----------
    value : float
        Minus twice the restricted log-likelihood, without what does not depend on theta.
    coefficients : array (p,)
        Working coefficients (generalised least squares).
    covariance : array (p, p)
        Their covariance ``(X'V^-1 X)^-1``.
    inverse : array (patterns, visits, visits)
        Inverse of each pattern's covariance matrix, 0 at missing visits.
    """

    theta: Array
    value: float
    coefficients: Array
    covariance: Array
    inverse: Array


@dataclass(frozen=True)
class Slopes:
    """Derivatives at one theta; t parameters, p coefficients.

    Attributes
    ----------
    gradient, hessian, expected : arrays (t,), (t, t), (t, t)
        Of the criterion; ``expected`` is the expected Hessian.
    first : array (t, p, p)
        ``X'V^-1 V_i V^-1 X`` with V_i the derivative of V.
    second : array (t, t, p, p)
        ``X'V^-1 V_i V^-1 V_j V^-1 X``, made symmetric over i and j.
    """

    gradient: Array
    hessian: Array
    expected: Array
    first: Array
    second: Array


@dataclass(frozen=True)
class Fit:
    """A converged fit; ``theta``, ``sigma`` and the likelihood are in the units of the data.

    Attributes
    ----------
    sigma : array (visits, visits)
        Estimated covariance matrix.
    coefficients, covariance : arrays (p,), (p, p)
        Coefficients of the design and their covariance by the model.
    neg2 : float
        Minus twice the restricted log-likelihood.
    gradient : float
        Largest absolute element of its gradient, in working units.
    iterations : int
        Of the optimiser and of the polish together.
    """

    data: Repeated
    structure: Structure
    state: State
    slopes: Slopes
    sigma: Array
    coefficients: Array
    covariance: Array
    neg2: float
    gradient: float
    iterations: int

    @property
    def aic(self) -> float:
        """Akaike's criterion; only the covariance parameters count, as always with REML."""
        return self.neg2 + 2 * self.structure.size

    @property
    def bic(self) -> float:
        """Schwarz' criterion with the number of subjects (as SAS and R's mmrm)."""
        return float(self.neg2 + self.structure.size * np.log(self.data.subjects))


def state_at(data: Repeated, structure: Structure, theta: Array) -> State | None:
    """The criterion at ``theta``; None where the matrix is not positive definite."""
    m, p = data.visits, data.columns
    both = data.present[:, :, None] & data.present[:, None, :]
    eye = np.eye(m)
    # A missing visit gets an independent unit, so that all patterns have one shape; it is taken out again below.
    padded = np.where(both, structure.matrix(theta), 0.0) + eye * ~data.present[:, :, None]
    try:
        factor = np.linalg.cholesky(padded)
        root = np.linalg.inv(factor)
        inverse = root.transpose(0, 2, 1) @ root - eye * ~data.present[:, :, None]
        logdet = 2 * float(data.count @ np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1))
        whole = (inverse.reshape(-1) @ data.cross).reshape(p + 1, p + 1)
        information = np.linalg.cholesky(whole[:p, :p])
    except np.linalg.LinAlgError:
        return None
    back = np.linalg.inv(information)
    covariance = back.T @ back
    coefficients = covariance @ whole[:p, p]
    quadratic = whole[p, p] - whole[:p, p] @ coefficients
    value = logdet + 2 * float(np.log(np.diag(information)).sum()) + float(quadratic)
    return State(theta, value, coefficients, covariance, inverse) if np.isfinite(value) else None


def gradient_of_sigma(data: Repeated, state: State) -> Array:
    """Derivative of the criterion by each element of the covariance matrix, (visits, visits), symmetric."""
    m, p = data.visits, data.columns
    weight = np.zeros((p + 1, p + 1))
    weight[:p, :p] = state.covariance
    residual = np.append(-state.coefficients, 1.0)
    weight += np.outer(residual, residual)
    seen = (data.cross @ weight.reshape(-1)).reshape(-1, m, m)
    return np.asarray(
        np.einsum("s,sab->ab", data.count, state.inverse)
        - np.einsum("sab,sbc,scd->ad", state.inverse, seen, state.inverse, optimize=True)
    )


def slopes_at(data: Repeated, structure: Structure, state: State) -> Slopes:
    """Exact derivatives of the criterion at ``state``."""
    p, t, q = data.columns, structure.size, data.columns + 1
    by_theta, by_theta2 = structure.derivatives(state.theta)
    by_sigma = gradient_of_sigma(data, state)
    left = state.inverse[:, None] @ by_theta
    sandwich = left @ state.inverse[:, None]
    first = (sandwich.transpose(1, 0, 2, 3).reshape(t, -1) @ data.cross).reshape(t, q, q)
    rows, columns = np.triu_indices(t)
    second = np.empty((t, t, q, q))
    for i in range(t):
        own = columns[rows == i]
        triple = left[:, i, None] @ sandwich[:, own]
        made = (triple.transpose(1, 0, 2, 3).reshape(len(own), -1) @ data.cross).reshape(-1, q, q)
        made = (made + made.transpose(0, 2, 1)) / 2
        second[i, own] = made
        second[own, i] = made
    residual = np.append(-state.coefficients, 1.0)
    phi, score = state.covariance, (first @ residual)[:, :p]
    inner, outer = first[:, :p, :p], second[:, :, :p, :p]
    rotated = inner @ phi
    expected = (
        np.einsum("s,siab,sjba->ij", data.count, left, left, optimize=True)
        - 2 * np.einsum("ab,ijba->ij", phi, outer)
        + np.einsum("iab,jba->ij", rotated, rotated)
    )
    curvature = np.einsum("ijab,a,b->ij", second, residual, residual, optimize=True) - score @ phi @ score.T
    hessian = np.einsum("ab,ijab->ij", by_sigma, by_theta2) - expected + 2 * curvature
    return Slopes(np.einsum("ab,iab->i", by_sigma, by_theta), hessian, expected, inner, outer)


def fit(data: Repeated, structure: Structure) -> Fit:
    """Fit one covariance structure.

    Raises
    ------
    NoFit
        The structure is not identified by these data, or the fit does not converge to a proper minimum.
    """
    _identified(data, structure)
    theta, iterations = _climb(data, structure)
    state, slopes, more = _polish(data, structure, theta)
    _proper(structure, state, slopes)
    p, scale = data.columns, data.scale
    back = np.linalg.inv(data.root)
    constant = (data.observations - p) * (np.log(2 * np.pi) + 2 * np.log(scale))
    return Fit(
        data=data,
        structure=structure,
        state=state,
        slopes=slopes,
        sigma=scale**2 * structure.matrix(state.theta),
        coefficients=data.first + scale * back @ state.coefficients,
        covariance=scale**2 * back @ state.covariance @ back.T,
        neg2=float(state.value + constant + 2 * np.log(np.abs(np.diag(data.root))).sum()),
        gradient=float(np.abs(slopes.gradient).max()),
        iterations=iterations + more,
    )


def _identified(data: Repeated, structure: Structure) -> None:
    if structure.size > data.observations - data.columns:
        raise NoFit(f"{structure.size} covariance parameters are more than the residual degrees of freedom")
    if structure.kind.correlation == "free" and (data.together() == 0).any():
        a, b = np.argwhere(data.together() == 0)[0]
        raise NoFit(f"no subject has both {data.labels[a]} and {data.labels[b]}")


def _climb(data: Repeated, structure: Structure) -> tuple[Array, int]:
    """Minimise in parameters without bounds, from moments of the least-squares residuals."""
    residual = data.grid[:, :, -1]
    seen = data.present[data.pattern].sum(axis=0)
    deviation = np.sqrt(np.maximum((residual**2).sum(axis=0) / seen, 1e-4))
    unit = residual / deviation
    pairs = data.together()
    beside = np.arange(data.visits - 1)
    products = (unit[:, beside] * unit[:, beside + 1]).sum()
    known = pairs[beside, beside + 1].sum()
    correlation = float(np.clip(products / known if known else 0.3, 0.05, 0.9))

    def criterion(free: Array) -> tuple[float, Array]:
        theta, slope = structure.natural(free)
        state = state_at(data, structure, theta)
        if state is None:
            return np.inf, np.zeros_like(free)
        by_theta = np.einsum("ab,iab->i", gradient_of_sigma(data, state), structure.derivatives(theta)[0])
        return state.value, by_theta @ slope

    with np.errstate(over="ignore", invalid="ignore"):
        found = minimize(
            criterion,
            structure.start(deviation, correlation),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-5},
        )
        return structure.natural(found.x)[0], int(found.nit)


def _polish(data: Repeated, structure: Structure, theta: Array) -> tuple[State, Slopes, int]:
    """Newton's method, halved steps, until the gradient is as small as arithmetic allows."""
    state = state_at(data, structure, theta)
    if state is None or not np.isfinite(theta).all():
        raise NoFit("the covariance matrix does not stay positive definite")
    slopes = slopes_at(data, structure, state)
    for iteration in range(100):
        steep = float(np.abs(slopes.gradient).max())
        if steep <= GRADIENT_GOAL:
            return state, slopes, iteration
        step = -_solve(slopes)
        allowance = 1e-12 * max(1.0, abs(state.value))
        for halving in range(40):
            tried = state_at(data, structure, state.theta + step * 0.5**halving)
            if tried is not None and tried.value <= state.value + allowance:
                break
        else:
            return state, slopes, iteration
        ahead = slopes_at(data, structure, tried)
        closer = float(np.abs(ahead.gradient).max()) < steep
        if not closer and state.value - tried.value <= allowance:
            return state, slopes, iteration
        state, slopes = tried, ahead
    return state, slopes, 100


def _solve(slopes: Slopes) -> Array:
    for matrix in (slopes.hessian, slopes.expected):
        size = np.sqrt(np.abs(np.diag(matrix)))
        if (size > 0).all():
            scaled = matrix / np.outer(size, size)
            try:
                np.linalg.cholesky(scaled)
            except np.linalg.LinAlgError:
                continue
            return np.asarray(np.linalg.solve(scaled, slopes.gradient / size) / size)
    raise NoFit("the likelihood does not determine the covariance parameters (Hessian not positive definite)")


def _proper(structure: Structure, state: State, slopes: Slopes) -> None:
    """Refuse what is no interior minimum."""
    values = np.linalg.eigvalsh(structure.matrix(state.theta))
    if values[0] <= DEFINITE * values[-1]:
        raise NoFit("the covariance matrix is not positive definite at the optimum")
    size = np.sqrt(np.abs(np.diag(slopes.hessian)))
    if not (size > 0).all() or np.linalg.eigvalsh(slopes.hessian / np.outer(size, size))[0] <= CURVED:
        raise NoFit("the Hessian of the likelihood is not positive definite at the optimum")
    steep = float(np.abs(slopes.gradient).max())
    if steep > GRADIENT_LIMIT:
        raise NoFit(f"no convergence: the gradient is {steep:.1e}")
