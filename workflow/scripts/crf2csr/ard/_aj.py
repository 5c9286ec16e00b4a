"""Cumulative incidence with competing risks (Aalen-Johansen), its variances and intervals, and Gray's test.

Times that tie stay tied: at one time every cause takes its share of those at risk, whatever the order of the rows.

References: Aalen and Johansen, Scand J Stat 1978;5:141. Delta-method variance: Dinse and Larson, Biometrika 1986;
73:379; Gaynor et al., JASA 1993;88:400. Martingale variance: Aalen, Ann Stat 1978;6:534. Test: Gray, Ann Stat
1988;16:1141.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

from crf2csr.errors import Cause

TYPES = ("log-log", "log", "plain")


@dataclass
class Incidence:
    """Cumulative incidence at each distinct time (T of them) of each cause (K).

    Attributes
    ----------
    time, at_risk, censored : array (T)
        At risk just before the time; censored at it.
    events : array (K, T)
    surv : array (T)
        Probability of no event of any cause up to the time.
    cif, se, se_gray : array (K, T)
        Cumulative incidence, its standard error by the delta method (that of R's survfit), and by the martingale
        variance of Aalen and Gray (that of R's cmprsk).
    """

    time: np.ndarray
    at_risk: np.ndarray
    censored: np.ndarray
    events: np.ndarray
    surv: np.ndarray
    cif: np.ndarray
    se: np.ndarray
    se_gray: np.ndarray


def incidence(time: np.ndarray, status: np.ndarray, causes: int) -> Incidence:
    """Estimate from times and status: 0 censored, 1..``causes`` the cause of the event (1-d arrays)."""
    distinct, where = np.unique(np.asarray(time, dtype="float64"), return_inverse=True)
    size = len(distinct)
    cell = np.asarray(status, dtype="int64") * size + where
    count = np.bincount(cell, minlength=(causes + 1) * size).reshape(causes + 1, size).astype("float64")
    total = count.sum(axis=0)
    at_risk = total.sum() - np.concatenate([[0.0], np.cumsum(total)])[:size]
    events = count[1:]
    left = at_risk - events.sum(axis=0)
    surv = np.cumprod(left / at_risk)
    before = np.concatenate([[1.0], surv])[:size]
    cif = np.cumsum(before * events / at_risk, axis=1)
    se = np.sqrt([_delta(cif[k], events[k], events.sum(axis=0), at_risk, before) for k in range(causes)])
    gray = [_martingale(cif[k], events[k], events.sum(axis=0) - events[k], at_risk, surv) for k in range(causes)]
    return Incidence(distinct, at_risk, count[0], events, surv, cif, se.reshape(causes, size), np.sqrt(gray))


def _sum_of_squares(cif: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """For each t: sum over u <= t of a(u) x^2 + b(u) x + c(u), x = F(t) - F(u)."""
    squares = cif**2 * np.cumsum(a) - 2 * cif * np.cumsum(a * cif) + np.cumsum(a * cif**2)
    return np.maximum(squares + cif * np.cumsum(b) - np.cumsum(b * cif) + np.cumsum(c), 0.0)


def _delta(
    cif: np.ndarray, events: np.ndarray, every: np.ndarray, at_risk: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Variance by the delta method from binomial variances of the hazards."""
    left = at_risk - every
    # Where nobody is left the incidence moves no further, so the first term is nothing.
    a = np.where(left > 0, every / (at_risk * np.maximum(left, 1)), 0.0)
    b = -2 * before * events / at_risk**2
    c = before**2 * events * (at_risk - events) / at_risk**3
    return _sum_of_squares(cif, a, b, c)


def _martingale(
    cif: np.ndarray, events: np.ndarray, others: np.ndarray, at_risk: np.ndarray, surv: np.ndarray
) -> np.ndarray:
    """Variance by martingales, with the correction 1 - (d - 1) / (n - 1) for events of one cause at one time."""
    own, rival = (_hazard_variance(d, at_risk) for d in (events, others))
    before = np.concatenate([[1.0], surv])[: len(surv)]
    over = np.where(surv > 0, before / np.where(surv > 0, surv, 1.0), 0.0)
    return _sum_of_squares(cif, over**2 * (own + rival), -2 * over * before * own, before**2 * own)


def _hazard_variance(events: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    tied = np.where(events > 1, (events - 1) / np.maximum(at_risk - 1, 1), 0.0)
    return (1 - tied) * events / at_risk**2


def interval(cif: np.ndarray, se: np.ndarray, kind: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise interval of a cumulative incidence; (0, 0) where it is 0, undefined (NaN) where it is 1."""
    if kind not in TYPES:
        raise Cause("is not a type of interval", field="conf_type", value=kind)
    z = -float(ndtri((1 - level) / 2))
    none, whole = cif <= 0, cif >= 1
    p = np.where(none | whole, 0.5, cif)
    if kind == "log-log":
        factor = np.exp(z * se / (p * -np.log(p)))
        lower, upper = p**factor, p ** (1 / factor)
    elif kind == "log":
        lower, upper = p * np.exp(-z * se / p), np.minimum(1, p * np.exp(z * se / p))
    else:
        lower, upper = np.maximum(0, p - z * se), np.minimum(1, p + z * se)
    lower, upper = (np.where(none, 0.0, np.where(whole, np.nan, bound)) for bound in (lower, upper))
    return lower, upper


def at(made: Incidence, cause: int, time: float, kind: str, level: float) -> tuple[float, float, float, float, float]:
    """F, its two standard errors and its interval at ``time`` of the cause (from 0); NaN beyond all follow-up."""
    position = int(np.searchsorted(made.time, time, side="right")) - 1
    if position < 0:
        return (0.0,) * 5
    if time > made.time[-1] and made.surv[position] > 0:
        return (float("nan"),) * 5
    f, se, gray = made.cif[cause, position], made.se[cause, position], made.se_gray[cause, position]
    lower, upper = interval(np.array([f]), np.array([se]), kind, level)
    return float(f), float(se), float(gray), float(lower[0]), float(upper[0])


def gray_test(time: np.ndarray, status: np.ndarray, group: np.ndarray, cause: int) -> tuple[float, int, float]:
    """Gray's test (rho = 0) that the incidence of ``cause`` is the same in all groups: chi-square, df, p.

    With Y_k at risk and S_k the all-cause survival just before t in group k, R_k = Y_k (1 - F_k) / S_k; the score of
    group k sums d_k - d R_k / sum R over event times of the cause. Its covariance is the sum over groups of squared
    contributions of both kinds of event.
    """
    names, code = np.unique(np.asarray(group), return_inverse=True)
    groups = len(names)
    distinct, where = np.unique(np.asarray(time, dtype="float64"), return_inverse=True)
    kind = np.where(status == 0, 0, np.where(status == cause, 1, 2))
    shape = (3, groups, len(distinct))
    cell = (kind * groups + code) * len(distinct) + where
    count = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype("float64")
    total = count.sum(axis=0)
    risk = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
    own, rival = count[1], count[2]
    there = risk > 0
    y = np.where(there, risk, 1.0)
    surv = np.cumprod(np.where(there, 1 - (own + rival) / y, 1.0), axis=1)
    before = np.concatenate([np.ones((groups, 1)), surv], axis=1)[:, :-1]
    cif = np.cumsum(before * own / y, axis=1)
    cif_before = np.concatenate([np.zeros((groups, 1)), cif], axis=1)[:, :-1]
    # At risk without censoring by the rival cause: who is at risk, over the probability of being free of any event.
    free = np.where(there, risk / np.where(before > 0, before, 1.0), 0.0)
    weight = free * (1 - cif_before)
    d, all_free, all_weight = own.sum(axis=0), free.sum(axis=0), weight.sum(axis=0)
    score = (own - weight * d / np.where(all_weight > 0, all_weight, 1.0)).sum(axis=1)
    variance = _gray_variance(own, rival, risk, before, surv, free, d, all_free)
    used = np.flatnonzero((weight * d).sum(axis=1) > 0)[:-1]
    df = len(used)
    if df == 0:
        return float("nan"), 0, float("nan")
    statistic = float(score[used] @ np.linalg.pinv(variance[np.ix_(used, used)]) @ score[used])
    return statistic, df, float(chdtrc(df, statistic))


def _gray_variance(
    own: np.ndarray,
    rival: np.ndarray,
    risk: np.ndarray,
    before: np.ndarray,
    surv: np.ndarray,
    free: np.ndarray,
    d: np.ndarray,
    all_free: np.ndarray,
) -> np.ndarray:
    """Covariance of the scores of Gray's test, (groups, groups); arrays are (groups, times) or (times)."""
    groups = len(risk)
    pooled = np.cumsum(d / all_free)  # incidence of the cause under the hypothesis
    pooled_before = np.concatenate([[0.0], pooled])[:-1]
    share = free / all_free
    # a[i, k, t]: what an event in group k at t changes in the score of group i; c: its integral up to t.
    a = free[None] * (np.eye(groups)[:, :, None] - share[:, None])
    c = np.cumsum(a * d / (all_free * (1 - pooled_before)), axis=2)
    to_come = c[:, :, -1:] - c
    alive = surv > 0
    still = np.where(alive, (1 - pooled) / np.where(alive, surv, 1.0), 0.0)
    own_effect = a + (1 - still) * to_come
    tied = np.where(d > 1, (d - 1) / np.maximum(all_free * before - 1, 1e-300), 0.0)
    own_variance = np.where(risk > 0, (1 - tied) * before * d / (all_free * np.where(risk > 0, risk, 1.0)), 0.0)
    rival_variance = np.where((risk > 0) & alive, before**2, 0.0) * _hazard_variance(rival, np.maximum(risk, 1.0))
    rival_effect = still * to_come
    first = np.einsum("ikt,jkt,kt->ij", own_effect, own_effect, own_variance)
    return first + np.einsum("ikt,jkt,kt->ij", rival_effect, rival_effect, rival_variance)
