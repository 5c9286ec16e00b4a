"""Time to event with competing events: cumulative incidence of each cause by Aalen-Johansen, with a risk table.

Ties stay ties: no time is moved. The standard error is that of the delta method, as in R's survfit; the variance of
Aalen and Gray, as in R's cmprsk, and the curve that takes competing events for censorings are other defaults.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _aj, _km
from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.ard._times import known_causes, known_options, left_out
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Cumulative incidence with competing events (Aalen-Johansen)",
    formulas={
        "": "F_k(t) = sum over times up to t of S(t-) d_k / n, S the probability of no event of any kind",
        "cif_se": "Delta method: sqrt of the sum over u <= t of (F(t) - F(u))^2 d / (n (n - d)) "
        "+ S(u-)^2 d_k (n - d_k) / n^3 - 2 (F(t) - F(u)) S(u-) d_k / n^2",
        "cif_low": "F^exp(z s), s = se(F) / (F -log F)  (log-log)",
        "cif_high": "F^exp(-z s), s = se(F) / (F -log F)  (log-log)",
        "event_free": "S(t) = product over times up to t of (1 - d / n), d events of every kind",
    },
    references=(
        "Aalen and Johansen, Scand J Stat 1978;5:141",
        "Dinse and Larson, Biometrika 1986;73:379",
        "Gray, Ann Stat 1988;16:1141",
    ),
    r={"": "survival::survfit(Surv(CMPAVAL, factor(CMPSTAT, 0:2)) ~ 1, conf.type = 'log-log')"},
)
OPTIONS = {"time", "status", "causes", "conf_type", "level", "landmarks", "grid"}


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add the estimates of each cause (``group2``), landmarks, the risk table and the steps, per arm.

    Options: ``causes`` (label -> number of the status), ``time`` and ``status`` (variables), ``conf_type``, ``level``,
    ``landmarks`` and ``grid`` (labels -> days).
    """
    o = known_options(analysis, OPTIONS)
    if "by" in analysis.spec:
        raise Cause("the causes are the groups of this method", file=analysis.place, field="by")
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": o.get("time", "CMPAVAL")}
        known, causes = known_causes(analysis, rows)
        listed = among(people["USUBJID"], rows["USUBJID"])
        timed = among(people["USUBJID"], known["USUBJID"])
        left_out(facts, about, people, {"no record of this time": ~listed, "no time": ~timed})
        _Arm(facts, about, known, causes, o).add()


