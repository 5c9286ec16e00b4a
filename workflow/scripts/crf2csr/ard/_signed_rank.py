"""Wilcoxon's signed rank test and the Hodges-Lehmann estimate, exact where feasible, ties and zeros included.

Differences are whole numbers of their last decimal (``units``), so that equal ones are equal: noise of floats would
break ties. Ranks are doubled, so that midranks are whole too.

Sources: Wilcoxon, Biom Bull 1945;1:80. Pratt, JASA 1959;54:655 (zeros). Streitberg and Roehmel, Stat Softw Newsl
1986;12:10 (shift algorithm). Hodges and Lehmann, Ann Math Stat 1963;34:598. Iman, Communications in
Statistics 1974;3:795 (Student's t for the rank sum).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from crf2csr.ard._binomial import quantile

Units = np.ndarray
LARGEST = 2.0**60


def units(values: np.ndarray, decimals: int) -> Units:
    """Differences as whole numbers of their last decimal; OverflowError where they do not fit."""
    scaled = np.asarray(values, dtype="float64") * 10.0**decimals
    if scaled.size and np.abs(scaled).max() > LARGEST:
        raise OverflowError(f"a difference at {decimals} decimals is too large to be ranked exactly")
    return np.rint(scaled).astype("int64")


@dataclass(frozen=True)
class Ranks:
    """Signed ranks of differences.

    Attributes
    ----------
    doubled : ndarray of int64
        Twice the midrank of each difference that is not 0.
    positive : ndarray of bool
        Whether it is above 0.
    zeros : int
        Number of differences that are 0: without a rank, but with ``pratt`` below all others.
    tied : bool
        Whether two that are not 0 are equal but for their sign.
    """

    doubled: np.ndarray
    positive: np.ndarray
    zeros: int
    tied: bool

    @property
    def n(self) -> int:
        """Number of differences with a rank."""
        return len(self.doubled)

    @property
    def plus(self) -> float:
        """Sum of the ranks of positive differences."""
        return float(self.doubled[self.positive].sum()) / 2


def ranked(differences: Units, pratt: bool = False) -> Ranks:
    """Rank by size; zeros are dropped before ranking (Wilcoxon) or after it (Pratt)."""
    size = np.abs(differences)
    zeros = int((size == 0).sum())
    kept = size[size > 0]
    _, place, count = np.unique(kept, return_inverse=True, return_counts=True)
    last = np.cumsum(count) + (zeros if pratt else 0)
    doubled = (2 * last - count + 1)[place].astype("int64")
    return Ranks(doubled, differences[differences != 0] > 0, zeros, bool((count > 1).any()))


def distribution(doubled: np.ndarray) -> np.ndarray:
    """Chance of each doubled rank sum 0, 1, 2 ... when every sign is as likely as the other (shift algorithm)."""
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0], top = 1.0, 0
    for rank in np.sort(doubled):
        chance[: top + rank + 1] /= 2
        chance[rank : top + rank + 1] += chance[: top + 1].copy()
        top += int(rank)
    return chance


def exact(ranks: Ranks) -> float:
    """Two-sided p-value of the exact distribution, given the ranks with their ties."""
    chance, at = distribution(ranks.doubled), round(2 * ranks.plus)
    return float(min(1.0, 2 * min(chance[: at + 1].sum(), chance[at:].sum())))


def asymptotic(ranks: Ranks, correct: bool) -> tuple[float, float]:
    """Standard normal deviate and two-sided p-value, the variance from the ranks with their ties."""
    away = ranks.plus - ranks.doubled.sum() / 4
    away -= np.sign(away) * 0.5 * correct
    z = float(away / np.sqrt((ranks.doubled.astype("float64") ** 2).sum() / 16))
    return z, float(2 * ndtr(-abs(z)))


def as_in_sas(ranks: Ranks) -> float:
    """P-value of PROC UNIVARIATE: exact up to 20 ranked differences, else from Student's t with n - 1 df."""
    n = ranks.n
    if n <= 20:
        return exact(ranks)
    s = ranks.plus - n * (n + 1) / 4
    ties = np.unique(ranks.doubled, return_counts=True)[1].astype("float64")
    v = n * (n + 1) * (2 * n + 1) / 24 - (ties * (ties + 1) * (ties - 1)).sum() / 48
    return float(2 * stdtr(n - 1, -abs(s) * np.sqrt((n - 1) / (n * v - s * s))))


