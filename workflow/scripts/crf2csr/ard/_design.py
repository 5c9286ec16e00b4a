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
        Rows of the data set (index: position) with the columns ``_ARM``, ``_VALUE`` and the covariates, all known.
    people : dict of DataFrame
        By arm: the rows of ADSL in the population.
    left_out : dict of dict of Index
        By arm and reason: positions in ADSL.
    """

    frame: pd.DataFrame
    people: dict[str, pd.DataFrame]
    left_out: dict[str, dict[str, pd.Index]]

    def subjects(self, arm: str) -> pd.DataFrame:
        """Rows of ADSL of those who entered in this arm."""
        mine = self.frame.loc[self.frame["_ARM"] == arm, "USUBJID"]
        people = self.people[arm]
        return people[people["USUBJID"].isin(mine)]


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
    kept, left_out = [], {}
    for arm, (rows, people) in parts.items():
        frame = rows.assign(_ARM=arm, _VALUE=pd.to_numeric(rows[value]).astype("float64"))
        for name in covariates:
            if name not in frame:
                if name not in people:
                    raise Cause("is a variable of neither the rows nor ADSL", file=place, field=name)
                frame[name] = frame["USUBJID"].map(people.set_index("USUBJID")[name])
        reasons: dict[str, pd.Index] = {}
        rest = people
        if baseline is not None:
            lacking = rest["USUBJID"].isin(frame["USUBJID"]) & ~rest["USUBJID"].isin(_holders(frame, [baseline]))
            reasons["no baseline value"], rest = rest.index[lacking], rest[~lacking]
        known = [baseline] if baseline is not None else []
        lacking = ~rest["USUBJID"].isin(_holders(frame, ["_VALUE", *known]))
        reasons[without_value], rest = rest.index[lacking], rest[~lacking]
        for name in covariates:
            if name != baseline:
                known.append(name)
                lacking = ~rest["USUBJID"].isin(_holders(frame, ["_VALUE", *known]))
                reasons[f"no value of {name}"], rest = rest.index[lacking], rest[~lacking]
        left_out[arm] = reasons
        kept.append(frame[frame[["_VALUE", *covariates]].notna().all(axis=1)])
    frame = pd.concat(kept)
    for name in covariates:
        changing = frame.groupby("USUBJID")[name].nunique() > 1
        if changing.any():
            raise Cause(
                "a covariate changes within a subject", file=place, field=name, value=changing.index[changing][0]
            )
    return Entered(frame, {arm: people for arm, (_, people) in parts.items()}, left_out)


def _holders(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    """USUBJID of those who have a row in which all of these are known."""
    return frame.loc[frame[names].notna().all(axis=1), "USUBJID"]


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
    once = frame.drop_duplicates("USUBJID")
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
