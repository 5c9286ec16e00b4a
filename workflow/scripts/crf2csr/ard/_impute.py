"""Imputation of scores by visit: chained Bayesian regressions (fully conditional specification).

Each visit with missing scores is regressed on all others, with the parameters drawn from their posterior, and its
missing scores are drawn anew, in turn, for a number of iterations. All imputations are computed side by side.

Imputation k draws from the k-th child of the seed and from nothing else, so it is the same whatever the number of
imputations, their order or the size of a batch. Draws are handed to subjects in the order of their scores, so they
depend neither on the order of the rows nor on how subjects are called.

References: van Buuren and Groothuis-Oudshoorn, J Stat Softw 2011;45(3):1. Rubin, Multiple Imputation for Nonresponse in
Surveys, 1987. Schenker and Taylor, Comput Stat Data Anal 1996;22:425 (matching). Gelman and Rubin, Stat Sci 1992;7:457.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
IMPUTERS = ("normal", "matching")
RIDGE = 1e-5
ABSENT = 1e12  # stands for the information that a predictor of nothing but 0 has against its coefficient
DONORS = 5
BATCH_CELLS = 6_000_000


class NotImputable(ValueError):
    """A visit (its column) with no more observed scores than its regression has coefficients."""

    def __init__(self, visit: int, seen: int, needed: int) -> None:
        self.visit, self.seen, self.needed = visit, seen, needed
        super().__init__(f"visit {visit}: {seen} observed scores for {needed} coefficients")


@dataclass(frozen=True)
class Imputed:
    """What was imputed.

    Attributes
    ----------
    rows, columns : ndarray of int
        Place of each missing cell in the scores that were given.
    values : ndarray, (imputations, cells)
        The imputed scores, at full precision.
    chains : ndarray, (iterations, imputations, visits)
        Mean of the imputed scores of a visit after each iteration; NaN where nothing is missing.
    """

    rows: Array
    columns: Array
    values: Array
    chains: Array

    def of(self, column: int, rows: Array) -> Array:
        """Imputed scores of one visit for these rows, all of which lack it: (imputations, rows)."""
        place = np.full(int(max(self.rows.max(initial=-1), np.max(rows, initial=-1))) + 1, -1)
        here = np.flatnonzero(self.columns == column)
        place[self.rows[here]] = here
        found = place[rows]
        if (found < 0).any():
            raise KeyError(f"row {rows[found < 0][0]} has a score at this visit")
        return self.values[:, found]


def impute(
    scores: Array,
    *,
    seed: int | tuple[int, ...],
    m: int,
    iterations: int,
    imputer: str = "normal",
    ties: Array | None = None,
) -> Imputed:
    """Impute every missing cell of ``scores`` (subjects x visits, NaN where missing) ``m`` times.

    Parameters
    ----------
    scores : ndarray, (subjects, visits)
        Visits in the order in which they are visited; the regression of each has all others as predictors.
    seed, m, iterations : int
        Root of the random numbers; number of imputations; number of rounds over the visits.
    imputer : str
        ``normal``: prediction plus normal residual. ``matching``: the observed score of one of the five subjects whose
        predictions are nearest (predictive mean matching).
    ties : ndarray, optional
        A number per subject that orders those whose scores are all equal, where they are told apart later.

    Raises
    ------
    NotImputable
        A visit has no more observed scores than its regression has coefficients.
    """
    order = _order(scores, ties)
    own = scores[order]
    gaps = np.isnan(own)
    visits = np.flatnonzero(gaps.any(axis=0))
    freedom = (~gaps).sum(axis=0) - own.shape[1]
    short = visits[freedom[visits] < 1]
    if len(short):
        raise NotImputable(int(short[0]), int((~gaps[:, short[0]]).sum()), own.shape[1])
    # Subjects without a gap are the same in every turn: they enter as sums of products made once.
    partial = np.flatnonzero(gaps.any(axis=1))
    whole = np.column_stack([np.ones(len(own) - len(partial)), own[~gaps.any(axis=1)]])
    cells = [np.flatnonzero(gaps[partial, j]) for j in visits]
    total = sum(len(c) for c in cells)
    children = np.random.SeedSequence(seed).spawn(m)
    size = max(1, BATCH_CELLS // max(1, own.size, total * iterations))
    parts = [
        _batch(whole, own[partial], visits, cells, freedom[visits], children[k : k + size], iterations, imputer)
        for k in range(0, m, size)
    ]
    values = np.concatenate([part[0] for part in parts])
    chains = np.concatenate([part[1] for part in parts], axis=1)
    rows = order[partial[np.concatenate(cells)]] if cells else np.empty(0, dtype="int64")
    columns = np.concatenate([np.full(len(c), j) for j, c in zip(visits, cells, strict=True)]) if cells else rows
    return Imputed(rows, columns, values, chains)


def _order(scores: Array, ties: Array | None) -> Array:
    """Subjects in the order of their scores, visit by visit, a missing one last."""
    keys = [np.where(np.isnan(column), np.inf, column) for column in scores.T]
    if ties is not None:
        keys.append(np.asarray(ties))
    return np.lexsort(keys[::-1]) if keys else np.arange(len(scores))


def _batch(
    whole: Array,
    own: Array,
    visits: Array,
    cells: list[Array],
    freedom: Array,
    children: list[np.random.SeedSequence],
    iterations: int,
    imputer: str,
) -> tuple[Array, Array]:
    """Run the chains of these imputations side by side, for the subjects with gaps beside the ``whole`` ones."""
    m, (n, p), total = len(children), own.shape, sum(len(c) for c in cells)
    start, slopes, noise, chi2 = _draws(children, iterations, total, p, freedom, imputer)
    # The first column is the intercept, so that visit j stands in column j + 1.
    full = np.ones((m, n, p + 1))
    full[:, :, 1:] = own
    ends = np.cumsum([0, *(len(c) for c in cells)])
    for number, j in enumerate(visits):
        seen = np.concatenate([whole[:, j + 1], own[~np.isnan(own[:, j]), j]])
        pick = (start[:, ends[number] : ends[number + 1]] * len(seen)).astype("int64")
        full[:, cells[number], j + 1] = seen[pick]
    chains = np.full((iterations, m, p), np.nan)
    sums = whole.T @ whole
    for turn in range(iterations):
        for number, j in enumerate(visits):
            drawn = slice(ends[number], ends[number + 1])
            chance = (slopes[:, turn, number], noise[:, turn, drawn], chi2[:, turn, number])
            fresh = _visit(full, whole, sums, j, cells[number], *chance, imputer)
            full[:, cells[number], j + 1] = fresh
            chains[turn, :, j] = fresh.mean(axis=1)
    parts = [full[:, c, j + 1] for j, c in zip(visits, cells, strict=True)]
    values = np.concatenate(parts, axis=1) if parts else np.empty((m, 0))
    return values, chains


def _draws(
    children: list[np.random.SeedSequence], iterations: int, total: int, p: int, freedom: Array, imputer: str
) -> tuple[Array, ...]:
    """All random numbers of these imputations, each from its own generator alone."""
    start, slopes, noise, chi2 = [], [], [], []
    for child in children:
        generator = np.random.Generator(np.random.PCG64(child))
        start.append(generator.random(total))
        slopes.append(generator.standard_normal((iterations, len(freedom), p)))
        draw = generator.standard_normal if imputer == "normal" else generator.random
        noise.append(draw((iterations, total)))
        chi2.append(generator.chisquare(freedom, (iterations, len(freedom))))
    return np.stack(start), np.stack(slopes), np.stack(noise), np.stack(chi2)


def _visit(
    full: Array,
    whole: Array,
    sums: Array,
    j: int,
    gaps: Array,
    slopes: Array,
    noise: Array,
    chi2: Array,
    imputer: str,
) -> Array:
    """One turn of one visit: draw the parameters, then the missing scores, (imputations, missing)."""
    # The visit keeps its column among the predictors, with a coefficient of 0: copies without it would cost most.
    others = np.delete(np.arange(full.shape[2]), j + 1)
    # `take` lays copies out alike whatever the size of the batch, so that each product is made in one order.
    known = full.take(np.delete(np.arange(full.shape[1]), gaps), axis=1)
    products = sums + np.matmul(known.transpose(0, 2, 1), known)
    squares = products.take(others, axis=1).take(others, axis=2)
    crossed = products[:, :, j + 1].take(others, axis=1)
    best, covariance = regression(squares, crossed)
    explained = _times(best[:, None], 2 * crossed - _times(squares, best))[:, 0]
    rest = np.maximum(products[:, j + 1, j + 1] - explained, 0)
    sigma = np.sqrt(rest / chi2)[:, None]
    drawn = best + sigma * _times(np.linalg.cholesky(covariance), slopes)
    expected = _times(full.take(gaps, axis=1), _widened(drawn, others))
    if imputer == "normal":
        return expected + sigma * noise
    wide = _widened(best, others)
    fitted = np.concatenate([_times(whole[None], wide), _times(known, wide)], axis=1)
    observed = np.concatenate([whole[:, j + 1], known[0, :, j + 1]])
    return observed[_donors(fitted, expected, noise)]


def _widened(coefficients: Array, columns: Array) -> Array:
    """Coefficients (batch, k) with a 0 for the one column that is not among the predictors."""
    wide = np.zeros((len(coefficients), len(columns) + 1))
    wide[:, columns] = coefficients
    return wide


def regression(squares: Array, products: Array) -> tuple[Array, Array]:
    """Coefficients (batch, k) and their unscaled covariance (batch, k, k) from X'X and X'y.

    The diagonal of X'X is raised by 1e-5 of itself, as R's mice does; it keeps a constant or doubled predictor from
    stopping the chain. A predictor that is 0 throughout gets the coefficient 0.
    """
    k = np.arange(squares.shape[1])
    raised = squares.copy()
    diagonal = squares[:, k, k]
    raised[:, k, k] = np.where(diagonal > 0, diagonal * (1 + RIDGE), ABSENT)
    covariance = np.linalg.inv(raised)
    covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
    return _times(covariance, products), covariance


def _times(matrix: Array, vector: Array) -> Array:
    """Matrix by vector for each of a batch, one after the other: no bit depends on the size of the batch."""
    return np.matmul(matrix, vector[:, :, None])[:, :, 0]


def _donors(known: Array, wanted: Array, chance: Array) -> Array:
    """For each wanted prediction the place of one of the nearest known ones, each as likely: (batch, wanted)."""
    count = known.shape[1]
    near = min(DONORS, count)
    order = _ascending(known)
    ranked = np.take_along_axis(known, order, axis=1)
    below = np.stack([np.searchsorted(own, values) for own, values in zip(ranked, wanted, strict=True)])
    first = np.clip(below - near, 0, max(count - 2 * near, 0))
    window = np.minimum(first[:, :, None] + np.arange(min(2 * near, count)), count - 1)
    flat = window.reshape(len(known), -1)
    distance = np.abs(np.take_along_axis(ranked, flat, axis=1).reshape(window.shape) - wanted[:, :, None])
    closest = np.argsort(distance, axis=2, kind="stable")[:, :, :near]
    one = np.take_along_axis(closest, (chance * near).astype("int64")[:, :, None], axis=2)
    place = np.take_along_axis(window, one, axis=2)[:, :, 0]
    return np.take_along_axis(order, place, axis=1)


def _ascending(values: Array) -> Array:
    """Places of the values of each row in their order, equal ones as they stand: the stable sort, in less time."""
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    same = np.zeros(values.shape, dtype=bool)
    same[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    later = np.flatnonzero(same)
    if len(later):
        tied = np.union1d(later, later - 1)
        run = np.cumsum(~same.ravel()[tied])
        places = order.ravel()
        places[tied] = places[tied][np.lexsort((places[tied], run))]
    return order


def r_hat(chains: Array) -> Array:
    """Between and within chains of (iterations, imputations, visits): the potential scale reduction of each visit.

    The first half of the iterations is left out. NaN where nothing is missing, fewer than two chains or fewer than
    four iterations.
    """
    kept = chains[len(chains) // 2 :]
    length, m = kept.shape[:2]
    if length < 2 or m < 2:
        return np.full(chains.shape[2], np.nan)
    within = kept.var(axis=0, ddof=1).mean(axis=0)
    between = kept.mean(axis=0).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((length - 1) / length + between / within)
