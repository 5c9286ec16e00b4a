"""Covariates of a regression as columns: numbers as they are, categories against a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause


@dataclass
class Column:
    """One column of a model.

    Attributes
    ----------
    variable : str
    level : str or None
        The category; None for a number.
    value, there : array (n)
        The covariate; whether the subject has this level.
    reference : bool
        Whether this level is the reference, which has no coefficient.
    doubt : str or None
        Why the column cannot be in the model.
    """

    variable: str
    level: str | None
    value: np.ndarray
    there: np.ndarray
    reference: bool = False
    doubt: str | None = None


def columns_of(people: pd.DataFrame, covariates: list[dict[str, Any]], arms: list[str], place: str) -> list[Column]:
    """Columns in order of the declaration: ``{variable, label, per}`` or ``{variable, label, reference, levels}``.

    ``people`` are rows of ADSL without a missing covariate. ``levels`` are by default those found, sorted, and for
    the variable of the arms the arms.
    """
    made: list[Column] = []
    for covariate in covariates:
        unknown = set(covariate) - {"variable", "label", "per", "reference", "levels"}
        if unknown or {"per", "reference"} <= set(covariate):
            strange = sorted(unknown)[0] if unknown else "per beside reference"
            raise Cause("is not a property of a covariate", file=place, field="covariates", value=strange)
        found = people[covariate["variable"]]
        made += (
            _levels(found, covariate, arms, place) if "reference" in covariate else [_number(found, covariate, place)]
        )
    return made


def _number(found: pd.Series, covariate: dict[str, Any], place: str) -> Column:
    if not pd.api.types.is_numeric_dtype(found):
        raise Cause("is text; name the reference", file=place, field="covariates", value=covariate["variable"])
    value = found.to_numpy("float64") / float(covariate.get("per", 1))
    doubt = "the covariate does not vary" if not len(value) or np.ptp(value) == 0 else None
    return Column(covariate["variable"], None, value, np.ones(len(value), dtype=bool), doubt=doubt)


def _levels(found: pd.Series, covariate: dict[str, Any], arms: list[str], place: str) -> list[Column]:
    text = found.astype("str")
    given = [str(level) for level in covariate.get("levels", [])]
    seen = sorted(set(text))
    levels = given or ([arm for arm in arms if arm in seen] if set(seen) <= set(arms) else seen)
    reference = str(covariate["reference"])
    strange = [level for level in seen if level not in levels]
    if strange:
        raise Cause("a level is not declared", file=place, field=covariate["variable"], value=strange[0])
    if reference not in levels and given:
        raise Cause("the reference is not a level", file=place, field=covariate["variable"], value=reference)
    made = []
    for level in [reference, *(level for level in levels if level != reference)]:
        there = (text == level).to_numpy(bool)
        doubt = None
        if reference not in seen:
            doubt = "no subject at the reference level"
        elif not there.any():
            doubt = "no subject at this level"
        value = there.astype("float64")
        made.append(Column(covariate["variable"], level, value, there, level == reference, doubt))
    return made
