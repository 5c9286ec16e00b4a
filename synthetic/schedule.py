"""Who is screened, who is treated, when each visit happens, who leaves and why."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .ground import EXTRACT, NO_DAY, SITEID, day, quota, stream, workday

VISITS = ["BL", "W1", "W2", "W4", "W8", "W12"]
TARGET = np.array([1, 8, 15, 29, 57, 85])
LOW = np.array([1, 6, 12, 25, 52, 78])
HIGH = np.array([1, 10, 18, 33, 62, 92])
SPREAD = np.array([0.0, 1.0, 1.3, 1.8, 2.4, 2.6])

FAILURES = {
    "IN09": 0.18, "IN03": 0.17, "EX02": 0.16, "EX01": 0.16, "IN06": 0.09, "IN02": 0.08, "IN08": 0.08, "WITHDREW": 0.08,
}  # fmt: skip
LEAVING = {
    "ADVERSE EVENT": 0.035,
    "LACK OF EFFICACY": 0.035,
    "WITHDRAWAL BY SUBJECT": 0.05,
    "LOST TO FOLLOW-UP": 0.034,
    "PHYSICIAN DECISION": 0.017,
}
RESPONDERS = {"good": 0.55, "partial": 0.26, "none": 0.19}
RESCUE = {"TOPICAL": 0.033, "SYSTEMIC": 0.017, "PHOTO": 0.017}


def enrol(seed: int, subjects: int) -> SimpleNamespace:
    """The screening records: order of consent, treated or failed, second screenings, responsiveness."""
    rng = stream(seed, "enrol")
    failed = max(2, round(0.2 * subjects))
    size = subjects + failed
    consent = workday(np.sort(rng.integers(day("2026-01-05"), day("2026-05-30"), size)))
    treated = np.ones(size, bool)
    treated[rng.choice(size, failed, replace=False)] = False
    previous = _second_screenings(rng, consent, treated, max(1, round(subjects / 60)))
    person = np.arange(size)
    person[previous >= 0] = previous[previous >= 0]

    reason = np.full(size, "", dtype=object)
    lost = np.flatnonzero(~treated)
    rescreened = np.unique(previous[previous >= 0])
    reason[rescreened] = "IN09"  # a passing rise of ALT: the one cause that a second screening may cure
    rest = np.setdiff1d(lost, rescreened)
    for name, share in quota(rng, rest, FAILURES).items():
        reason[share] = name
    reason[(~treated) & (reason == "")] = "IN03"

    first = workday(consent + rng.integers(4, 25, size))
    klass = np.zeros(size, int)
    for k, share in enumerate(quota(rng, np.flatnonzero(treated), RESPONDERS).values()):
        klass[share] = k
    effect = np.select(
        [klass == 0, klass == 1],
        [rng.beta(9, 2.6, size), rng.normal(0.42, 0.11, size)],
        rng.normal(0.03, 0.16, size),
    )
    return SimpleNamespace(
        seed=seed,
        size=size,
        subjid=np.array([f"{SITEID}-{k:04d}" for k in range(1, size + 1)], dtype=object),
        consent=consent,
        treated=treated,
        previous=previous,
        person=person,
        failure=reason,
        first_dose=np.where(treated, first, NO_DAY),
        screened_on=workday(consent + rng.integers(0, 3, size)),
        effect=np.clip(effect, -0.35, 0.99),
        speed_days=np.exp(rng.normal(np.log(17), 0.45, size)),
    )


def _second_screenings(rng, consent, treated, wanted) -> np.ndarray:
    previous = np.full(len(consent), -1)
    for early in rng.permutation(np.flatnonzero(~treated)):
        later = np.flatnonzero(
            treated & (consent >= consent[early] + 28) & (consent <= consent[early] + 90) & (previous < 0)
        )
        if wanted and len(later):
            previous[rng.choice(later)] = early
            wanted -= 1
    return previous


def follow(study: SimpleNamespace) -> None:
    """Visit days, missed visits, discontinuation, rescue treatment, unscheduled and early-termination visits."""
    rng = stream(study.seed, "follow")
    size, treated = study.size, np.flatnonzero(study.treated)
    _leave(study, rng, treated)
    stayed = np.setdiff1d(treated, np.flatnonzero(study.left_on != NO_DAY))

    days = TARGET + np.rint(rng.normal(0, 1, (size, 6)) * SPREAD).astype(int)
    days = np.clip(days, LOW, HIGH)
    date = study.first_dose[:, None] + days - 1
    moved = workday(date)
    over = moved - study.first_dose[:, None] + 1 > HIGH
    date = np.where(over, moved - 3, moved)
    date[:, 0] = study.first_dose
    for k, rate in ((2, 0.02), (3, 0.03), (4, 0.03)):
        late = quota(rng, treated, {"late": rate})["late"]
        date[late, k] = workday(study.first_dose[late] + HIGH[k] - 1 + rng.integers(1, 4, len(late)))
    share = quota(rng, stayed, {"day 97": 1 / 50, "late": 0.02, "missed": 1 / 50})
    date[share["day 97"], 5] = study.first_dose[share["day 97"]] + 96
    date[share["late"], 5] = workday(study.first_dose[share["late"]] + 92 + rng.integers(0, 3, len(share["late"])))

    done = np.repeat(study.treated[:, None], 6, axis=1)
    missed = (rng.random((size, 6)) < [0, 0.025, 0.02, 0.025, 0.03, 0]) & done
    missed[share["missed"], 5] = True
    gone = (study.left_on != NO_DAY) & ~study.stays
    after = gone[:, None] & (date >= study.left_on[:, None])
    study.visit_day = np.where(done, date, NO_DAY)
    study.visit_missed = missed & ~after
    study.visit_gone = after & done
    study.visit_done = done & ~missed & ~after
    study.end_visit = np.where(
        gone & rng_bool(rng, size, 0.75), workday(study.left_on + rng.integers(0, 6, size)), NO_DAY
    )
    study.end_visit[study.left_for == "LOST TO FOLLOW-UP"] = NO_DAY
    _rescue(study, rng)
    _last_days(study, rng)
    _unscheduled(study, rng)


def rng_bool(rng, size, rate) -> np.ndarray:
    return rng.random(size) < rate


def _leave(study, rng, treated) -> None:
    size = study.size
    study.left_for = np.full(size, "", dtype=object)
    study.left_on = np.full(size, NO_DAY)
    study.stays = np.zeros(size, bool)
    study.scope = np.full(size, "", dtype=object)
    worst = treated[np.argsort(study.effect[treated], kind="stable")]
    count = round(LEAVING["LACK OF EFFICACY"] * len(treated))
    poor = rng.permutation(worst[: max(count, len(treated) // 6)])[:count]
    study.left_for[poor] = "LACK OF EFFICACY"
    others = {k: v * len(treated) / max(1, len(treated) - count) for k, v in LEAVING.items() if k != "LACK OF EFFICACY"}
    for name, share in quota(rng, np.setdiff1d(treated, poor), others).items():
        study.left_for[share] = name
    left = study.left_for != ""
    when = np.where(study.left_for == "LACK OF EFFICACY", rng.integers(40, 64, size), rng.integers(18, 64, size))
    study.left_on[left] = workday(study.first_dose + when)[left]
    withdrew = np.flatnonzero(study.left_for == "WITHDRAWAL BY SUBJECT")
    study.scope[withdrew] = np.where(np.arange(len(withdrew)) % 3 == 0, "TREATMENT", "STUDY")
    study.stays[withdrew] = study.scope[withdrew] == "TREATMENT"


def _rescue(study, rng) -> None:
    """Prohibited treatment for PPP: more often among poor responders."""
    able = np.flatnonzero(study.treated & ~np.isin(study.left_for, ["ADVERSE EVENT", "LACK OF EFFICACY"]))
    study.rescue = np.full(study.size, "", dtype=object)
    study.rescue_on = np.full(study.size, NO_DAY)
    worst = able[np.argsort(study.effect[able] + rng.normal(0, 0.22, len(able)), kind="stable")]
    start = 0
    for name, rate in RESCUE.items():
        count = int(np.floor(rate * study.treated.sum() + 0.5))
        share = worst[start : start + count]
        start += count
        study.rescue[share] = name
        limit = np.where(study.left_on[share] != NO_DAY, study.left_on[share] - study.first_dose[share] - 3, 77)
        study.rescue_on[share] = study.first_dose[share] + np.minimum(
            rng.integers(30, 78, count), np.maximum(limit, 15)
        )


def _last_days(study, rng) -> None:
    size, week12 = study.size, study.visit_day[:, 5]
    supply_ends = study.first_dose + 90
    finished = np.minimum(week12 - 1, supply_ends)
    before = np.where(study.left_for == "ADVERSE EVENT", rng.integers(0, 3, size), rng.integers(0, 2, size))
    left = study.left_on != NO_DAY
    study.last_dose = np.where(left, study.left_on - before, finished)
    study.last_dose[~study.treated] = NO_DAY
    followed = np.minimum(week12 + rng.integers(26, 31, size), EXTRACT - 2)
    contact = np.where(rng_bool(rng, size, 0.93), followed, week12)
    contact = np.where(left & ~study.stays, np.maximum(study.left_on, study.end_visit), contact)
    contact = np.where(study.treated, contact, study.consent + rng.integers(5, 20, size))
    study.last_contact = contact
    study.ended_on = np.where(study.treated, np.where(left, study.left_on, week12), contact)


def _unscheduled(study, rng) -> None:
    """At most one unscheduled visit each, never near another visit nor in the week-12 analysis window."""
    wanted = rng_bool(rng, study.size, 0.1) & study.treated
    when = workday(study.first_dose + rng.integers(19, 60, study.size))
    near = (np.abs(when[:, None] - study.visit_day) < 4).any(axis=1)
    stop = (study.left_on != NO_DAY) & (when >= study.left_on)
    study.extra_visit = np.where(wanted & ~near & ~stop, when, NO_DAY)
