"""Odds ratios of response by Firth's penalised logistic regression: univariable models and models of few covariates.

Each covariate is a variable of ADSL: a category against a reference, or a number per so many units. A subject with a
missing covariate is left out and counted under that reason. Separation of responders and non-responders leaves
finite estimates; a model that cannot be fitted says why in the place of its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

from crf2csr.ard import _firth
from crf2csr.ard._card import Card
from crf2csr.ard._covariates import Covariate, check, covariate, fault, said
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._subjects import known_options, of_adsl, own_options, responses, too_few
from crf2csr.errors import Cause

CARD = Card(
    name="Logistic regression with Firth's penalised likelihood",
    formulas={
        "": "Maximum of l(b) + log|I(b)| / 2, l the log likelihood and I the information of all coefficients",
        "or": "exp(b), or exp(units b) for a number",
        "or_low": "Least odds ratio with 2 (l*(max) - l*(profile)) <= chi-square quantile (level, 1 df)",
        "or_high": "Greatest odds ratio with 2 (l*(max) - l*(profile)) <= chi-square quantile (level, 1 df)",
        "se": "Square root of the diagonal of the inverse information at the maximum",
        "chisq": "2 (l*(max) - l*(b = 0)), the other coefficients refitted, the penalty of the whole model",
        "p_value": "P(chi-square with 1 df > chisq)",
        "joint": "The same test with all coefficients of the covariate at 0",
        "overall": "The same test with all coefficients but the intercept at 0",
        "epv": "Smaller of responders and non-responders / number of coefficients besides the intercept",
        "looks": "Number of models analysed",
        "too_few": "Number of subjects at the level that a model needs, where it is below min_subjects",
    },
    references=(
        "Firth, Biometrika 1993;80:27",
        "Heinze and Schemper, Stat Med 2002;21:2409",
        "Peduzzi et al., J Clin Epidemiol 1996;49:1373 (events per variable)",
    ),
    r={
        "": "logistf::logistf(AVAL ~ x, pl = TRUE)",
        "se": "sqrt(diag(vcov(glm(AVAL ~ x, binomial, method = brglm2::brglmFit, type = 'AS_mean'))))",
    },
)

OPTIONS = {"level", "missing", "models", "min_subjects", "min_events_per_variable"}
MOST_COVARIATES = 3
FORMATS = {
    "coef": "d4",
    "se": "d4",
    "or": "d2",
    "or_low": "d2",
    "or_high": "d2",
    "chisq": "d3",
    "p_value": "p",
}
LIKELIHOOD, WALD = "maximum likelihood, Wald interval and test", "penalised fit, Wald interval and test"


@dataclass
class Model:
    """One model in one arm.

    Attributes
    ----------
    about : dict
        Columns of all its facts.
    parts : list of Covariate
    everyone : int
        Set of the subjects who entered.
    problem : str or None
        Why it cannot be fitted.
    penalised, ordinary : Fit or None
        Fits; the ordinary one is missing where the responses are separated.
    """

    about: dict[str, Any]
    parts: list[Covariate]
    everyone: int
    problem: str | None
    penalised: _firth.Fit | None = None
    ordinary: _firth.Fit | None = None


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Fit each of ``models: [{id, covariates: [{variable, reference} | {variable, continuous: true, per: 10}]}]``.

    A covariate takes ``levels`` (their order) and ``needs`` (a level that ``min_subjects`` subjects must have).
    ``missing``: a subject without a response is a nonresponder, or is left out (``exclude``). A model with fewer
    events per variable than ``min_events_per_variable`` (default 10) bears a warning.
    """
    o = known_options(analysis, OPTIONS)
    ids = [model["id"] for model in o["models"]]
    if len(ids) != len(set(ids)):
        raise Cause("two models bear one id", file=analysis.place, value=next(i for i in ids if ids.count(i) > 1))
    for model in o["models"]:
        if not 1 <= len(model["covariates"]) <= MOST_COVARIATES:
            raise Cause(
                f"a model has 1 to {MOST_COVARIATES} covariates",
                file=analysis.place,
                field=model["id"],
                value=len(model["covariates"]),
            )
        for planned in model["covariates"]:
            check(analysis, planned)
    common = analysis.common() | {"options": own_options(analysis, "models")}
    for where, rows, people in analysis.groups():
        found, looks = responses(analysis, rows, people), 0
        for model in o["models"]:
            about = common | where | {"group2": "model", "group2_level": model["id"]}
            about["options"] = own_options(analysis, "models", covariates=[said(one) for one in model["covariates"]])
            looks += _model(analysis, facts, about, model["covariates"], found)
        everyone = facts.set_of("adsl", people.index)
        facts.add("looks", looks, "d0", everyone, **common, **where, variable=analysis.variables[0])


