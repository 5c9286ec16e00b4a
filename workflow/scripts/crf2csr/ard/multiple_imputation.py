"""Response after multiple imputation of the scores.

Scores are imputed through the visits of each arm (chained regressions, missing at random), held to their limits and
rounded as they are collected; then the criterion of the response decides, and Rubin's rules pool. Only a response that
is missing without a composite event is imputed: whom a rule makes a non-responder stays one in every imputation.

A normal residual is drawn without bounds and the score is then held to its limits: every threshold lies within them,
so this moves no response. Residuals drawn within the limits shift it, and matching borrows from few subjects;
``bench/imputers.py`` measures what either costs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _criterion, _impute, _rubin, _scores
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._subjects import known_options
from crf2csr.errors import Cause

CARD = Card(
    share=False,  # the pooled estimate is on the logit; n is a mean over imputations
    name="Multiple imputation of scores, response after imputation, Rubin's rules",
    formulas={
        "": (
            "Chained Bayesian regressions: each visit on all others, sigma^2 = RSS / chi2(df), beta from its normal "
            "posterior given sigma, missing score = prediction + sigma N(0, 1) (imputer normal) or the observed score "
            "of one of the 5 nearest predictions (matching); held to the limits, rounded as collected, then the "
            "criterion. Normal residuals are drawn without bounds and the score is then held to its limits: every "
            "threshold lies within them, so this moves no response, while residuals drawn within the limits would. "
            "Imputation k draws from child k of the seed"
        ),
        "p": "expit(mean of logit p_i), p_i = x_i / n; the mean of p_i where a p_i is 0 or 1",
        "pooled": (
            "expit(mean logit -+ t sqrt(T)), T = W + (1 + 1/m) B, W the mean of 1/x_i + 1/(n - x_i), B the variance "
            "of logit p_i, t on df; the interval of Lott and Reiter (wilson) where a p_i is 0 or 1"
        ),
        "wilson": (
            "Both roots p of (mean p_i - p)^2 = t^2 p (1 - p) (1 + r) / n, r = (1 + 1/m) B / W of the p_i, t on "
            "(m - 1) (1 + 1/r)^2 df (Lott and Reiter)"
        ),
        "within": "W, the mean of the variances of the imputations (logit)",
        "between": "B, the variance between the estimates of the imputations (logit)",
        "increase": "r = (1 + 1/m) B / W",
        "share": "lambda = (1 + 1/m) B / T",
        "df": "1 / (1/a + 1/b), a = (m - 1) / lambda^2, b = (1 - lambda) (n - 1) n / (n + 2) (Barnard and Rubin)",
        "missing_information": "(r + 2 / (df + 3)) / (1 + r); 0 where B = 0",
        "efficiency": "1 / (1 + missing information / m)",
        "mcse": "Jackknife over imputations: sqrt((m - 1) / m sum (v_(-i) - mean)^2)",
        "p_value": "P(t_df > (mean logit - logit p0) / sqrt(T)); by the score statistic where a p_i is 0 or 1",
        "r_hat": "sqrt((L - 1) / L + B / W), B between and W within the chain means of the last L iterations, one half",
        "delta": "delta is added to each imputed score, which is held to its limits before and after, and then rounded",
    },
    references=(
        "Rubin, Multiple Imputation for Nonresponse in Surveys, 1987",
        "van Buuren and Groothuis-Oudshoorn, J Stat Softw 2011;45(3):1",
        "Barnard and Rubin, Biometrika 1999;86:948",
        "Lott and Reiter, Am Stat 2020;74:109",
        "White, Royston and Wood, Stat Med 2011;30:377",
        "Gelman and Rubin, Stat Sci 1992;7:457",
    ),
    r={
        "": "mice::mice(scores, m = m, maxit = iterations, method = 'norm')  # matching: 'pmm'",
        "pooled": "mice::pool.scalar(qlogis(x / n), 1 / x + 1 / (n - x), n = n, k = 1)",
    },
)

OPTIONS = {
    "response",
    "open",
    "visits",
    "criterion",
    "limits",
    "imputer",
    "m",
    "iterations",
    "seed",
    "level",
    "null_rates",
    "alpha_one_sided",
    "deltas",
}
NEEDED = ("response", "open", "visits", "criterion", "m", "iterations", "seed")
FEW = 5  # the default number of imputations of R's mice
STEADY = 1.1  # above this R-hat the chains are not taken to have converged


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the pooled response, its interval, what is missing costs, Monte-Carlo error and convergence.

    Options: ``response`` (condition on the rows of the response; all others are rows of the score), ``open`` (which of
    them are missing without a composite event), ``visits`` (in order, baseline first), ``criterion``, ``limits``,
    ``imputer`` (normal or matching), ``m``, ``iterations``, ``seed``, ``level``, ``null_rates`` with
    ``alpha_one_sided``. With ``deltas`` there is one result for each delta instead, in groups of their own.
    """
    o = known_options(analysis, OPTIONS)
    _check(analysis, o)
    for arm, (where, rows, people) in enumerate(analysis.groups()):
        about = analysis.common() | {"variable": analysis.variables[0]} | where
        material = _scores.material_of(analysis, rows, people, o)
        draws = _scores.draw(material, o, arm)
        _account(facts, about, people, material)
        _settings(facts, about, people, material, draws, o)
        for delta in o.get("deltas", [None]):
            named = {} if delta is None else {"group2": "Delta", "group2_level": f"{delta:g}"}
            _result(facts, about | named, people, material, draws, delta, o)


