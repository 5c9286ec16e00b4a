"""The interval of Miettinen and Nurminen by numerical search alone, for tests; it shares nothing with the house."""

from __future__ import annotations

import numpy as np
from scipy import optimize
from scipy.special import xlogy


def score(difference, x1, f1, x0, f0):
    """Miettinen and Nurminen's z at a difference, the two rates under it by a numerical search."""

    def unlikely(p):
        return -(xlogy(x1, p + difference) + xlogy(f1, 1 - p - difference) + xlogy(x0, p) + xlogy(f0, 1 - p))

    bounds = (max(0, -difference), min(1, 1 - difference))
    p = optimize.minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    q, n1, n0 = p + difference, x1 + f1, x0 + f0
    variance = (q * (1 - q) / n1 + p * (1 - p) / n0) * (n1 + n0) / (n1 + n0 - 1)
    return (x1 / n1 - x0 / n0 - difference) / np.sqrt(variance)


def ends_of(x1, n1, x0, n0):
    """Both ends of the 95 % interval: the differences at which z is 1.96."""
    d, edge = x1 / n1 - x0 / n0, 1 - 1e-9

    def beyond(t, z):
        return score(t, x1, n1 - x1, x0, n0 - x0) - z

    low = optimize.brentq(beyond, -edge, d - 1e-9, args=(1.959963984540054,), xtol=1e-10)
    return low, optimize.brentq(beyond, d + 1e-9, edge, args=(-1.959963984540054,), xtol=1e-10)