class _Arm:
    """The facts of one arm."""

    def __init__(
        self, facts: Facts, about: dict[str, Any], known: pd.DataFrame, causes: dict[str, int], o: dict[str, Any]
    ) -> None:
        self.facts, self.about, self.known, self.causes, self.o = facts, about, known, causes, o
        self.kind, self.level = o.get("conf_type", "log-log"), o.get("level", 0.95)
        self.time, self.status = known["TIME"].to_numpy(), known["STATUS"].to_numpy()
        self.everyone = self.set_of(np.ones(len(known), dtype=bool))
        self.made = _aj.incidence(self.time, self.status, len(causes))

    def set_of(self, chosen: np.ndarray) -> int:
        return self.facts.set_of(self.about["dataset"], self.known.index[chosen])

    def count(self, name: str, chosen: np.ndarray, **where: Any) -> None:
        self.facts.add(name, int(chosen.sum()), "count", self.set_of(chosen), **self.about, **where)

    def add(self) -> None:
        whole = np.ones(len(self.known), dtype=bool)
        self.count("N", whole)
        self.count("censored", self.status == 0)
        for label, day in self.o.get("grid", {}).items():
            before = self.time < float(day)
            self.facts.add("grid", float(day), "d0", None, **self.about, variable_level=str(label))
            self.count("at_risk", ~before, variable_level=str(label))
            self.count("censored_before", before & (self.status == 0), variable_level=str(label))
        for label, number in self.causes.items():
            self._cause(label, number, whole)
        for label, day in self.o.get("landmarks", {}).items():
            position = int(np.searchsorted(self.made.time, float(day), side="right")) - 1
            surv = 1.0 if position < 0 else float(self.made.surv[position])
            beyond = not len(self.time) or (float(day) > self.made.time[-1] and surv > 0)
            none = {"warning": "nobody was followed so long"} if beyond else {}
            one = self.about | {"variable_level": str(label)} | none
            self.facts.add("event_free", None if beyond else surv, "percent", self.everyone, **one)

    def _cause(self, label: str, number: int, whole: np.ndarray) -> None:
        cause = {"group2": "cause", "group2_level": label}
        mine = self.status == number
        self.count("N", whole, **cause)
        self.count("events", mine, **cause)
        self.count("other_events", (self.status != 0) & ~mine, **cause)
        self.count("censored", self.status == 0, **cause)
        for name, day in self.o.get("grid", {}).items():
            self.count("events_before", mine & (self.time < float(day)), **cause, variable_level=str(name))
        for name, day in self.o.get("landmarks", {}).items():
            self._landmark(self.about | cause | {"variable_level": str(name)}, number, float(day))
        self._steps(self.about | cause, number)

    def _landmark(self, one: dict[str, Any], number: int, day: float) -> None:
        if not len(self.time):
            for name in ("cif", "cif_se", "cif_low", "cif_high"):
                self.facts.add(name, None, "percent", self.everyone, **one, error="no subject with a time")
            return
        f, se, gray, lower, upper = _aj.at(self.made, number - 1, day, self.kind, self.level)
        none = {"warning": "nobody was followed so long"} if np.isnan(f) else {}
        self.facts.add("cif", f, "percent", self.everyone, **one, **none)
        self.facts.add("cif_se", se, "percent_bound", self.everyone, **one, **none)
        self._bounds(one | none, lower, upper)
        named = {
            "log": "R default: log interval",
            "log-log": "SAS default: log-log interval",
            "plain": "plain interval",
        }
        for kind, said in named.items():
            if kind != self.kind:
                self._bounds(one | {"context": said}, *_aj.at(self.made, number - 1, day, kind, self.level)[3:])
        theirs = one | {"context": "R cmprsk: variance of Aalen and Gray"}
        self.facts.add("cif_se", gray, "percent_bound", self.everyone, **theirs)
        bounds = _aj.interval(np.array([f]), np.array([gray]), self.kind, self.level)
        self._bounds(theirs, float(bounds[0][0]), float(bounds[1][0]))
        alone = _km.at(_km.curve(self.time, self.status == number), day, self.kind, self.level)
        said = "1 - Kaplan-Meier, competing events taken for censorings"
        self.facts.add("cif", 1 - alone[0], "percent", self.everyone, **one, context=said)

    def _bounds(self, one: dict[str, Any], lower: float, upper: float) -> None:
        self.facts.add("cif_low", lower, "percent_bound", self.everyone, **one)
        self.facts.add("cif_high", upper, "percent_bound", self.everyone, **one)

    def _steps(self, about: dict[str, Any], number: int) -> None:
        """One group of facts per distinct time: what the figure draws."""
        cif, se = self.made.cif[number - 1], self.made.se[number - 1]
        lower, upper = _aj.interval(cif, se, self.kind, self.level)
        for i, day in enumerate(self.made.time):
            one = about | {"group3": "step", "group3_level": f"{day:g}"}
            at_risk, now = self.set_of(self.time >= day), self.time == day
            self.facts.add("step_time", day, "d0", at_risk, **one)
            self.facts.add("step_cif", cif[i], "percent", at_risk, **one)
            self.facts.add("step_cif_low", lower[i], "percent_bound", at_risk, **one)
            self.facts.add("step_cif_high", upper[i], "percent_bound", at_risk, **one)
            self.facts.add("step_at_risk", self.made.at_risk[i], "count", at_risk, **one)
            for name, chosen in (
                ("step_events", now & (self.status == number)),
                ("step_censored", now & (self.status == 0)),
            ):
                self.facts.add(name, int(chosen.sum()), "count", self.set_of(chosen), **one)
