"""Facts about least-squares means: one form for the models that have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crf2csr.ard._contrasts import Estimates
from crf2csr.ard._design import Entered
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause

Parts = dict[str, tuple[pd.DataFrame, pd.DataFrame]]
# What a fact says of itself beside its value: ``warning``, ``error`` or ``context``.
Note = Mapping[str, str]
NONE: Note = {}


def known_options(analysis: Analysis, defaults: dict[str, Any]) -> dict[str, Any]:
    """Options over their defaults; an unknown one is a cause, and several arms need a reference."""
    unknown = set(analysis.options) - set(defaults)
    if unknown:
        raise Cause(
            f"is not an option of this method; known: {', '.join(defaults)}",
            file=analysis.place,
            field="options",
            value=sorted(unknown)[0],
        )
    if "total" in analysis.spec:
        raise Cause("a model compares arms; it has no total", file=analysis.place, field="total")
    options = {**defaults, **analysis.options}
    if len(analysis.arms) > 1 and options["reference"] not in analysis.arms:
        raise Cause(
            "a comparison of arms names its reference arm; " + ", ".join(analysis.arms),
            file=analysis.place,
            field="reference",
            value=options["reference"],
        )
    if not 0 < options["level"] < 1:
        raise Cause(
            "a confidence level lies between 0 and 1", file=analysis.place, field="level", value=options["level"]
        )
    return options


def by_level(analysis: Analysis, most: int) -> list[tuple[int, dict[str, Any], Parts]]:
    """Regroup an analysis: for each level of ``by`` its group columns and the rows and people of every arm.

    The first number is that of the next free group column.
    """
    by = analysis.spec.get("by", [])
    if len(by) > most:
        raise Cause(f"at most {most} variables can group this method", file=analysis.place, field="by", value=len(by))
    found: dict[tuple[Any, ...], tuple[dict[str, Any], Parts]] = {}
    for where, rows, people in analysis.groups():
        level = {name: text for name, text in where.items() if name != "group1_level"}
        found.setdefault(tuple(level.values()), (level, {}))[1][where["group1_level"]] = (rows, people)
    return [(2 + len(by), level, parts) for level, parts in found.values()]


@dataclass(frozen=True)
class Account:
    """Where the facts of one model go.

    Attributes
    ----------
    number : int
        The group column that holds the visit.
    level : dict
        Group columns of the level of ``by``.
    """

    analysis: Analysis
    facts: Facts
    options: dict[str, Any]
    number: int
    level: dict[str, Any]
    arms: list[str]

    @property
    def place(self) -> str:
        """How a cause names the analysis."""
        return self.analysis.place

    @property
    def dataset(self) -> str:
        """The data set of the rows."""
        return str(self.analysis.spec["dataset"])

    @property
    def variable(self) -> str:
        """The response."""
        return str(self.analysis.spec.get("variable", "CHG"))

    @property
    def whole(self) -> dict[str, Any]:
        """Columns of a fact about the whole model: those of the one arm, or of no arm where there are several."""
        one = {"group1_level": self.arms[0]} if len(self.arms) == 1 else {}
        return self.analysis.common() | self.level | one | {"variable": self.variable}

    def at(self, arm: str, visit: str | None = None) -> dict[str, Any]:
        """Columns of a fact about an arm, or about an arm at a visit."""
        where = self.whole | {"group1_level": arm}
        if visit is None:
            return where
        return where | {f"group{self.number}": self.options["visit"], f"group{self.number}_level": visit}

    def compared(self, arm: str) -> bool:
        """Whether this arm is compared with the reference."""
        return len(self.arms) > 1 and arm != self.options["reference"]

    def digits(self, extra: int) -> str:
        """Format with so many decimals more than collected."""
        return f"d{min(4, int(self.options['decimals']) + extra)}"


def account(about: Account, where: dict[str, Any], entered: Entered, arm: str) -> None:
    """Add N, who entered, and who did not by reason."""
    facts, people = about.facts, entered.people[arm]
    inside = people[entered.holders(arm)]
    facts.add("N", len(people), "count", facts.set_of("adsl", people), **where)
    facts.add("entered", len(inside), "count", facts.set_of("adsl", inside), **where)
    for reason, who in entered.left_out[arm].items():
        facts.add("left_out", len(who), "count", facts.set_of("adsl", who), **where, variable_level=reason)


def add_mean(
    about: Account,
    where: dict[str, Any],
    members: int,
    found: Estimates | None = None,
    number: int = 0,
    note: Note = NONE,
    skip: tuple[str, ...] = (),
) -> None:
    """Add the least-squares mean that is contrast ``number``, its error, interval and test; empty with an error."""
    names = ("lsmean", "se", "df", "lsmean_low", "lsmean_high", "t", "p_value")
    _add(about, names, where, members, found, number, skip, note)


def add_difference(
    about: Account,
    where: dict[str, Any],
    members: int,
    found: Estimates | None = None,
    number: int = 0,
    note: Note = NONE,
) -> None:
    """Add the difference from the reference arm that is contrast ``number``."""
    names = tuple(f"diff{end}" for end in ("", "_se", "_df", "_low", "_high", "_t", "_p"))
    where = where | {"variable_level": about.options["reference"]}
    _add(about, names, where, members, found, number, (), note)


def add_estimates(about: Account, names: list[str], found: Estimates | None, members: int, note: Note = NONE) -> None:
    """Add the coefficients of the covariates, one set of facts per name; empty with an error."""
    stats = tuple(f"estimate{end}" for end in ("", "_se", "_df", "_low", "_high", "_t", "_p"))
    for number, name in enumerate(names):
        _add(about, stats, about.whole | {"variable_level": name}, members, found, number, (), note)


def _add(
    about: Account,
    names: tuple[str, ...],
    where: dict[str, Any],
    members: int,
    found: Estimates | None,
    number: int,
    skip: tuple[str, ...],
    note: Note,
) -> None:
    value, error = about.digits(1), about.digits(2)
    forms = (value, error, "d1", value, value, "d2", "p")
    if found is None:
        stats: tuple[float | None, ...] = (None,) * len(names)
    else:
        low, high = found.interval(about.options["level"])
        every = (found.value, found.se, found.df, low, high, found.t, found.p)
        stats = tuple(float(column[number]) for column in every)
    for name, stat, form in zip(names, stats, forms, strict=True):
        if name not in skip:
            about.facts.add(name, stat, form, members, **where, **note)
