"""Time to event from interval-censored times: the nonparametric maximum likelihood estimate of Turnbull.

The event is known to lie after the last assessment without it and at or before the first with it. The estimate has
mass on the innermost intervals only, and says nothing of how it lies within one: a probability at a day inside such
an interval is a range, and so is a quantile. No confidence interval is given: where visits fall on many different
days the estimate has no normal approximation, and the usual bootstrap does not hold for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import numbers
from crf2csr.ard import _npmle
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts, one_row_each
from crf2csr.ard._times import known_options, left_out
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Nonparametric maximum likelihood estimate for interval-censored times (Turnbull)",
    formulas={
        "": "Maximises sum over subjects of log P(L < T <= R) over all distributions; no confidence interval is given",
        "mass": "Mass of an innermost interval: it begins where a time can begin, and next after it one ends",
        "cum": "Sum of the masses up to and with this interval",
        "cum_least": "Sum of the masses of intervals that end by this day",
        "cum_most": "Sum of the masses of intervals that begin before this day",
        "cum_range": "Least to most; one number where both print alike",
        "surv_least": "1 - cum_most",
        "surv_most": "1 - cum_least",
        "gradient": "(1/n) sum over subjects who may have had the event in it of 1 / P(L < T <= R)",
        "kkt_violation": "Largest gradient - 1; the log-likelihood is within n times this of its maximum",
        "median_after": "Begin of the innermost interval in which S passes 1/2",
        "median_by": "End of the innermost interval in which S passes 1/2",
    },
    references=(
        "Peto, Appl Stat 1973;22:86",
        "Turnbull, J R Stat Soc B 1976;38:290",
        "Gentleman and Geyer, Biometrika 1994;81:618",
    ),
    r={"": "interval::icfit(L, R, control = icfitControl(epsilon = 1e-13, maxit = 1e6))"},
)
QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the innermost intervals with their masses, the certificate, quartiles and landmarks, per arm.

    Options: ``bounds`` (names of the two variables; default LBOUND and RBOUND, a missing second one for an event
    that was not seen) and ``landmarks`` (labels -> days).
    """
    o = known_options(analysis, {"bounds", "landmarks"})
    names = o.get("bounds", ["LBOUND", "RBOUND"])
    strange = [name for name in names if name not in analysis.rows]
    if strange:
        raise Cause("is not a variable of the data set", file=analysis.place, field="bounds", value=strange[0])
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": names[1]}
        known = _bounded(rows, names, analysis.place)
        _account(facts, about, rows, known, people)
        everyone = facts.set_of(about["dataset"], known.index)
        if not len(known):
            facts.add("loglik", None, "d3", everyone, **about, error="no subject with bounds")
            continue
        _estimate(facts, about, known, everyone, o.get("landmarks", {}))


def _bounded(rows: pd.DataFrame, names: list[str], place: str) -> pd.DataFrame:
    """Rows with a lower bound, as L and R (infinite where the event was not seen); bounds in disorder are refused."""
    one_row_each(rows, place)
    known = rows[rows[names[0]].notna()]
    known = known.assign(L=known[names[0]].astype("float64"), R=known[names[1]].astype("float64").fillna(np.inf))
    disorder = known["L"] > known["R"]
    if disorder.any():
        raise Cause("the bounds of a time are in disorder", file=place, value=known.loc[disorder, "USUBJID"].iloc[0])
    return known


def _account(
    facts: Facts, about: dict[str, Any], rows: pd.DataFrame, known: pd.DataFrame, people: pd.DataFrame
) -> None:
    """Who entered, as what, and who did not, by reason."""
    dataset = about["dataset"]
    facts.add("N", len(known), "count", facts.set_of(dataset, known.index), **about)
    exact, never = known["L"] == known["R"], np.isinf(known["R"])
    for name, chosen in (("n_exact", exact), ("n_between", ~exact & ~never), ("n_never", never)):
        facts.add(name, int(chosen.sum()), "count", facts.set_of(dataset, known.index[chosen]), **about)
    listed, bounded = (among(people["USUBJID"], some["USUBJID"]) for some in (rows, known))
    left_out(facts, about, people, {"no record of this time": ~listed, "no bounds of the time": ~bounded})


