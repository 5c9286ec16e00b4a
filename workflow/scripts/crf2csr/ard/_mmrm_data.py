"""Repeated measures as the likelihood takes them: subjects grouped by which visits they have, sums of products.

Subjects with the same visits share a covariance matrix, so the likelihood and its derivatives need of them only the
sums of products of the design and the response between two visits. These sums are made once; from then on the cost
does not depend on the number of subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crf2csr.ard._linear import Array, NoFit, triangle

__all__ = ["NoFit", "Repeated", "arrange"]


@dataclass(frozen=True)
class Repeated:
    """Repeated measures in working units: an orthonormal design, and residuals of unit variance.

    Attributes
    ----------
    present : array of bool (patterns, visits)
        Which visits the subjects of each pattern have.
    count : array (patterns,)
        Subjects of each pattern.
    cross : array (patterns * visits * visits, q * q)
        Sums over the subjects of products of (design, residual) between two visits; q = p + 1.
    grid : array (subjects, visits, q)
        Design and residual of each subject and visit; 0 where the visit is missing.
    pattern : array (subjects,)
        Which pattern each subject has.
    root : array (p, p)
        Upper triangle R with X = Q R: coefficients are ``first + scale * inverse(R) @ working coefficients``.
    first : array (p,)
        Ordinary least-squares coefficients.
    scale : float
        Residual standard deviation of ordinary least squares.
    observations : int
        Rows that entered.
    labels : list of str
        What the visits are called.
    """

    present: Array
    count: Array
    cross: Array
    grid: Array
    pattern: Array
    root: Array
    first: Array
    scale: float
    observations: int
    labels: list[str]

    @property
    def visits(self) -> int:
        """Number of visits."""
        return int(self.present.shape[1])

    @property
    def columns(self) -> int:
        """Number of columns of the design."""
        return int(self.root.shape[0])

    @property
    def subjects(self) -> int:
        """Number of subjects with at least one row."""
        return int(self.count.sum())

    def working(self, contrasts: Array) -> Array:
        """Contrasts of the coefficients (c, p) in terms of the working coefficients."""
        return np.asarray(np.linalg.solve(self.root.T, contrasts.T).T)

    def together(self) -> Array:
        """How many subjects have both visits, (visits, visits)."""
        return np.asarray(np.einsum("s,sa,sb->ab", self.count, self.present, self.present))


def arrange(
    response: Array,
    design: Array,
    subject: Array,
    visit: Array,
    names: list[str] | None = None,
    labels: list[str] | None = None,
) -> Repeated:
    """Arrange rows (n,), (n, p) of known values by subject and visit (whole numbers from 0, each of them seen).

    ``names`` are those of the columns, ``labels`` those of the visits.

    Raises
    ------
    NoFit
        No row, one subject, a visit of a subject twice, a design without full rank, no residual degree of freedom or
        no residual variation.
    """
    n, p = design.shape
    basis, root, residual = triangle(response, design, names or [f"column {number + 1}" for number in range(p)])
    if len(np.unique(subject)) < 2:
        raise NoFit("one subject does not determine a covariance")
    position = np.full((int(subject.max()) + 1, int(visit.max()) + 1), -1)
    position[subject, visit] = np.arange(n)
    if np.sum(position >= 0) != n:
        raise NoFit("a subject has two values at one visit")
    position = position[(position >= 0).any(axis=1)]
    known = position >= 0
    scale = float(np.sqrt(residual @ residual / (n - p)))
    whole = np.column_stack([basis, residual / scale])
    grid = np.where(known[:, :, None], whole[position], 0.0)
    present, pattern = np.unique(known, axis=0, return_inverse=True)
    pattern = pattern.reshape(-1)
    q, m = p + 1, known.shape[1]
    cross = np.empty((len(present), m, m, q, q))
    for number in range(len(present)):
        flat = grid[pattern == number].reshape(-1, m * q)
        cross[number] = (flat.T @ flat).reshape(m, q, m, q).transpose(0, 2, 1, 3)
    return Repeated(
        present=present,
        count=np.bincount(pattern).astype("float64"),
        cross=cross.reshape(-1, q * q),
        grid=grid,
        pattern=pattern,
        root=root,
        first=np.linalg.solve(root, basis.T @ response),
        scale=scale,
        observations=n,
        labels=labels or [f"visit {number + 1}" for number in range(m)],
    )
