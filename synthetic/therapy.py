"""Study drug taken and accounted for, concomitant drugs, phototherapy during the study."""

from __future__ import annotations

import numpy as np

from .ground import (
    NO_DAY,
    frame,
    iso,
    lines_within,
    partial,
    pick,
    pick_listed,
    quota,
    stream,
    table,
    text,
    where,
)

DAILY, PAUSED, ALTERNATE, NOTHING = 1, 2, 3, 0
SPARE = 14


def dose(study) -> None:
    """Fill `study.regimen` (n, 91 days) with what was to be taken, and `study.taken` with the tablets swallowed."""
    rng = stream(study.seed, "dose")
    size, horizon = study.size, 91
    day = np.arange(horizon)
    length = np.where(study.treated, study.last_dose - study.first_dose + 1, 0)
    regimen = np.where(day < length[:, None], DAILY, NOTHING)
    study.change_reason = np.full(size, "", dtype=object)
    study.change_ae = np.zeros(size, int)
    ae = study.ae
    for k in np.flatnonzero(np.isin(ae.action, ["INTERRUPTED", "REDUCED"])):
        who = ae.who[k]
        start = ae.start[k] - study.first_dose[who] + 1
        if ae.action[k] == "INTERRUPTED":
            stop, state = start + ae.pause_days[k], PAUSED
        else:
            stop, state = start + 14, ALTERNATE
        stop = min(stop, length[who] - 4)
        regimen[who, start:stop] = state
        study.change_reason[who], study.change_ae[who] = "AE", ae.number[k]
    free = np.flatnonzero(study.treated & (study.change_reason == "") & (length > 40))
    for reason, share in quota(rng, free, {"FORGOT": 0.05, "OTHER": 0.03}).items():
        for who in share:
            start = rng.integers(10, length[who] - 12)
            regimen[who, start : start + rng.integers(2, 6)] = PAUSED
            study.change_reason[who] = reason
    taken = (regimen == DAILY) | ((regimen == ALTERNATE) & (day % 2 == 0))
    careless = np.where(rng.random(size) < 0.06, 0.16, 0.015)
    forgotten = rng.random((size, horizon)) < careless[:, None]
    forgotten[:, 0] = False
    forgotten[np.arange(size), np.maximum(length - 1, 0)] = False
    study.regimen, study.taken = regimen, taken & ~forgotten


def forms(study) -> dict:
    """The drug forms."""
    return {"EX": _ex(study), "DA": _da(study), "CM": _cm(study), "PT": _pt(study)}


def _ex(study):
    regimen = study.regimen
    before = np.pad(regimen, ((0, 0), (1, 0)))[:, :-1]
    after = np.pad(regimen, ((0, 0), (0, 1)))[:, 1:]
    who, start = np.nonzero((regimen != before) & (regimen != NOTHING))
    _, stop = np.nonzero((regimen != after) & (regimen != NOTHING))
    state = regimen[who, start]
    changed = state != DAILY
    fields = {
        "EXSTDAT": iso(study.first_dose[who] + start),
        "EXENDAT": iso(study.first_dose[who] + stop),
        "EXOCCUR": where(state == PAUSED, "N", "Y"),
        "EXDOSE": where(state == PAUSED, "", "4"),
        "EXDOSFRQ": where(state == ALTERNATE, "QOD", "QD"),
        "EXADJ": where(changed, study.change_reason[who]),
        "EXAENO": where(changed & (study.change_reason[who] == "AE"), text(study.change_ae[who])),
    }
    return frame(study, "EX", who, "LOG", study.first_dose[who] + stop, fields, grprep=lines_within(who))


def _da(study):
    rng = stream(study.seed, "da")
    size = study.size
    total = np.concatenate([np.zeros((size, 1), int), study.taken.cumsum(axis=1)], axis=1)
    names = np.array(["BL", "W2", "W4", "W8", "W12", "ET"], dtype=object)
    days = np.stack(
        [np.where(study.visit_done[:, k], study.visit_day[:, k], NO_DAY) for k in (0, 2, 3, 4, 5)] + [study.end_visit],
        axis=1,
    )
    target = np.array([0, 14, 28, 56, 84])
    in_hand, gone_by = np.zeros(size, int), np.zeros(size, int)
    parts = []
    for k in range(6):
        here = (days[:, k] != NO_DAY) & study.treated
        elapsed = np.clip(days[:, k] - study.first_dose, 0, 91)
        elapsed = np.where(here, elapsed, 0)
        swallowed = total[np.arange(size), elapsed] - gone_by
        lost = np.where(rng.random(size) < 0.03, 1, 0)
        returned = np.where(here, np.maximum(in_hand - swallowed - lost, 0), 0)
        out = np.zeros(size, int)
        if k < 4:
            following = np.full(size, 84)
            for later in (3, 2, 1):
                if later > k:
                    following = np.where(days[:, later] != NO_DAY, target[later], following)
            stopped = (study.left_on != NO_DAY) & (study.left_on <= days[:, k]) & study.stays
            out = np.where(here & ~stopped, following - target[k] + SPARE, 0)
        who = np.flatnonzero(here)
        parts.append((who, np.full(len(who), names[k], dtype=object), days[who, k], out[who], returned[who]))
        in_hand = np.where(here, out, in_hand)
        gone_by = np.where(here, total[np.arange(size), elapsed], gone_by)
    who, event, when, out, returned = (np.concatenate([part[j] for part in parts]) for j in range(5))
    lot = np.array([f"00{k}" for k in rng.integers(10211, 10260, size)], dtype=object)
    fields = {"DADAT": iso(when), "DISPAMT": text(out), "RETAMT": text(returned), "DAREFID": lot[who]}
    return frame(study, "DA", who, event, when, fields)


