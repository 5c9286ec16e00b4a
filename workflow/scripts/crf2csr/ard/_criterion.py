"""A response criterion on scores in whole units, as the specification of a data set declares it.

``{of: SCORE, fall: 50, decimals: 1}``: at least 50 % below baseline, the score having one decimal. Known are
``fall``, ``at_most``, ``better_by`` and, for whose response is defined, ``base_at_least`` and ``base_above``.
A comparison is one of whole numbers, so that no threshold is missed by a float.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from crf2csr.errors import Cause

Array = np.ndarray
RULES = {"fall", "at_most", "better_by"}
KNOWN = RULES | {"of", "decimals", "base_at_least", "base_above"}


def check(criterion: dict[str, Any], place: str) -> None:
    """Refuse a criterion with an unknown word, without a score or without a rule."""
    strangers = sorted(set(criterion) - KNOWN)
    if strangers or "of" not in criterion or not set(criterion) & RULES:
        raise Cause("is not a response criterion", file=place, field=strangers[0] if strangers else "criterion")


def units(values: Array, decimals: int) -> Array:
    """Scores as whole units of their last decimal (int64), rounded half away from zero; none may be missing."""
    return np.copysign(np.floor(np.abs(values) * 10**decimals + 0.5), values).astype("int64")


def on_grid(values: Array, decimals: int) -> Array:
    """Tell which scores have no more decimals than declared."""
    scaled = values * 10**decimals
    return np.abs(scaled - np.rint(scaled)) < 1e-6


def eligible(base: Array, criterion: dict[str, Any]) -> Array:
    """Tell whose response is defined, from the baseline in whole units; a fall is defined above 0 only."""
    unit = 10 ** criterion.get("decimals", 0)
    found = np.ones(base.shape, dtype=bool)
    above = criterion.get("base_above", 0 if "fall" in criterion else None)
    if above is not None:
        found &= base > unit * above
    if "base_at_least" in criterion:
        found &= base >= unit * criterion["base_at_least"]
    return found


def met(base: Array, post: Array, criterion: dict[str, Any]) -> Array:
    """Tell who meets the criterion; ``post`` (..., subjects) and ``base`` (subjects) in whole units."""
    unit = 10 ** criterion.get("decimals", 0)
    found = np.broadcast_to(eligible(base, criterion), post.shape).copy()
    if "fall" in criterion:
        found &= 100 * (base - post) >= criterion["fall"] * base
    if "at_most" in criterion:
        found &= post <= unit * criterion["at_most"]
    if "better_by" in criterion:
        found &= base - post >= unit * criterion["better_by"]
    return found
