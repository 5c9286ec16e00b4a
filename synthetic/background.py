"""Who the patients are: demography, consent, eligibility, history, prior treatment, smoking."""

from __future__ import annotations

import numpy as np

from .ground import (
    NO_DAY,
    day,
    decimals,
    frame,
    iso,
    lines_within,
    partial,
    pick,
    pick_listed,
    stream,
    table,
    text,
    where,
)

PROTOCOL_V2 = day("2026-04-01")  # protocol and consent form v1.1 are in force from here


def people(study) -> None:
    """Fill `study` with what a person is and stays: one draw per person, shared by both of his screenings."""
    rng = stream(study.seed, "people")
    size = study.size
    age_days = np.clip(rng.normal(48, 11.5, size), 20.3, 70) * 365.25
    study.birth = (study.consent - age_days).astype(int)
    study.female = rng.random(size) < 0.68
    smoking = np.where(
        study.female,
        rng.choice(["CURRENT", "FORMER", "NEVER"], size, p=[0.48, 0.16, 0.36]),
        rng.choice(["CURRENT", "FORMER", "NEVER"], size, p=[0.74, 0.19, 0.07]),
    )
    study.smoking = smoking.astype(object)
    study.onset = study.consent - np.maximum(rng.gamma(1.4, 4.2, size) * 365, 200).astype(int)
    study.onset = np.maximum(study.onset, study.birth + 15 * 365)
    study.joint = (rng.random(size) < 0.38).astype(int)
    study.history = rng.random((size, len(table("history")))) < [float(row["rate"]) for row in table("history")]
    keys = [row["key"] for row in table("history")]
    study.history[:, keys.index("PAO")] = (study.joint > 0) & (rng.random(size) < 0.35)
    age_years = age_days / 365.25
    study.employed = rng.random(size) < np.where(age_years < 55, 0.8, np.where(age_years < 61, 0.45, 0.08))
    study.age_years = age_years
    for name in ("birth", "female", "smoking", "onset", "joint", "history", "employed", "age_years"):
        setattr(study, name, getattr(study, name)[study.person])


def forms(study) -> dict:
    """The background forms."""
    return {
        "DM": _dm(study),
        "ICF": _icf(study),
        "IE": _ie(study),
        "MH": _mh(study),
        "PPPHX": _ppphx(study),
        "PRTX": _prtx(study),
        "SU": _su(study),
    }


def _everyone(study) -> np.ndarray:
    return np.arange(study.size)


def _dm(study):
    rng = stream(study.seed, "dm")
    group = pick(rng, ["HAN", "HUI", "UYGHUR", "OTHER"], study.size, [0.93, 0.03, 0.01, 0.03])[study.person]
    fields = {
        "BRTHDAT": iso(study.birth),
        "SEX": where(study.female, "F", "M"),
        "RACE": "ASIAN",
        "ETHGRP": group,
        "ETHGRPO": where(group == "OTHER", pick(rng, ["满族", "蒙古族", "壮族", "土家族"], study.size)[study.person]),
        "EDULVL": pick(rng, list("12345"), study.size, [0.1, 0.3, 0.3, 0.26, 0.04])[study.person],
    }
    return frame(study, "DM", _everyone(study), "SCR", study.consent, fields)


def _icf(study):
    rng = stream(study.seed, "icf")
    size = study.size
    version = lambda days: where(days >= PROTOCOL_V2, "V1.1", "V1.0")  # noqa: E731
    photo = rng.random(size) < 0.7
    bank = (rng.random(size) < 0.4) & study.treated
    again = np.full(size, NO_DAY)
    old = study.treated & (study.consent < PROTOCOL_V2)
    for k in (4, 5, 6):  # renewed at the first visit on site under the new version
        day_k = study.occasion_day[:, k]
        due = old & (again == NO_DAY) & (day_k != NO_DAY) & (day_k >= PROTOCOL_V2)
        again = np.where(due, day_k, again)
    previous = where(study.previous >= 0, study.subjid[study.previous])
    who, event, date, kind, link = [], [], [], [], []
    for kind_name, chosen, when in (
        ("MAIN", np.ones(size, bool), study.consent),
        ("PHOTO", photo, study.consent),
        ("BIOBANK", bank, study.consent),
        ("RECONSENT", again != NO_DAY, again),
    ):
        index = np.flatnonzero(chosen)
        who.append(index)
        date.append(when[index])
        kind.append(np.full(len(index), kind_name, dtype=object))
        link.append(previous[index] if kind_name == "MAIN" else np.full(len(index), "", dtype=object))
        label = np.full(len(index), "SCR", dtype=object)
        if kind_name == "RECONSENT":
            for k, name in ((4, "W4"), (5, "W8"), (6, "W12")):
                label[study.occasion_day[index, k] == when[index]] = name
        event.append(label)
    who, event, date, kind, link = (np.concatenate(part) for part in (who, event, date, kind, link))
    order = np.argsort(who, kind="stable")
    who, event, date, kind, link = (part[order] for part in (who, event, date, kind, link))
    fields = {"RFICDAT": iso(date), "ICFVER": version(date), "ICTYPE": kind, "PRVSUBJ": link}
    return frame(study, "ICF", who, event, date, fields, grprep=lines_within(who))


