"""Which imputer keeps a response rate honest: ``python bench/imputers.py [trials]`` (by hand; a few minutes).

Trials of 59 subjects with scores within 0-72 at baseline and five visits are simulated in two ways, the fall being a
share of baseline that is lost step by step (additive) or multiplied (multiplicative). Subjects whose last score fell
less leave more often (missing at random; about 30 % lack the last visit). Printed for each imputer: the mean difference
of the pooled response rate from that of the same trial with nothing missing, its root mean square, coverage and width
of the 95 % interval.

- ``normal``: chained regressions with normal residuals, held to the limits afterwards (what the analysis declares);
- ``truncated``: the same, each residual drawn within the limits;
- ``matching``: predictive mean matching;
- ``last``: last observation carried forward, for comparison.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.special import expit, ndtr, ndtri

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow/scripts")]

from crf2csr.ard import _criterion, _impute, _rubin  # noqa: E402

LOW, HIGH = 0.0, 72.0
HALF = {"of": "score", "fall": 50, "decimals": 1}
COURSE = np.array([0.25, 0.4, 0.6, 0.85, 1.0])
SUBJECTS, IMPUTATIONS, ITERATIONS = 59, 30, 8
PLAIN = _impute._visit


def trial(rng: np.random.Generator, n: int, additive: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scores of all visits, and the same with what is missing."""
    base = np.round(np.clip(rng.gamma(5.5, 4.1, n), 2, 60), 1)
    if additive:
        kept = np.clip(1 - np.outer(rng.normal(0.52, 0.28, n), COURSE) + rng.normal(0, 0.12, (n, 5)), 0, 1.4)
    else:
        kept = np.exp(-np.outer(rng.normal(1.0, 0.7, n), COURSE) + rng.normal(0, 0.22, (n, 5)))
    scores = np.column_stack([base, np.round(np.clip(base[:, None] * kept, LOW, HIGH), 1)])
    seen, gone = scores.copy(), np.zeros(n, dtype=bool)
    for visit in range(3, 6):
        gone |= rng.random(n) < expit(-3.6 + 2.2 * scores[:, visit - 1] / base)
        seen[gone, visit] = np.nan
    return scores, seen


def within_limits(full, whole, sums, j, gaps, slopes, noise, chi2, imputer):
    """A turn of one visit whose residuals are drawn within the limits, from the same random numbers."""
    centre = PLAIN(full, whole, sums, j, gaps, slopes, np.zeros_like(noise), chi2, imputer)
    sigma = (PLAIN(full, whole, sums, j, gaps, slopes, np.ones_like(noise), chi2, imputer) - centre)[:, :1]
    low, high = ndtr((LOW - centre) / sigma), ndtr((HIGH - centre) / sigma)
    inside = np.clip(low + ndtr(noise) * (high - low), 1e-300, 1 - 1e-16)
    return np.clip(centre + sigma * ndtri(inside), LOW, HIGH)


def responders(base: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Number of responders of each set of scores of the last visit."""
    units = (_criterion.units(values, 1) for values in (base, np.clip(last, LOW, HIGH)))
    return _criterion.met(*units, HALF).sum(axis=-1)


def counted(name: str, seen: np.ndarray, seed: int) -> np.ndarray:
    """Responders in each imputation."""
    gaps = np.flatnonzero(np.isnan(seen[:, -1]))
    if name == "last":
        carried = seen.copy()
        for visit in range(1, 6):
            carried[:, visit] = np.where(np.isnan(carried[:, visit]), carried[:, visit - 1], carried[:, visit])
        return responders(seen[:, 0], np.tile(carried[:, -1], (2, 1)))
    _impute._visit = within_limits if name == "truncated" else PLAIN
    kind = "matching" if name == "matching" else "normal"
    imputed = _impute.impute(seen, seed=seed, m=IMPUTATIONS, iterations=ITERATIONS, imputer=kind)
    last = np.tile(seen[:, -1], (IMPUTATIONS, 1))
    last[:, gaps] = imputed.of(5, gaps)
    return responders(seen[:, 0], last)


def main(trials: int) -> None:
    """Print one table for each way in which scores fall."""
    for additive in (True, False):
        rng = np.random.default_rng(5)
        many, _ = trial(rng, 400_000, additive)
        truth = responders(many[:, 0], many[:, -1]) / len(many)
        found: dict[str, list[tuple[float, float, float]]] = {}
        for number in range(trials):
            scores, seen = trial(rng, SUBJECTS, additive)
            whole = responders(scores[:, 0], scores[:, -1]) / SUBJECTS
            for name in ("normal", "truncated", "matching", "last"):
                pooled = _rubin.proportion(counted(name, seen, number), SUBJECTS, 0.95)
                found.setdefault(name, []).append((float(pooled.estimate) - whole, pooled.low, pooled.high))
        print(f"{'additive' if additive else 'multiplicative'}: true rate {truth:.3f}, {trials} trials")
        print("imputer      bias    rms  coverage  width")
        for name, rows in found.items():
            off, low, high = np.array(rows, dtype="float64").T
            covered = ((low <= truth) & (truth <= high)).mean()
            rms = np.sqrt((off**2).mean())
            print(f"{name:10s} {off.mean():+.3f}  {rms:.3f}  {covered:8.3f}  {(high - low).mean():.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