def _model(
    analysis: Analysis, facts: Facts, about: dict[str, Any], planned: list[dict[str, Any]], found: pd.DataFrame
) -> bool:
    """Add the facts of one model; tell whether it was analysed."""
    rare = {one["variable"]: there for one in planned if (there := too_few(analysis, one)) is not None}
    for variable, there in rare.items():
        mine = found.index[there.loc[found.index]]
        facts.add("too_few", len(mine), "count", facts.set_of("adsl", mine), **about, variable=variable)
    if rare:
        return False
    reasons, entered = _account(analysis, planned, found)
    y = entered["Y"].to_numpy()
    parts = [covariate(analysis, one, entered.index) for one in planned]
    model = Model(about, parts, facts.set_of("adsl", entered.index), fault(parts, len(y)))
    if model.problem is None:
        _fit(model, y)
    place = 1
    for part in parts:
        mine = about | {"variable": part.variable}
        facts.add("entered", len(entered), "count", model.everyone, **mine)
        for reason, gone in reasons.items():
            facts.add("left_out", len(gone), "count", facts.set_of("adsl", gone), **mine, variable_level=reason)
        _counts(facts, mine, part, entered)
        place = _terms(facts, model, part, place, analysis.options.get("level", 0.95))
    _whole(facts, model, y, analysis)
    return True


def _fit(model: Model, y: np.ndarray) -> None:
    columns = [term.values for part in model.parts for term in part.terms if term.values is not None]
    design = np.column_stack([np.ones(len(y)), *columns])
    if _firth.dependent(design):
        model.problem = "the covariates determine one another, or there are fewer subjects than coefficients"
        return
    fit = _firth.maximise(design, y)
    if not fit.converged:
        model.problem = "the fit did not converge"
        return
    model.penalised = fit
    if not _firth.separated(design, y):
        model.ordinary = _firth.maximise(design, y, penalised=False)


def _account(
    analysis: Analysis, planned: list[dict[str, Any]], found: pd.DataFrame
) -> tuple[dict[str, pd.Index], pd.DataFrame]:
    """Subjects left out by reason, and the responses of those who entered."""
    why = pd.Series("", index=found.index)
    for one in planned:
        absent = of_adsl(analysis, one["variable"]).loc[found.index].isna()
        why = why.where(~absent, why + ", " + one["variable"])
    why = why.str.removeprefix(", ").where(why == "", "missing " + why.str.removeprefix(", "))
    absent = found["Y"].isna()
    if analysis.options.get("missing", "nonresponder") == "exclude":
        why = why.where(~absent, "no response value")
    reasons = {str(reason): gone.index for reason, gone in why[why != ""].groupby(why)}
    entered = found[why == ""]
    return reasons, entered.assign(Y=entered["Y"].fillna(0.0))


def _counts(facts: Facts, about: dict[str, Any], part: Covariate, entered: pd.DataFrame) -> None:
    """Responders and subjects at each level, the reference among them; all of them for a number."""
    for level in part.levels or [""]:
        mine = entered[(part.level == level).to_numpy()] if level else entered
        where = about | {"variable_level": level} if level else about
        yes = mine["ROW"][mine["Y"] == 1]
        facts.add("responders", len(yes), "count", facts.set_of(about["dataset"], yes), **where)
        facts.add("subjects", len(mine), "count", facts.set_of("adsl", mine.index), **where)


def _terms(facts: Facts, model: Model, part: Covariate, place: int, level: float) -> int:
    """Estimates of one covariate, its first coefficient at ``place``; return the place behind its last."""
    first = place
    for term in part.terms:
        about = model.about | {"variable": part.variable, "variable_level": term.level, "unit": part.unit}
        problem = model.problem or ("no subject at this level" if term.values is None else None)
        if problem or model.penalised is None:
            for name, form in FORMATS.items():
                facts.add(name, None, form, model.everyone, **about, error=problem)
            continue
        _estimates(facts, model, about, place, part.per, level)
        place += 1
    joint = (np.nan, 0, np.nan)
    if model.penalised is not None and place > first:
        joint = _firth.ratio_test(model.penalised, range(first, place))
    _test(facts, "joint", joint, model, {"variable": part.variable})
    return place


