"""Inference on contrasts of a fitted mixed model: what the standard error is, and how many degrees of freedom it has.

Satterthwaite (Giesbrecht and Burns, Biometrics 1985;41:477): ``df = 2 v^2 / (g' W g)`` with v the variance of the
contrast, g its gradient by the covariance parameters and W twice the inverse Hessian of the restricted criterion.

Kenward and Roger (Biometrics 1997;53:983): the covariance of the coefficients is ``F + 2 F [sum W_ij (Q_ij - P_i F
P_j)] F``, and a single contrast has Satterthwaite's degrees of freedom. Second derivatives of V are left out, which
changes nothing for an unstructured matrix by its elements (SAS ``ddfm=kr``) and is SAS's ``kr(linear)`` for others.

Sandwich (Liang and Zeger, Biometrika 1986;73:13; SAS ``empirical``), for a structure that is not trusted: ``F [sum
X_i'V_i^-1 A_i r_i r_i' A_i' V_i^-1 X_i] F`` with A_i = I, or, bias-reduced, with the A_i of Bell and McCaffrey (Surv
Methodol 2002;28:169) for which it is unbiased if V is right. Their degrees of freedom are ``(tr P)^2 / tr(P^2)``: those
of the quadratic form that the variance of the contrast is, if V is right.
"""

from __future__ import annotations

import numpy as np

from crf2csr.ard._contrasts import Estimates
from crf2csr.ard._reml import Fit

Array = np.ndarray
DF = ("satterthwaite", "kenward-roger")
SANDWICH = ("empirical", "bias_reduced")


def by_model(fit: Fit, contrasts: Array, df: str) -> Estimates:
    """Contrasts (c, p) of the coefficients with the standard errors of the model, adjusted if Kenward-Roger."""
    working = fit.data.working(contrasts)
    phi, slopes = fit.state.covariance, fit.slopes
    spread = 2 * np.linalg.inv(slopes.hessian)
    reached = working @ phi
    variance = np.einsum("cp,cp->c", reached, working)
    gradient = np.einsum("cp,tpq,cq->ct", reached, slopes.first, reached, optimize=True)
    freedom = 2 * variance**2 / np.einsum("ct,tu,cu->c", gradient, spread, gradient, optimize=True)
    if df == "kenward-roger":
        inner = np.einsum("tu,tupq->pq", spread, slopes.second)
        crossed = np.einsum("tu,upq->tpq", spread, slopes.first)
        inner -= np.einsum("tpq,qr,trs->ps", slopes.first, phi, crossed, optimize=True)
        variance = variance + 2 * np.einsum("cp,pq,cq->c", reached, inner, reached)
    return Estimates(contrasts @ fit.coefficients, fit.data.scale * np.sqrt(variance), freedom)


def by_sandwich(fit: Fit, contrasts: Array, kind: str) -> Estimates:
    """Contrasts (c, p) of the coefficients with sandwich standard errors, ``empirical`` or ``bias_reduced``."""
    data, phi = fit.data, fit.state.covariance
    p, c = data.columns, len(contrasts)
    matrix = fit.structure.matrix(fit.state.theta)
    reached = data.working(contrasts) @ phi
    variance, traces, squares = np.zeros(c), np.zeros(c), np.zeros(c)
    spread = np.zeros((c, p, p))
    for number, present in enumerate(data.present):
        whole = data.grid[data.pattern == number][:, present]
        design = whole[:, :, :p]
        residual = whole[:, :, p] - design @ fit.state.coefficients
        factor = np.linalg.cholesky(matrix[np.ix_(present, present)])
        root = np.linalg.inv(factor)
        # Whitened by the factor of V: unit errors, and the adjustment is a symmetric matrix.
        design, residual = root @ design, residual @ root.T
        pull = design @ reached.T
        if kind == "bias_reduced":
            values, vectors = np.linalg.eigh(np.eye(int(present.sum())) - design @ phi @ design.transpose(0, 2, 1))
            # A subject whose residual is 0 by design adds nothing (the pseudo-inverse).
            shrunk = np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0.0)
            pull = vectors @ (shrunk[:, :, None] * (vectors.transpose(0, 2, 1) @ pull))
        variance += (np.einsum("nkc,nk->nc", pull, residual) ** 2).sum(axis=0)
        length = np.einsum("nkc,nkc->nc", pull, pull)
        lever = np.einsum("nkp,nkc->ncp", design, pull)
        taken = np.einsum("ncp,pq,ncq->nc", lever, phi, lever, optimize=True)
        traces += (length - taken).sum(axis=0)
        squares += (length**2 - 2 * length * taken).sum(axis=0)
        spread += np.einsum("ncp,ncq->cpq", lever, lever)
    turned = phi @ spread
    squares += np.einsum("cpq,cqp->c", turned, turned)
    return Estimates(contrasts @ fit.coefficients, data.scale * np.sqrt(variance), traces**2 / squares)