def _check(analysis: Analysis, o: dict[str, Any]) -> None:
    place = analysis.place
    for name in NEEDED:
        if name not in o:
            raise Cause("this method needs the option", file=place, field=name)
    _criterion.check(o["criterion"], place)
    if o.get("imputer", "normal") not in _impute.IMPUTERS:
        raise Cause("is not an imputer; known: normal, matching", file=place, field="imputer", value=o["imputer"])
    for name, least in (("m", 2), ("iterations", 1), ("seed", 0)):
        if not isinstance(o[name], int) or isinstance(o[name], bool) or o[name] < least:
            raise Cause(f"is a whole number of at least {least}", file=place, field=name, value=o[name])
    if "null_rates" in o and "alpha_one_sided" not in o:
        raise Cause("this method needs the option", file=place, field="alpha_one_sided")
    if len(set(o["visits"])) < 2 or len(set(o["visits"])) < len(o["visits"]):
        raise Cause("are two or more visits, each once, baseline first", file=place, field="visits", value=o["visits"])


def _account(facts: Facts, about: dict[str, Any], people: pd.DataFrame, material: _scores.Material) -> None:
    """Who entered the imputation model, whose response is observed, imputed, or kept by a rule."""
    seen = ~np.isnan(material.scores[:, material.target])
    for name, chosen in (
        ("entered", material.model),
        ("n_observed", seen),
        ("n_imputed", material.gaps),
        ("n_kept", ~seen & ~material.gaps),
    ):
        facts.add(name, int(chosen.sum()), "count", facts.set_of("adsl", people.index[chosen]), **about)
    out = people.index[~material.model]
    if len(out):
        facts.add("left_out", len(out), "count", facts.set_of("adsl", out), **about, variable_level="No baseline score")


def _settings(
    facts: Facts,
    about: dict[str, Any],
    people: pd.DataFrame,
    material: _scores.Material,
    draws: _scores.Draws,
    o: dict[str, Any],
) -> None:
    """Imputations, iterations, how the chains mix, and what was held to the limits."""
    members = facts.set_of("adsl", people.index[material.gaps])
    facts.add("m", o["m"], "d0", members, **about)
    facts.add("iterations", o["iterations"], "d0", members, **about)
    facts.add("seed", o["seed"], "d0", members, **about)
    some = bool(material.gaps.any()) and not draws.error
    facts.add("outside", draws.outside if some else None, "percent", members, **about, **draws.error)
    known = np.empty(0)
    if draws.chains is not None:
        hats = _impute.r_hat(draws.chains)
        for visit, hat in zip(o["visits"], hats, strict=True):
            if not np.isnan(hat):
                facts.add("r_hat", hat, "d3", members, **about, variable_level=str(visit))
        known = hats[~np.isnan(hats)]
    doubt = {} if len(known) and known.max() <= STEADY else {"warning": "chains not shown to have converged"}
    if not some:
        doubt = draws.error or {"warning": "nothing to impute"}
    facts.add("r_hat_max", known.max() if len(known) else None, "d3", members, **about, **doubt)


def _result(
    facts: Facts,
    about: dict[str, Any],
    people: pd.DataFrame,
    material: _scores.Material,
    draws: _scores.Draws,
    delta: float | None,
    o: dict[str, Any],
) -> None:
    n, level = len(people), o.get("level", 0.95)
    everyone = facts.set_of("adsl", people.index)
    facts.add("N", n, "count", everyone, **about)
    if delta is not None:
        facts.add("delta", delta, "d1", None, **about)
    if draws.error or not n:
        _failed(facts, about, everyone, draws.error or {"warning": "no subject in the denominator"}, o)
        return
    scores = np.clip(draws.values + (delta or 0.0), *_scores.limits_of(o))
    decimals = o["criterion"].get("decimals", 0)
    base = _criterion.units(material.scores[material.gaps, 0], decimals)
    yes = _criterion.met(base, _criterion.units(scores, decimals), o["criterion"])
    responders = int(material.response[~material.gaps].sum()) + yes.sum(axis=1)
    open_set = facts.set_of("adsl", people.index[material.gaps])
    nothing = {} if yes.size else {"warning": "nothing to impute"}
    # Sorted, so that the order of the subjects does not reach the last bit of the sum.
    mean = np.sort(scores, axis=None).mean() if yes.size else None
    facts.add("imputed_mean", mean, "d1", open_set, **about, **nothing)
    facts.add("p_imputed", yes.mean() if yes.size else None, "percent", open_set, **about, **nothing)
    _pooled(facts, about, everyone, responders, n, level, o)
    for context, some, pool in (
        ("Rubin's rules without logit (R: mice::pool of the proportion)", responders, _plain),
        (f"m = {FEW}, the default of R's mice", responders[:FEW], _rubin.proportion),
    ):
        other = pool(some, n, level)
        aside = about | {"context": context}
        facts.add("p", float(other.estimate), "percent", everyone, **aside)
        facts.add("pooled_low", float(other.low), "percent_bound", everyone, **aside)
        facts.add("pooled_high", float(other.high), "percent_bound", everyone, **aside)