def _test(facts: Facts, name: str, found: tuple[float, int, float], model: Model, where: dict[str, Any]) -> None:
    chisq, df, p = found
    none = {"error": model.problem or "the fit did not converge"} if np.isnan(chisq) else {}
    about = model.about | where | none
    facts.add(f"{name}_chisq", chisq, "d3", model.everyone, **about)
    facts.add(f"{name}_df", None if none else df, "d0", model.everyone, **about)
    facts.add(f"{name}_p", p, "p", model.everyone, **about)


def _estimates(facts: Facts, model: Model, about: dict[str, Any], j: int, per: float, level: float) -> None:
    """Facts of one coefficient, those of the declared result first and then what other defaults give."""
    fit = model.penalised
    assert fit is not None
    low, high = _firth.interval(fit, j, level)
    chisq, _, p = _firth.ratio_test(fit, [j])
    made = {
        "coef": per * fit.beta[j],
        "se": per * fit.se[j],
        "or": np.exp(per * fit.beta[j]),
        "or_low": np.exp(per * low),
        "or_high": np.exp(per * high),
        "chisq": chisq,
        "p_value": p,
    }
    doubt = {"warning": "maximum likelihood has no finite estimate (separation)"} if model.ordinary is None else {}
    for name, value in made.items():
        lost = {"error": "not found"} if np.isnan(value) else {}
        facts.add(name, value, FORMATS[name], model.everyone, **about, **doubt, **lost)
    _wald(facts, model, about | {"context": WALD}, fit, (j, per, level))
    ordinary = about | {"context": LIKELIHOOD}
    if model.ordinary is None or not model.ordinary.converged:
        reason = "no finite estimate (separation)" if model.ordinary is None else "the fit did not converge"
        facts.add("or", None, "d2", model.everyone, **ordinary, error=reason)
        return
    facts.add("or", float(np.exp(per * model.ordinary.beta[j])), "d2", model.everyone, **ordinary)
    _wald(facts, model, ordinary, model.ordinary, (j, per, level))


def _wald(facts: Facts, model: Model, about: dict[str, Any], fit: _firth.Fit, one: tuple[int, float, float]) -> None:
    j, per, level = one
    half = -ndtri((1 - level) / 2) * fit.se[j]
    for name, end in (("or_low", fit.beta[j] - half), ("or_high", fit.beta[j] + half)):
        facts.add(name, float(np.exp(per * end)), "d2", model.everyone, **about)
    facts.add("p_value", float(chdtrc(1, (fit.beta[j] / fit.se[j]) ** 2)), "p", model.everyone, **about)


def _whole(facts: Facts, model: Model, y: np.ndarray, analysis: Analysis) -> None:
    """Facts of the model as a whole, under the name of the response."""
    where = {"variable": analysis.variables[0]}
    about = model.about | where
    count = sum(term.values is not None for part in model.parts for term in part.terms)
    least = analysis.options.get("min_events_per_variable", 10)
    rarer = min(int((y == 1).sum()), int((y == 0).sum()))
    share = rarer / count if count else None
    few = {"warning": f"fewer than {least} events per variable"} if share is not None and share < least else {}
    facts.add("entered", len(y), "count", model.everyone, **about)
    facts.add("rarer", rarer, "d0", model.everyone, **about)
    facts.add("coefficients", count, "d0", model.everyone, **about)
    facts.add("epv", share, "d1", model.everyone, **about, **few)
    fit = model.penalised
    none = {} if fit is not None else {"error": model.problem}
    facts.add("intercept", None if fit is None else fit.beta[0], "d4", model.everyone, **about, **none)
    facts.add("loglik", None if fit is None else fit.loglik, "d4", model.everyone, **about, **none)
    overall = (np.nan, count, np.nan) if fit is None else _firth.ratio_test(fit, range(1, count + 1))
    _test(facts, "overall", overall, model, where)