def _ie(study):
    who = _everyone(study)
    criterion = where(np.isin(study.failure, ["", "WITHDREW"]), "", study.failure)
    met = criterion == ""
    fields = {
        "IEYN": where(met, "Y", "N"),
        "IETESTCD": criterion,
        "IEORRES": where(met, "", where(np.char.startswith(criterion.astype(str), "EX"), "Y", "N")),
        "IEVER": where(study.consent >= PROTOCOL_V2, "V1.1", "V1.0"),
        "IEWAIV": where(met, "", "N"),
        "IEPHYS": where(study.treated | (study.failure == "WITHDREW"), "Y", "N"),
    }
    done = np.where(study.treated, study.first_dose, study.consent + 5)
    return frame(study, "IE", who, "SCR", done, fields)


def _mh(study):
    rng = stream(study.seed, "mh")
    rows = table("history")
    who, which = np.nonzero(study.history)
    names = pick_listed(rng, [row["verbatims"].split("|") for row in rows], which)
    category = np.array([row["cat"] for row in rows], dtype=object)[which]
    start = study.consent[who] - rng.integers(200, 5400, len(who))
    start = np.maximum(start, study.birth[who] + 9 * 365)
    key = np.array([row["key"] for row in rows], dtype=object)[which]
    over = np.isin(key, ["HZ", "TBOLD"]) | (rng.random(len(who)) < 0.08)
    end = np.where(over, np.minimum(start + rng.integers(15, 300, len(who)), study.consent[who] - 1), NO_DAY)
    keep = rng.choice([4, 7, 10], len(who), p=[0.55, 0.33, 0.12])
    none = np.flatnonzero(~study.history.any(axis=1))
    blank = np.full(len(none), "", dtype=object)
    join = lambda some, rest: np.concatenate([np.asarray(some, dtype=object), rest])  # noqa: E731
    everyone = np.concatenate([who, none])
    fields = {
        "MHYN": join(np.full(len(who), "Y"), np.full(len(none), "N", dtype=object)),
        "MHTERM": join(names, blank),
        "MHSTDAT": join(partial(start, keep), blank),
        "MHENDAT": join(partial(end, keep), blank),
        "MHONGO": join(where(over, "N", "Y"), blank),
        "MHCAT": join(category, blank),
    }
    lines = np.concatenate([lines_within(who), np.ones(len(none), int)])
    return frame(study, "MH", everyone, "SCR", study.screened_on[everyone], fields, grprep=lines)


def _ppphx(study):
    rng = stream(study.seed, "ppphx")
    size = study.size
    found = np.minimum(study.onset + rng.gamma(1.2, 260, size).astype(int), study.consent - 100)
    onset = np.minimum(study.onset, found)
    keys = [row["key"] for row in table("history")]
    marks = rng.random((size, 6)) < [0, 0, 0.08, 0.1, 0.05, 0.03]
    marks[:, 0] = study.history[:, keys.index("TONSIL")]
    marks[:, 1] = study.history[:, keys.index("CARIES")]
    codes = np.array(list("123456"), dtype=object)
    fields = {
        "PPDIADAT": partial(found, rng.choice([4, 7, 10], size, p=[0.25, 0.5, 0.25])),
        "PPONSDAT": partial(onset, rng.choice([4, 7], size, p=[0.5, 0.5])),
        "PPTYPE": where(study.history[:, keys.index("PSO")], "B", "A"),
        "PPCONF": where(
            study.failure == "IN02", "CLINICAL", pick(rng, ["CLINICAL", "PATHOLOGY", "BOTH"], size, [0.62, 0.1, 0.28])
        ),
        "PPFOCAL": np.array(["|".join(codes[row]) for row in marks], dtype=object),
        "PPPAO": where(study.history[:, keys.index("PAO")], "Y", pick(rng, ["N", "U"], size, [0.95, 0.05])),
        "PPFAMHX": pick(rng, ["N", "Y", "U"], size, [0.85, 0.1, 0.05]),
        "PPFLARE": text(np.clip(rng.poisson(4.2, size), 0, 20)),
    }
    return frame(study, "PPPHX", _everyone(study), "SCR", study.screened_on, fields)


