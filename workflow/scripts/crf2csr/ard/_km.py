"""The product-limit estimate, its pointwise intervals and its quantiles.

References: Kaplan and Meier, JASA 1958;53:457. Greenwood 1926 (variance). Brookmeyer and Crowley, Biometrics
1982;38:29 (interval of a quantile by inverting the pointwise interval). Kalbfleisch and Prentice 1980 (log-log).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

from crf2csr.errors import Cause

TOLERANCE = float(np.sqrt(np.finfo(float).eps))
TYPES = ("log-log", "log", "plain", "arcsin")


@dataclass
class Curve:
    """One curve, at each distinct time (1-d arrays of one length).

    Attributes
    ----------
    time, at_risk, events, censored : array
        At risk just before the time; events and censorings at it.
    surv, se_log : array
        S(t) and the Greenwood standard error of log S(t); infinite where S(t) is 0.
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    surv: np.ndarray
    se_log: np.ndarray


def curve(time: np.ndarray, event: np.ndarray) -> Curve:
    """Estimate S(t) from times and event indicators (True where the event was seen)."""
    distinct, where = np.unique(np.asarray(time, dtype="float64"), return_inverse=True)
    events = np.bincount(where, weights=np.asarray(event, dtype="float64"), minlength=len(distinct))
    total = np.bincount(where, minlength=len(distinct)).astype("float64")
    at_risk = total.sum() - np.concatenate([[0.0], np.cumsum(total)[:-1]]) if len(total) else total
    left = at_risk - events
    with np.errstate(divide="ignore"):
        variance = np.cumsum(np.where(events > 0, events / (at_risk * left), 0.0))
    return Curve(distinct, at_risk, events, total - events, np.cumprod(left / at_risk), np.sqrt(variance))


