"""Pooling of estimates from multiply imputed data: Rubin's rules, and what they become for one proportion.

References: Rubin, Multiple Imputation for Nonresponse in Surveys, 1987. Barnard and Rubin, Biometrika 1999;86:948
(degrees of freedom). Lott and Reiter, Am Stat 2020;74:109 (score interval). White, Royston and Wood, Stat Med
2011;30:377 (Monte-Carlo error by the jackknife).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, stdtr, stdtrit

Array = np.ndarray


@dataclass(frozen=True)
class Pooled:
    """One pooled estimate (or an array of them) and where its variance comes from.

    Attributes
    ----------
    estimate, within, between, total : ndarray
        Mean of the estimates; mean of their variances; variance between them; within + (1 + 1/m) between.
    increase : ndarray
        Relative increase in variance by what is missing, (1 + 1/m) between / within.
    share : ndarray
        Share of the total variance that it makes (lambda).
    df : ndarray
        Degrees of freedom of Barnard and Rubin.
    missing_information : ndarray
        Fraction of missing information, (increase + 2 / (df + 3)) / (1 + increase); 0 where no imputation differs.
    m : int
        Number of imputations.
    """

    estimate: Array
    within: Array
    between: Array
    total: Array
    increase: Array
    share: Array
    df: Array
    missing_information: Array
    m: int

    @property
    def efficiency(self) -> Array:
        """Efficiency relative to infinitely many imputations."""
        return 1 / (1 + self.missing_information / self.m)

    def interval(self, level: float) -> tuple[Array, Array]:
        """Two-sided interval by Student's t."""
        half = stdtrit(self.df, (1 + level) / 2) * np.sqrt(self.total)
        return self.estimate - half, self.estimate + half

    def p_greater(self, null: float) -> Array:
        """One-sided p-value against estimates at most ``null``."""
        return stdtr(self.df, -(self.estimate - null) / np.sqrt(self.total))


def pool(estimates: Array, variances: Array, complete_df: float = np.inf) -> Pooled:
    """Pool estimates and their variances over the last axis by Rubin's rules.

    ``complete_df`` are the degrees of freedom that the data would have if nothing were missing.
    """
    m = estimates.shape[-1]
    within = variances.mean(axis=-1)
    # Equal estimates have no variance between them; rounding must not make one.
    same = estimates.max(axis=-1) == estimates.min(axis=-1)
    estimate = np.where(same, estimates[..., 0], estimates.mean(axis=-1))
    between = np.where(same, 0.0, estimates.var(axis=-1, ddof=1))
    added = (1 + 1 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        increase, share = np.where(same, 0.0, added / within), np.where(same, 0.0, added / total)
        seen = complete_df * (1 - share)
        if np.isfinite(complete_df):
            seen = seen * (complete_df + 1) / (complete_df + 3)
        df = 1 / (share**2 / (m - 1) + 1 / seen)
        # The same as (increase + 2 / (df + 3)) / (1 + increase), and defined where nothing varies within.
        information = np.where(same, 0.0, share + (1 - share) * 2 / (df + 3))
    return Pooled(estimate, within, between, total, increase, share, df, information, m)


def pool_logit(responders: Array, n: int) -> Pooled:
    """Pool counts of responders (..., m) of ``n`` subjects on the logit; none may be 0 or ``n``."""
    x = responders.astype("float64")
    return pool(logit(x / n), 1 / x + 1 / (n - x), n - 1)


def pool_plain(responders: Array, n: int) -> Pooled:
    """Pool the proportions themselves, with the variance p (1 - p) / n of each."""
    p = responders / n
    return pool(p, p * (1 - p) / n, n - 1)


@dataclass(frozen=True)
class Proportion:
    """A pooled proportion: estimate, interval, and the pooling that it rests on."""

    estimate: Array
    low: Array
    high: Array
    pooled: Pooled
    on_logit: bool


def on_logit(responders: Array, n: int, level: float) -> Proportion:
    """Rubin's rules on the logit, transformed back; equal counts give their own proportion exactly."""
    pooled = pool_logit(responders, n)
    low, high = pooled.interval(level)
    estimate = np.where(pooled.between == 0, responders[..., 0] / n, expit(pooled.estimate))
    return Proportion(estimate, expit(low), expit(high), pooled, True)


def score(responders: Array, n: int, level: float) -> Proportion:
    """The interval of Lott and Reiter: Wilson's, its variance raised by what is missing.

    Both roots p of (estimate - p)^2 = t^2 p (1 - p) (1 + r) / n, r the relative increase in variance, t on
    (m - 1) (1 + 1 / r)^2 degrees of freedom. Where every proportion is 0 or 1, r is taken as 0 and t as normal, as
    they propose.
    """
    pooled = pool_plain(responders, n)
    # Both sides times 1 / (1 + r), the share of the variance within, which stays finite.
    estimate, known = pooled.estimate, 1 - pooled.share
    size = stdtrit(_score_df(pooled), (1 + level) / 2) ** 2 / n
    centre = (estimate * known + size / 2) / (known + size)
    half = np.sqrt(estimate * (1 - estimate) * known * size + size * size / 4) / (known + size)
    low = np.where(estimate == 0, 0.0, np.maximum(centre - half, 0))
    high = np.where(estimate == 1, 1.0, np.minimum(centre + half, 1))
    return Proportion(estimate, low, high, pooled, False)


def score_p_greater(responders: Array, n: int, null: float) -> Array:
    """One-sided p-value against proportions at most ``null``; it rejects where the lower end of :func:`score` does."""
    pooled = pool_plain(responders, n)
    distance = (pooled.estimate - null) * np.sqrt(n * (1 - pooled.share) / (null * (1 - null)))
    return stdtr(_score_df(pooled), -distance)


def _score_df(pooled: Pooled) -> Array:
    with np.errstate(divide="ignore"):
        return (pooled.m - 1) / pooled.share**2


def proportion(responders: Array, n: int, level: float) -> Proportion:
    """Pool on the logit; by the score interval where an imputed proportion is 0 or 1 and has no logit."""
    edge = bool(((responders == 0) | (responders == n)).any())
    return score(responders, n, level) if edge else on_logit(responders, n, level)


def p_greater(responders: Array, n: int, null: float, by_logit: bool) -> float:
    """One-sided p-value that belongs to the interval of :func:`proportion`."""
    if by_logit:
        return float(pool_logit(responders, n).p_greater(float(logit(null))))
    return float(score_p_greater(responders, n, null))


def monte_carlo_errors(responders: Array, n: int, level: float) -> dict[str, float | None]:
    """Standard error, by the jackknife over imputations, of estimate, low and high; None for fewer than three."""
    m = len(responders)
    if m < 3:
        return dict.fromkeys(("estimate", "low", "high"))
    # Row k holds all imputations but the k-th.
    others = np.broadcast_to(responders, (m, m))[~np.eye(m, dtype=bool)].reshape(m, m - 1)
    edge = bool(((responders == 0) | (responders == n)).any())
    left = score(others, n, level) if edge else on_logit(others, n, level)
    return {
        name: float(np.sqrt((m - 1) / m * ((value - value.mean()) ** 2).sum()))
        for name, value in (("estimate", left.estimate), ("low", left.low), ("high", left.high))
    }