def _prtx(study):
    rng = stream(study.seed, "prtx")
    rows = table("prior")
    weight = np.array([float(row["weight"]) for row in rows])
    systemic = np.array([row["systemic"] == "Y" for row in rows])
    conventional = np.array([row["class"] in ("RETINOID", "MTX", "CSA", "TWHF") for row in rows])
    # each person takes the classes with the smallest exponential clocks: sampling without replacement by weight
    clock = rng.exponential(1, (study.size, len(rows))) / weight
    kept = clock < np.quantile(clock, 0.2, axis=1)[:, None]
    first = np.argmin(np.where(conventional, clock, np.inf), axis=1)
    kept[np.arange(study.size), first] = True
    never = study.failure == "IN03"
    kept[never] &= ~systemic
    kept[never, [row["class"] for row in rows].index("TOPICAL")] = True
    who, which = np.nonzero(kept)
    size = len(who)
    main = (which == first[who]) & ~never[who]
    reason = where(
        main,
        pick(rng, ["INEFF", "INTOL"], size, [0.72, 0.28]),
        pick(rng, ["INEFF", "INTOL", "COST", "OTHER"], size, [0.6, 0.12, 0.16, 0.12]),
    )
    lasted = np.where(main & (reason == "INEFF"), rng.integers(90, 420, size), rng.integers(20, 400, size))
    room = np.maximum(study.consent[who] - study.onset[who], 120)
    lasted = np.minimum(lasted, room - 45)
    end = study.consent[who] - 35 - (rng.random(size) * np.maximum(room - lasted - 40, 1)).astype(int)
    start = np.maximum(end - lasted, study.birth[who] + 16 * 365)
    reached = where(
        main,
        where(reason == "INEFF", "Y", pick(rng, ["Y", "N"], size)),
        pick(rng, ["Y", "N", "U"], size, [0.72, 0.15, 0.13]),
    )
    keep = np.where(
        main & (reason == "INEFF"),
        rng.choice([7, 10], size, p=[0.7, 0.3]),
        rng.choice([4, 7, 10], size, p=[0.3, 0.5, 0.2]),
    )
    fields = {
        "CMTRT": pick_listed(rng, [row["verbatims"].split("|") for row in rows], which),
        "PTCAT": np.array([row["class"] for row in rows], dtype=object)[which],
        "CMSTDAT": partial(start, keep),
        "CMENDAT": partial(end, keep),
        "PTSTDDOS": reached,
        "PTRESP": where(
            reason == "INEFF",
            pick(rng, ["NONE", "PARTIAL"], size, [0.55, 0.45]),
            pick(rng, ["PARTIAL", "GOOD", "UNK"], size, [0.5, 0.3, 0.2]),
        ),
        "PTSTOP": reason,
    }
    return frame(study, "PRTX", who, "SCR", study.screened_on[who], fields, grprep=lines_within(who))


def _su(study):
    rng = stream(study.seed, "su")
    size = study.size
    started = rng.integers(16, 28, size)
    quit_years = np.where(study.smoking == "FORMER", rng.gamma(1.5, 4, size), 0)
    years = np.clip(study.age_years - started - quit_years, 1, 55)
    quit_years = np.where(study.smoking == "FORMER", np.maximum(study.age_years - started - years, 0.3), 0)
    smoked = study.smoking != "NEVER"
    dose = np.clip(5 * np.rint(rng.gamma(3, 5, size) / 5), 2, 60)
    quit_day = np.where(study.smoking == "FORMER", study.consent[study.person] - (quit_years * 365).astype(int), NO_DAY)
    drink = pick(rng, ["NEVER", "CURRENT", "FORMER"], size, [0.68, 0.26, 0.06])
    tobacco = {
        "SUTRT": "TOBACCO",
        "SUNCF": study.smoking,
        "SUDOSE": where(smoked, text(dose)),
        "SUDUR": where(smoked, decimals(np.rint(years), 0)),
        "SUENDAT": where(study.smoking == "FORMER", partial(quit_day, rng.choice([4, 7], size))),
    }
    ended = study.consent - rng.integers(400, 4000, size)
    alcohol = {
        "SUTRT": "ALCOHOL",
        "SUNCF": drink,
        "SUENDAT": where(drink == "FORMER", partial(ended, 4)),
    }
    again = np.flatnonzero(study.seen[:, 6] & study.treated)
    parts = [(_everyone(study), "SCR", tobacco, 1), (_everyone(study), "SCR", alcohol, 2), (again, "W12", tobacco, 1)]
    who = np.concatenate([p[0] for p in parts])
    event = np.concatenate([np.full(len(p[0]), p[1], dtype=object) for p in parts])
    lines = np.concatenate([np.full(len(p[0]), p[3]) for p in parts])
    full = lambda p, name: np.broadcast_to(np.asarray(p[2].get(name, ""), dtype=object), size)[study.person[p[0]]]  # noqa: E731
    fields = {name: np.concatenate([full(p, name) for p in parts]) for name in tobacco}
    entered = np.where(event == "SCR", study.screened_on[who], study.occasion_day[who, 6])
    return frame(study, "SU", who, event, entered, fields, grprep=lines)
