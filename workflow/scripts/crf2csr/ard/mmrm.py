"""Mixed model for repeated measures: change from baseline over visits, least-squares means by arm and visit.

``value ~ arm:visit + baseline + baseline:visit + covariates`` by REML, errors of one subject correlated by the declared
covariance structure. Missing values are left missing: the estimates are valid if they are missing at random given
the values that the model holds. What is set missing (values after an intercurrent event) is said by ``where``.

If the declared structure does not converge, those of ``fallback`` follow in order, with sandwich standard errors; the
structure that is used, and why those before it failed, are facts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _mmrm_inference
from crf2csr.ard._card import Card
from crf2csr.ard._design import Design, Entered, build, enter
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._lsmeans import Account, account, add_difference, add_estimates, add_mean, by_level, known_options
from crf2csr.ard._mmrm_data import NoFit, arrange
from crf2csr.ard._mmrm_ladder import Ladder, Reached, climb
from crf2csr.ard._mmrm_structure import structure
from crf2csr.errors import Cause

CARD = Card(
    name="Mixed model for repeated measures (REML)",
    formulas={
        "": "y = X b + e, Cov(e of one subject) = V; b = (X'V^-1 X)^-1 X'V^-1 y at the V that minimises -2 log REML",
        "neg2_reml": "(N - p) log 2 pi + sum log|V_i| + log|X'V^-1 X| + r'V^-1 r, without the constant -log|X'X|",
        "aic": "-2 log REML + 2 x covariance parameters",
        "bic": "-2 log REML + log(subjects) x covariance parameters",
        "lsmean": "Mean of the model at the visit, at the centre of the covariates",
        "lsmean_low": "LS mean -/+ t(df) x standard error",
        "lsmean_high": "LS mean -/+ t(df) x standard error",
        "se": "sqrt(l' (X'V^-1 X)^-1 l); adjusted by Kenward and Roger, or a sandwich, where the options say so",
        "df": "2 v^2 / (g' W g): v variance of the mean, g its gradient by the covariance parameters, W twice the "
        "inverse Hessian of -2 log REML; (tr P)^2 / tr P^2 for a sandwich",
        "p_value": "Two-sided, t = LS mean / standard error on df degrees of freedom",
        "diff": "LS mean of the arm minus LS mean of the reference arm at the visit",
        "sigma": "Element of the estimated covariance matrix of one subject",
        "gradient": "Largest element of the gradient of -2 log REML at the optimum, residuals scaled to unit variance",
    },
    references=(
        "Patterson and Thompson, Biometrika 1971;58:545",
        "Mallinckrodt et al., Drug Inf J 2008;42:303",
        "Giesbrecht and Burns, Biometrics 1985;41:477 (Satterthwaite)",
        "Kenward and Roger, Biometrics 1997;53:983",
        "Liang and Zeger, Biometrika 1986;73:13 (sandwich)",
        "Bell and McCaffrey, Surv Methodol 2002;28:169 (degrees of freedom of a sandwich)",
    ),
    r={
        "": "mmrm::mmrm(CHG ~ AVISIT * BASE + us(AVISIT | USUBJID), reml = TRUE, method = 'Satterthwaite')",
        "neg2_reml": "-2 * logLik(nlme::gls(CHG ~ AVISIT * BASE, correlation = corSymm(form = ~ visit | USUBJID), "
        "weights = varIdent(form = ~ 1 | AVISIT), method = 'REML'))",
        "lsmean": "emmeans::emmeans(fit, ~ AVISIT)",
        "diff": "pairs(emmeans::emmeans(fit, ~ ARM | AVISIT))",
    },
)

DEFAULTS: dict[str, Any] = {
    "visit": "AVISIT",
    "visits": None,
    "baseline": "BASE",
    "baseline_by_visit": True,
    "covariates": [],
    "at": {},
    "structure": "us",
    "fallback": ["toeph", "ar1", "cs"],
    "errors": "model",
    "fallback_errors": "empirical",
    "df": "satterthwaite",
    "reference": None,
    "level": 0.95,
    "decimals": 0,
}
SCALARS = {
    "neg2_reml": "d2",
    "aic": "d2",
    "bic": "d2",
    "parameters": "count",
    "subjects": "count",
    "observations": "count",
    "iterations": "count",
    "gradient": "d4",
}
ERRORS = {
    "model": "the model",
    "empirical": "the empirical sandwich",
    "bias_reduced": "the bias-reduced sandwich",
}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add least-squares means, differences, estimates and the account of the fit, one model per level of ``by``.

    Options: ``visits`` (in order; required), ``baseline`` (variable or null), ``baseline_by_visit``, ``covariates``,
    ``at`` (their centres, else the mean over subjects), ``structure``, ``fallback``, ``errors`` and
    ``fallback_errors`` (model, empirical, bias_reduced), ``df`` (satterthwaite, kenward-roger), ``reference`` (arm),
    ``level``, ``decimals`` (those collected).
    """
    options = known_options(analysis, DEFAULTS)
    ladder = _ladder(options, analysis.place)
    if not options["visits"]:
        raise Cause("a model of repeated measures names its visits in order", file=analysis.place, field="visits")
    for number, level, parts in by_level(analysis, most=1):
        _model(Account(analysis, facts, options, number, level, list(parts)), parts, ladder)


