"""Change from baseline: paired t, Wilcoxon's signed rank test and the Hodges-Lehmann estimate with its interval.

A row holds the difference of one subject. Mean and t come from the values as they are; ranks and Walsh averages from
the values at their last collected decimal (``precision``), since noise of floats would break ties. The test is exact,
ties included, up to ``exact_up_to`` ranked differences; each fact of it says how it was done.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from crf2csr.ard import _signed_rank
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts, one_row_each
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Tests of change from baseline",
    formulas={
        "mean": "Sum of the differences / n",
        "sd": "Standard deviation with n - 1",
        "mean_low": "Mean - t(1 - a, n - 1) SD / sqrt(n), a = (1 - level) / 2",
        "mean_high": "Mean + t(1 - a, n - 1) SD / sqrt(n), a = (1 - level) / 2",
        "t": "Mean / (SD / sqrt(n)), n - 1 degrees of freedom",
        "signed_rank": "Sum of the midranks of |difference| where the difference is positive",
        "signed_rank_p": "2 min(P(T <= t), P(T >= t)); exact over all signs of the given ranks, or "
        "z = (t - sum r / 2 -+ 1/2) / sqrt(sum r^2 / 4) with continuity correction",
        "hl": "Median of the n (n + 1) / 2 Walsh averages (x_i + x_j) / 2, i <= j, zeros included",
        "hl_low": "q-th smallest Walsh average, q the quantile a of the rank sum of n values without ties",
        "hl_high": "q-th largest Walsh average, q the quantile a of the rank sum of n values without ties",
    },
    references=(
        "Student, Biometrika 1908;6:1",
        "Wilcoxon, Biom Bull 1945;1:80",
        "Pratt, JASA 1959;54:655",
        "Streitberg and Roehmel, Stat Softw Newsl 1986;12:10",
        "Hodges and Lehmann, Ann Math Stat 1963;34:598",
    ),
    r={
        "mean": "t.test(CHG)",
        "t": "t.test(CHG)",
        "signed_rank": "wilcox.test(round(CHG, digits))$statistic",
        "signed_rank_p": "exactRankTests::wilcox.exact(round(CHG, digits)), or wilcox.test(..., exact = FALSE)",
        "hl": "w <- outer(x, x, '+') / 2; median(w[upper.tri(w, TRUE)])",
        "hl_low": "sort(w)[qsignrank(a, n)], w the Walsh averages",
        "hl_high": "sort(w)[n * (n + 1) / 2 + 1 - qsignrank(a, n)], w the Walsh averages",
    },
)

KNOWN = {"level", "decimals", "precision", "exact_up_to", "zeros", "continuity", "compare"}
NO_ROW, NO_VALUE = "No analysed record", "Value not defined"
OTHERS = {
    "R default (wilcox.test)": _signed_rank.as_in_r,
    "SAS default (PROC UNIVARIATE)": _signed_rank.as_in_sas,
    "scipy default (wilcoxon)": _signed_rank.as_in_scipy,
}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the tests of each of ``variables`` per group.

    Options: ``level``; ``decimals`` collected; ``precision`` kept for ranks (default: as collected); ``exact_up_to``
    (200); ``zeros`` (drop, pratt); ``continuity`` of the asymptotic test (true); ``compare`` with other defaults.
    ``decimals`` and ``precision`` are one number, or one per variable.
    """
    o = analysis.options
    unknown = set(o) - KNOWN
    if unknown:
        raise Cause("is not an option of paired", file=analysis.place, field=min(unknown))
    if o.get("zeros", "drop") not in ("drop", "pratt"):
        raise Cause("`zeros` is drop or pratt", file=analysis.place, value=o["zeros"])
    for where, rows, people in analysis.groups():
        one_row_each(rows, analysis.place)
        for variable in analysis.variables:
            _one(analysis.common() | where | {"variable": variable}, rows, people, o, facts)


def _of(option: Any, variable: str, default: int) -> int:
    return int(option.get(variable, default) if isinstance(option, dict) else default if option is None else option)


def _one(about: dict[str, Any], rows: pd.DataFrame, people: pd.DataFrame, o: dict[str, Any], facts: Facts) -> None:
    """Facts of one variable in one group."""
    values = pd.to_numeric(rows[about["variable"]]).astype("float64")
    held = values.index[values.notna()]
    x = values[held].to_numpy()
    members = facts.set_of(about["dataset"], held)
    _account(about, rows, values, people, members, facts)
    digits = _of(o.get("decimals"), about["variable"], 0)
    _t_test(about, x, o.get("level", 0.95), digits, members, facts)
    precision = _of(o.get("precision"), about["variable"], digits)
    try:
        differences = _signed_rank.units(x, precision)
    except OverflowError as cause:
        for name in ("n_zero", "n_ranked", "signed_rank", "signed_rank_p", "hl", "hl_low", "hl_high"):
            facts.add(name, None, f"d{digits + 1}", members, **about, error=str(cause))
        for name in ("signed_rank_method", "signed_rank_ties", "hl_method"):
            facts.add(name, None, "text", members, **about, stat_text="not done", error=str(cause))
        return
    for name, counted in (("n_zero", differences == 0), ("n_ranked", differences != 0)):
        facts.add(name, int(counted.sum()), "count", facts.set_of(about["dataset"], held[counted]), **about)
    _wilcoxon(about, differences, o, members, facts)
    _walsh(about, differences, o, (digits + 1, 10.0**precision), members, facts)


