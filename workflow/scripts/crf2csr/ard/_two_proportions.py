"""Two independent binomial counts: intervals for the difference, the odds ratio and the exact test.

Everywhere ``x1`` of ``n1`` are compared with ``x0`` of ``n0`` (both at least 1); a difference is x1/n1 - x0/n0.

Sources: Newcombe, Stat Med 1998;17:873 (Wald, hybrid score). Miettinen and Nurminen, Stat Med 1985;4:213. Agresti
and Caffo, Am Stat 2000;54:280. Fisher 1935. Woolf, Ann Hum Genet 1955;19:251 (log odds ratio).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import chdtrc, gammaln

from crf2csr.ard._binomial import TIES, Interval, quantile, root, wilson, wilson_cc

FARTHEST = 700.0  # a log odds ratio beyond this cannot be held by a float


def wald(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """Difference and normal quantile; for comparison only."""
    p1, p0 = x1 / n1, x0 / n0
    half = quantile(level) * np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    return float(p1 - p0 - half), float(p1 - p0 + half)


def wald_cc(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """Wald, wider by (1/n1 + 1/n0) / 2 but no more than the difference itself, within -1 to 1; for comparison only."""
    lower, upper = wald(x1, n1, x0, n0, level)
    wider = min((1 / n1 + 1 / n0) / 2, abs(x1 / n1 - x0 / n0))
    return max(-1.0, lower - wider), min(1.0, upper + wider)


def agresti_caffo(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """Wald after adding one responder and one non-responder to either arm, within -1 to 1."""
    lower, upper = wald(x1 + 1, n1 + 2, x0 + 1, n0 + 2, level)
    return max(-1.0, lower), min(1.0, upper)


def newcombe(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """Hybrid of the two Wilson intervals."""
    return _hybrid(x1, n1, x0, n0, level, wilson)


def newcombe_cc(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """Hybrid of the two Wilson intervals with continuity correction."""
    return _hybrid(x1, n1, x0, n0, level, wilson_cc)


def _hybrid(
    x1: int, n1: int, x0: int, n0: int, level: float, single: Callable[[int, int, float], Interval]
) -> Interval:
    p1, p0 = x1 / n1, x0 / n0
    (low1, high1), (low0, high0) = single(x1, n1, level), single(x0, n0, level)
    d = p1 - p0
    return float(d - np.hypot(p1 - low1, high0 - p0)), float(d + np.hypot(high1 - p1, p0 - low0))


def miettinen_nurminen(x1: int, n1: int, x0: int, n0: int, level: float) -> Interval:
    """The differences that the score test, with variance factor N/(N - 1), does not reject."""

    def low(x1: int, n1: int, x0: int, n0: int) -> float:
        d, cut = x1 / n1 - x0 / n0, quantile(level)
        return -1.0 if d == -1 else root(lambda t: score(t, x1, n1, x0, n0) - cut, -1 + 1e-12, d)

    return low(x1, n1, x0, n0), -low(x0, n0, x1, n1)


def score(difference: float, x1: int, n1: int, x0: int, n0: int) -> float:
    """Miettinen and Nurminen's score statistic (as z) at a hypothetical difference."""
    p1, p0 = restricted(difference, x1, n1, x0, n0)
    variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * (n1 + n0) / (n1 + n0 - 1)
    away = x1 / n1 - x0 / n0 - difference
    if variance <= 0:
        return 0.0 if away == 0 else float(np.copysign(np.inf, away))
    return float(away / np.sqrt(variance))


