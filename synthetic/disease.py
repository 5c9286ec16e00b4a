"""The latent disease: severity of each region and sign at each visit, and what a rater records of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .ground import NO_DAY, stream

REGIONS = ["RP", "LP", "RS", "LS"]
WEIGHT_TENTHS = np.array([2, 2, 3, 3])
OCCASIONS = ["SCR", "BL", "W1", "W2", "W4", "W8", "W12", "UNS", "ET"]
AREA_FROM_PERCENT = np.array([10, 30, 50, 70, 90])


def area_score(percent) -> np.ndarray:
    """0: none; 1: >0-<10 %; 2: 10-<30; 3: 30-<50; 4: 50-<70; 5: 70-<90; 6: 90-100."""
    percent = np.asarray(percent)
    return np.where(percent <= 0, 0, 1 + np.searchsorted(AREA_FROM_PERCENT, percent, side="right"))


def total_tenths(signs, area) -> np.ndarray:
    """PPPASI in tenths: 2 per palm and 3 per sole, times (E + P + D) times area. Shapes (.., 4, 3) and (.., 4)."""
    return (signs.sum(axis=-1) * area * WEIGHT_TENTHS).sum(axis=-1)


def unfold(study: SimpleNamespace) -> None:
    """Fill `study` with occasions, days, signs (n, 9, 4, 3), percent and area (n, 9, 4), pustules, totals."""
    rng = stream(study.seed, "disease")
    size = study.size
    days = np.full((size, 9), NO_DAY)
    days[:, 0] = study.screened_on
    days[:, 1:7] = np.where(study.visit_done, study.visit_day, NO_DAY)
    days[:, 7] = study.extra_visit
    days[:, 8] = study.end_visit
    study.occasion_day = days

    burden = rng.normal(0, 1, size)
    region = rng.normal(0, 0.35, (size, 4)) + np.repeat(rng.normal(0, 0.3, (size, 2)), 2, axis=1)
    severity = 2.42 + 0.34 * burden[:, None] + region  # mean of the three signs at baseline, per region
    lean = rng.normal(0, 0.28, (size, 1, 3)) + np.array([0.2, -0.1, 0.0])
    percent = np.exp(3.50 + 0.27 * burden[:, None] + 0.8 * region + rng.normal(0, 0.25, (size, 4)))
    spared = rng.random((size, 4)) < 0.05
    spared[spared.sum(axis=1) > 2] = False

    since = np.where(days == NO_DAY, 0, np.maximum(days - study.first_dose[:, None], 0))
    since[~study.treated] = 0
    grown = 1 - np.exp(-since / study.speed_days[:, None])
    grown /= 1 - np.exp(-84 / study.speed_days[:, None])
    stopped = np.where(study.left_on != NO_DAY, study.left_on, 10**6)
    off_days = np.maximum(days - stopped[:, None], 0)
    kept = np.exp(-off_days / 30)
    gain = study.effect[:, None] * np.minimum(grown, 1.12) * kept
    wobble = np.cumsum(rng.normal(0, 0.035, (size, 9)), axis=1) + rng.normal(0, 0.035, (size, 9))
    left = np.clip(1 - gain + wobble * (since > 0), 0.0, 1.5)  # share of the PPPASI that remains
    study.left_share = left

    sign_left = left[:, :, None] ** np.array([0.62, 0.85, 0.62])  # pustules fall fastest
    noise = rng.normal(0, 0.26, (size, 9, 4, 3))
    latent = (severity[:, None, :, None] + lean[:, :, None, :].reshape(size, 1, 1, 3)) * sign_left[:, :, None, :]
    signs = np.clip(np.rint(latent + noise), 0, 4).astype(int)
    spread = np.clip(percent[:, None, :] * left[:, :, None] ** 0.5 * np.exp(rng.normal(0, 0.1, (size, 9, 4))), 0, 98)
    rounded = np.where(spread >= 10, 5 * np.rint(spread / 5), np.rint(spread)).astype(int)
    rounded[np.broadcast_to(spared[:, None, :], rounded.shape)] = 0
    empty = (signs.sum(axis=-1) == 0) | (rounded == 0)
    signs[empty] = 0
    rounded[empty] = 0

    study.signs, study.percent, study.area = signs, rounded, area_score(rounded)
    study.pustules = rng.poisson(np.where(signs[..., 1] > 0, signs[..., 1] ** 1.7 * (1 + rounded / 22), 0))
    study.tenths = total_tenths(study.signs, study.area)
    study.burden = burden
    study.seen = days != NO_DAY
    # a failed screening often ends before the skin is scored
    study.seen[:, 0] &= study.treated | (rng.random(size) < 0.6)
    study.tenths_by_visit = np.where(study.seen, study.tenths, -1)


def week12(study: SimpleNamespace) -> SimpleNamespace:
    """True primary outcome: PPPASI-50 at week 12, a composite event or a missing value counting as failure."""
    observed = study.seen[:, 6]
    cutoff = np.where(observed, study.occasion_day[:, 6], study.first_dose + 84)
    left = np.isin(study.left_for, ["ADVERSE EVENT", "LACK OF EFFICACY"]) & (study.left_on <= cutoff)
    rescued = (study.rescue != "") & (study.rescue_on <= cutoff)
    half = observed & (2 * study.tenths[:, 6] <= study.tenths[:, 1])
    return SimpleNamespace(
        observed=observed & study.treated,
        half=half & study.treated,
        composite=(left | rescued) & study.treated,
        response=half & ~left & ~rescued & study.treated,
    )
