"""Analysis of covariance: least-squares means by arm and their differences, adjusted for baseline.

``value ~ arm + baseline + covariates`` by ordinary least squares with one residual variance; a study of one arm gets
the mean of the value at the centre of the covariates. Subjects without a value are left out and counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from crf2csr.ard import _ols
from crf2csr.ard._card import Card
from crf2csr.ard._design import Design, Entered, build, enter
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._lsmeans import Account, account, add_difference, add_estimates, add_mean, by_level, known_options
from crf2csr.errors import Cause

CARD = Card(
    name="Analysis of covariance",
    formulas={
        "": "y = X b + e, e of one variance s^2; b = (X'X)^-1 X'y",
        "lsmean": "Mean of the model in the arm, at the centre of the covariates",
        "lsmean_low": "LS mean -/+ t(N - p) x standard error",
        "lsmean_high": "LS mean -/+ t(N - p) x standard error",
        "se": "s sqrt(l' (X'X)^-1 l)",
        "df": "N - p, rows less coefficients",
        "p_value": "Two-sided, t = LS mean / standard error",
        "diff": "LS mean of the arm minus LS mean of the reference arm",
        "f": "F = (L b)' [L (X'X)^-1 L']^-1 (L b) / (q s^2): the term given all others (type III)",
        "f_p": "P(F(q, N - p) > F)",
        "root_mse": "s = sqrt(residual sum of squares / (N - p))",
    },
    references=("Fisher, Statistical Methods for Research Workers, 4th edition 1932", "Searle, Linear Models 1971"),
    r={
        "": "lm(CHG ~ ARM + BASE)",
        "lsmean": "emmeans::emmeans(lm(CHG ~ ARM + BASE), ~ ARM)",
        "diff": "pairs(emmeans::emmeans(lm(CHG ~ ARM + BASE), ~ ARM))",
        "f": "drop1(lm(CHG ~ ARM + BASE), test = 'F')",
    },
)

DEFAULTS: dict[str, Any] = {
    "baseline": "BASE",
    "covariates": [],
    "at": {},
    "reference": None,
    "level": 0.95,
    "decimals": 0,
}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add least-squares means, differences, F tests of the terms and coefficients, one model per level of ``by``.

    Options: ``baseline`` (variable or null), ``covariates``, ``at`` (their centres, else the mean over subjects),
    ``reference`` (arm), ``level``, ``decimals`` (those collected).
    """
    options = known_options(analysis, DEFAULTS)
    for number, level, parts in by_level(analysis, most=2):
        _model(Account(analysis, facts, options, number, level, list(parts)), parts)


def _model(about: Account, parts: dict[str, tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    o = about.options
    covariates = [*([o["baseline"]] if o["baseline"] else []), *o["covariates"]]
    entered = enter(parts, about.variable, covariates, o["baseline"], "no value", about.place)
    frame = entered.frame
    twice = frame.duplicated(["_ARM", "_PERSON"])
    if twice.any():
        first = frame.loc[twice, "USUBJID"].iloc[0]
        raise Cause("a subject has more than one row", file=about.place, field="USUBJID", value=first)
    design = build(frame, about.arms, None, covariates, [], o["at"])
    everyone = about.facts.set_of(about.dataset, frame.index)
    fit: _ols.Fit | None = None
    problem: dict[str, str] = {}
    try:
        fit = _ols.fit(frame["_VALUE"].to_numpy(), design.matrix, design.names)
    except _ols.NoFit as reason:
        problem = {"error": str(reason)}
    _means(about, entered, design, fit, everyone, problem)
    _tests(about, design, fit, everyone, problem)


def _means(
    about: Account, entered: Entered, design: Design, fit: _ols.Fit | None, everyone: int, problem: dict[str, str]
) -> None:
    live = [arm for arm in about.arms if (arm, "") in design.cells]
    found = fit.contrasts(np.array([design.mean(arm) for arm in live])) if fit else None
    reference = about.options["reference"]
    for arm in about.arms:
        where = about.at(arm)
        account(about, where, entered, arm)
        mine = entered.frame.index[entered.frame["_ARM"] == arm]
        about.facts.add("n", len(mine), "count", about.facts.set_of(about.dataset, mine), **where)
        if arm in live or problem:
            add_mean(about, where, everyone, found, live.index(arm) if arm in live else 0, problem)
        else:
            add_mean(about, where, everyone, note={"error": "no value in this arm"})
        if not about.compared(arm):
            continue
        if fit and arm in live and reference in live:
            apart = fit.contrasts((design.mean(arm) - design.mean(reference))[None])
            add_difference(about, where, everyone, apart)
        else:
            add_difference(about, where, everyone, note=problem or {"error": "an arm has no value"})


def _tests(about: Account, design: Design, fit: _ols.Fit | None, everyone: int, problem: dict[str, str]) -> None:
    """F tests of each term given the others, the residual standard deviation and the coefficients."""
    facts, where, eye = about.facts, about.whole, np.eye(len(design.names))
    terms = {name: eye[columns] for name, columns in design.terms.items()}
    cells = list(design.cells.values())
    if len(about.arms) > 1:
        terms = {"arm": eye[cells[1:]] - eye[cells[:1]]} | terms
    for name, contrasts in terms.items():
        stats: tuple[float | None, ...] = (None,) * 4
        if fit and len(contrasts):
            f = fit.f(contrasts)
            stats = (f, len(contrasts), fit.df, float(fdtrc(len(contrasts), fit.df, f)))
        for stat, value, form in zip(("f", "f_df1", "f_df2", "f_p"), stats, ("d2", "d0", "d0", "p"), strict=True):
            facts.add(stat, value, form, everyone, **where, variable_level=name, **problem)
    facts.add("root_mse", fit.scale if fit else None, about.digits(2), everyone, **where, **problem)
    for name, centre in design.centres.items():
        facts.add("centre", centre, about.digits(1), everyone, **where, variable_level=name)
    others = [column for columns in design.terms.values() for column in columns]
    found = fit.contrasts(eye[others]) if fit and others else None
    add_estimates(about, [design.names[column] for column in others], found, everyone, problem)
