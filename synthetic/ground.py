"""What every room of the generator stands on: seeded streams, days, text, and the frame of a form."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

TABLES = Path(__file__).parent / "tables"
EPOCH = np.datetime64("2026-01-01")  # day 0 of the generator; a Thursday
NO_DAY = -(10**6)  # "there is no such day"
STUDYID = "NCT07270003"
SITEID = "01"
KEYS = ["STUDYID", "SITEID", "SUBJID", "EVENT", "EVENTREP", "FORM", "FORMREP", "GRPREP", "FORMSTAT", "LASTMOD"]
EVENTS = ["SCR", "BL", "W1", "W2", "W4", "W8", "W12", "UNS", "ET", "LOG"]


def day(text: str) -> int:
    """Days from the epoch to an ISO date."""
    return int((np.datetime64(text) - EPOCH).astype(int))


EXTRACT = day("2026-10-15")


def stream(seed: int, room: str) -> np.random.Generator:
    """The random stream of one room: a draw added in one room leaves all others as they were."""
    return np.random.default_rng(np.random.SeedSequence([seed, *room.encode()]))


def iso(days) -> np.ndarray:
    """ISO dates of an array of days; blank where there is none."""
    days = np.asarray(days, dtype=np.int64)
    none = days == NO_DAY
    text = np.datetime_as_string(EPOCH + np.where(none, 0, days)).astype(object)
    text[none] = ""
    return text


def later(date: str, days: int) -> str:
    """An ISO date so many days after another."""
    return str(iso([day(date) + days])[0])


def partial(days, keep) -> np.ndarray:
    """ISO dates cut to `keep` characters (4: year, 7: month, 10: day)."""
    keep = np.broadcast_to(keep, np.shape(days))
    return np.array([t[:k] for t, k in zip(iso(days), keep, strict=False)], dtype=object)


def workday(days) -> np.ndarray:
    """The day itself, or the Monday after a weekend."""
    days = np.asarray(days)
    weekday = (days + 3) % 7
    return days + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))


def text(values) -> np.ndarray:
    """Integers as text."""
    return np.asarray(values).astype(np.int64).astype(str).astype(object)


def decimals(values, places) -> np.ndarray:
    """Numbers as text with a fixed count of decimals, one count or one per value."""
    values = np.asarray(values, dtype=float)
    places = np.broadcast_to(places, values.shape)
    return np.array([f"{v:.{p}f}" for v, p in zip(values.tolist(), places.tolist(), strict=False)], dtype=object)


def where(condition, yes, no="") -> np.ndarray:
    """np.where for text: stays an object array."""
    condition = np.asarray(condition)
    out = np.empty(condition.shape, dtype=object)
    out[:] = no
    out[condition] = np.broadcast_to(np.asarray(yes, dtype=object), condition.shape)[condition]
    return out


def pick(rng: np.random.Generator, options, size, p=None) -> np.ndarray:
    """A random choice among texts."""
    options = np.array(list(options), dtype=object)
    if p is not None:
        p = np.asarray(p, dtype=float) / np.sum(p)
    return options[rng.choice(len(options), size=size, p=p)]


def pick_listed(rng: np.random.Generator, lists, which) -> np.ndarray:
    """For each index in `which`, one of the texts of that list."""
    width = max(len(options) for options in lists)
    table = np.array([[options[k % len(options)] for k in range(width)] for options in lists], dtype=object)
    counts = np.array([len(options) for options in lists])
    which = np.asarray(which, dtype=int)
    return table[which, (rng.random(len(which)) * counts[which]).astype(int)]


def quota(rng: np.random.Generator, members, rates: dict[str, float]) -> dict[str, np.ndarray]:
    """Disjoint random shares of `members`, each of the rounded size its rate asks for."""
    order = rng.permutation(np.asarray(members))
    shares, start = {}, 0
    for name, rate in rates.items():
        stop = start + int(np.floor(rate * len(order) + 0.5))
        shares[name] = order[start:stop]
        start = stop
    return shares


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """A table of the package as rows of text."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


@cache
def columns(form: str) -> tuple[str, ...]:
    """The fields of a form, in order."""
    return tuple(row["field"] for row in table("fields") if row["form"] == form)


def frame(study, form: str, who, event, entered, fields: dict, eventrep=1, formrep=1, grprep=1) -> pd.DataFrame:
    """One form in the shape of the export.

    `who` holds record indices of `study`, `event` the visit labels, `entered` the day of the observation,
    `fields` the columns that hold anything; all others are blank.
    """
    who = np.asarray(who, dtype=int)
    size = len(who)
    rng = stream(study.seed, f"lastmod/{form}/{size}")
    saved = np.minimum(np.asarray(entered, dtype=np.int64) + rng.integers(0, 8, size), EXTRACT - 1)
    clock = [f"T{h:02d}:{m:02d}:00" for h, m in zip(rng.integers(8, 18, size), rng.integers(0, 60, size), strict=False)]
    unknown = set(fields) - set(columns(form))
    if unknown:
        raise KeyError(f"{form} has no field {sorted(unknown)}")
    data: dict[str, object] = {
        "STUDYID": STUDYID,
        "SITEID": SITEID,
        "SUBJID": study.subjid[who],
        "EVENT": event,
        "EVENTREP": eventrep,
        "FORM": form,
        "FORMREP": formrep,
        "GRPREP": grprep,
        "FORMSTAT": "COMPLETE",
        "LASTMOD": iso(saved) + np.array(clock, dtype=object),
    }
    data.update({name: fields.get(name, "") for name in columns(form)})
    out = pd.DataFrame(data, index=range(size), dtype=object)
    rank = pd.DataFrame(
        {
            "who": who,
            "event": [EVENTS.index(e) for e in out["EVENT"]],
            "eventrep": out["EVENTREP"].astype(int),
            "grprep": out["GRPREP"].astype(int),
        }
    )
    order = rank.sort_values(["who", "event", "eventrep", "grprep"], kind="stable").index
    out = out.loc[order].reset_index(drop=True)
    for name in ("EVENTREP", "FORMREP", "GRPREP"):
        out[name] = out[name].astype(int).astype(str).astype(object)
    return out


def lines_within(who) -> np.ndarray:
    """1, 2, 3 .. within each run of equal members of a sorted array."""
    who = np.asarray(who)
    if not len(who):
        return who.astype(int)
    new = np.r_[True, who[1:] != who[:-1]]
    start = np.flatnonzero(new)
    return np.arange(len(who)) - np.repeat(start, np.diff(np.r_[start, len(who)])) + 1
