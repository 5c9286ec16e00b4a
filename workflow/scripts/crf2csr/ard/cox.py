"""Cox regression of a time to event on covariates of the subject, with its tests and the check of its assumption."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from crf2csr.ard import _cox, _cox_tests
from crf2csr.ard._card import Card
from crf2csr.ard._columns import Column, columns_of
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_options, known_times, left_out
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Cox proportional hazards regression",
    formulas={
        "": "Maximises the partial likelihood; ties by Efron: of d events at one time the l-th has the risk set less "
        "l / d of those with the event, l = 0..d-1",
        "hr": "exp(b)",
        "hr_low": "exp(b - z se), z the normal quantile  (Wald)",
        "hr_high": "exp(b + z se), z the normal quantile  (Wald)",
        "se": "Square root of the diagonal of the inverse of the observed information",
        "profile": "exp(b) where twice the profile log-likelihood is a chi-square quantile (1 df) below its maximum",
        "p_value": "2 P(Z > |b / se|)  (Wald)",
        "p_lr": "Twice the fall of the log-likelihood with this coefficient at 0, chi-square with 1 df",
        "lr": "2 (l(b) - l(0))",
        "score": "U(0)' I(0)^-1 U(0)",
        "wald": "b' I(b) b",
        "zph": "Score test of the model with covariates x and x g(t) at (b, 0), g(t) = 1 - S(t-) by Kaplan-Meier",
    },
    references=(
        "Cox, J R Stat Soc B 1972;34:187",
        "Efron, JASA 1977;72:557",
        "Venzon and Moolgavkar, Appl Stat 1988;37:87",
        "Grambsch and Therneau, Biometrika 1994;81:515",
    ),
    r={
        "": "survival::coxph(Surv(AVAL, CNSR == 0) ~ x, ties = 'efron')",
        "zph": "survival::cox.zph(fit, transform = 'km')  (survival 3.0 or later)",
    },
)
OPTIONS = {"covariates", "ties", "level", "ph_transform"}
OTHER_TIES = {"efron": ("breslow", "SAS default: Breslow ties"), "breslow": ("efron", "R default: Efron ties")}
COEFFICIENT = {
    "coef": "d3",
    "se": "d3",
    "hr": "d2",
    "hr_low": "d2",
    "hr_high": "d2",
    "p_value": "p",
    "profile_low": "d2",
    "profile_high": "d2",
    "p_lr": "p",
}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the model's account, coefficients, tests and check, per arm, or over all arms if the arm is a covariate.

    Options: ``covariates`` (each ``variable`` of ADSL, with ``per`` for a number, or ``reference`` and ``levels``),
    ``ties`` (efron, breslow), ``level`` and ``ph_transform`` (km, rank, identity, log).
    """
    o = known_options(analysis, OPTIONS)
    if not o.get("covariates"):
        raise Cause("a regression needs covariates", file=analysis.place, field="covariates")
    for name, allowed in (("ties", _cox.TIES), ("ph_transform", _cox_tests.TRANSFORMS)):
        if o.get(name, allowed[0]) not in allowed:
            raise Cause(f"is none of {', '.join(allowed)}", file=analysis.place, field=name, value=o[name])
    if any(covariate["variable"] == analysis.arm_variable for covariate in o["covariates"]):
        for name in ("by", "total"):
            if name in analysis.spec:
                raise Cause("a model of all arms has no such groups", file=analysis.place, field=name)
        parts = analysis.groups()
        where = {"group1_level": "All arms"}
        rows, people = (pd.concat([part[n] for part in parts]) for n in (1, 2))
        _Model(analysis, facts, where, rows, people).add()
        return
    for where, rows, people in analysis.groups():
        _Model(analysis, facts, where, rows, people).add()


