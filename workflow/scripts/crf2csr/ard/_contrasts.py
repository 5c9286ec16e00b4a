"""A linear contrast with its standard error and degrees of freedom: t, p and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

Array = np.ndarray


@dataclass(frozen=True)
class Estimates:
    """Estimates (c,), standard errors and degrees of freedom of c contrasts; the rest follows from Student's t."""

    value: Array
    se: Array
    df: Array

    @property
    def t(self) -> Array:
        """Estimate over standard error."""
        return self.value / self.se

    @property
    def p(self) -> Array:
        """Two-sided p-value of the contrast being 0."""
        return np.asarray(2 * stdtr(self.df, -np.abs(self.t)))

    def interval(self, level: float) -> tuple[Array, Array]:
        """Bounds of the two-sided interval."""
        half = -stdtrit(self.df, (1 - level) / 2) * self.se
        return self.value - half, self.value + half
