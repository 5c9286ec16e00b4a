"""ADAE: adverse events with analysis dates, treatment emergence, relation, grade, special interest."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates, numbers
from crf2csr.adam import _interest, _phases
from crf2csr.adam._occurrence import analysis_term, flag, of_subject, with_dates, with_subject
from crf2csr.columns import among, chosen
from crf2csr.groups import first_of
from crf2csr.trace import Made


def derive(
    adsl: pd.DataFrame,
    ae: pd.DataFrame,
    adph: pd.DataFrame | None = None,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADAE: every event of every subject of ADSL, whether treated or not; with the phase in which it starts."""
    made = Made(ae)
    rows = made.ledger.split(
        ae, among(ae["USUBJID"], adsl["USUBJID"]), "ADAE: events of subjects in ADSL", "AE", "subject is not in ADSL"
    )
    rows = with_subject(rows.reset_index(drop=True), adsl, spec)
    rows = with_dates(rows, "AE", adsl, page["study"].get("cutoff"))
    groups = lists["aesi"]["groups"] if "aesi" in lists else []
    rows = rows.assign(**_interest.names(rows, groups), **_interest.queries(rows, groups))
    rows["ADECOD"] = analysis_term(rows, "AEDECOD", "AETERM")
    rows["ABODSYS"] = rows["AEBODSYS"].where(rows["AEBODSYS"].notna(), "Uncoded")
    days = page["treatment_emergent_days"]
    rows = rows.join(emergence(rows, adsl, days))
    rows["TRTEMALT"] = otherwise(rows, adsl, days, page["study"].get("cutoff"))
    rules = page["adverse_events"]
    related = rows["AEREL"].isin(rules["related"]) | rows["AEREL"].isna()
    rows["RELFL"] = flag(related)
    rows["AREL"] = pd.Series("NOT RELATED", index=rows.index, dtype="str").mask(related, "RELATED")
    severity = rules.get("severity_grades", {})
    rows["ATOXGRN"] = grade(rows, severity)
    rows["ATOXGR"] = rows["ATOXGRN"].astype("str").where(rows["ATOXGRN"].notna())
    if "AESEV" in rows:
        rows["ASEV"], rows["ASEVN"] = rows["AESEV"], rows["AESEV"].map(severity).astype("Int64")
    rows = occurrences(rows)
    if adph is not None:
        rows = _phases.of(rows, adph, "ASTDT")
    rows["SRCDOM"], rows["SRCVAR"], rows["SRCSEQ"] = "AE", "AETERM", rows["AESEQ"]
    made.data = rows
    return made