def _ladder(options: dict[str, Any], place: str) -> Ladder:
    names = [options["structure"], *options["fallback"]]
    for name in names:
        structure(name, 1)
    for key, allowed in (("errors", ERRORS), ("fallback_errors", ERRORS), ("df", _mmrm_inference.DF)):
        if options[key] not in allowed:
            raise Cause(f"`{key}` is one of {', '.join(allowed)}", file=place, field=key, value=options[key])
    return Ladder(names, options["errors"], options["fallback_errors"], options["df"])


def _model(about: Account, parts: dict[str, tuple[pd.DataFrame, pd.DataFrame]], ladder: Ladder) -> None:
    o, place = about.options, about.place
    covariates = [*([o["baseline"]] if o["baseline"] else []), *o["covariates"]]
    entered = enter(parts, about.variable, covariates, o["baseline"], "no post-baseline value", place)
    frame = _by_visit(entered.frame, o, place)
    seen = [visit for visit in o["visits"] if (frame["_VISIT"] == visit).any()]
    design = build(frame, about.arms, seen, covariates, [o["baseline"]] if o["baseline_by_visit"] else [], o["at"])
    reached: Reached | None = None
    problem = ""
    try:
        codes = pd.Categorical(frame["_VISIT"], categories=seen).codes.astype("int64")
        people = frame.groupby(["_ARM", "_PERSON"], sort=False).ngroup().to_numpy()
        values = frame["_VALUE"].to_numpy()
        reached = climb(arrange(values, design.matrix, people, codes, design.names, seen), ladder)
    except NoFit as reason:
        problem = str(reason)
    everyone = about.facts.set_of(about.dataset, frame.index)
    for arm in about.arms:
        account(about, about.at(arm), entered, arm)
    _fit(about, reached, everyone, design, problem)
    _means(about, entered, frame, design, reached, everyone, problem)


def _by_visit(frame: pd.DataFrame, o: dict[str, Any], place: str) -> pd.DataFrame:
    """Rows with their visit; a visit that is not listed or that a subject has twice is a cause."""
    if o["visit"] not in frame:
        raise Cause("is not a variable of these rows", file=place, field=o["visit"])
    frame = frame.assign(_VISIT=frame[o["visit"]].astype("str"))
    strange = frame.loc[~frame["_VISIT"].isin(o["visits"]), "_VISIT"]
    if len(strange):
        raise Cause("rows hold a visit that the model does not list", file=place, field="visits", value=strange.iloc[0])
    twice = frame.duplicated(["_ARM", "_PERSON", "_VISIT"])
    if twice.any():
        raise Cause(
            "a subject has two values at one visit",
            file=place,
            field="USUBJID",
            value=frame.loc[twice, "USUBJID"].iloc[0],
        )
    return frame


