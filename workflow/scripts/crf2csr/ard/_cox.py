"""Cox regression by Newton's method.

Where the likelihood rises for ever in some direction (covariates that put every event at the top of its risk set), a
linear programme proves it; in the limit the model is one stratified along the direction, and the coefficients that
stay finite are those of that model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from crf2csr.ard._monotone import endless, levels
from crf2csr.ard._partial import TIES, Model, Point, deficient, likelihood, model

__all__ = ["SPREAD", "TIES", "Fit", "Model", "Point", "deficient", "endless", "fit", "likelihood", "model"]

STEPS = 100
SUSPICIOUS_STEPS, SUSPICIOUS_SPREAD = 12, 15.0  # past which it is asked whether the likelihood has a maximum at all
SPREAD = 600.0  # largest range of the linear predictor: exp() of both its ends is still a number


@dataclass
class Fit:
    """A fitted model.

    Attributes
    ----------
    beta, se : array (p)
        NaN where the coefficient is infinite, was not free, or is not determined beside an infinite one.
    covariance : array (p, p)
    infinite : array (p)
        1 or -1 where a coefficient is infinite, else 0.
    point : Point
        At the maximum; of ``limit`` where a coefficient is infinite.
    limit : Model
        The model, or the one that it becomes in the limit.
    last : array (p)
        The coefficients where the search ended.
    converged : bool
    """

    beta: np.ndarray
    se: np.ndarray
    covariance: np.ndarray
    infinite: np.ndarray
    point: Point
    limit: Model = field(repr=False)
    last: np.ndarray = field(repr=False)
    converged: bool = True


def fit(m: Model, start: np.ndarray | None = None, free: np.ndarray | None = None) -> Fit:
    """Maximise over the coefficients that are ``free`` (all by default); the others stay as in ``start``."""
    p = m.x.shape[1]
    begin = np.zeros(p) if start is None else np.array(start, dtype="float64")
    free = np.ones(p, dtype=bool) if free is None else free
    infinite, limit, beta = np.zeros(p, dtype="int64"), m, begin.copy()
    asking = True
    while True:
        beta, point, converged, direction = _newton(limit, beta, free, asking)
        if direction is None:
            break
        # Along the direction each event leaves behind all of its risk set that is not level with it.
        within = limit.stratum * len(limit.x) + levels(limit.x @ direction)
        asking = len(np.unique(within)) > len(np.unique(limit.stratum))
        if asking:
            limit = model(limit.time, limit.event, limit.x, limit.ties, within)
            infinite = np.where(infinite == 0, np.sign(direction).astype("int64"), infinite)
            beta = np.where(infinite == 0, beta, 0.0)
    known = free & (infinite == 0)
    if infinite.any() and known.any() and deficient(point, known):
        known = np.zeros(p, dtype=bool)
    covariance = np.full((p, p), np.nan)
    covariance[np.ix_(known, known)] = _inverse(point.information[np.ix_(known, known)])
    return Fit(
        np.where(known, beta, np.nan),
        np.sqrt(np.maximum(np.diag(covariance), 0.0)),
        covariance,
        infinite,
        point,
        limit,
        beta,
        converged,
    )


def _newton(
    m: Model, beta: np.ndarray, free: np.ndarray, asking: bool
) -> tuple[np.ndarray, Point, bool, np.ndarray | None]:
    """Coefficients, the point there, whether it is a maximum, and a direction in which there is none (if asked)."""
    point = likelihood(m, beta)
    last = np.inf
    for number in range(STEPS):
        step = np.zeros(len(beta))
        step[free] = np.linalg.lstsq(point.information[np.ix_(free, free)], point.score[free], rcond=1e-13)[0]
        gain = float(step @ point.score)
        # Newton's gain shrinks by squares until nothing but rounding is left of it.
        if gain < 1e-20 or (gain < 1e-12 and gain > last / 100):
            return beta, point, True, None
        spread = float(np.max(np.abs(beta + step) * m.range, where=free, initial=0.0))
        if asking and (number >= SUSPICIOUS_STEPS or spread > SUSPICIOUS_SPREAD):
            asking, direction = False, endless(m, free)
            if direction is not None:
                return beta, point, False, direction
        better = _search(m, beta, step, point)
        if better is None:
            return beta, point, gain < 1e-8, None
        (beta, point), last = better, gain
    return beta, point, False, None


def _search(m: Model, beta: np.ndarray, step: np.ndarray, point: Point) -> tuple[np.ndarray, Point] | None:
    """The longest of the halved steps that does not lower the log-likelihood."""
    # Close to the maximum a good step changes the log-likelihood by less than its rounding.
    floor = point.loglik - 1e-13 * (1 + abs(point.loglik))
    for halving in range(40):
        new = beta + step / 2**halving
        if np.ptp(m.x @ new) < SPREAD:
            made = likelihood(m, new)
            if made.loglik >= floor:
                return new, made
    return None


def _inverse(matrix: np.ndarray) -> np.ndarray:
    return np.linalg.pinv(matrix, rcond=1e-13, hermitian=True)