def emergence(rows: pd.DataFrame, adsl: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """TRTEMFL, PREFL and FUPFL of treated subjects' events.

    Emergent: starts on or after the first dose, up to the last dose + ``days`` (None: no cap). A worsening is
    entered as an event of its own, so it has a start. The imputed start already is the first dose where
    that cannot be excluded; where the end is before the start one of the two is wrong, so either may place it.
    """
    first, limit = period_of_treatment(rows, adsl, days)
    start, end = floats(rows["ASTDT"]), floats(rows["AENDT"])
    emergent = pd.Series(emerges(start, end, first, limit), index=rows.index)
    return pd.DataFrame(
        {
            "TRTEMFL": flag(emergent),
            "PREFL": flag(~emergent & (start < first)),
            "FUPFL": flag(~emergent & (start > limit)),
        }
    )


def emerges(start: np.ndarray, end: np.ndarray, first: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Tell which events are emergent; all days are floats (n), a missing one is NaN, and so is a limit that is none."""

    def within(day: np.ndarray) -> np.ndarray:
        return (day >= first) & ~(day > limit)

    return within(start) | ((end < start) & within(end))


def period_of_treatment(rows: pd.DataFrame, adsl: pd.DataFrame, days: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Day of the first dose, and last day on which an event is emergent (NaN: no cap), of each row's subject."""
    first, last = (floats(of_subject(rows, adsl, name)) for name in ("TRTSDT", "TRTEDT"))
    return first, last + days if days is not None else np.full(len(rows), np.nan)


def floats(days: pd.Series) -> np.ndarray:
    """Days as floats (n), missing ones NaN."""
    return days.to_numpy("float64", na_value=np.nan)


def otherwise(rows: pd.DataFrame, adsl: pd.DataFrame, days: int | None, cutoff: str | None) -> pd.Series:
    """Tell, for each event with an imputed start or end, where TRTEMFL depends on the day that was chosen.

    The start is moved to the earliest and to the latest day that its entry allows (the latest not after the end, last
    contact or cut-off), then the end likewise; the other date stays as analysed. A start of which nothing is known
    may be any day before the first dose. ``Unchanged``, or the flag at each day that changes it; missing where
    both dates are full.
    """
    first, limit = period_of_treatment(rows, adsl, days)
    start, end = dates.period(rows["AESTDTC"]), dates.period(rows["AEENDTC"])
    earliest, last = floats(start["first"]), floats(start["last"])
    cut = floats(dates.to_day(pd.Series([cutoff], dtype="str")))[0]
    bounds = [floats(end["last"]), floats(of_subject(rows, adsl, "LSTCNDT")), np.full(len(rows), cut)]
    latest = np.where(np.isnan(last), np.fmin.reduce(bounds), last)
    for bound in [*bounds, earliest]:
        passed = latest < bound if bound is earliest else latest > bound
        latest = np.where(passed, bound, latest)
    open_start, open_end = (start["unknown"] != "").to_numpy(bool), rows["AENDTF"].notna().to_numpy(bool)
    moved = {
        "the earliest possible start": (open_start, "ASTDT", np.where(np.isnan(earliest), first - 1, earliest)),
        "the latest possible start": (open_start, "ASTDT", latest),
        "the earliest possible end": (open_end, "AENDT", floats(end["first"])),
        "the latest possible end": (open_end, "AENDT", floats(end["last"])),
    }
    analysed = {name: floats(rows[name]) for name in ("ASTDT", "AENDT")}
    emergent = emerges(analysed["ASTDT"], analysed["AENDT"], first, limit)
    # What is told of an event is a number with a digit for each place: 0 nothing, 1 N there, 2 Y there.
    told = np.zeros(len(rows), dtype="int64")
    for concerned, name, day in moved.values():
        other = analysed | {name: np.where(concerned & ~np.isnan(day), day, analysed[name])}
        made = emerges(other["ASTDT"], other["AENDT"], first, limit)
        told = 3 * told + np.where(concerned & (made != emergent), 1 + made, 0)
    words = [
        "; ".join(f"{'?NY'[digit]} at {place}" for digit, place in zip(digits, moved, strict=True) if digit)
        for digits in itertools.product(range(3), repeat=len(moved))
    ]
    return chosen(np.where(open_start | open_end, told, -1), ["Unchanged", *words[1:]], rows.index)


def grade(rows: pd.DataFrame, severity: dict[str, int]) -> pd.Series:
    """Grade 1-5 (``Int64``): AETOXGR, else AESEV by ``severity``; what is not a grade is missing."""
    found = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    if "AETOXGR" in rows:
        value = numbers.to_number(rows["AETOXGR"])
        found = value.where(value.isin([1, 2, 3, 4, 5])).astype("Int64")
    if "AESEV" in rows:
        found = found.fillna(rows["AESEV"].map(severity).astype("Int64"))
    return found


def occurrences(rows: pd.DataFrame) -> pd.DataFrame:
    """Flag the first and the worst emergent event per subject, body system and preferred term.

    Within a day the earlier --SEQ comes first; of two events of the worst grade the earlier; a missing grade is last.
    """
    emergent = rows["TRTEMFL"] == "Y"
    rows = rows.assign(_worst=-rows["ATOXGRN"])
    early, worst = ["ASTDT", "AESEQ"], ["_worst", "ASTDT", "AESEQ"]
    levels = {"": ["USUBJID"], "S": ["USUBJID", "ABODSYS"], "P": ["USUBJID", "ABODSYS", "ADECOD"]}
    for letter, by in levels.items():
        rows[f"AOCC{letter}FL"] = first_of(rows, emergent, by, early)
        rows[f"AOCC{letter}IFL"] = first_of(rows, emergent & rows["ATOXGRN"].notna(), by, worst)
    return rows.drop(columns="_worst")
