"""Covariates of a regression on subjects: the columns that a category or a number makes in the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard._facts import Analysis
from crf2csr.ard._subjects import as_text, known_keys, levels_of, of_adsl
from crf2csr.errors import Cause


@dataclass(frozen=True)
class Term:
    """One coefficient.

    Attributes
    ----------
    level : str or None
        The level that is compared with the reference; None for a number.
    values : (n,) array or None
        The column of the design; None where no subject has the level.
    """

    level: str | None
    values: np.ndarray | None


@dataclass(frozen=True)
class Covariate:
    """One covariate of the subjects who entered.

    Attributes
    ----------
    variable : str
    terms : list of Term
    levels : list of str
        Of a category, the reference among them; empty for a number.
    level : Series
        Each subject's level; the number for a number.
    reference : str or None
    per : float
        Units of a number for which the odds ratio is given.
    """

    variable: str
    terms: list[Term]
    levels: list[str]
    level: pd.Series
    reference: str | None = None
    per: float = 1.0

    @property
    def unit(self) -> str | None:
        """What the odds ratio of a number refers to."""
        return None if self.reference is not None else f"per {self.per:g}"


def check(analysis: Analysis, planned: dict[str, Any]) -> None:
    """Refuse a plan that is neither a category against a reference nor a number per so many units."""
    variable = planned["variable"]
    values = of_adsl(analysis, variable)
    if not planned.get("continuous"):
        known_keys(analysis, planned, {"variable", "reference", "levels", "needs"})
        if "reference" not in planned:
            raise Cause("a covariate has a `reference`, or is `continuous`", file=analysis.place, field=variable)
        if str(planned["reference"]) not in levels_of(as_text(values), planned.get("levels")):
            raise Cause("the reference is not a level", file=analysis.place, field=variable, value=planned["reference"])
        return
    known_keys(analysis, planned, {"variable", "continuous", "per"})
    if not pd.api.types.is_numeric_dtype(values):
        raise Cause("a continuous covariate is a number", file=analysis.place, field=variable)
    if not planned.get("per", 1) > 0:
        raise Cause("`per` is a positive number", file=analysis.place, field=variable, value=planned["per"])


def covariate(analysis: Analysis, planned: dict[str, Any], entered: pd.Index) -> Covariate:
    """Make the covariate that a checked plan describes, for the subjects who entered (positions in ADSL)."""
    variable = planned["variable"]
    values = of_adsl(analysis, variable)
    if planned.get("continuous"):
        number = values.loc[entered].astype("float64")
        return Covariate(variable, [Term(None, number.to_numpy())], [], number, per=float(planned.get("per", 1)))
    text = as_text(values)
    levels, reference = levels_of(text, planned.get("levels")), str(planned["reference"])
    mine = text.loc[entered]
    columns = {level: (mine == level).to_numpy("float64") for level in levels if level != reference}
    terms = [Term(level, column if column.any() else None) for level, column in columns.items()]
    return Covariate(variable, terms, levels, mine, reference)


def said(planned: dict[str, Any]) -> str:
    """A planned covariate in words."""
    how = f"per {planned.get('per', 1):g}" if planned.get("continuous") else f"(reference {planned['reference']})"
    return f"{planned['variable']} {how}"


def fault(parts: list[Covariate], n: int) -> str | None:
    """Say why these covariates make no model, or None."""
    if n == 0:
        return "no subject entered"
    for part in parts:
        if part.level.nunique() < 2:
            return f"{part.variable} has one level only"
        if part.reference is not None and not (part.level == part.reference).any():
            return f"{part.variable}: no subject at the reference {part.reference}"
    return None
