"""One block of trials: simulated, analysed by every method, and summed; blocks add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulate import methods, world
from simulate.grid import METHODS, Grid


def run(grid: Grid, rate: float, dropout: float, block: int) -> dict[str, Any]:
    """Return the sums of one block: per method, of estimate, width, coverage and, per null rate, of rejection."""
    scores, seen = world.draw(grid, rate, dropout, block)
    limit = world.thresholds(grid, rate)
    found = {}
    for number, name in enumerate(METHODS, start=1):
        if name not in grid.methods:
            continue
        rng = world.stream(grid, rate, dropout, block, number)
        estimate, low, high = methods.ROOMS[name](scores, seen, limit, grid, rng)
        found[name] = {
            "estimate": _moments(estimate),
            "width": _moments(high - low),
            "covered": int(((low <= rate) & (rate <= high)).sum()),
            "rejected": {repr(null): int((low > null).sum()) for null in grid.null_rates},
        }
    return {
        "rate": rate,
        "dropout": dropout,
        "block": block,
        "trials": grid.block,
        "left": int((~seen[..., -1]).sum()),
        "responders": int((scores[..., -1] > limit[-1]).sum()),
        "methods": found,
    }


def _moments(values: np.ndarray) -> list[float]:
    """Sum and sum of squares."""
    return [float(values.sum()), float((values**2).sum())]
