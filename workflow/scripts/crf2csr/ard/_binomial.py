"""One binomial count: intervals for the proportion and exact tests, every quantile exact (never 1.96).

Each interval takes a count ``x`` of ``n`` (``n`` at least 1) and a two-sided ``level``; both ends are proportions.

Sources: Clopper and Pearson, Biometrika 1934;26:404. Wilson, JASA 1927;22:209. Newcombe, Stat Med 1998;17:857
(Wilson and Wald with continuity correction, likelihood, mid-P). Brown, Cai and DasGupta, Stat Sci 2001;16:101
(Jeffreys, Agresti-Coull, logit). Agresti and Coull, Am Stat 1998;52:119. Berry and Armitage, Statistician 1995;44:417.
Blaker, Can J Stat 2000;28:783.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, betainc, betaincinv, expit, gammaln, ndtr, ndtri, xlog1py, xlogy

Interval = tuple[float, float]
TIES = 1 + 1e-7  # two probabilities nearer than this are equal (as in binom.test and fisher.test of R)


def clopper_pearson(x: int, n: int, level: float) -> Interval:
    """Exact interval from the beta quantiles."""
    a = (1 - level) / 2
    lower = 0.0 if x == 0 else float(betaincinv(x, n - x + 1, a))
    upper = 1.0 if x == n else float(betaincinv(x + 1, n - x, 1 - a))
    return lower, upper


def wilson(x: int, n: int, level: float) -> Interval:
    """Score interval without continuity correction."""
    lower, upper = wilson_cc(x, n, level, correction=0.0)
    return (0.0 if x == 0 else lower), (1.0 if x == n else upper)


def wilson_cc(x: int, n: int, level: float, correction: float = 0.5) -> Interval:
    """Score interval; the count is moved outwards by ``correction`` before either end is solved for."""
    z2 = quantile(level) ** 2

    def end(p: float, sign: int) -> float:
        root = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
        return float((p + z2 / (2 * n) + sign * root) / (1 + z2 / n))

    low, high = (x - correction) / n, (x + correction) / n
    return (0.0 if low < 0 else end(low, -1)), (1.0 if high > 1 else end(high, 1))


def wald(x: int, n: int, level: float) -> Interval:
    """Estimate and normal quantile; for comparison only, since it may leave 0 to 1 and has no length at 0 and n."""
    p, half = x / n, quantile(level) * np.sqrt(x / n * (1 - x / n) / n)
    return float(p - half), float(p + half)


def wald_cc(x: int, n: int, level: float) -> Interval:
    """Wald, wider by 1/(2n) on either side, within 0 to 1; for comparison only."""
    lower, upper = wald(x, n, level)
    return max(0.0, lower - 0.5 / n), min(1.0, upper + 0.5 / n)


def agresti_coull(x: int, n: int, level: float) -> Interval:
    """Wald after adding z squared / 2 to either count; it may leave 0 to 1 and is not cut there."""
    z2 = quantile(level) ** 2
    more = n + z2
    p = (x + z2 / 2) / more
    half = np.sqrt(z2 * p * (1 - p) / more)
    return float(p - half), float(p + half)


def logit(x: int, n: int, level: float) -> Interval:
    """Wald on the log odds, back on proportions; without information at 0 and n."""
    if x in (0, n):
        return 0.0, 1.0
    centre, half = np.log(x / (n - x)), quantile(level) * np.sqrt(n / (x * (n - x)))
    return float(expit(centre - half)), float(expit(centre + half))


def likelihood(x: int, n: int, level: float) -> Interval:
    """The proportions whose likelihood-ratio statistic is within the chi-square quantile."""

    def low(x: int) -> float:
        p, cut = x / n, quantile(level) ** 2 / 2
        top = float(xlogy(x, p) + xlogy(n - x, 1 - p))
        return root(lambda q: top - float(xlogy(x, q) + xlogy(n - x, 1 - q)) - cut, 1e-300, p) if x else 0.0

    return low(x), 1 - low(n - x)


def jeffreys(x: int, n: int, level: float) -> Interval:
    """Equal-tailed posterior interval under the Beta(1/2, 1/2) prior; the end at x = 0 or n is 0 or 1."""
    a = (1 - level) / 2
    lower = 0.0 if x == 0 else float(betaincinv(x + 0.5, n - x + 0.5, a))
    upper = 1.0 if x == n else float(betaincinv(x + 0.5, n - x + 0.5, 1 - a))
    return lower, upper


def mid_p(x: int, n: int, level: float) -> Interval:
    """Exact interval with half the probability of the observed count."""
    a = (1 - level) / 2

    def tail(p: float) -> float:
        """P(X > x) + P(X = x) / 2."""
        return (at_least(x, n, p) + at_least(x + 1, n, p)) / 2

    lower = 0.0 if x == 0 else root(lambda p: tail(p) - a, 0, x / n)
    upper = 1.0 if x == n else root(lambda p: tail(p) - (1 - a), x / n, 1)
    return lower, upper


def blaker(x: int, n: int, level: float) -> Interval:
    """Exact interval within that of Clopper and Pearson: the hull of all p whose acceptability exceeds 1 - level.

    The acceptability of p is P(X >= x) plus the largest lower tail that is not larger (below the estimate). It jumps
    where a further count enters the lower tail, and between two jumps its roots are those of a smooth function.
    """
    alpha = 1 - level

    def low(x: int) -> float:
        end = 0.0
        for below in range(x):  # while the lower tail holds the counts below this one

            def lead(p: float, k: int = below) -> float:
                return at_least(x, n, p) - float(bdtr(k, n, p))

            def excess(p: float, k: int = below) -> float:
                return _accepted(x, k, n, p) - alpha

            start, end = end, root(lead, end, 1)
            if excess(start) > 0:
                return start
            if excess(end) > 0:
                return root(excess, start, end)
        return end

    return low(x), 1 - low(n - x)


def _accepted(x: int, below: int, n: int, p: float) -> float:
    """P(X >= x) + P(X < below)."""
    return at_least(x, n, p) + (float(bdtr(below - 1, n, p)) if below else 0.0)


INTERVALS: dict[str, Callable[[int, int, float], Interval]] = {
    "clopper_pearson": clopper_pearson,
    "wilson": wilson,
    "wilson_cc": wilson_cc,
    "agresti_coull": agresti_coull,
    "jeffreys": jeffreys,
    "mid_p": mid_p,
    "blaker": blaker,
    "likelihood": likelihood,
    "logit": logit,
    "wald": wald,
    "wald_cc": wald_cc,
}


def at_least(x: int, n: int, p: float) -> float:
    """P(X >= x): the exact one-sided p-value against rates up to ``p``."""
    return 1.0 if x <= 0 else 0.0 if x > n else float(betainc(x, n - x + 1, p))


def two_sided(x: int, n: int, p: float) -> float:
    """Total probability of the counts that are no more likely than ``x``."""
    counts = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    chance = np.exp(ways + xlogy(counts, p) + xlog1py(n - counts, -p))
    return min(1.0, float(chance[chance <= chance[x] * TIES].sum()))


def doubled(x: int, n: int, p: float) -> float:
    """Twice the smaller exact tail."""
    return min(1.0, 2 * min(at_least(x, n, p), float(bdtr(x, n, p))))


def z_one_sided(x: int, n: int, p: float) -> float:
    """One-sided p-value of the normal approximation, standard error under ``p``, in the direction of the estimate."""
    return float(ndtr(-abs(x / n - p) / np.sqrt(p * (1 - p) / n)))


def boundary(n: int, p0: float, alpha: float) -> tuple[int, float]:
    """Smallest count that rejects p <= p0 at one-sided ``alpha``, and the attained alpha."""
    for x in range(n + 1):
        if at_least(x, n, p0) <= alpha:
            return x, at_least(x, n, p0)
    return n + 1, 0.0


def quantile(level: float) -> float:
    """Exact two-sided normal quantile: 1.95996... for 0.95."""
    return float(-ndtri((1 - level) / 2))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """The root between two points at which ``function`` has different signs, to the last digits."""
    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-14))
