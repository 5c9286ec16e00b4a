"""PPPASI, PGA, DLQI, joints, NRS and WPAI: what raters and patients write down, all from one latent disease."""

from __future__ import annotations

import numpy as np

from .disease import OCCASIONS, REGIONS
from .ground import decimals, frame, iso, stream, text, where

NOT_RELEVANT = np.array([0, 0, 0.03, 0.02, 0.06, 0.16, 0.10, 0.05, 0.22, 0.04])
LOADING = np.array([0.45, 0.3, 0.15, 0.1, -0.05, -0.25, -0.2, -0.15, -0.35, 0.05])
JOINT_SITES = np.array(["SCJ", "MANUBR", "CLAV", "SPINE", "SIJ", "PERIPH", "OTHER"], dtype=object)


def forms(study) -> dict:
    """The six efficacy forms."""
    return {
        "PPPASI": _pppasi(study),
        "PGA": _pga(study),
        "DLQI": _dlqi(study),
        "JOINT": _joint(study),
        "NRS": _nrs(study),
        "WPAI": _wpai(study),
    }


def _at(study, events) -> tuple[np.ndarray, np.ndarray]:
    """Records and occasion numbers of the treated at these events that took place."""
    chosen = np.isin(OCCASIONS, events)
    return np.nonzero(study.seen & study.treated[:, None] & chosen)


def _labels(when) -> np.ndarray:
    return np.array(OCCASIONS, dtype=object)[when]


def _severity(study) -> np.ndarray:
    return study.tenths / 10


def _pppasi(study):
    rng = stream(study.seed, "pppasi")
    who, when = np.nonzero(study.seen)
    usual = rng.choice(4, study.size, p=[0.42, 0.3, 0.18, 0.1]) + 1
    rater = np.where(rng.random(len(who)) < 0.08, rng.integers(1, 5, len(who)), usual[who])
    fields = {
        "PPDAT": study_dates(study, who, when),
        "PPEVAL": np.array([f"R{k:02d}" for k in rater], dtype=object),
    }
    signs, percent = study.signs[who, when], study.percent[who, when]
    counted = rng.random(len(who)) < 0.93
    for r, region in enumerate(REGIONS):
        for s, sign in enumerate(("ERY", "PUS", "DES")):
            fields[region + sign] = text(signs[:, r, s])
        fields[region + "PCT"] = text(percent[:, r])
        fields[region + "ARE"] = text(study.area[who, when][:, r])
        fields[region + "PSC"] = where(counted, text(study.pustules[who, when][:, r]))
    fields["PPTOTAL"] = where(rng.random(len(who)) < 0.95, decimals(study.tenths[who, when] / 10, 1))
    return frame(study, "PPPASI", who, _labels(when), study.occasion_day[who, when], fields)


def study_dates(study, who, when) -> np.ndarray:
    return iso(study.occasion_day[who, when])


def grade(total, lean) -> np.ndarray:
    """PPP-PGA from the total and a rater's lean: 0 only where nothing is left."""
    seen = np.searchsorted([0.05, 4.5, 12.0, 25.0], total + np.where(total > 0.8, lean, 0), side="right")
    return np.where(total <= 0, 0, np.maximum(seen, 1))


def _pga(study):
    rng = stream(study.seed, "pga")
    who, when = np.nonzero(study.seen)
    total = _severity(study)[who, when]
    lean = rng.normal(0, 0.12, len(who)) * total
    fields = {"PGASC": text(grade(total, lean)), "PGADAT": study_dates(study, who, when)}
    return frame(study, "PGA", who, _labels(when), study.occasion_day[who, when], fields)


def dlqi_total(items, relevant, prevented, how_much) -> np.ndarray:
    """DLQI 0-30. Items (n, 10) with item 7 ignored; `prevented` Y/N/NR and `how_much` LOT/LITTLE/NOT give item 7."""
    scores = np.where(relevant, items, 0)
    scores[:, 6] = np.select([prevented == "Y", how_much == "LOT", how_much == "LITTLE"], [3, 2, 1], 0)
    return scores.sum(axis=1)


def _dlqi(study):
    rng = stream(study.seed, "dlqi")
    who, when = _at(study, ["BL", "W4", "W8", "W12"])
    person = rng.normal(0, 0.38, study.size)
    never = rng.random((study.size, 10)) < NOT_RELEVANT
    level = -0.35 + 1.28 * np.sqrt(_severity(study)[who, when] / 20) + person[who]
    items = np.clip(np.rint(level[:, None] + LOADING + rng.normal(0, 0.42, (len(who), 10))), 0, 3).astype(int)
    relevant = ~never[who]
    seven = items[:, 6]
    prevented = where(~relevant[:, 6], "NR", where(seven == 3, "Y", "N"))
    how_much = where(prevented == "N", np.array(["NOT", "LITTLE", "LOT", ""], dtype=object)[seven])
    fields = {"DLDAT": study_dates(study, who, when), "DLLANG": "zh-CN", "DLQI07A": prevented, "DLQI07B": how_much}
    for k in range(10):
        if k != 6:
            fields[f"DLQI{k + 1:02d}"] = where(relevant[:, k], text(items[:, k]), "NR")
    total = dlqi_total(items, relevant, prevented, how_much)
    fields["DLTOTAL"] = where(rng.random(len(who)) < 0.96, text(total))
    return frame(study, "DLQI", who, _labels(when), study.occasion_day[who, when], fields)


