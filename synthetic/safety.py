"""Adverse events: what happens, how bad, what is done, and the form that tells it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .ground import (
    NO_DAY,
    frame,
    iso,
    lines_within,
    partial,
    pick_listed,
    quota,
    stream,
    table,
    text,
    where,
)

SERIOUS = ["Pneumonia", "Appendicitis"]
STOPPING = ["Herpes zoster", "Drug eruption", "Pneumonia", "Alanine aminotransferase increased"]


def _term(name: str) -> int:
    return [row["pt"] for row in table("ae_terms")].index(name)


def happen(study) -> None:
    """Fill `study.ae`: one entry per event, sorted by person and start, numbered within the person."""
    rng = stream(study.seed, "ae")
    rows = table("ae_terms")
    parts = [_everyday(study, rng, rows), _from_labs(study), *_forced(study, rng)]
    who, term, start, grade, role = (np.concatenate([part[k] for part in parts]) for k in range(5))
    # one event of a kind per person: a forced one stays, then the earliest
    order = np.lexsort((start, role == "", term, who))
    who, term, start, grade, role = (v[order] for v in (who, term, start, grade, role))
    first = np.r_[True, (who[1:] != who[:-1]) | (term[1:] != term[:-1])] if len(who) else np.zeros(0, bool)
    order = np.flatnonzero(first)
    order = order[np.lexsort((start[order], who[order]))]
    ae = SimpleNamespace(who=who[order], term=term[order], start=start[order], grade=grade[order], role=role[order])
    ae.number = lines_within(ae.who)
    _course(study, rng, rows, ae)
    study.ae = ae


def _everyday(study, rng, rows):
    weight = np.array([float(row["weight"]) for row in rows])
    last = np.minimum(study.last_dose + 28, study.last_contact)
    exposed = np.where(study.treated, last - study.first_dose, 12)
    rate = np.where(study.treated, 1.55, 0.25) * exposed / 100 * rng.gamma(1.6, 1 / 1.6, study.size)
    count = rng.poisson(rate)
    who = np.repeat(np.arange(study.size), count)
    term = rng.choice(len(rows), len(who), p=weight / weight.sum())
    start = np.where(study.treated[who], study.first_dose[who], study.consent[who])
    start = start + (rng.random(len(who)) * np.maximum(exposed[who], 1)).astype(int)
    early = study.treated[who] & (rng.random(len(who)) < 0.06)
    between = study.first_dose[who] - study.consent[who]
    start = np.where(early, study.consent[who] + (rng.random(len(who)) * between).astype(int), start)
    start = np.minimum(start, study.last_contact[who])
    g2 = np.array([float(row["g2"]) for row in rows])[term]
    g3 = np.array([float(row["g3"]) for row in rows])[term]
    chance = rng.random(len(who))
    grade = np.where(chance < g3, 3, np.where(chance < g3 + g2, 2, 1))
    return who, term, start, grade, np.full(len(who), "", dtype=object)


def _from_labs(study):
    """Events that a blood value shows: creatine kinase, lipids, ALT, neutrophils."""
    found = []
    upper = lambda m, f: np.where(study.female, f, m)[:, None]  # noqa: E731
    day = study.lab_day.copy()
    day[:, 0] = NO_DAY
    lab = study.lab
    for name, ratio, cuts in (
        ("Blood creatine phosphokinase increased", lab["CK"] / upper(310, 200), (1.3, 2.5, 5)),
        ("Alanine aminotransferase increased", lab["ALT"] / upper(50, 40), (1.5, 3, 5)),
        ("Hyperlipidaemia", np.maximum(lab["TC"] / 5.18, lab["TG"] / 3.4), (1.2, 1.5, 2.5)),
        ("Neutrophil count decreased", 1.8 / lab["NEUT"], (1.03, 1.2, 1.8)),
    ):
        high = (ratio > cuts[0]) & (day != NO_DAY) & study.treated[:, None]
        if name == "Hyperlipidaemia":
            high &= ratio > 1.18 * ratio[:, [0]]
        who = np.flatnonzero(high.any(axis=1))
        when = np.argmax(high[who], axis=1)
        grade = 1 + np.searchsorted(cuts[1:], ratio[who, when], side="right")
        found.append(
            (who, np.full(len(who), _term(name)), day[who, when], grade, np.full(len(who), "LAB", dtype=object))
        )
    return tuple(np.concatenate([f[k] for f in found]) for k in range(5))


def _forced(study, rng):
    """Serious events by quota, and the event behind every discontinuation for an adverse event."""
    stopped = np.flatnonzero(study.left_for == "ADVERSE EVENT")
    which = np.array([_term(name) for name in STOPPING])[(np.arange(len(stopped)) + 1) % len(STOPPING)]
    before = study.last_dose[stopped] - rng.integers(1, 9, len(stopped))
    grade = 2 + (rng.random(len(stopped)) < 0.5).astype(int)
    stops = (
        stopped,
        which,
        np.maximum(before, study.first_dose[stopped] + 2),
        grade,
        np.full(len(stopped), "STOP", dtype=object),
    )
    calm = np.flatnonzero(study.treated & (study.left_on == NO_DAY))
    sick = quota(rng, calm, {"sae": 0.036})["sae"]
    which = np.array([_term(name) for name in SERIOUS])[np.arange(len(sick)) % 2]
    start = study.first_dose[sick] + rng.integers(12, 70, len(sick))
    serious = (sick, which, start, np.full(len(sick), 3), np.full(len(sick), "SAE", dtype=object))
    return stops, serious


def _course(study, rng, rows, ae) -> None:
    """Duration, seriousness, relation, action, outcome of each event."""
    size = len(ae.who)
    days = np.array([float(row["days"]) for row in rows])[ae.term]
    related = np.array([float(row["related"]) for row in rows])[ae.term]
    serious = np.isin(ae.role, ["SAE"]) | (ae.term == _term("Pneumonia")) | (ae.term == _term("Appendicitis"))
    ae.serious = serious
    ae.grade = np.where(serious, 3, ae.grade)
    length = np.maximum(np.rint(days * np.exp(rng.normal(0, 0.45, size)) * (0.8 + 0.2 * ae.grade)), 1).astype(int)
    end = ae.start + length
    known = end <= study.last_contact[ae.who]
    ae.end = np.where(known, end, NO_DAY)
    chance = rng.random(size)
    strong = related * chance
    ae.relation = np.select(
        [rng.random(size) > related, strong > 0.45, strong > 0.06],
        [where(chance < 0.6, "NOT", "UNLIKELY"), "PROBABLE", "POSSIBLE"],
        "DEFINITE",
    ).astype(object)
    ae.relation[(ae.role == "STOP") & np.isin(ae.relation, ["NOT", "UNLIKELY"])] = "POSSIBLE"
    dosing = (ae.start >= study.first_dose[ae.who]) & (ae.start <= study.last_dose[ae.who]) & study.treated[ae.who]
    possible = dosing & (ae.role != "STOP") & (ae.start + 2 < study.last_dose[ae.who] - 9)
    pause = possible & ((rng.random(size) < np.where(ae.grade >= 2, 0.28, 0.015)) | (ae.role == "SAE"))
    fewer = possible & ~pause & (rng.random(size) < np.where(ae.grade >= 2, 0.05, 0))
    acting = pause | fewer
    seen = np.zeros(study.size, bool)  # one change of dosing per person
    for k in np.flatnonzero(acting):
        if seen[ae.who[k]] or study.left_for[ae.who[k]] == "ADVERSE EVENT":
            pause[k] = fewer[k] = False
        seen[ae.who[k]] = True
    action = where(dosing, "NONE", "NA")
    action[pause], action[fewer], action[ae.role == "STOP"] = "INTERRUPTED", "REDUCED", "WITHDRAWN"
    ae.action = action
    ae.pause_days = np.clip(np.where(known, length, 14), 3, 12)
    ae.outcome = where(known, "RECOVERED", where(rng.random(size) < 0.55, "RECOVERING", "NOTREC"))
    drug = np.array([row["drug"] for row in rows], dtype=object)[ae.term]
    treated = (drug != "") & (rng.random(size) < np.where(ae.grade >= 2, 0.95, 0.5))
    ae.drug = where(treated, drug)
    ae.verbatim = pick_listed(rng, [row["verbatims"].split("|") for row in rows], ae.term)
    ae.cut = np.where(rng.random(size) < 0.03, 7, 10)
    ae.interest = np.array([row["aesi"] for row in rows], dtype=object)[ae.term]


def form(study):
    """The AE form, with a single "no event" line for those who had none."""
    ae = study.ae
    none = np.setdiff1d(np.arange(study.size), ae.who)
    who = np.concatenate([ae.who, none])
    with_blank = lambda values: np.concatenate([np.asarray(values, dtype=object), np.full(len(none), "", dtype=object)])  # noqa: E731
    criteria = where(ae.serious, "N")
    hospital = where(ae.serious, "Y")
    columns = {
        "AESPID": text(ae.number),
        "AETERM": ae.verbatim,
        "AESTDAT": partial(ae.start, ae.cut),
        "AEENDAT": iso(ae.end),
        "AEONGO": where(ae.end == NO_DAY, "Y", "N"),
        "AETOXGR": text(ae.grade),
        "AESER": where(ae.serious, "Y", "N"),
        "AESHOSP": hospital,
        "AEREL": ae.relation,
        "AEACN": ae.action,
        "AEOUT": ae.outcome,
        "AESI": ae.interest,
        "AECONTRT": where(ae.drug != "", "Y", "N"),
    }
    columns.update(dict.fromkeys(("AESDTH", "AESLIFE", "AESDISAB", "AESCONG", "AESMIE"), criteria))
    fields = {name: with_blank(values) for name, values in columns.items()}
    fields["AEYN"] = np.concatenate([np.full(len(ae.who), "Y", dtype=object), np.full(len(none), "N", dtype=object)])
    entered = np.concatenate([np.maximum(ae.start, ae.end), study.ended_on[none]])
    lines = np.concatenate([ae.number, np.ones(len(none), int)])
    return frame(study, "AE", who, "LOG", entered, fields, grprep=lines)
