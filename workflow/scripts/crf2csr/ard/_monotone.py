"""Whether a partial likelihood has a maximum, or rises for ever in some direction (monotone likelihood).

Reference: Bryson and Johnson, Technometrics 1981;23:381.
"""

from __future__ import annotations

import numpy as np

from crf2csr.ard._partial import Model

SAME = 1e-6  # values of a covariate of range 1 that are nearer than this are taken for one


def endless(m: Model, free: np.ndarray) -> np.ndarray | None:
    """Find a direction (p) of the ``free`` coefficients in which the likelihood rises for ever; None if there is none.

    Of several the one found moves no coefficient that need not move.
    """
    found, free = _rising(m, free), free.copy()
    if found is None:
        return None
    for which in np.flatnonzero(found):
        free[which] = False
        other = _rising(m, free & (found != 0)) if free[found != 0].any() else None
        found, free[which] = (found, True) if other is None else (other, False)
    return found


def _rising(m: Model, free: np.ndarray) -> np.ndarray | None:
    """A direction in which the likelihood rises for ever, by a linear programme.

    Such a direction puts every event at the top of its risk set, some above others of it. With u_t the top of the
    risk set at t, these are linear conditions, and few since the risk sets are nested.
    """
    from scipy.optimize import linprog
    from scipy.sparse import block_array, coo_array

    columns = np.flatnonzero(free & (m.range > 0))
    if not len(columns) or not len(m.dead):
        return None
    x = m.x[:, columns] / m.range[columns]
    # Moments of events, from the last to the first within each stratum, and the rows that they add to the risk set.
    ends, place = np.unique(m.last, return_index=True)
    begin, size = m.first[place], len(ends)
    enters = np.searchsorted(ends, np.arange(len(x)))
    rows = np.flatnonzero(enters < size)
    rows = rows[begin[enters[rows]] <= rows]
    outer = np.flatnonzero(begin[1:] == begin[:-1]) + 1

    def pick(moment: np.ndarray) -> coo_array:
        return coo_array((np.ones(len(moment)), (np.arange(len(moment)), moment)), shape=(len(moment), size))

    conditions = block_array(
        [
            [coo_array(x[rows]), -pick(enters[rows])],  # who enters is not above the top
            [coo_array(-x[m.dead]), pick(np.searchsorted(ends, m.last))],  # the top is not above any event
            [coo_array((len(outer), len(columns))), pick(outer - 1) - pick(outer)],  # an outer top is not lower
        ],
        format="csr",
    )
    # What is to rise: the sum over events of their distances from the rest of their risk sets.
    running = np.concatenate([np.zeros((1, len(columns))), np.cumsum(x, axis=0)])
    count = (m.last - m.first + 1)[:, None]
    rise = (count * x[m.dead] - (running[m.last + 1] - running[m.first])).sum(axis=0) / count.sum()
    bounds = [(-1.0, 1.0)] * len(columns) + [(None, None)] * size
    made = linprog(np.append(-rise, np.zeros(size)), A_ub=conditions, b_ub=np.zeros(conditions.shape[0]), bounds=bounds)
    if made.status != 0 or -made.fun < 1e-9:
        return None
    direction = np.zeros(m.x.shape[1])
    direction[columns] = np.where(np.abs(made.x[: len(columns)]) > SAME, made.x[: len(columns)], 0.0) / m.range[columns]
    return direction if direction.any() else None


def levels(values: np.ndarray) -> np.ndarray:
    """Number of the level of each value; values that differ by nothing but rounding are level."""
    order = np.argsort(values, kind="stable")
    width = float(np.ptp(values)) or 1.0
    number = np.concatenate([[0], np.cumsum(np.diff(values[order]) > SAME * width)])
    level = np.empty(len(values), dtype="int64")
    level[order] = number
    return level