def _fit(about: Account, reached: Reached | None, everyone: int, design: Design, problem: str) -> None:
    """What was fitted: structure, likelihood, convergence, covariance matrix, slopes of the covariates."""
    facts, where = about.facts, about.whole
    failed = reached.failed if reached else {}
    doubt = {"warning": f"declared covariance structure not used: {reached.told}"} if reached and failed else {}
    none = {"error": problem} if reached is None else {}
    said: dict[str, tuple[float | None, str]] = dict.fromkeys(("structure", "errors"), (None, "none"))
    said |= {"earlier": (None, problem), "converged": (0.0, "no")}
    scalars: dict[str, float | None] = dict.fromkeys(SCALARS)
    if reached is not None:
        fit, kind = reached.fit, reached.fit.structure
        said = {
            "structure": (float(kind.size), kind.kind.label),
            "errors": (float(reached.errors != "model"), ERRORS[reached.errors]),
            "earlier": (float(len(failed)), reached.told or "none"),
            "converged": (1.0, "yes"),
        }
        scalars = {
            "neg2_reml": fit.neg2,
            "aic": fit.aic,
            "bic": fit.bic,
            "parameters": kind.size,
            "subjects": fit.data.subjects,
            "observations": fit.data.observations,
            "iterations": fit.iterations,
            "gradient": fit.gradient,
        }
        for i, first in enumerate(fit.data.labels):
            for j, second in enumerate(fit.data.labels[: i + 1]):
                level = {"variable_level": f"{second}, {first}"}
                facts.add("sigma", fit.sigma[i, j], about.digits(2), everyone, **where, **level)
    for name, (value, text) in said.items():
        facts.add(name, value, "text", everyone, **where, stat_text=text, **doubt, **none)
    for name, form in SCALARS.items():
        facts.add(name, scalars[name], form, everyone, **where, **none)
    for name, centre in design.centres.items():
        facts.add("centre", centre, about.digits(1), everyone, **where, variable_level=name)
    others = [column for columns in design.terms.values() for column in columns]
    found = reached.contrasts(np.eye(len(design.names))[others]) if reached and others else None
    add_estimates(about, [design.names[column] for column in others], found, everyone, none)


def _means(
    about: Account,
    entered: Entered,
    frame: pd.DataFrame,
    design: Design,
    reached: Reached | None,
    everyone: int,
    problem: str,
) -> None:
    """Least-squares means of each arm and visit and their differences, all contrasts at once."""
    visits = about.options["visits"]
    cells = [(arm, visit) for arm in about.arms for visit in visits]
    for arm, visit in cells:
        where = about.at(arm, visit)
        account(about, where, entered, arm)
        at_visit = frame["_VISIT"] == visit
        mine = frame.index[(frame["_ARM"] == arm) & at_visit]
        absent = entered.people[arm][~entered.holders(arm, at_visit)]
        about.facts.add("n", len(mine), "count", about.facts.set_of(about.dataset, mine), **where)
        about.facts.add("n_missing", len(absent), "count", about.facts.set_of("adsl", absent), **where)
    if reached is None:
        for arm, visit in cells:
            add_mean(about, about.at(arm, visit), everyone, note={"error": problem})
            if about.compared(arm):
                add_difference(about, about.at(arm, visit), everyone, note={"error": problem})
        return
    doubt = {"warning": f"covariance: {reached.fit.structure.kind.label}"} if reached.failed else {}
    live = [cell for cell in cells if cell in design.cells]
    means = np.array([design.mean(arm, visit) for arm, visit in live])
    found = reached.contrasts(means)
    for cell in cells:
        if cell in live:
            add_mean(about, about.at(*cell), everyone, found, live.index(cell), doubt)
        else:
            add_mean(about, about.at(*cell), everyone, note={"error": "no value at this visit"})
    _other_defaults(about, frame, design, reached, means, live, everyone)
    pairs = [(cell, (about.options["reference"], cell[1])) for cell in cells if about.compared(cell[0])]
    known = [pair for pair in pairs if set(pair) <= set(live)]
    if known:
        found = reached.contrasts(np.array([means[live.index(a)] - means[live.index(b)] for a, b in known]))
    for pair in pairs:
        if pair in known:
            add_difference(about, about.at(*pair[0]), everyone, found, known.index(pair), doubt)
        else:
            add_difference(about, about.at(*pair[0]), everyone, note={"error": "an arm has no value at this visit"})


def _other_defaults(
    about: Account,
    frame: pd.DataFrame,
    design: Design,
    reached: Reached,
    means: np.ndarray,
    live: list[tuple[str, str]],
    everyone: int,
) -> None:
    """The same means by the other degrees of freedom, and at the covariates' means over records."""
    if reached.errors == "model":
        other = next(name for name in _mmrm_inference.DF if name != reached.df)
        said = {"kenward-roger": "Kenward-Roger (SAS ddfm=kr)", "satterthwaite": "Satterthwaite (R mmrm default)"}
        found = reached.contrasts(means, other)
        for number, cell in enumerate(live):
            add_mean(about, about.at(*cell), everyone, found, number, {"context": said[other]}, ("lsmean", "df"))
    shift = {name: float(frame[name].mean()) - centre for name, centre in design.centres.items()}
    if any(abs(by) > 1e-12 for by in shift.values()):
        moved = reached.contrasts(np.array([design.shifted(arm, visit, shift) for arm, visit in live]))
        words = "covariates at their mean over records (SAS lsmeans, R emmeans default)"
        for number, cell in enumerate(live):
            add_mean(about, about.at(*cell), everyone, moved, number, {"context": words})
