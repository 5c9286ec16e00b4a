"""Trials as they might come out: scores of every subject at every visit, and who has left before which."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtri, roots_hermitenorm

from simulate.grid import Grid

Array = np.ndarray


def stream(grid: Grid, rate: float, dropout: float, block: int, use: int) -> np.random.Generator:
    """Random numbers of one block and one use: the same whatever else the grid holds and in whichever order it runs."""
    place = (round(rate * 1e6), round(dropout * 1e6), block, use)
    return np.random.default_rng(np.random.SeedSequence(grid.seed, spawn_key=place))


def thresholds(grid: Grid, rate: float) -> Array:
    """Score (visits,) above which a subject responds at each visit."""
    return -ndtri(rate * np.array(grid.of_rate))


def draw(grid: Grid, rate: float, dropout: float, block: int) -> tuple[Array, Array]:
    """Return scores (trials, subjects, visits), standard normal, and whether each was observed.

    All are drawn; what a subject who left would have had stays known, so that the truth is. A subject who has left
    does not come back.
    """
    rng = stream(grid, rate, dropout, block, 0)
    shape = (grid.block, grid.subjects)
    noise = rng.standard_normal((len(grid.visits), *shape))
    scores = np.empty_like(noise)
    scores[0] = noise[0]
    for visit in range(1, len(grid.visits)):
        # Correlation r per step: the score before, shrunk by r, and new noise.
        scores[visit] = grid.correlation * scores[visit - 1] + np.sqrt(1 - grid.correlation**2) * noise[visit]
    seen = np.ones(scores.shape, dtype=bool)
    steps = len(grid.visits) - 1
    hazard = 1 - (1 - dropout) ** (1 / steps)
    for visit in range(1, len(grid.visits)):
        chance = leaving(grid, hazard, scores[visit - 1])
        # The same number decides at every share of dropout: cells differ by their share, not by luck.
        stays = rng.random(shape) >= chance
        seen[visit] = seen[visit - 1] & stays
    return np.moveaxis(scores, 0, -1), np.moveaxis(seen, 0, -1)


def leaving(grid: Grid, hazard: float, before: Array) -> Array:
    """Chance to leave after a visit with these scores; ``hazard`` on average over a standard normal score."""
    if hazard == 0:
        return np.zeros_like(before)
    nodes, weights = roots_hermitenorm(60)
    weights = weights / weights.sum()
    centre = brentq(lambda a: float(weights @ expit(a - grid.leaving * nodes)) - hazard, -40, 40, xtol=1e-14)
    return expit(centre - grid.leaving * before)
