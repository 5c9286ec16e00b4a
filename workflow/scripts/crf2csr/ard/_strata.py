"""Two arms in strata of 2 x 2 tables: the test of Cochran, Mantel and Haenszel, common odds ratio and difference.

Everywhere ``x1`` of ``n1`` and ``x0`` of ``n0`` are arrays with one element per stratum.

Sources: Mantel and Haenszel, JNCI 1959;22:719. Robins, Breslow and Greenland, Biometrics 1986;42:311 (variance of the
odds ratio). Sato, Biometrics 1989;45:1323 (variance of the difference).
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from crf2csr.ard._binomial import quantile

Counts = np.ndarray


def cochran_mantel_haenszel(x1: Counts, n1: Counts, x0: Counts, n0: Counts, correct: bool) -> tuple[float, float]:
    """Chi-square with 1 df and its p-value; NaN where no stratum has both arms and both outcomes."""
    n, x = n1 + n0, x1 + x0
    informative = n > 1
    n1, x1, n, x = (v[informative].astype("float64") for v in (n1, x1, n, x))
    variance = float((n1 * (n - n1) * x * (n - x) / (n**2 * (n - 1))).sum())
    if variance == 0:
        return np.nan, np.nan
    away = abs(float((x1 - n1 * x / n).sum()))
    statistic = (away - (0.5 if correct and away >= 0.5 else 0.0)) ** 2 / variance
    return statistic, float(chdtrc(1, statistic))


def odds_ratio(x1: Counts, n1: Counts, x0: Counts, n0: Counts, level: float) -> tuple[float, float, float]:
    """Mantel-Haenszel odds ratio with the interval of Robins, Breslow and Greenland; NaN where it has none."""
    a, b, c, d = (v.astype("float64") for v in (x1, n1 - x1, x0, n0 - x0))
    n = a + b + c + d
    a, b, c, d, n = (v[n > 0] for v in (a, b, c, d, n))
    agree, differ = a * d / n, b * c / n
    r, s = float(agree.sum()), float(differ.sum())
    if r == 0 or s == 0:
        return (np.inf if r else 0.0 if s else np.nan), np.nan, np.nan
    p, q = (a + d) / n, (b + c) / n
    variance = (p * agree).sum() / (2 * r * r)
    variance += (p * differ + q * agree).sum() / (2 * r * s) + (q * differ).sum() / (2 * s * s)
    half = quantile(level) * np.sqrt(variance)
    return r / s, float(r / s * np.exp(-half)), float(r / s * np.exp(half))


def difference(x1: Counts, n1: Counts, x0: Counts, n0: Counts, level: float) -> tuple[float, float, float, float]:
    """Mantel-Haenszel risk difference, its standard error by Sato, and its interval; NaN without a stratum of both."""
    both = (n1 > 0) & (n0 > 0)
    x1, n1, x0, n0 = (v[both].astype("float64") for v in (x1, n1, x0, n0))
    n = n1 + n0
    weight = float((n1 * n0 / n).sum())
    if weight == 0:
        return np.nan, np.nan, np.nan, np.nan
    d = float(((x1 * n0 - x0 * n1) / n).sum()) / weight
    p = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2
    q = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
    se = float(np.sqrt(d * p.sum() + q.sum())) / weight
    half = quantile(level) * se
    return d, se, d - half, d + half
