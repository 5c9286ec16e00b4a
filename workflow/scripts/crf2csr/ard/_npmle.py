"""The nonparametric maximum likelihood estimate of a distribution from interval-censored times.

A time is known to lie in (L, R]; L = R is an exact time, R infinite a time that was not seen. Mass can lie only on
the innermost intervals (Peto 1973; Turnbull, JRSS B 1976;38:290), and how it lies within one is not determined.

The log-likelihood is concave in the masses, and they are unique: every innermost interval ends where some subject's
bounds end, so the probabilities of the bounds determine the masses one after another. Equal masses are improved by EM
steps, then by Newton steps on the masses that are not 0 (an active set); an interval is opened again where the
gradient asks for it. The gradient certifies the end: with g_j the sum over subjects of A_ij / P_i, no distribution
has a log-likelihood higher by more than max_j g_j - n (Kuhn-Tucker conditions; Gentleman and Geyer, Biometrika
1994;81:618).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crf2csr.ard import _km

CERTIFIED = 1e-9  # largest violation of the Kuhn-Tucker conditions that counts as converged
EM_STEPS = 200
NEWTON_STEPS = 100
OPENINGS = 1000


@dataclass
class Estimate:
    """Masses of the innermost intervals, in order of time (1-d arrays of one length).

    Attributes
    ----------
    lower, upper : array
        The interval (lower, upper]; equal for a point; upper is infinite for what was not seen.
    mass : array
        Sums to 1.
    gradient : array
        g_j / n: 1 where the mass is not 0, and nowhere above 1, at the maximum.
    loglik : float
    violation : float
        The largest g_j / n - 1.
    """

    lower: np.ndarray
    upper: np.ndarray
    mass: np.ndarray
    gradient: np.ndarray
    loglik: float
    violation: float

    @property
    def certified(self) -> bool:
        """Whether the Kuhn-Tucker conditions hold."""
        return self.violation <= CERTIFIED


def innermost(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the innermost intervals: each begins where a time can begin, and next after it one ends."""
    left, right = np.asarray(left, dtype="float64"), np.asarray(right, dtype="float64")
    exact = left == right
    # At one value a point begins first, then intervals end, then intervals (open at the left) begin.
    value = np.concatenate([left, right])
    rank = np.concatenate([np.where(exact, -1, 1), np.zeros(len(right))])
    order = np.lexsort([rank, value])
    begins = order < len(left)
    first = np.flatnonzero(begins[:-1] & ~begins[1:])
    return value[order[first]], value[order[first + 1]]


def estimate(left: np.ndarray, right: np.ndarray, start: np.ndarray | None = None) -> Estimate:
    """Estimate the masses from bounds ``left`` < time <= ``right`` (or both equal), one pair per subject.

    ``start`` gives masses to begin from; by default those of the product-limit estimate where no time lies between
    bounds, else equal ones.
    """
    left, right = np.asarray(left, dtype="float64"), np.asarray(right, dtype="float64")
    lower, upper = innermost(left, right)
    first, last = _reach(left, right, lower, upper)
    pairs, weight = np.unique(np.stack([first, last], axis=1), axis=0, return_counts=True)
    rows = _Rows(pairs[:, 0], pairs[:, 1], weight.astype("float64"), len(lower))
    simple = bool(np.all((left == right) | np.isinf(right)))
    if start is None:
        start = _product_limit(left, right, lower, upper) if simple else np.full(len(lower), 1 / len(lower))
    mass = start if rows.violation(start) <= CERTIFIED / 1e3 else _maximise(rows, start)
    gradient = rows.gradient(mass) / rows.n
    return Estimate(lower, upper, mass, gradient, rows.loglik(mass), float(gradient.max() - 1))


