"""When a design matrix determines its coefficients, and the one word for when it does not."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr

Array = np.ndarray
# A column of the design counts as a combination of others if what is left of its unit length is below this.
RANK_TOLERANCE = 1e-9
# A residual sum of squares below this share of the response's is no residual variation.
FLAT = 1e-20


class NoFit(Exception):
    """The model cannot be fitted to these data; the message is the reason in words."""


def aliased(design: Array) -> list[int]:
    """Columns of a design that are combinations of the others (0 everywhere counts too)."""
    length = np.linalg.norm(design, axis=0)
    upper, order = qr(design / np.where(length > 0, length, 1.0), mode="r", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(upper)) > RANK_TOLERANCE))
    return sorted(int(column) for column in order[rank:])


def triangle(response: Array, design: Array, names: list[str]) -> tuple[Array, Array, Array]:
    """Least squares by Q R: an orthonormal basis of the design, R, and the residuals of the response.

    Raises
    ------
    NoFit
        No row, too few rows, a design without full rank, or no residual variation.
    """
    n, p = design.shape
    if n == 0:
        raise NoFit("no value to analyse")
    if n <= p:
        raise NoFit(f"{n} values are too few for {p} coefficients")
    lost = aliased(design)
    if lost:
        raise NoFit(f"the design is not of full rank: {', '.join(names[column] for column in lost)}")
    basis, root = np.linalg.qr(design)
    residual = response - basis @ (basis.T @ response)
    residual -= basis @ (basis.T @ residual)
    if residual @ residual <= FLAT * float(response @ response):
        raise NoFit("the values do not vary about the model")
    return basis, root, residual
