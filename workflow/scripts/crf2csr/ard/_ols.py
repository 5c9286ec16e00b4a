"""Ordinary least squares with contrasts and F tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crf2csr.ard._contrasts import Estimates
from crf2csr.ard._linear import Array, NoFit, triangle

__all__ = ["Fit", "NoFit", "fit"]


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), ``root`` with ``X'X = root' root``, residual standard deviation and its degrees of freedom."""

    coefficients: Array
    root: Array
    scale: float
    df: int

    def _whitened(self, contrasts: Array) -> Array:
        """Contrasts (c, p) as rows whose products are their covariances over the residual variance."""
        return np.asarray(np.linalg.solve(self.root.T, contrasts.T).T)

    def contrasts(self, wanted: Array) -> Estimates:
        """Estimates of contrasts (c, p)."""
        length = np.sqrt((self._whitened(wanted) ** 2).sum(axis=1))
        return Estimates(wanted @ self.coefficients, self.scale * length, np.full(len(wanted), float(self.df)))

    def f(self, wanted: Array) -> float:
        """F statistic of all contrasts (c, p; independent) being 0."""
        rows = self._whitened(wanted)
        value = wanted @ self.coefficients
        return float(value @ np.linalg.solve(rows @ rows.T, value) / (len(wanted) * self.scale**2))


def fit(response: Array, design: Array, names: list[str]) -> Fit:
    """Fit a response (n,) to a design (n, p); raises ``NoFit`` where it does not determine the coefficients."""
    basis, root, residual = triangle(response, design, names)
    df = len(response) - design.shape[1]
    return Fit(np.linalg.solve(root, basis.T @ response), root, float(np.sqrt(residual @ residual / df)), df)
