"""The restricted likelihood of repeated measures and its exact derivatives by the covariance parameters.

All of it is made of the sums of products of ``Repeated``: with W the inverse of a pattern's covariance matrix, sums
over subjects of ``Z'WZ``, Z the design and the residuals side by side, and the same with ``W V_i W`` and
``W V_i W V_j W``, V_i the derivative of V (Harville, JASA 1977;72:320).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crf2csr.ard._linear import Array
from crf2csr.ard._mmrm_data import Repeated
from crf2csr.ard._mmrm_structure import Structure


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
        back = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return None
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
