"""What is asked of a fitted Cox model: tests, profile intervals, and whether hazards are proportional.

References: Grambsch and Therneau, Biometrika 1994;81:515; the score test of the model with covariates times g(t), as
cox.zph of R's survival does it from version 3.0. Profile intervals: Venzon and Moolgavkar, Appl Stat 1988;37:87.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from crf2csr.ard import _cox, _km
from crf2csr.errors import Cause

TRANSFORMS = ("km", "rank", "identity", "log")
Test = tuple[float, int, float]  # chi-square, df, p


def _test(statistic: float, df: int) -> Test:
    return float(statistic), df, float(chdtrc(df, statistic))


def global_tests(m: _cox.Model, made: _cox.Fit) -> dict[str, Test]:
    """Likelihood ratio, score and Wald tests that all coefficients are 0; the last is NaN if one is infinite."""
    p = m.x.shape[1]
    null = _cox.likelihood(m, np.zeros(p))
    beta = made.beta
    wald = float(beta @ made.point.information @ beta) if not made.infinite.any() else float("nan")
    return {
        "lr": _test(max(2 * (made.point.loglik - null.loglik), 0.0), p),
        "score": _test(float(null.score @ np.linalg.solve(null.information, null.score)), p),
        "wald": _test(wald, p),
    }


def profile(m: _cox.Model, made: _cox.Fit, which: int, level: float) -> tuple[float, float]:
    """Profile-likelihood interval of one coefficient; infinite where the likelihood does not fall far enough.

    NaN where the coefficient is not determined.
    """
    if made.infinite[which] == 0 and np.isnan(made.beta[which]):
        return (float("nan"),) * 2
    drop = chdtri(1, 1 - level) / 2
    held = made.limit if made.infinite[which] == 0 else m
    free = np.arange(m.x.shape[1]) != which
    start = np.where(np.isfinite(made.beta), made.beta, 0.0)

    def above(value: float) -> float:
        """How far the profile at ``value`` is above the height of the interval's ends."""
        at = start.copy()
        at[which] = value
        inner = _cox.fit(held, at, free)
        start[free] = np.where(inner.infinite[free] == 0, inner.last[free], 0.0)
        return inner.point.loglik - made.point.loglik + drop

    limit = 0.4 * _cox.SPREAD / float(m.range[which])
    if made.infinite[which]:
        sign = float(made.infinite[which])
        inside = sign * limit
        if above(inside) <= 0:
            return (float("nan"),) * 2
        end = _end(above, inside, -sign, 1 / float(m.range[which]), limit)
        return (end, np.inf) if sign > 0 else (-np.inf, end)
    step = float(np.sqrt(2 * drop) * made.se[which])
    centre = float(made.beta[which])
    return _end(above, centre, -1.0, step, limit), _end(above, centre, 1.0, step, limit)


def _end(above: Callable[[float], float], inside: float, side: float, step: float, limit: float) -> float:
    """Where the profile falls to the height of the interval's ends, on one side of a point inside."""
    while True:
        outside = inside + side * step
        if abs(outside) > limit and side * outside > 0:
            return side * np.inf
        if above(outside) < 0:
            break
        inside, step = outside, 2 * step
    return float(brentq(above, min(inside, outside), max(inside, outside), xtol=1e-14, rtol=1e-13))


def proportional(m: _cox.Model, made: _cox.Fit, terms: dict[str, list[int]], transform: str) -> dict[str, Test]:
    """Test per term (columns of the covariates), and ``""`` for all, that no coefficient changes with g(t)."""
    g = _function_of_time(m, transform)[m.dead]
    g = g - g.mean()
    covariance = made.point.covariance
    first = np.einsum("e,eij->ij", g, covariance)
    second = np.einsum("e,eij->ij", g**2, covariance)
    score = g @ made.point.residual
    # Information about a coefficient's slope over g(t), given the coefficients.
    inner = second - first @ np.linalg.solve(made.point.information, first)
    every = list(range(m.x.shape[1]))
    out = {}
    for name, columns in (terms | {"": every}).items():
        part = inner[np.ix_(columns, columns)]
        out[name] = _test(float(score[columns] @ np.linalg.solve(part, score[columns])), len(columns))
    return out


def _function_of_time(m: _cox.Model, transform: str) -> np.ndarray:
    """g(t) of each row: 1 - S(t-) of all subjects, ranks (ties share their mean), the time or its logarithm."""
    if transform == "km":
        curve = _km.curve(m.time, m.event)
        before = np.concatenate([[1.0], curve.surv])
        return 1 - before[np.searchsorted(curve.time, m.time)]
    if transform == "rank":
        _, where, count = np.unique(m.time, return_inverse=True, return_counts=True)
        return (np.cumsum(count) - (count - 1) / 2)[where]
    if transform == "identity":
        return m.time
    if transform == "log":
        return np.log(np.where(m.event, m.time, 1.0))
    raise Cause("is not a function of time", field="ph_transform", value=transform)


def without(m: _cox.Model, made: _cox.Fit, which: int) -> float:
    """Twice the fall of the log-likelihood if one coefficient is held at 0."""
    free = np.arange(m.x.shape[1]) != which
    inner = _cox.fit(m if made.infinite[which] else made.limit, np.zeros(m.x.shape[1]), free)
    return max(2 * (made.point.loglik - inner.point.loglik), 0.0)
