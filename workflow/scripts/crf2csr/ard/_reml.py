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

from crf2csr.ard._linear import Array, NoFit
from crf2csr.ard._mmrm_criterion import Slopes, State, gradient_of_sigma, slopes_at, state_at
from crf2csr.ard._mmrm_data import Repeated
from crf2csr.ard._mmrm_structure import Structure

# In working units (residuals of unit variance). The polish aims at the first; a fit past the second is refused.
GRADIENT_GOAL = 1e-12
GRADIENT_LIMIT = 1e-6
# Smallest eigenvalue over the largest: of the covariance matrix, of its correlations, of the Hessian at unit diagonal.
DEFINITE = 1e-12
CORRELATED = 1e-8
CURVED = 1e-9


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


def fit(data: Repeated, structure: Structure) -> Fit:
    """Fit one covariance structure.

    Raises
    ------
    NoFit
        The structure is not identified by these data, or the fit does not converge to a proper minimum.
    """
    _identified(data, structure)
    # A step too far overflows and is then refused; numpy need not say so.
    with np.errstate(all="ignore"):
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

    found = minimize(
        criterion,
        structure.start(deviation, correlation),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 200, "ftol": 1e-13, "gtol": 1e-5},
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
    if not np.isfinite(slopes.hessian).all():
        raise NoFit("the covariance matrix does not stay positive definite")
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
    matrix = structure.matrix(state.theta)
    deviation = np.sqrt(np.diag(matrix))
    values = np.linalg.eigvalsh(matrix)
    inner = np.linalg.eigvalsh(matrix / np.outer(deviation, deviation))
    if values[0] <= DEFINITE * values[-1] or inner[0] <= CORRELATED * inner[-1]:
        raise NoFit("the covariance matrix is not positive definite at the optimum")
    size = np.sqrt(np.abs(np.diag(slopes.hessian)))
    if not (size > 0).all() or np.linalg.eigvalsh(slopes.hessian / np.outer(size, size))[0] <= CURVED:
        raise NoFit("the Hessian of the likelihood is not positive definite at the optimum")
    steep = float(np.abs(slopes.gradient).max())
    if steep > GRADIENT_LIMIT:
        raise NoFit(f"no convergence: the gradient is {steep:.1e}")
