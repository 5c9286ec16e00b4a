"""Covariance structures of repeated measures: the matrix, its derivatives, and a parametrisation without bounds.

Each structure has natural parameters ``theta`` (elements of the matrix, or standard deviations and correlations),
in which the likelihood is polished and inference is made, and free parameters of the same number, in which every
value gives a positive-definite matrix, for the optimiser: the Cholesky factor of an unstructured matrix, logarithms
of standard deviations, and partial autocorrelations (Barndorff-Nielsen and Schou, J Multivar Anal 1973;3:408) of a
Toeplitz matrix. Lags are counted in visits, not in days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crf2csr.errors import Cause

Array = np.ndarray


@dataclass(frozen=True)
class Kind:
    """What sets one structure apart: its words, whether each visit has its own variance, its correlations."""

    label: str
    heterogeneous: bool
    correlation: str


KINDS = {
    "us": Kind("unstructured", True, "free"),
    "toeph": Kind("heterogeneous Toeplitz", True, "toeplitz"),
    "toep": Kind("Toeplitz", False, "toeplitz"),
    "arh1": Kind("heterogeneous first-order autoregressive", True, "autoregressive"),
    "ar1": Kind("first-order autoregressive", False, "autoregressive"),
    "csh": Kind("heterogeneous compound symmetry", True, "exchangeable"),
    "cs": Kind("compound symmetry", False, "exchangeable"),
}


@dataclass(frozen=True)
class Structure:
    """One structure for ``visits`` visits. With one visit every structure is a single variance.

    Attributes
    ----------
    name : str
        One of ``KINDS``.
    visits : int
        Number of visits (rows of the matrix).
    """

    name: str
    visits: int

    @property
    def kind(self) -> Kind:
        """What the name stands for."""
        return KINDS[self.name]

    @property
    def variances(self) -> int:
        """Number of standard deviations among the parameters of a structured matrix."""
        return self.visits if self.kind.heterogeneous else 1

    @property
    def size(self) -> int:
        """Number of parameters."""
        if self.kind.correlation == "free" or self.visits == 1:
            return self.visits * (self.visits + 1) // 2
        return self.variances + (self.visits - 1 if self.kind.correlation == "toeplitz" else 1)

    @property
    def _plain(self) -> bool:
        return self.kind.correlation == "free" or self.visits == 1

    def matrix(self, theta: Array) -> Array:
        """Return the covariance matrix, (visits, visits)."""
        if self._plain:
            return _symmetric(theta, self.visits)
        deviation = self._spread() @ theta[: self.variances]
        return deviation[:, None] * self._correlation(theta[self.variances :])[0] * deviation

    def derivatives(self, theta: Array) -> tuple[Array, Array]:
        """Return the first (size, visits, visits) and second (size, size, visits, visits) derivatives."""
        m, t = self.visits, self.size
        first, second = np.zeros((t, m, m)), np.zeros((t, t, m, m))
        if self._plain:
            return _symmetric(np.eye(t), m), second
        spread, v = self._spread(), self.variances
        deviation = spread @ theta[:v]
        corr, by_corr, by_corr2 = self._correlation(theta[v:])
        for a in range(v):
            side = spread[:, a, None] * corr * deviation
            first[a] = side + side.T
            for b in range(v):
                cross = spread[:, a, None] * corr * spread[:, b]
                second[a, b] = cross + cross.T
            for c in range(t - v):
                side = spread[:, a, None] * by_corr[c] * deviation
                second[a, v + c] = second[v + c, a] = side + side.T
        outer = np.outer(deviation, deviation)
        first[v:] = by_corr * outer
        second[v:, v:] = by_corr2 * outer
        return first, second

    def natural(self, free: Array) -> tuple[Array, Array]:
        """Natural parameters of free ones, and the matrix of their derivatives (size, size)."""
        m, t = self.visits, self.size
        if self._plain:
            factor = np.zeros((m, m))
            factor[np.tril_indices(m)] = free
            rows, columns = np.tril_indices(m)
            diagonal = rows == columns
            factor[np.diag_indices(m)] = np.exp(free[diagonal])
            slope = np.zeros((t, t))
            for number, (i, j) in enumerate(zip(rows, columns, strict=True)):
                moved = np.zeros((m, m))
                moved[i] = factor[:, j] * (factor[i, i] if i == j else 1.0)
                slope[:, number] = (moved + moved.T)[rows, columns]
            return (factor @ factor.T)[rows, columns], slope
        v = self.variances
        slope = np.zeros((t, t))
        deviation = np.exp(free[:v])
        slope[:v, :v] = np.diag(deviation)
        corr, by_free = self._bounded(free[v:])
        slope[v:, v:] = by_free
        return np.concatenate([deviation, corr]), slope

    def start(self, deviation: Array, correlation: float) -> Array:
        """Free parameters near standard deviations (visits,) and one common correlation of neighbours."""
        m = self.visits
        if self._plain:
            lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
            factor = np.linalg.cholesky(np.outer(deviation, deviation) * correlation**lag)
            factor[np.diag_indices(m)] = np.log(np.diag(factor))
            return factor[np.tril_indices(m)]
        own = np.log(deviation) if self.kind.heterogeneous else np.log([np.sqrt(np.mean(deviation**2))])
        if self.kind.correlation == "exchangeable":
            low = -1 / (m - 1)
            share = (correlation - low) / (1 - low)
            return np.append(own, np.log(share / (1 - share)))
        lags = np.zeros(m - 1 if self.kind.correlation == "toeplitz" else 1)
        lags[0] = np.arctanh(correlation)
        return np.concatenate([own, lags])

    def _spread(self) -> Array:
        """Which standard deviation each visit has, (visits, variances)."""
        return np.eye(self.visits) if self.kind.heterogeneous else np.ones((self.visits, 1))

    def _correlation(self, corr: Array) -> tuple[Array, Array, Array]:
        """Correlation matrix with its first and second derivatives."""
        m, c = self.visits, len(corr)
        lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
        second = np.zeros((c, c, m, m))
        if self.kind.correlation == "autoregressive":
            rho = float(corr[0])
            power = rho ** np.arange(m)
            slope = np.arange(m) * np.concatenate([[0.0], power[:-1]])
            bend = np.arange(m) * np.concatenate([[0.0], slope[:-1]])
            second[0, 0] = bend[lag]
            return power[lag], slope[lag][None], second
        if self.kind.correlation == "exchangeable":
            return np.where(lag == 0, 1.0, corr[0]), (lag > 0).astype("float64")[None], second
        by_lag = np.concatenate([[1.0], corr])
        return by_lag[lag], (lag == np.arange(1, m)[:, None, None]).astype("float64"), second

    def _bounded(self, free: Array) -> tuple[Array, Array]:
        """Correlations of free parameters, and their derivatives."""
        if self.kind.correlation == "exchangeable":
            low = -1 / (self.visits - 1)
            share = 1 / (1 + np.exp(-free))
            return low + (1 - low) * share, np.diag((1 - low) * share * (1 - share))
        partial = np.tanh(free)
        if self.kind.correlation == "autoregressive":
            return partial, np.diag(1 - partial**2)
        corr, slope = autocorrelations(partial)
        return corr, slope * (1 - partial**2)


def structure(name: str, visits: int) -> Structure:
    """Return the structure of this name; an unknown name is a cause."""
    if name not in KINDS:
        raise Cause(f"is not a covariance structure; known: {', '.join(KINDS)}", field="structure", value=name)
    return Structure(name, visits)


def autocorrelations(partial: Array) -> tuple[Array, Array]:
    """Autocorrelations of partial ones by the recursion of Durbin and Levinson, and their derivatives (k, k)."""
    k = len(partial)
    corr, slope = np.zeros(k), np.zeros((k, k))
    ahead, by = np.zeros(0), np.zeros((0, k))
    left, by_left = 1.0, np.zeros(k)
    for order in range(k):
        unit = np.eye(k)[order]
        corr[order] = ahead @ corr[:order][::-1] + partial[order] * left
        slope[order] = ahead @ slope[:order][::-1] + corr[:order][::-1] @ by + unit * left + partial[order] * by_left
        by = np.vstack([by - np.outer(ahead[::-1], unit) - partial[order] * by[::-1], unit])
        ahead = np.append(ahead - partial[order] * ahead[::-1], partial[order])
        by_left = by_left * (1 - partial[order] ** 2) - 2 * left * partial[order] * unit
        left *= 1 - partial[order] ** 2
    return corr, slope


def _symmetric(lower: Array, m: int) -> Array:
    """Symmetric matrices (..., m, m) of their lower triangles (..., m (m + 1) / 2)."""
    made = np.zeros((*lower.shape[:-1], m, m))
    rows, columns = np.tril_indices(m)
    made[..., rows, columns] = lower
    made[..., columns, rows] = lower
    return made