def as_in_r(ranks: Ranks) -> float:
    """P-value of wilcox.test: exact below 50 without ties and zeros, else normal with continuity correction."""
    plain = ranks.n < 50 and not ranks.tied and ranks.zeros == 0
    return exact(ranks) if plain else asymptotic(ranks, correct=True)[1]


def as_in_scipy(ranks: Ranks) -> float:
    """P-value of scipy.stats.wilcoxon: exact up to 50 (13 with ties or zeros), else normal without correction."""
    limit = 13 if ranks.tied or ranks.zeros else 50
    return exact(ranks) if ranks.n + ranks.zeros <= limit else asymptotic(ranks, correct=False)[1]


def hodges_lehmann(differences: Units) -> float:
    """Median of all Walsh averages, in units; no list of the averages is made."""
    ordered = np.sort(differences)
    pairs = len(ordered) * (len(ordered) + 1) // 2
    middle = [_pair_sum(ordered, k) for k in {(pairs + 1) // 2, pairs // 2 + 1}]
    return sum(middle) / len(middle) / 2


def walsh_interval(differences: Units, level: float, by_exact: bool) -> tuple[float, float, bool]:
    """Order statistics of the Walsh averages (in units), and whether the level is attained at all.

    Their order comes from the distribution of the rank sum without ties, exact or normal with continuity correction;
    with ties the interval covers at least as often.
    """
    ordered, n = np.sort(differences), len(differences)
    pairs = n * (n + 1) // 2
    if by_exact:
        below = np.cumsum(distribution(np.arange(1, n + 1)))
        order = int(np.searchsorted(below, (1 - level) / 2 * (1 - 1e-12)))
    else:
        sd = np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        order = int(np.floor(n * (n + 1) / 4 - quantile(level) * sd + 0.5))
    used = max(order, 1)
    return _pair_sum(ordered, used) / 2, _pair_sum(ordered, pairs + 1 - used) / 2, order > 0


def interval_as_in_r(differences: Units, level: float) -> tuple[float, float] | None:
    """Interval of wilcox.test with ties or zeros (in units): the shifts that its normal test does not reject.

    R searches to 4 decimals; here the jumps themselves are found. None where R gives an interval of a lower level,
    since its test does not reject the smallest or the largest difference as a shift.
    """
    x, z = np.sort(differences[differences != 0]), quantile(level)

    def deviate(fourfold: int) -> float:
        """Corrected deviate at a shift, given in quarters of a unit."""
        return asymptotic(ranked(4 * x - fourfold), correct=True)[0]

    def jump(cut: float) -> float:
        """Smallest half unit that the deviate passes the cut at, seen from between two candidates."""
        low, high = 2 * int(x[0]), 2 * int(x[-1])
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if deviate(2 * middle + 1) <= cut else (middle + 1, high)
        return low / 2

    if len(x) == 0 or x[0] == x[-1]:
        return None
    if deviate(4 * int(x[0])) < z or deviate(4 * int(x[-1])) > -z:
        return None
    return jump(z), jump(-z)


def _pair_sum(ordered: Units, k: int) -> int:
    """The k-th smallest of all sums of two values, each with itself too, found by counting."""
    low, high = 2 * int(ordered[0]), 2 * int(ordered[-1])
    while low < high:
        middle = (low + high) // 2
        twice = np.searchsorted(ordered, middle - ordered, side="right").sum()
        itself = np.searchsorted(ordered, middle // 2, side="right")
        low, high = (low, middle) if (int(twice) + int(itself)) // 2 >= k else (middle + 1, high)
    return low