def _joint(study):
    rng = stream(study.seed, "joint")
    who, when = _at(study, ["BL", "W4", "W8", "W12"])
    first = np.clip(rng.normal(5.2, 1.8, study.size), 1, 10) * study.joint
    answer = np.clip(0.6 * study.effect + rng.normal(0.1, 0.2, study.size), -0.3, 1)
    weeks = np.clip((study.occasion_day[who, when] - study.first_dose[who]) / 84, 0, 1)
    level = np.clip(first[who] * (1 - answer[who] * weeks**0.7), 0, 10)
    pain = np.clip(np.rint(level + rng.normal(0, 0.6, len(who)) * (level > 0)), 0, 10).astype(int)
    aching = (pain > 0) & (study.joint[who] > 0)
    pain = np.where(aching, pain, 0)
    tender = np.clip(rng.poisson(level * 0.75), 0, 68)
    swollen = np.minimum(rng.poisson(level * 0.3), tender)
    marks = rng.random((study.size, 7)) < [0.5, 0.2, 0.25, 0.25, 0.12, 0.4, 0.04]
    marks[~marks.any(axis=1), 5] = True
    sites = np.array(["|".join(JOINT_SITES[row]) for row in marks], dtype=object)
    fields = {
        "JTSYMP": where(aching, "Y", "N"),
        "JTSITE": where(aching, sites[who]),
        "TJC": where(aching, text(tender)),
        "SJC": where(aching, text(swollen)),
        "JTPAIN": text(pain),
        "JTIMG": where((when == 1) & aching & (rng.random(len(who)) < 0.6), "Y", "N"),
    }
    return frame(study, "JOINT", who, _labels(when), study.occasion_day[who, when], fields)


def _scale(rng, who, size, level, spread) -> np.ndarray:
    person = rng.normal(0, spread, size)
    return np.clip(np.rint(level + person[who] + rng.normal(0, 0.7, len(who))), 0, 10).astype(int)


def _nrs(study):
    rng = stream(study.seed, "nrs")
    who, when = _at(study, ["BL", "W1", "W2", "W4", "W8", "W12"])
    root = np.sqrt(_severity(study)[who, when] / 20)
    itch = _scale(rng, who, study.size, -0.8 + 6.2 * root, 1.1)
    pain = _scale(rng, who, study.size, -1.2 + 5.8 * root, 1.2)
    sleep = _scale(rng, who, study.size, -0.9 + 0.45 * itch + 0.35 * pain, 1.0)
    fields = {"NRSITCH": text(itch), "NRSPAIN": text(pain), "NRSSLP": text(sleep)}
    return frame(study, "NRS", who, _labels(when), study.occasion_day[who, when], fields)


def _wpai(study):
    rng = stream(study.seed, "wpai")
    who, when = _at(study, ["BL", "W12"])
    size = len(who)
    root = np.sqrt(_severity(study)[who, when] / 20)
    works = study.employed[who]
    person = rng.normal(0, 0.9, study.size)[who]
    activity = np.clip(np.rint(-0.7 + 4.9 * root + person + rng.normal(0, 0.8, size)), 0, 10).astype(int)
    work = np.clip(np.rint(-1.0 + 4.3 * root + person + rng.normal(0, 0.8, size)), 0, 10).astype(int)
    missed = np.where(rng.random(size) < 0.12 + 0.12 * root, np.rint(rng.gamma(1.6, 4, size) * 2) / 2, 0)
    missed = np.clip(missed, 0, 30)
    other = np.where(rng.random(size) < 0.15, rng.integers(1, 9, size), 0)
    worked = np.clip(np.rint(rng.normal(43, 6, size) - missed - other), 4, 70)
    some = lambda values: where(works, np.array([f"{v:g}" for v in values], dtype=object))  # noqa: E731
    fields = {
        "WPEMP": where(works, "Y", "N"),
        "WPMISS": some(missed),
        "WPOTH": some(other),
        "WPWORK": some(worked),
        "WPPROD": where(works, text(work)),
        "WPACT": text(activity),
    }
    return frame(study, "WPAI", who, _labels(when), study.occasion_day[who, when], fields)