def _account(
    about: dict[str, Any], rows: pd.DataFrame, values: pd.Series, people: pd.DataFrame, members: int, facts: Facts
) -> None:
    """Who entered, and who did not by reason."""
    seen = among(people["USUBJID"], rows["USUBJID"])
    known = among(people["USUBJID"], rows.loc[values.notna(), "USUBJID"])
    facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
    facts.add("n", int(values.notna().sum()), "count", members, **about)
    for reason, who in ((NO_ROW, ~seen), (NO_VALUE, seen & ~known)):
        gone = facts.set_of("adsl", people.index[who])
        facts.add("left_out", int(who.sum()), "count", gone, **about, variable_level=reason)


def _t_test(about: dict[str, Any], x: np.ndarray, level: float, digits: int, members: int, facts: Facts) -> None:
    n = len(x)
    mean = float(x.mean()) if n else None
    sd = float(np.std(x, ddof=1)) if n > 1 else None
    doubt = {"warning": "no value"} if n == 0 else {"warning": "one value"} if n == 1 else {}
    facts.add("mean", mean, f"d{digits + 1}", members, **about, **doubt)
    facts.add("sd", sd, f"d{digits + 2}", members, **about, **doubt)
    low = high = t = p = None
    if mean is not None and sd is not None:
        se = sd / np.sqrt(n)
        half = float(stdtrit(n - 1, (1 + level) / 2)) * se
        low, high = mean - half, mean + half
        # Equal values differ from their mean by the noise of a sum alone.
        if sd <= 1e-12 * max(1.0, abs(mean)):
            doubt = {"warning": "all differences are equal"}
        else:
            t = float(mean / se)
            p = float(2 * stdtr(n - 1, -abs(t)))
    facts.add("mean_low", low, f"d{digits + 1}", members, **about, **doubt)
    facts.add("mean_high", high, f"d{digits + 1}", members, **about, **doubt)
    facts.add("t", t, "d2", members, **about, **doubt)
    facts.add("t_df", n - 1 if n else None, "d0", members, **about, **doubt)
    facts.add("t_p", p, "p", members, **about, **doubt)


def _wilcoxon(about: dict[str, Any], differences: np.ndarray, o: dict[str, Any], members: int, facts: Facts) -> None:
    """The signed rank test, and in words how it was done."""
    pratt, correct = o.get("zeros", "drop") == "pratt", bool(o.get("continuity", True))
    ranks = _signed_rank.ranked(differences, pratt)
    doubt = {} if ranks.n else {"warning": "no difference other than 0"}
    exact = ranks.n <= o.get("exact_up_to", 200)
    z = p = None
    if ranks.n and exact:
        p = _signed_rank.exact(ranks)
    elif ranks.n:
        z, p = _signed_rank.asymptotic(ranks, correct)
    method = "exact" if exact else "asymptotic, continuity corrected" if correct else "asymptotic"
    handled = ["midranks for ties" if ranks.tied else "no ties"]
    if ranks.zeros:
        handled.append(f"{ranks.zeros} zero{'s' * (ranks.zeros > 1)} {'ranked first' if pratt else 'dropped'}")
    facts.add("signed_rank", ranks.plus if ranks.n else None, "d1", members, **about, **doubt)
    if z is not None:
        facts.add("signed_rank_z", z, "d3", members, **about)
    facts.add("signed_rank_p", p, "p", members, **about, **doubt)
    facts.add("signed_rank_method", None, "text", members, **about, stat_text=method if ranks.n else "not done")
    facts.add("signed_rank_ties", None, "text", members, **about, stat_text="; ".join(handled))
    if o.get("compare") and ranks.n:
        dropped = _signed_rank.ranked(differences)
        for context, value in OTHERS.items():
            facts.add("signed_rank_p", value(dropped), "p", members, **about, context=context)


def _walsh(
    about: dict[str, Any],
    differences: np.ndarray,
    o: dict[str, Any],
    scale: tuple[int, float],
    members: int,
    facts: Facts,
) -> None:
    """Hodges-Lehmann estimate and interval; ``scale`` is the decimals shown and the units in one."""
    digits, unit = scale
    level, n = o.get("level", 0.95), len(differences)
    exact = n <= o.get("exact_up_to", 200)
    form, ends = f"d{digits}", ("hl_low", "hl_high")
    if n == 0:
        for name in ("hl", *ends):
            facts.add(name, None, form, members, **about, warning="no value")
        facts.add("hl_method", None, "text", members, **about, stat_text="not done", warning="no value")
        return
    facts.add("hl", _signed_rank.hodges_lehmann(differences) / unit, form, members, **about)
    *interval, attained = _signed_rank.walsh_interval(differences, level, exact)
    doubt = {} if attained else {"warning": f"too few values for a level of {level:g}: smallest and largest average"}
    for name, end in zip(ends, interval, strict=True):
        facts.add(name, end / unit, form, members, **about, **doubt)
    text = "exact" if exact else "asymptotic, continuity corrected"
    facts.add("hl_method", None, "text", members, **about, stat_text=text)
    if o.get("compare"):
        plain = n < 50 and not _signed_rank.ranked(differences).tied and (differences != 0).all()
        theirs = interval if plain else _signed_rank.interval_as_in_r(differences, level)
        for name, end in zip(ends, theirs or (), strict=theirs is not None):
            facts.add(name, end / unit, form, members, **about, context="R default (wilcox.test)")