def _estimate(
    facts: Facts, about: dict[str, Any], known: pd.DataFrame, everyone: int, landmarks: dict[str, Any]
) -> None:
    left, right = known["L"].to_numpy(), known["R"].to_numpy()
    made = _npmle.estimate(left, right)
    doubt = {} if made.certified else {"warning": "the Kuhn-Tucker conditions do not hold: not the maximum"}
    facts.add("loglik", made.loglik, "d3", everyone, **about, **doubt)
    facts.add("kkt_violation", made.violation, "p", everyone, **about, **doubt)
    yes = {True: "yes", False: "no"}
    facts.add("certified", made.certified, "text", everyone, **about, **doubt, stat_text=yes[made.certified])
    facts.add("n_intervals", len(made.mass), "d0", everyone, **about)
    facts.add("n_intervals_mass", int((made.mass > 0).sum()), "d0", everyone, **about)
    _intervals(facts, about | doubt, made, known, left, right)
    for name, share in QUARTILES.items():
        for suffix, value in zip(("_after", "_by"), _npmle.quantile_between(made, share), strict=True):
            facts.add(name + suffix, _finite(value), "d0", everyone, **about, **doubt, unit="days")
    # Bounds closed at the left are those of an event that may have been on the day of the last assessment.
    closed = _npmle.estimate(np.where(left < right, np.nextafter(left, -np.inf), left), right)
    for label, day in landmarks.items():
        one = about | doubt | {"variable_level": str(label)}
        _landmark(facts, one, made, float(day), everyone)
        least, most, _ = _npmle.survival_between(closed, float(day))
        _range(facts, one | {"context": "lifelines default: bounds closed at the left"}, least, most, everyone)
        middle = np.where(np.isinf(made.upper), np.inf, (made.lower + made.upper) / 2)
        surv = float(1 - made.mass[middle <= day].sum())
        _range(facts, one | {"context": "R survfit: mass at the middle of its interval"}, surv, surv, everyone)


def _intervals(
    facts: Facts,
    about: dict[str, Any],
    made: _npmle.Estimate,
    known: pd.DataFrame,
    left: np.ndarray,
    right: np.ndarray,
) -> None:
    """One group of facts per innermost interval, those without mass too."""
    total = np.cumsum(made.mass)
    for i, (lower, upper) in enumerate(zip(made.lower, made.upper, strict=True)):
        inside = (left <= lower) & (right >= upper) if lower < upper else _holds(left, right, lower)
        may = facts.set_of(about["dataset"], known.index[inside])
        one = about | {"group3": "interval", "group3_level": name_of(lower, upper)}
        facts.add("interval", i + 1, "text", may, **one, stat_text=name_of(lower, upper))
        facts.add("lower", lower, "d0", may, **one, unit="days")
        facts.add("upper", _finite(upper), "d0", may, **one, unit="days")
        facts.add("mass", made.mass[i], "percent", may, **one)
        facts.add("cum", total[i], "percent", may, **one)
        facts.add("gradient", made.gradient[i], "d4", may, **one)
        facts.add("possible", int(inside.sum()), "count", may, **one)


def _holds(left: np.ndarray, right: np.ndarray, point: float) -> np.ndarray:
    return np.where(left == right, left == point, (left < point) & (point <= right))


def _landmark(facts: Facts, one: dict[str, Any], made: _npmle.Estimate, day: float, members: int) -> None:
    least, most, inside = _npmle.survival_between(made, day)
    _range(facts, one, least, most, members)
    text = "determined" if inside is None else name_of(made.lower[inside], made.upper[inside])
    facts.add("within", None if inside is None else inside + 1, "text", members, **one, stat_text=text)


def _range(facts: Facts, one: dict[str, Any], least: float, most: float, members: int) -> None:
    facts.add("surv_least", least, "percent", members, **one)
    facts.add("surv_most", most, "percent", members, **one)
    facts.add("cum_least", 1 - most, "percent", members, **one)
    facts.add("cum_most", 1 - least, "percent", members, **one)
    ends = [numbers.shown(share, "percent") for share in (1 - most, 1 - least)]
    text = " to ".join(dict.fromkeys(ends))
    facts.add("cum_range", None, "text", members, **one, stat_text=text)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def name_of(lower: float, upper: float) -> str:
    """``(26, 27]``; a point is one number, an interval without end ``after 85``."""
    if lower == upper:
        return f"{lower:g}"
    return f"after {lower:g}" if np.isinf(upper) else f"({lower:g}, {upper:g}]"
