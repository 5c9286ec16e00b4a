"""The declared order of covariance structures: the first that converges is used, and what failed is told."""

from __future__ import annotations

from dataclasses import dataclass

from crf2csr.ard import _mmrm_inference, _reml
from crf2csr.ard._contrasts import Array, Estimates
from crf2csr.ard._mmrm_data import NoFit, Repeated
from crf2csr.ard._mmrm_structure import KINDS, structure


@dataclass(frozen=True)
class Ladder:
    """What is tried, and what the standard errors are.

    Attributes
    ----------
    names : list of str
        Structures in order; the first is the declared one.
    errors, fallback_errors : str
        Standard errors of the declared structure and of the others: ``model``, ``empirical`` or ``bias_reduced``.
    df : str
        Degrees of freedom with standard errors of the model: ``satterthwaite`` or ``kenward-roger``.
    """

    names: list[str]
    errors: str
    fallback_errors: str
    df: str


@dataclass(frozen=True)
class Reached:
    """The fit that is used, how its contrasts are judged, and the structures that failed with their reasons."""

    fit: _reml.Fit
    errors: str
    df: str
    failed: dict[str, str]

    def contrasts(self, wanted: Array, df: str | None = None) -> Estimates:
        """Estimates of contrasts (c, p); ``df`` instead of the declared degrees of freedom of the model."""
        if self.errors == "model":
            return _mmrm_inference.by_model(self.fit, wanted, df or self.df)
        return _mmrm_inference.by_sandwich(self.fit, wanted, self.errors)

    @property
    def told(self) -> str:
        """Why the declared structure is not the one used; empty if it is."""
        return "; ".join(f"{KINDS[name].label}: {reason}" for name, reason in self.failed.items())


def climb(data: Repeated, ladder: Ladder) -> Reached:
    """Fit the structures in order until one converges.

    Raises
    ------
    NoFit
        None does; the message gives the reason of each.
    """
    failed: dict[str, str] = {}
    for name in ladder.names:
        try:
            fit = _reml.fit(data, structure(name, data.visits))
        except NoFit as reason:
            failed[name] = str(reason)
            continue
        return Reached(fit, ladder.fallback_errors if failed else ladder.errors, ladder.df, failed)
    raise NoFit("; ".join(f"{KINDS[name].label}: {reason}" for name, reason in failed.items()))