class _Model:
    """The facts of one model."""

    def __init__(
        self, analysis: Analysis, facts: Facts, where: dict[str, Any], rows: pd.DataFrame, people: pd.DataFrame
    ) -> None:
        self.facts, self.o = facts, analysis.options
        self.level, self.ties = self.o.get("level", 0.95), self.o.get("ties", "efron")
        self.about = analysis.common() | where | {"variable": "AVAL"}
        known = known_times(rows, analysis.place)
        listed, timed = (among(people["USUBJID"], some["USUBJID"]) for some in (rows, known))
        reasons = {"no record of this time": ~listed, "no time": ~timed}
        for covariate in self.o["covariates"]:
            if covariate["variable"] not in people:
                raise Cause("is not a variable of ADSL", file=analysis.place, field=covariate["variable"])
            label = covariate.get("label", covariate["variable"])
            reasons[f"{label} not known"] = people[covariate["variable"]].isna()
        left_out(facts, self.about, people, reasons)
        whole = people[~pd.concat(reasons, axis=1).any(axis=1)]
        self.known = known[among(known["USUBJID"], whole["USUBJID"])]
        self.people = whole.set_index("USUBJID").loc[self.known["USUBJID"]]
        self.time, self.event = self.known["AVAL"].to_numpy("float64"), (self.known["CNSR"] == 0).to_numpy(bool)
        self.columns = columns_of(self.people, self.o["covariates"], analysis.arms, analysis.place)
        self.everyone = self.set_of(np.ones(len(self.known), dtype=bool))

    def set_of(self, chosen: np.ndarray) -> int:
        return self.facts.set_of(self.about["dataset"], self.known.index[chosen])

    def count(self, name: str, chosen: np.ndarray, **where: Any) -> None:
        self.facts.add(name, int(chosen.sum()), "count", self.set_of(chosen), **(self.about | where))

    def place(self, column: Column) -> dict[str, Any]:
        """Where the facts of a coefficient stand."""
        return self.about | {"variable": column.variable, "variable_level": column.level}

    def add(self) -> None:
        self.count("entered", np.ones(len(self.known), dtype=bool))
        self.count("events", self.event)
        for column in self.columns:
            if column.level is not None:
                self.count("n", column.there, variable=column.variable, variable_level=column.level)
                self.count("events", column.there & self.event, variable=column.variable, variable_level=column.level)
        used = [column for column in self.columns if column.doubt is None and not column.reference]
        for column in self.columns:
            if column.doubt is not None and not column.reference:
                self._none(column, column.doubt)
        if not used or not self.event.any():
            self._nothing(used, "no event" if used else "no covariate that varies")
            return
        x = np.stack([column.value for column in used], axis=1)
        m = _cox.model(self.time, self.event, x, self.ties)
        if _cox.deficient(_cox.likelihood(m, np.zeros(len(used))), np.ones(len(used), dtype=bool)):
            self._nothing(used, "the covariates cannot be told apart within the risk sets")
            return
        made = _cox.fit(m)
        if not made.converged:
            self._nothing(used, "the fit did not converge")
            return
        for number, column in enumerate(used):
            self._coefficient(column, m, made, number)
        self._other_ties(used, x)
        self._tests(m, made, used)

    def _none(self, column: Column, why: str) -> None:
        for name, form in COEFFICIENT.items():
            self.facts.add(name, None, form, self.everyone, **self.place(column), error=why)

    def _nothing(self, used: list[Column], why: str) -> None:
        for column in used:
            self._none(column, why)
        for name, form in (("loglik", "d3"), *((f"{test}_p", "p") for test in ("lr", "score", "wald", "zph"))):
            self.facts.add(name, None, form, self.everyone, **self.about, error=why)
        for variable in dict.fromkeys(column.variable for column in used):
            self.facts.add("zph_p", None, "p", self.everyone, **(self.about | {"variable": variable}), error=why)

    def _coefficient(self, column: Column, m: _cox.Model, made: _cox.Fit, number: int) -> None:
        where = self.place(column)
        beta, se, endless = made.beta[number], made.se[number], int(made.infinite[number])
        said: dict[str, Any] = {}
        if endless:
            said = {"error": f"infinite estimate ({'+' if endless > 0 else '-'}): the likelihood is monotone"}
        elif np.isnan(beta):
            said = {"error": "not determined beside an infinite estimate"}
        elif made.infinite.any():
            said = {"warning": "estimate of the model in the limit of an infinite coefficient"}
        for name, value in self._wald(beta, se).items():
            self.facts.add(name, value, COEFFICIENT[name], self.everyone, **where, **said)
        if np.isnan(beta) and not endless:
            for name in ("profile_low", "profile_high", "p_lr"):
                self.facts.add(name, None, COEFFICIENT[name], self.everyone, **where, **said)
            return
        for name, bound in zip(
            ("profile_low", "profile_high"), _cox_tests.profile(m, made, number, self.level), strict=True
        ):
            open_ = {"warning": "the profile likelihood has no limit on this side"} if np.isinf(bound) else {}
            fails = {"error": "the limit is beyond what can be computed"} if np.isnan(bound) else {}
            value = None if np.isinf(bound) else float(np.exp(bound))
            self.facts.add(name, value, COEFFICIENT[name], self.everyone, **where, **open_, **fails)
        chi = _cox_tests.without(m, made, number)
        self.facts.add("p_lr", float(chdtrc(1, chi)), "p", self.everyone, **where)

    def _other_ties(self, used: list[Column], x: np.ndarray) -> None:
        """What the other rule for ties gives."""
        rule, said = OTHER_TIES[self.ties]
        made = _cox.fit(_cox.model(self.time, self.event, x, rule))
        for number, column in enumerate(used):
            one = self.place(column) | {"context": said}
            for name, value in self._wald(made.beta[number], made.se[number]).items():
                self.facts.add(name, value, COEFFICIENT[name], self.everyone, **one)

    def _wald(self, beta: float, se: float) -> dict[str, float | None]:
        """A coefficient, its ratio and what follows from its standard error; None where it is not a number."""
        z = -float(ndtri((1 - self.level) / 2))
        p = 2 * float(ndtr(-abs(beta / se))) if se > 0 else float("nan")
        with np.errstate(over="ignore"):
            values = (beta, se, np.exp(beta), np.exp(beta - z * se), np.exp(beta + z * se), p)
        return {n: float(v) if np.isfinite(v) else None for n, v in zip(COEFFICIENT, values, strict=False)}

    def _tests(self, m: _cox.Model, made: _cox.Fit, used: list[Column]) -> None:
        self.facts.add("loglik", made.point.loglik, "d3", self.everyone, **self.about)
        null = _cox.likelihood(m, np.zeros(len(used))).loglik
        self.facts.add("loglik_null", null, "d3", self.everyone, **self.about)
        for name, found in _cox_tests.global_tests(m, made).items():
            none = {"error": "not defined with an infinite estimate"} if np.isnan(found[0]) else {}
            self._test(name, found, self.about | none)
        terms: dict[str, list[int]] = {}
        for number, column in enumerate(used):
            terms.setdefault(column.variable, []).append(number)
        declared = self.o.get("ph_transform", "km")
        if made.infinite.any():
            for name in (*terms, ""):
                where = self.about | ({"variable": name} if name else {})
                none = {"error": "not defined with an infinite estimate"}
                self._test("zph", (float("nan"), len(terms.get(name, used)), float("nan")), where | none)
            return
        for transform in (declared, *(t for t in ("rank", "identity") if t != declared)):
            said = {} if transform == declared else {"context": f"g(t): {transform} of time"}
            for name, found in _cox_tests.proportional(m, made, terms, transform).items():
                self._test("zph", found, self.about | ({"variable": name} if name else {}) | said)

    def _test(self, name: str, found: tuple[float, int, float], where: dict[str, Any]) -> None:
        statistic, df, p = found
        self.facts.add(f"{name}_chisq", statistic, "d3", self.everyone, **where)
        self.facts.add(f"{name}_df", df, "d0", self.everyone, **where)
        self.facts.add(f"{name}_p", p, "p", self.everyone, **where)
