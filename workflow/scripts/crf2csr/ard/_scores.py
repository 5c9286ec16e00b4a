"""Scores of the visits as numbers, whose response is to be imputed, and the imputed scores of its visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.ard import _criterion, _impute
from crf2csr.ard._facts import Analysis
from crf2csr.ard._subjects import responses
from crf2csr.errors import Cause
from crf2csr.populations import matches


@dataclass(frozen=True)
class Material:
    """The subjects of one arm as numbers.

    Attributes
    ----------
    scores : ndarray, (subjects, visits)
    target : int
        Column of the visit of the response.
    response : ndarray
        1 or 0 as derived, with non-response where it is missing.
    gaps : ndarray of bool
        Whose response is imputed.
    model : ndarray of bool
        Whose scores enter the imputation model: those with a baseline.
    """

    scores: np.ndarray
    target: int
    response: np.ndarray
    gaps: np.ndarray
    model: np.ndarray


@dataclass(frozen=True)
class Draws:
    """Imputed scores (imputations, subjects to be imputed) of the visit of the response, and the chains."""

    values: np.ndarray
    chains: np.ndarray | None = None
    outside: float = 0.0
    error: dict[str, str] = field(default_factory=dict)


def material_of(analysis: Analysis, rows: pd.DataFrame, people: pd.DataFrame, o: dict[str, Any]) -> Material:
    """Read scores and responses of one arm; what does not fit together is a cause."""
    place, criterion, visits = analysis.place, o["criterion"], [str(visit) for visit in o["visits"]]
    answers = matches(rows, o["response"], source=place)
    found = responses(analysis, rows[answers], people)
    targets = rows.loc[answers, "AVISIT"].astype("str").unique()
    if len(targets) > 1 or not set(targets) <= set(visits[1:]):
        raise Cause("is not the one visit after baseline of the response", file=place, field="AVISIT", value=targets)
    scores = _wide(analysis, rows[~answers], people, visits, criterion)
    target = visits.index(targets[0]) if len(targets) else len(visits) - 1
    missing = found["ROW"].isin(rows.index[answers & matches(rows, o["open"], source=place)]).to_numpy()
    response = (found["Y"] == 1).to_numpy()
    seen, known_base = ~np.isnan(scores[:, target]), ~np.isnan(scores[:, 0])
    base = _criterion.units(np.nan_to_num(scores[:, 0]), criterion.get("decimals", 0))
    post = _criterion.units(np.nan_to_num(scores[:, target]), criterion.get("decimals", 0))
    wrong = seen & (missing | (known_base & (_criterion.met(base, post, criterion) != response)))
    if wrong.any():
        raise Cause(
            "the score at this visit does not give the response of the data set; is this its criterion?",
            file=place,
            field=str(people["USUBJID"].iloc[int(np.flatnonzero(wrong)[0])]),
            value=scores[wrong][0, target],
        )
    defined = known_base & _criterion.eligible(base, criterion)
    return Material(scores, target, response.astype("int64"), missing & defined, known_base)


def _wide(
    analysis: Analysis, rows: pd.DataFrame, people: pd.DataFrame, visits: list[str], criterion: dict[str, Any]
) -> np.ndarray:
    """Scores as (subjects, visits)."""
    place = analysis.place
    other = rows["PARAMCD"].astype("str") != str(criterion["of"])
    strange = ~rows["AVISIT"].astype("str").isin(visits)
    for wrong, words, name in (
        (other, "is neither the response nor the score of the criterion", "PARAMCD"),
        (strange, "is not among the visits of this analysis", "AVISIT"),
        (rows.duplicated(["USUBJID", "AVISIT"]), "a subject has more than one score at a visit", "USUBJID"),
    ):
        if wrong.any():
            raise Cause(words, file=place, field=name, value=rows.loc[wrong, name].iloc[0])
    value = pd.to_numeric(rows["AVAL"]).to_numpy("float64", na_value=np.nan)
    known = ~np.isnan(value)
    low, high = limits_of(analysis.options)
    fine = _criterion.on_grid(np.nan_to_num(value), criterion.get("decimals", 0)) & (value >= low) & (value <= high)
    odd = known & ~fine
    if odd.any():
        raise Cause("a score is beyond its limits or has more decimals than declared", file=place, value=value[odd][0])
    scores = np.full((len(people), len(visits)), np.nan)
    line = pd.Index(people["USUBJID"].to_numpy(object)).get_indexer(rows["USUBJID"].to_numpy(object))
    scores[line, pd.Index(visits).get_indexer(rows["AVISIT"].astype("str").to_numpy(object))] = value
    return scores


def limits_of(o: dict[str, Any]) -> tuple[float, float]:
    """The limits of the score; without them there is none."""
    low, high = o.get("limits", (-np.inf, np.inf))
    return float(low), float(high)


def draw(material: Material, o: dict[str, Any], arm: int = 0) -> Draws:
    """Impute the scores of one arm, each arm from draws of its own; where nothing is missing no chain is run."""
    m, gaps = o["m"], material.gaps
    if not gaps.any():
        return Draws(np.empty((m, 0)))
    inside = np.flatnonzero(material.model)
    try:
        scores = np.ascontiguousarray(material.scores[inside])
        about = (o["seed"], arm), m, o["iterations"], o.get("imputer", "normal")
        imputed = _imputed(scores.tobytes(), scores.shape, gaps[inside].tobytes(), *about)
    except _impute.NotImputable as why:
        said = f"{o['visits'][why.visit]} has {why.seen} observed scores for {why.needed} coefficients"
        return Draws(np.empty((m, 0)), error={"error": f"no imputation model: {said}"})
    except np.linalg.LinAlgError as why:
        return Draws(np.empty((m, 0)), error={"error": f"no imputation model: {why}"})
    values = imputed.of(material.target, np.searchsorted(inside, np.flatnonzero(gaps)))
    held = np.clip(values, *limits_of(o))
    return Draws(held, imputed.chains, float((held != values).mean()))


@lru_cache(maxsize=4)
def _imputed(
    scores: bytes,
    shape: tuple[int, int],
    ties: bytes,
    seed: tuple[int, int],
    m: int,
    iterations: int,
    imputer: str,
) -> _impute.Imputed:
    """Imputations of these very scores: analyses that differ in what they do with them (deltas) share the draws."""
    return _impute.impute(
        np.frombuffer(scores).reshape(shape),
        seed=seed,
        m=m,
        iterations=iterations,
        imputer=imputer,
        ties=np.frombuffer(ties, dtype=bool),
    )