def _plain(responders: np.ndarray, n: int, level: float) -> _rubin.Proportion:
    pooled = _rubin.pool_plain(responders, n)
    low, high = pooled.interval(level)
    return _rubin.Proportion(pooled.estimate, low, high, pooled, False)


def _pooled(
    facts: Facts, about: dict[str, Any], everyone: int, responders: np.ndarray, n: int, level: float, o: dict[str, Any]
) -> None:
    """The pooled proportion with everything that it rests on."""
    main, wilson = _rubin.proportion(responders, n, level), _rubin.score(responders, n, level)
    errors, pooled = _rubin.monte_carlo_errors(responders, n, level), main.pooled
    method = "Rubin, logit" if main.on_logit else "Lott-Reiter"
    edge = {} if main.on_logit else {"warning": "an imputed proportion is 0 or 1: pooled by the score interval"}
    facts.add("n", responders.mean(), "d1", everyone, **about)
    facts.add("p", float(main.estimate), "percent", everyone, **about, **edge)
    facts.add("pooled_low", float(main.low), "percent_bound", everyone, **about, **edge)
    facts.add("pooled_high", float(main.high), "percent_bound", everyone, **about, **edge)
    facts.add("interval", None, "text", everyone, **about, stat_text=method, **edge)
    facts.add("wilson_low", float(wilson.low), "percent_bound", everyone, **about)
    facts.add("wilson_high", float(wilson.high), "percent_bound", everyone, **about)
    for name, value, style in (
        ("within", pooled.within, "d4"),
        ("between", pooled.between, "d4"),
        ("total", pooled.total, "d4"),
        ("increase", pooled.increase, "d4"),
        ("share", pooled.share, "d4"),
        ("df", pooled.df, "d1"),
        ("missing_information", pooled.missing_information, "d4"),
        ("efficiency", pooled.efficiency, "d4"),
    ):
        facts.add(name, float(value), style, everyone, **about, **edge)
    estimate, width = errors["estimate"], float(main.high - main.low)
    # A quarter of the width stands for the standard error; a tenth of it is what White, Royston and Wood allow.
    doubt = {"warning": "Monte-Carlo error above a tenth of the standard error: raise m"}
    noisy = doubt if estimate is not None and estimate > width / 40 else {}
    facts.add("mcse", estimate, "d4", everyone, **about, **noisy)
    facts.add("mcse_low", errors["low"], "d4", everyone, **about)
    facts.add("mcse_high", errors["high"], "d4", everyone, **about)
    for p0 in o.get("null_rates", []):
        tested = about | {"variable_level": f"{p0:g}"}
        p_value = _rubin.p_greater(responders, n, p0, main.on_logit)
        rejected = p_value <= o["alpha_one_sided"]
        facts.add("p0", p0, "percent", None, **tested)
        facts.add("p_value", p_value, "p", everyone, **tested)
        words = "rejected" if rejected else "not rejected"
        facts.add("verdict", float(rejected), "text", everyone, **tested, stat_text=words)


def _failed(facts: Facts, about: dict[str, Any], everyone: int, why: dict[str, str], o: dict[str, Any]) -> None:
    """Every statistic of the result as missing, with the reason."""
    for name, style in (
        ("n", "d1"),
        ("p", "percent"),
        ("pooled_low", "percent_bound"),
        ("pooled_high", "percent_bound"),
        ("wilson_low", "percent_bound"),
        ("wilson_high", "percent_bound"),
        ("imputed_mean", "d1"),
        ("p_imputed", "percent"),
        *((name, "d4") for name in ("within", "between", "total", "increase", "share", "df", "missing_information")),
        *((name, "d4") for name in ("efficiency", "mcse", "mcse_low", "mcse_high")),
    ):
        facts.add(name, None, style, everyone, **about, **why)
    facts.add("interval", None, "text", everyone, **about, stat_text="NE", **why)
    for p0 in o.get("null_rates", []):
        tested = about | {"variable_level": f"{p0:g}"} | why
        facts.add("p0", p0, "percent", None, **tested)
        facts.add("p_value", None, "p", everyone, **tested)
        facts.add("verdict", None, "text", everyone, **tested, stat_text="NE")
