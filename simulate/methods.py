"""How a simulated trial is analysed: each method gives estimate and interval of the response rate, by house rooms.

Every function takes scores and ``seen`` (trials, subjects, visits) and the thresholds (visits,), and returns arrays
(trials,): estimate, low, high.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from crf2csr.ard import _binomial, _rubin
from crf2csr.errors import Cause
from simulate.grid import Grid
from simulate.world import Array

Results = tuple[Array, Array, Array]
AT_ONCE = 250  # trials whose imputations are held in memory together


@cache
def exact(n: int, level: float) -> Array:
    """Clopper-Pearson limits (n + 1, 2) for each count of ``n``."""
    return np.array([_binomial.clopper_pearson(x, n, level) for x in range(n + 1)])


def counted(responders: Array, of: Array, level: float) -> Results:
    """Estimate and Clopper-Pearson interval of ``responders`` among ``of``, one each per trial."""
    if (of == 0).any():
        raise Cause("a simulated trial observed nobody: more subjects or less dropout", field="dropout")
    limits = np.empty((len(of), 2))
    for n in np.unique(of):
        here = of == n
        limits[here] = exact(int(n), level)[responders[here]]
    return responders / of, limits[:, 0], limits[:, 1]


def nri(scores: Array, seen: Array, limit: Array, grid: Grid, rng: np.random.Generator) -> Results:
    """Who was not observed at the last visit did not respond: the primary analysis."""
    responders = ((scores[..., -1] > limit[-1]) & seen[..., -1]).sum(axis=1)
    return counted(responders, np.full(len(scores), grid.subjects), grid.level)


def locf(scores: Array, seen: Array, limit: Array, grid: Grid, rng: np.random.Generator) -> Results:
    """The response at the last visit that was observed stands."""
    last = seen.sum(axis=2, keepdims=True) - 1
    responders = np.take_along_axis(scores > limit, last, axis=2)[..., 0].sum(axis=1)
    return counted(responders, np.full(len(scores), grid.subjects), grid.level)


def observed(scores: Array, seen: Array, limit: Array, grid: Grid, rng: np.random.Generator) -> Results:
    """Only who was observed counts, above and below the line."""
    here = seen[..., -1]
    return counted(((scores[..., -1] > limit[-1]) & here).sum(axis=1), here.sum(axis=1), grid.level)


def mi(scores: Array, seen: Array, limit: Array, grid: Grid, rng: np.random.Generator) -> Results:
    """Scores imputed by Bayesian regression on the visits before, response thereafter, Rubin's rules on the logit."""
    parts = [
        _imputed(scores[k : k + AT_ONCE], seen[k : k + AT_ONCE], limit, grid, rng)
        for k in range(0, len(scores), AT_ONCE)
    ]
    responders = np.concatenate(parts)
    estimate, low, high = (np.empty(len(responders)) for _ in range(3))
    edge = ((responders == 0) | (responders == grid.subjects)).any(axis=1)
    for some, pool in ((~edge, _rubin.on_logit), (edge, _rubin.score)):
        if some.any():
            found = pool(responders[some], grid.subjects, grid.level)
            estimate[some], low[some], high[some] = found.estimate, found.low, found.high
    return estimate, low, high


def _imputed(scores: Array, seen: Array, limit: Array, grid: Grid, rng: np.random.Generator) -> Array:
    """Responders at the last visit (trials, imputations).

    Dropout is monotone: visit after visit, one regression among who was observed there, parameters drawn from their
    posterior under the usual flat prior, serves all who were not.
    """
    trials, subjects, visits = scores.shape
    filled = np.repeat(scores[:, None, :, :1], grid.imputations, axis=1)
    for visit in range(1, visits):
        here = seen[..., visit]
        design = np.concatenate([np.ones((trials, subjects, 1)), scores[..., :visit]], axis=2)
        weighted = design * here[..., None]
        cross = np.swapaxes(weighted, 1, 2) @ design
        centre = np.linalg.solve(cross, (np.swapaxes(weighted, 1, 2) @ scores[..., visit, None]))
        rest = ((scores[..., visit, None] - design @ centre)[..., 0] ** 2 * here).sum(axis=1)
        free = here.sum(axis=1) - (visit + 1)
        if (free < 1).any():
            raise Cause("too few are observed in a simulated trial to impute from", field="dropout")
        variance = rest[:, None] / rng.chisquare(free[:, None], (trials, grid.imputations))
        root = np.linalg.cholesky(np.linalg.inv(cross))
        shift = root[:, None] @ rng.standard_normal((trials, grid.imputations, visit + 1, 1))
        slope = centre[:, None] + np.sqrt(variance)[..., None, None] * shift
        known = np.concatenate([np.ones((*filled.shape[:3], 1)), filled], axis=3)
        new = (known @ slope)[..., 0]
        new += np.sqrt(variance)[..., None] * rng.standard_normal(new.shape)
        new = np.where(here[:, None], scores[:, None, :, visit], new)
        filled = np.concatenate([filled, new[..., None]], axis=3)
    return (filled[..., -1] > limit[-1]).sum(axis=2)


ROOMS = {"nri": nri, "locf": locf, "observed": observed, "mi": mi}
