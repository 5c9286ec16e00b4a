"""Intervals of a binomial proportion and the exact one-sided test.

References: Clopper and Pearson, Biometrika 1934;26:404. Wilson, JASA 1927;22:209. Brown, Cai and DasGupta,
Stat Sci 2001;16:101 (Jeffreys). Berry and Armitage, Statistician 1995;44:417 (mid-P).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, bdtrc, betainc, betaincinv, ndtri


def clopper_pearson(x: int, n: int, level: float) -> tuple[float, float]:
    """Exact interval from the beta quantiles (in proportions)."""
    a = (1 - level) / 2
    lower = 0.0 if x == 0 else float(betaincinv(x, n - x + 1, a))
    upper = 1.0 if x == n else float(betaincinv(x + 1, n - x, 1 - a))
    return lower, upper


def wilson(x: int, n: int, level: float) -> tuple[float, float]:
    """Score interval without continuity correction."""
    z = -ndtri((1 - level) / 2)
    p, z2 = x / n, z * z
    centre, half = p + z2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    lower, upper = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return (0.0 if x == 0 else float(lower)), (1.0 if x == n else float(upper))


def jeffreys(x: int, n: int, level: float) -> tuple[float, float]:
    """Equal-tailed posterior interval under the Beta(1/2, 1/2) prior; the end at x = 0 or n is 0 or 1."""
    a = (1 - level) / 2
    lower = 0.0 if x == 0 else float(betaincinv(x + 0.5, n - x + 0.5, a))
    upper = 1.0 if x == n else float(betaincinv(x + 0.5, n - x + 0.5, 1 - a))
    return lower, upper


def mid_p(x: int, n: int, level: float) -> tuple[float, float]:
    """Exact interval with half the probability of the observed count."""
    a = (1 - level) / 2

    def tail(p: float) -> float:
        """P(X > x) + P(X = x) / 2."""
        above = float(bdtrc(x, n, p)) if x < n else 0.0
        at = float(bdtr(x, n, p)) - (float(bdtr(x - 1, n, p)) if x else 0.0)
        return above + at / 2

    lower = 0.0 if x == 0 else float(brentq(lambda p: tail(p) - a, 0, x / n, xtol=1e-14, rtol=1e-14))
    upper = 1.0 if x == n else float(brentq(lambda p: tail(p) - (1 - a), x / n, 1, xtol=1e-14, rtol=1e-14))
    return lower, upper


INTERVALS = {"clopper_pearson": clopper_pearson, "wilson": wilson, "jeffreys": jeffreys, "mid_p": mid_p}


def p_greater(x: int, n: int, p0: float) -> float:
    """Exact one-sided p-value: P(X >= x) under p0."""
    return 1.0 if x == 0 else float(betainc(x, n - x + 1, p0))


def boundary(n: int, p0: float, alpha: float) -> tuple[int, float]:
    """Smallest count that rejects p <= p0 at one-sided ``alpha``, and the attained alpha."""
    for x in range(n + 1):
        if p_greater(x, n, p0) <= alpha:
            return x, p_greater(x, n, p0)
    return n + 1, 0.0