def restricted(difference: float, x1: int, n1: int, x0: int, n0: int) -> tuple[float, float]:
    """The most likely pair of proportions that differ by ``difference``.

    The log-likelihood is concave in either proportion, so its slope is halved down to the last bit; the closed root of
    the cubic loses half of its digits where two roots meet.
    """
    low, high = max(0.0, -difference), min(1.0, 1 - difference)

    def rises(p: float) -> bool:
        """Whether the log-likelihood rises at p0 = p."""
        q = p + difference
        up = _per(x1, q) + _per(x0, p)
        return up > 0 and up > _per(n1 - x1, 1 - q) + _per(n0 - x0, 1 - p)

    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if rises(middle) else (low, middle)
    # The end that is nearer: an estimate on the border is reached only to the last bit.
    edge = max(0.0, -difference)
    p0 = edge if low == edge else high
    return min(1.0, max(0.0, p0 + difference)), p0


def _per(count: int, p: float) -> float:
    """Slope of ``count`` log p."""
    return 0.0 if count == 0 else count / p if p > 0 else np.inf


def fisher(x1: int, n1: int, x0: int, n0: int) -> float:
    """Two-sided p-value of the exact test: the tables that are no more likely, the margins being fixed."""
    counts, ways = _tables(x1, n1, x0, n0)
    chance = np.exp(ways - ways.max())
    return min(1.0, float(chance[chance <= chance[counts == x1][0] * TIES].sum() / chance.sum()))


def chi_square(x1: int, n1: int, x0: int, n0: int, correct: bool) -> float:
    """P-value of the chi-square test with 1 df, with or without continuity correction; NaN where a margin is 0."""
    n, x = n1 + n0, x1 + x0
    if x in (0, n):
        return np.nan
    away = abs(x1 - n1 * x / n)
    return float(chdtrc(1, (away - min(0.5, away) * correct) ** 2 * n**3 / (n1 * n0 * x * (n - x))))


def odds_ratio(x1: int, n1: int, x0: int, n0: int, level: float) -> tuple[float, float, float]:
    """Sample odds ratio with the Wald interval of its logarithm; NaN limits where a cell is 0."""
    a, b, c, d = x1, n1 - x1, x0, n0 - x0
    ratio = a * d / (b * c) if b * c else np.inf if a * d else np.nan
    if 0 in (a, b, c, d):
        return ratio, np.nan, np.nan
    half = quantile(level) * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return ratio, float(ratio * np.exp(-half)), float(ratio * np.exp(half))


def exact_odds_ratio(x1: int, n1: int, x0: int, n0: int, level: float) -> tuple[float, float, float]:
    """Conditional maximum-likelihood odds ratio with its exact (central) interval, the margins being fixed."""
    counts, ways = _tables(x1, n1, x0, n0)
    if len(counts) == 1:
        return np.nan, 0.0, np.inf

    def chance(log_ratio: float) -> np.ndarray:
        weight = ways + log_ratio * counts
        weight = np.exp(weight - weight.max())
        return weight / weight.sum()

    def solve(excess: Callable[[np.ndarray], float]) -> float:
        return float(np.exp(root(lambda t: excess(chance(t)), -FARTHEST, FARTHEST)))

    a = (1 - level) / 2
    first, last = x1 == counts[0], x1 == counts[-1]
    estimate = 0.0 if first else np.inf if last else solve(lambda p: float(p @ counts) - x1)
    low = 0.0 if first else solve(lambda p: float(p[counts >= x1].sum()) - a)
    high = np.inf if last else solve(lambda p: a - float(p[counts <= x1].sum()))
    return estimate, low, high


def _tables(x1: int, n1: int, x0: int, n0: int) -> tuple[np.ndarray, np.ndarray]:
    """Every count that x1 could be under the margins, and the logarithm of its number of ways."""
    x = x1 + x0
    counts = np.arange(max(0, x - n0), min(n1, x) + 1)

    def ways(n: int, k: np.ndarray) -> np.ndarray:
        return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)

    return counts, ways(n1, counts) + ways(n0, x - counts)


INTERVALS: dict[str, Callable[[int, int, int, int, float], Interval]] = {
    "newcombe": newcombe,
    "newcombe_cc": newcombe_cc,
    "miettinen_nurminen": miettinen_nurminen,
    "agresti_caffo": agresti_caffo,
    "wald": wald,
    "wald_cc": wald_cc,
}