def _reach(left: np.ndarray, right: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last innermost interval that each subject's bounds contain (they contain all between)."""
    first = np.searchsorted(lower, left, side="left")
    at = np.minimum(first, len(lower) - 1)
    # Bounds that begin after x do not hold the point x itself.
    beyond = (left != right) & (lower[at] == left) & (upper[at] == left)
    return first + beyond, np.searchsorted(upper, right, side="right") - 1


def _product_limit(left: np.ndarray, right: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Masses of the product-limit estimate, where every time is exact or was not seen."""
    made = _km.curve(left, left == right)
    drop = -np.diff(np.concatenate([[1.0], made.surv]))
    mass = np.zeros(len(lower))
    point = lower == upper
    mass[point] = drop[np.searchsorted(made.time, lower[point])]
    mass[~point] = made.surv[-1]
    return mass


@dataclass
class _Rows:
    """Subjects with equal bounds in one row: the run of intervals they contain, and how many they are."""

    first: np.ndarray
    last: np.ndarray
    weight: np.ndarray
    size: int

    @property
    def n(self) -> float:
        return float(self.weight.sum())

    def chance(self, mass: np.ndarray) -> np.ndarray:
        """Probability of each row's bounds."""
        before = np.concatenate([[0.0], np.cumsum(mass)])
        return before[self.last + 1] - before[self.first]

    def gradient(self, mass: np.ndarray) -> np.ndarray:
        """Derivative of the log-likelihood by each mass."""
        with np.errstate(divide="ignore"):
            share = self.weight / self.chance(mass)
        change = np.bincount(self.first, weights=share, minlength=self.size + 1)
        change -= np.bincount(self.last + 1, weights=share, minlength=self.size + 1)
        return np.cumsum(change)[:-1]

    def loglik(self, mass: np.ndarray) -> float:
        chance = self.chance(mass)
        return float(self.weight @ np.log(chance)) if (chance > 0).all() else -np.inf

    def violation(self, mass: np.ndarray) -> float:
        return float(self.gradient(mass).max() / self.n - 1) if np.isfinite(self.loglik(mass)) else np.inf

    def design(self, columns: np.ndarray) -> np.ndarray:
        """Which of these intervals each row contains, as 0 and 1."""
        return ((columns >= self.first[:, None]) & (columns <= self.last[:, None])).astype("float64")


def _maximise(rows: _Rows, mass: np.ndarray) -> np.ndarray:
    for _ in range(EM_STEPS):
        mass = mass * rows.gradient(mass) / rows.n
    mass = np.where(mass > 1e-4 / rows.n, mass, 0.0)
    mass = mass / mass.sum()
    if not np.isfinite(rows.loglik(mass)):
        mass = np.full(rows.size, 1 / rows.size)
    for _ in range(OPENINGS):
        mass = _newton(rows, mass)
        gradient = rows.gradient(mass)
        steepest = int(np.argmax(gradient))
        if gradient[steepest] / rows.n - 1 <= CERTIFIED / 1e5:
            break
        opened = _open(rows, mass, steepest)
        if opened is None:
            break
        mass = opened
    return mass


def _newton(rows: _Rows, mass: np.ndarray) -> np.ndarray:
    """Maximise over the masses that are not 0; one that would fall below 0 is closed."""
    last = np.inf
    for _ in range(NEWTON_STEPS):
        active = np.flatnonzero(mass > 0)
        share = rows.design(active) / rows.chance(mass)[:, None]
        gradient = rows.weight @ share
        size = len(active)
        system = np.ones((size + 1, size + 1))
        system[:size, :size] = share.T @ (rows.weight[:, None] * share)
        system[size, size] = 0.0
        step = np.zeros(rows.size)
        step[active] = np.linalg.lstsq(system, np.append(gradient, 0.0), rcond=None)[0][:size]
        falling = active[step[active] < 0]
        reach = mass[falling] / -step[falling]
        length = min(1.0, float(reach.min())) if len(falling) else 1.0
        closes = falling[reach <= length] if length < 1 else falling[:0]
        better = _line_search(rows, mass, step, length, closes)
        if better is None:
            break
        moved = float(np.abs(better - mass).max())
        mass = better
        # Newton steps shrink by squares until nothing but rounding is left of them.
        if moved < 1e-15 or (moved < 1e-10 and moved > last / 2):
            break
        last = moved
    return mass


def _line_search(
    rows: _Rows, mass: np.ndarray, step: np.ndarray, length: float, closes: np.ndarray
) -> np.ndarray | None:
    """The longest of the halved steps that does not lower the log-likelihood; only the first closes intervals."""
    # Close to the maximum a good step changes the log-likelihood by less than its rounding.
    now = rows.loglik(mass)
    now -= 1e-13 * (1 + abs(now))
    for halving in range(40):
        new = np.maximum(mass + length / 2**halving * step, 0.0)
        if halving == 0:
            new[closes] = 0.0
        new = new / new.sum()
        if rows.loglik(new) >= now:
            return new
    return None


def _open(rows: _Rows, mass: np.ndarray, which: int) -> np.ndarray | None:
    """Give the interval that the gradient asks for as much mass as raises the log-likelihood."""
    now, alone = rows.loglik(mass), np.zeros(rows.size)
    alone[which] = 1.0
    for halving in range(1, 50):
        new = (1 - 0.5**halving) * mass + 0.5**halving * alone
        if rows.loglik(new) > now:
            return new
    return None


def survival_between(made: Estimate, time: float) -> tuple[float, float, int | None]:
    """Least and greatest S(t) that the estimate allows, and the number of the interval with mass that holds t inside.

    They are equal, and there is no such interval, where t is inside no innermost interval that has mass.
    """
    begun = np.where(made.lower == made.upper, made.lower <= time, made.lower < time)
    ended = made.upper <= time
    inside = np.flatnonzero(begun & ~ended & (made.mass > 0))
    most = 1 - made.mass[ended].sum()
    least = 1 - made.mass[begun].sum() if len(inside) else most
    return float(np.clip(least, 0, 1)), float(np.clip(most, 0, 1)), int(inside[0]) if len(inside) else None


def quantile_between(made: Estimate, share: float) -> tuple[float, float]:
    """Bounds (after, by] of the time at which S passes ``1 - share``; where S is just that, up to the next mass."""
    total = np.cumsum(made.mass)
    reached = total >= share - _km.TOLERANCE
    first = int(np.argmax(reached))
    if abs(total[first] - share) <= _km.TOLERANCE:
        later = np.flatnonzero((made.mass > 0) & (np.arange(len(total)) > first))
        return float(made.lower[first]), float(made.upper[later[0]]) if len(later) else float("inf")
    return float(made.lower[first]), float(made.upper[first])
