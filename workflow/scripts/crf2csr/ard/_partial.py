"""The partial likelihood of Cox, with its analytic derivatives, in one piece or stratified.

References: Cox, J R Stat Soc B 1972;34:187. Efron, JASA 1977;72:557, and Breslow, Biometrics 1974;30:89 (ties).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crf2csr.errors import Cause

TIES = ("efron", "breslow")


@dataclass
class Model:
    """The rows of one model, sorted by stratum and from the last time to the first, ready for the likelihood.

    Attributes
    ----------
    x : array (n, p)
        Covariates less their means.
    time, event, stratum : array (n)
    ties : str
    dead : array (events)
        The row of each event.
    first, last : array (events)
        The rows from ``first`` to ``last`` are the risk set of the event.
    tied : array (events)
        Number of the set of events at one time that the event belongs to.
    share : array (events)
        What part of the tied events is out of the risk set: l / d for l = 0..d-1 (Efron), or 0 (Breslow).
    """

    x: np.ndarray
    time: np.ndarray
    event: np.ndarray
    stratum: np.ndarray
    ties: str
    dead: np.ndarray
    first: np.ndarray
    last: np.ndarray
    tied: np.ndarray
    share: np.ndarray

    @property
    def range(self) -> np.ndarray:
        """Range of each covariate."""
        return np.asarray(np.ptp(self.x, axis=0))


def model(
    time: np.ndarray, event: np.ndarray, x: np.ndarray, ties: str = "efron", stratum: np.ndarray | None = None
) -> Model:
    """Prepare times (n), event indicators (n), covariates (n, p) and, if any, strata (n)."""
    if ties not in TIES:
        raise Cause("is not a rule for ties", field="ties", value=ties)
    time, event, x = np.asarray(time, dtype="float64"), np.asarray(event, dtype=bool), np.asarray(x, dtype="float64")
    stratum = np.zeros(len(time), dtype="int64") if stratum is None else np.unique(stratum, return_inverse=True)[1]
    order = np.lexsort([~event, -time, stratum])
    time, event, x, stratum = time[order], event[order], x[order], stratum[order]
    # Rows of one stratum and time are neighbours.
    fresh = np.ones(len(time), dtype=bool)
    fresh[1:] = (np.diff(time) != 0) | (np.diff(stratum) != 0)
    moment = np.cumsum(fresh) - 1
    end = np.append(np.flatnonzero(fresh)[1:], len(time)) - 1
    dead = np.flatnonzero(event)
    begin = np.searchsorted(stratum, np.arange(int(stratum.max(initial=-1)) + 1))
    _, place, tied, deaths = np.unique(moment[dead], return_index=True, return_inverse=True, return_counts=True)
    share = (np.arange(len(dead)) - place[tied]) / deaths[tied] if ties == "efron" else np.zeros(len(dead))
    centred = x - x.mean(axis=0) if len(x) else x
    return Model(centred, time, event, stratum, ties, dead, begin[stratum[dead]], end[moment[dead]], tied, share)


@dataclass
class Point:
    """The log partial likelihood at one vector of coefficients, and its derivatives.

    Attributes
    ----------
    loglik : float
    score, information : array (p), (p, p)
    residual : array (events, p)
        Covariates of the event less their mean over its risk set (of Schoenfeld).
    covariance : array (events, p, p)
        Their covariance over the risk set.
    """

    loglik: float
    score: np.ndarray
    information: np.ndarray
    residual: np.ndarray
    covariance: np.ndarray


def likelihood(m: Model, beta: np.ndarray) -> Point:
    """Evaluate at ``beta`` (p)."""
    p = m.x.shape[1]
    eta = m.x @ beta
    start = np.append(np.flatnonzero(np.diff(m.stratum, prepend=-1)), len(eta))
    top = np.repeat(np.maximum.reduceat(eta, start[:-1]), np.diff(start))
    risk = np.exp(eta - top)
    one = risk[:, None] * m.x
    two = (one[:, :, None] * m.x[:, None, :]).reshape(len(risk), p * p)
    columns = np.concatenate([risk[:, None], one, two], axis=1)
    running = np.empty_like(columns)
    # Each stratum is summed by itself: a difference of sums over all would lose the digits of a small one.
    for begin, end in pairwise(start):
        np.cumsum(columns[begin:end], axis=0, out=running[begin:end])
    sums = running[m.last]
    out = np.zeros((int(m.tied.max(initial=-1)) + 1, columns.shape[1]))
    np.add.at(out, m.tied, columns[m.dead])
    sums = sums - m.share[:, None] * out[m.tied]
    mean = sums[:, 1 : p + 1] / sums[:, :1]
    second = (sums[:, p + 1 :] / sums[:, :1]).reshape(-1, p, p)
    covariance = second - mean[:, :, None] * mean[:, None, :]
    residual = m.x[m.dead] - mean
    loglik = float((eta[m.dead] - top[m.dead] - np.log(sums[:, 0])).sum())
    return Point(loglik, residual.sum(axis=0), covariance.sum(axis=0), residual, covariance)


def deficient(point: Point, known: np.ndarray) -> bool:
    """Whether the ``known`` covariates cannot be told apart (one is constant, or a sum of others) in the risk sets."""
    information = point.information[np.ix_(known, known)]
    size = np.sqrt(np.maximum(np.diag(information), 0))
    if (size < 1e-9 * np.sqrt((point.residual[:, known] ** 2).sum(axis=0) + 1e-300)).any() or (size <= 0).any():
        return True
    return bool(np.linalg.matrix_rank(information / np.outer(size, size), tol=1e-9, hermitian=True) < len(size))
