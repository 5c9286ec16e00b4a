"""More blood samples than the protocol asks for, each at an unscheduled visit of its own: to measure speed with."""

from __future__ import annotations

import numpy as np

from .ground import EXTRACT, NO_DAY, stream, table, workday
from .laboratory import compose

HORIZON = 95  # days after the first dose among which the visits lie


def add(study, samples: int) -> None:
    """Widen `study.lab_day` and `study.lab` so that the treated have about `samples` times as many samples.

    Each visit stands on a working day between first dose and last contact on which the subject has no other, so whoever
    left early may have room for fewer. A value lies between those of screening and week 12, nearer to the latter
    the longer the drug was taken. Fills `study.sample_day` and `study.sample_number` (n, k): the day of each of these
    visits, in their order, and its number among the unscheduled ones.
    """
    rng = stream(study.seed, "samples")
    wanted = np.where(study.treated, (samples - 1) * (study.lab_day != NO_DAY).sum(axis=1), 0)
    offsets = np.arange(1, HORIZON + 1)
    days = study.first_dose[:, None] + offsets
    last = np.minimum(study.last_contact, EXTRACT - 8)[:, None]
    free = study.treated[:, None] & (days < last) & (workday(days) == days)
    for k in range(study.occasion_day.shape[1]):
        free &= days != study.occasion_day[:, k : k + 1]
    # The days with the smallest lots: a sample without replacement.
    lots = np.where(free, rng.random(free.shape), np.inf)
    taken = free & (lots.argsort(axis=1).argsort(axis=1) < wanted[:, None])
    width = int(taken.sum(axis=1).max())
    place = np.argsort(~taken, axis=1, kind="stable")[:, :width]
    held = np.take_along_axis(taken, place, axis=1)
    study.sample_day = np.where(held, np.take_along_axis(days, place, axis=1), NO_DAY)
    others = (study.extra_visit != NO_DAY).astype(int)
    study.sample_number = np.arange(1, width + 1) + others[:, None]
    on_drug = np.clip((study.sample_day - study.first_dose[:, None]) / 40, 0, 1)
    for row in table("labs"):
        known = study.lab[row["key"]]
        before, after = np.log(known[:, :1]), np.log(known[:, 2:3])
        noise = float(row["cv"]) * 0.3 * rng.normal(0, 1, held.shape)
        fresh = np.exp(before + (after - before) * on_drug + noise)
        study.lab[row["key"]] = np.concatenate([known, fresh], axis=1)
    study.lab_day = np.concatenate([study.lab_day, study.sample_day], axis=1)
    rest = study.lab["WBC"] - study.lab["NEUT"] - study.lab["LYM"]
    rest[:, -width:] = rng.uniform(0.35, 0.85, held.shape)
    compose(study, rest)