def _cm(study):
    rng = stream(study.seed, "cm")
    rows = table("drugs")
    of = {row["key"]: k for k, row in enumerate(rows)}
    by_use = lambda use: [k for k, row in enumerate(rows) if row["use"] == use]  # noqa: E731
    history = [row["key"] for row in table("history")]
    parts = []

    def add(who, drug, start, end, ae=None, prohibited="N"):
        size = len(who)
        parts.append(
            (who, drug, start, end, np.zeros(size, int) if ae is None else ae, np.full(size, prohibited, dtype=object))
        )

    for k, row in enumerate(rows):
        if row["use"] in history:
            who = np.flatnonzero(study.history[:, history.index(row["use"])] & (rng.random(study.size) < 0.6))
            add(
                who,
                np.full(len(who), k),
                study.consent[who] - rng.integers(90, 2500, len(who)),
                np.full(len(who), NO_DAY),
            )
    for use, rate in (("emollient", 0.45), ("other", 0.12)):
        for k in by_use(use):
            who = np.flatnonzero(rng.random(study.size) < rate)
            start = study.consent[who] - rng.integers(0, 200, len(who))
            end = np.where(rng.random(len(who)) < 0.3, study.consent[who] + rng.integers(5, 40, len(who)), NO_DAY)
            end = np.where(end > study.last_contact[who], NO_DAY, end)
            add(who, np.full(len(who), k), start, end)
    ae = study.ae
    on = np.flatnonzero(ae.drug != "")
    begin = ae.start[on] + rng.integers(0, 3, len(on))
    begin = np.where(ae.end[on] == NO_DAY, begin, np.minimum(begin, ae.end[on]))
    add(
        ae.who[on],
        np.array([of[d] for d in ae.drug[on]], dtype=int),
        np.minimum(begin, study.last_contact[ae.who[on]]),
        ae.end[on],
        ae.number[on],
    )
    prohibited = by_use("prohibited")
    for kind, options in (("TOPICAL", prohibited[:2]), ("SYSTEMIC", prohibited[2:])):
        who = np.flatnonzero(study.rescue == kind)
        length = rng.integers(6, 20, len(who))
        end = np.minimum(study.rescue_on[who] + length, study.last_contact[who])
        add(who, rng.choice(options, len(who)), study.rescue_on[who], end, prohibited="Y")
    who, drug, start, end, number, flag = (np.concatenate([part[j] for part in parts]) for j in range(6))
    order = np.lexsort((drug, start, who))
    who, drug, start, end, number, flag = (v[order] for v in (who, drug, start, end, number, flag))
    column = lambda name: np.array([row[name] for row in rows], dtype=object)[drug]  # noqa: E731
    old = start < study.consent[who]
    keep = np.where(old, rng.choice([4, 7, 10], len(who), p=[0.45, 0.4, 0.15]), 10)
    fields = {
        "CMTRT": pick_listed(rng, [row["verbatims"].split("|") for row in rows], drug),
        "CMINDC": column("indication"),
        "CMAENO": where(number > 0, text(number)),
        "CMDOSE": column("dose"),
        "CMDOSU": column("unit"),
        "CMDOSFRQ": column("freq"),
        "CMROUTE": column("route"),
        "CMSTDAT": partial(start, keep),
        "CMENDAT": iso(end),
        "CMONGO": where(end == NO_DAY, "Y", "N"),
        "CMPROH": flag,
    }
    entered = np.maximum(np.maximum(start, end), study.screened_on[who])
    return frame(study, "CM", who, "LOG", entered, fields, grprep=lines_within(who))


def _pt(study):
    rng = stream(study.seed, "pt")
    who = np.flatnonzero(study.rescue == "PHOTO")
    end = np.minimum(study.rescue_on[who] + rng.integers(3, 15, len(who)), study.last_contact[who])
    other = np.flatnonzero(study.treated & (study.rescue == "") & (rng.random(study.size) < 0.03))
    when = study.first_dose[other] + rng.integers(5, 70, len(other))
    when = np.minimum(when, study.last_contact[other])
    fields = {
        "PRTRT": np.concatenate(
            [
                pick(rng, ["NB-UVB 光疗", "308nm准分子光（手足）"], len(who)),
                pick(rng, ["根管治疗", "拔牙", "胃镜检查"], len(other)),
            ]
        ),
        "PRSTDAT": iso(np.concatenate([study.rescue_on[who], when])),
        "PRENDAT": iso(np.concatenate([end, when])),
    }
    both = np.concatenate([who, other])
    return frame(study, "PT", both, "LOG", np.concatenate([end, when]), fields)
