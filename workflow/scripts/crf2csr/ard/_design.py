"""Design of a linear model in cell means: one column per arm (and visit), then the covariates.

A measured covariate is centred, so that a cell's coefficient is the least-squares mean at its centre. A covariate of
words has one column for each word but the first, and a least-squares mean gives its words equal weight (as SAS and
R's emmeans do).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crf2csr.errors import Cause

Array = np.ndarray


@dataclass(frozen=True)
class Entered:
    """The rows that a model takes, and who stayed out.

    Attributes
    ----------
    frame : DataFrame
        Rows of the data set (index: position), all known: ``_ARM``, ``_PERSON`` (position in the people of the arm),
        ``_VALUE`` and the covariates.
    people : dict of Index
        By arm: positions in ADSL of its population.
    left_out : dict of dict of Index
        By arm and reason: positions in ADSL.
    """

    frame: pd.DataFrame
    people: dict[str, pd.Index]
    left_out: dict[str, dict[str, pd.Index]]

    def holders(self, arm: str, rows: pd.Series | None = None) -> Array:
        """Which people of an arm have a row here, or one of these ``rows``; an array of bool."""
        mine = self.frame["_ARM"] == arm
        return _any(self.frame.loc[mine if rows is None else mine & rows, "_PERSON"], len(self.people[arm]))


def enter(
    parts: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
    value: str,
    covariates: list[str],
    baseline: str | None,
    without_value: str,
    place: str,
) -> Entered:
    """Take from (rows, people) of each arm the rows with a known value and known covariates.

    A covariate is a variable of the rows, else of ADSL. Reasons are given in order: no baseline (rows are there, none
    holds one), ``without_value``, then each covariate that is missing. A covariate that changes within a subject, or
    that nobody has, is a cause.
    """
    kept, everyone, left_out = [], {}, {}
    for arm, (rows, people) in parts.items():
        person = pd.Index(people["USUBJID"]).get_indexer(pd.Index(rows["USUBJID"]))
        frame = rows.assign(_ARM=arm, _PERSON=person, _VALUE=pd.to_numeric(rows[value]).astype("float64"))
        for name in covariates:
            if name not in frame:
                if name not in people:
                    raise Cause("is a variable of neither the rows nor ADSL", file=place, field=name)
                frame[name] = people[name].take(person).set_axis(frame.index)
        steps: list[tuple[str, list[str]]] = [(without_value, ["_VALUE"])]
        if baseline is not None:
            steps = [("no baseline value", [baseline]), (without_value, [baseline, "_VALUE"])]
        others = [name for name in covariates if name != baseline]
        steps += [(f"no value of {name}", [*steps[-1][1], *others[: i + 1]]) for i, name in enumerate(others)]
        reasons, waiting = {}, np.ones(len(people), dtype=bool)
        for reason, needed in steps:
            having = _any(frame.loc[frame[needed].notna().all(axis=1), "_PERSON"], len(people))
            # Without any row a subject's baseline is not known to be missing.
            asked = _any(frame["_PERSON"], len(people)) if reason == "no baseline value" else True
            reasons[reason] = people.index[waiting & ~having & asked]
            waiting &= having | ~np.asarray(asked)
        everyone[arm], left_out[arm] = people.index, reasons
        kept.append(frame[frame[["_VALUE", *covariates]].notna().all(axis=1)])
    frame = pd.concat(kept)
    for name in covariates:
        one = frame[["_ARM", "_PERSON", name]].drop_duplicates()
        changing = one.duplicated(["_ARM", "_PERSON"])
        if changing.any():
            who = frame.loc[changing.index[changing][0], "USUBJID"]
            raise Cause("a covariate changes within a subject", file=place, field=name, value=who)
    return Entered(frame, everyone, left_out)


def _any(persons: pd.Series, count: int) -> Array:
    return np.bincount(persons.to_numpy("int64"), minlength=count) > 0


@dataclass(frozen=True)
class Design:
    """A design matrix with its words.

    Attributes
    ----------
    matrix : array (rows, p)
        One column per name of ``names``; the first are the cells.
    cells : dict
        Column of each (arm, visit); the visit is "" where there are none.
    terms : dict of list of int
        Columns of each covariate.
    slopes : dict
        Column of each (measured covariate, visit), the visit "" where one slope serves all.
    weights : array (p,)
        What a least-squares mean adds to its cell: the equal weights of words.
    centres : dict
        Centre of each measured covariate: the mean over subjects, unless stated.
    """

    matrix: Array
    names: list[str]
    cells: dict[tuple[str, str], int]
    terms: dict[str, list[int]]
    slopes: dict[tuple[str, str], int]
    weights: Array
    centres: dict[str, float]

    def mean(self, arm: str, visit: str = "") -> Array:
        """Contrast of the least-squares mean of a cell."""
        made = self.weights.copy()
        made[self.cells[arm, visit]] = 1.0
        return made

    def shifted(self, arm: str, visit: str, by: dict[str, float]) -> Array:
        """The same at other values of the covariates: centres plus ``by``."""
        made = self.mean(arm, visit)
        for (name, at), column in self.slopes.items():
            if at in ("", visit):
                made[column] += by[name]
        return made


def build(
    frame: pd.DataFrame,
    arms: list[str],
    visits: list[str] | None,
    covariates: list[str],
    by_visit: list[str],
    at: dict[str, float],
) -> Design:
    """Lay out the rows of ``Entered.frame``; those of ``by_visit`` get one slope for each visit (column ``_VISIT``).

    Cells without a row have no column. ``at`` states centres other than the mean over subjects.
    """
    once = frame.drop_duplicates(["_ARM", "_PERSON"])
    steps = visits if visits is not None else [""]
    where = frame["_VISIT"].astype("str") if visits is not None else pd.Series("", index=frame.index)
    columns: list[Array] = []
    names: list[str] = []
    cells: dict[tuple[str, str], int] = {}
    terms: dict[str, list[int]] = {}
    slopes: dict[tuple[str, str], int] = {}
    centres: dict[str, float] = {}
    weights: dict[int, float] = {}

    def add(name: str, values: Array) -> int:
        columns.append(values.astype("float64"))
        names.append(name)
        return len(names) - 1

    for arm in arms:
        for visit in steps:
            inside = ((frame["_ARM"] == arm) & (where == visit)).to_numpy()
            if inside.any():
                cells[arm, visit] = add(", ".join(word for word in (arm, visit) if word), inside)
    for name in covariates:
        if pd.api.types.is_numeric_dtype(frame[name]):
            centres[name] = float(at.get(name, once[name].astype("float64").mean()))
            value = frame[name].to_numpy("float64") - centres[name]
            for visit in steps if name in by_visit else [""]:
                inside = (where == visit).to_numpy() if name in by_visit else np.ones(len(frame), dtype=bool)
                if inside.any():
                    slopes[name, visit] = add(f"{name}, {visit}" if visit else name, np.where(inside, value, 0.0))
                    terms.setdefault(name, []).append(slopes[name, visit])
            continue
        words = sorted(frame[name].astype("str").unique())
        for word in words[1:]:
            column = add(f"{name} {word}", (frame[name].astype("str") == word).to_numpy())
            weights[column] = 1 / len(words)
            terms.setdefault(name, []).append(column)
    weight = np.zeros(len(names))
    weight[list(weights)] = list(weights.values())
    matrix = np.column_stack(columns) if columns else np.zeros((len(frame), 0))
    return Design(matrix, names, cells, terms, slopes, weight, centres)