def interval(surv: np.ndarray, se_log: np.ndarray, kind: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise interval of S(t); (1, 1) where S is 1, undefined (NaN) where S is 0."""
    if kind not in TYPES:
        raise Cause("is not a type of interval", field="conf_type", value=kind)
    z = -float(ndtri((1 - level) / 2))
    one, none = surv >= 1, surv <= 0
    s = np.where(one | none, 0.5, surv)
    se = np.where(np.isfinite(se_log), se_log, 0.0)
    if kind == "log-log":
        factor = np.exp(z * se / -np.log(s))
        lower, upper = s**factor, s ** (1 / factor)
    elif kind == "log":
        lower, upper = s * np.exp(-z * se), np.minimum(1, s * np.exp(z * se))
    elif kind == "plain":
        lower, upper = np.maximum(0, s - z * s * se), np.minimum(1, s + z * s * se)
    else:
        half, middle = 0.5 * z * se * np.sqrt(s / (1 - s)), np.arcsin(np.sqrt(s))
        lower, upper = np.sin(np.maximum(0, middle - half)) ** 2, np.sin(np.minimum(np.pi / 2, middle + half)) ** 2
    return tuple(np.where(none, np.nan, np.where(one, 1.0, bound)) for bound in (lower, upper))  # type: ignore[return-value]


def crossing(time: np.ndarray, surv: np.ndarray, share: float) -> float:
    """Return the time at which a falling curve passes ``1 - share``; NaN where it does not.

    Where the curve is flat at exactly that height, the middle of the flat piece is taken (as R and SAS do); a
    flat piece that has no end is undefined (as in SAS; R takes its middle up to the last follow-up).
    """
    height = 1 - share
    known = ~np.isnan(surv)
    # An undefined bound where S is 0 still lies below every height that the curve has left.
    reached = np.where(known, surv <= height + TOLERANCE, False)
    if not reached.any():
        return float("nan")
    first = int(np.argmax(reached))
    if abs(surv[first] - height) > TOLERANCE:
        return float(time[first])
    below = np.where(known, surv < height - TOLERANCE, False)
    return float((time[first] + time[int(np.argmax(below))]) / 2) if below.any() else float("nan")


def quantile(c: Curve, share: float, kind: str, level: float) -> tuple[float, float, float]:
    """Quantile of the time and its interval."""
    lower, upper = interval(c.surv, c.se_log, kind, level)
    return crossing(c.time, c.surv, share), crossing(c.time, lower, share), crossing(c.time, upper, share)


def at(c: Curve, time: float, kind: str, level: float) -> tuple[float, float, float, float]:
    """S, its standard error and its interval at ``time``; NaN where nobody was followed so long and S > 0."""
    position = int(np.searchsorted(c.time, time, side="right")) - 1
    if position < 0:
        return 1.0, 0.0, 1.0, 1.0
    surv, se = c.surv[position], c.se_log[position]
    if time > c.time[-1] and surv > 0:
        return (float("nan"),) * 4
    lower, upper = interval(np.array([surv]), np.array([se]), kind, level)
    return float(surv), float(surv * se) if surv > 0 else float("nan"), float(lower[0]), float(upper[0])


def earliest(c: Curve, share: float) -> float:
    """First time at which S(t) is at or below ``1 - share``, without a middle of flat pieces; NaN where never."""
    reached = c.surv <= 1 - share + TOLERANCE
    return float(c.time[int(np.argmax(reached))]) if reached.any() else float("nan")


def to_the_end(c: Curve, share: float) -> float:
    """Quantile where a flat piece that never ends is taken to end at the last follow-up (as R does)."""
    value = crossing(c.time, c.surv, share)
    if np.isnan(value) and len(c.time) and abs(c.surv[-1] - (1 - share)) <= TOLERANCE:
        return float((earliest(c, share) + c.time[-1]) / 2)
    return value


@dataclass
class Logrank:
    """Outcome of a log-rank test: chi-square, df, p, and per group (in order of name) events seen and expected."""

    statistic: float
    df: int
    p: float
    groups: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


def logrank(time: np.ndarray, event: np.ndarray, group: np.ndarray, strata: np.ndarray | None = None) -> Logrank:
    """Log-rank test over groups (Mantel 1966; hypergeometric variance); with ``strata`` summed over them.

    All arrays are 1-d of one length; ``event`` is boolean, ``group`` and ``strata`` hold labels.
    """
    names, code = np.unique(np.asarray(group), return_inverse=True)
    labels = np.zeros(len(code), dtype="int64") if strata is None else np.asarray(strata)
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    variance = np.zeros((len(names), len(names)))
    for stratum in np.unique(labels):
        mine = labels == stratum
        o, e, v = _one_stratum(np.asarray(time)[mine], np.asarray(event)[mine], code[mine], len(names))
        observed, expected, variance = observed + o, expected + e, variance + v
    # A group without anyone at risk at any event tells nothing and takes no degree of freedom.
    used = np.flatnonzero(expected > 0)[1:]
    df = max(len(used), 0)
    difference = (observed - expected)[used]
    statistic = float(difference @ np.linalg.pinv(variance[np.ix_(used, used)]) @ difference)
    return Logrank(statistic, df, float(chdtrc(df, statistic)), names, observed, expected)


def _one_stratum(
    time: np.ndarray, event: np.ndarray, code: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events seen, events expected and the covariance of their difference, of one stratum."""
    distinct, where = np.unique(time, return_inverse=True)
    cell = where * groups + code
    shape, size = (len(distinct), groups), len(distinct) * groups
    dead = np.bincount(cell, weights=event.astype("float64"), minlength=size).reshape(shape)
    left = np.bincount(cell, minlength=size).reshape(shape).astype("float64")
    risk = np.cumsum(left[::-1], axis=0)[::-1]
    n, d = risk.sum(axis=1), dead.sum(axis=1)
    share = risk / n[:, None]
    spread = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(spread @ share) - np.einsum("t,ti,tj->ij", spread, share, share)
    return dead.sum(axis=0), d @ share, variance
