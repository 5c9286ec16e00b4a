"""ADAE: adverse events with analysis dates, treatment emergence, relation, grade, special interest."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import dates, numbers
from crf2csr.adam import _interest, _phases
from crf2csr.adam._occurrence import analysis_term, flag, of_subject, with_dates, with_subject
from crf2csr.columns import among
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
    first, last = of_subject(rows, adsl, "TRTSDT").astype("Int64"), of_subject(rows, adsl, "TRTEDT").astype("Int64")
    limit = last + days if days is not None else pd.Series(pd.NA, index=rows.index, dtype="Int64")
    start, end = rows["ASTDT"], rows["AENDT"]

    def within(day: pd.Series) -> pd.Series:
        return (day >= first).fillna(False).astype(bool) & ~(day > limit).fillna(False).astype(bool)

    contradicts = (end < start).fillna(False).astype(bool)
    emergent = within(start) | (contradicts & within(end))
    return pd.DataFrame(
        {
            "TRTEMFL": flag(emergent),
            "PREFL": flag((start < first).fillna(False).astype(bool) & ~emergent),
            "FUPFL": flag((start > limit).fillna(False).astype(bool) & ~emergent),
        }
    )


def otherwise(rows: pd.DataFrame, adsl: pd.DataFrame, days: int | None, cutoff: str | None) -> pd.Series:
    """Tell, for each event with an imputed start or end, where TRTEMFL depends on the day that was chosen.

    The start is moved to the earliest and to the latest day that its entry allows (the latest not after the end, last
    contact or cut-off), then the end likewise; the other date stays as analysed. A start of which nothing is known
    may be any day before the first dose. ``Unchanged``, or the flag at each day that changes it; missing where
    both dates are full.
    """
    first = of_subject(rows, adsl, "TRTSDT").astype("Int64")
    start, end = dates.period(rows["AESTDTC"]), dates.period(rows["AEENDTC"])
    limit = dates.to_day(pd.Series(cutoff, index=rows.index, dtype="str"))
    bounds = [end["last"], of_subject(rows, adsl, "LSTCNDT").astype("Int64"), limit]
    latest = start["last"].fillna(pd.concat(bounds, axis=1).min(axis=1)).astype("Int64")
    for bound in bounds:
        latest = latest.mask((latest > bound).fillna(False).astype(bool), bound)
    latest = latest.mask((latest < start["first"]).fillna(False).astype(bool), start["first"])
    open_start, open_end = start["unknown"] != "", rows["AENDTF"].notna()
    moved = {
        "the earliest possible start": (open_start, "ASTDT", start["first"].fillna(first - 1)),
        "the latest possible start": (open_start, "ASTDT", latest),
        "the earliest possible end": (open_end, "AENDT", end["first"]),
        "the latest possible end": (open_end, "AENDT", end["last"]),
    }
    found = pd.Series("", index=rows.index, dtype="str")
    for place, (concerned, name, day) in moved.items():
        other = rows.assign(**{name: day.where(concerned & day.notna(), rows[name]).astype("Int64")})
        made = emergence(other, adsl, days)["TRTEMFL"].fillna("N")
        differs = concerned & (made != rows["TRTEMFL"].fillna("N"))
        said = made + " at " + place
        found = found.mask(differs, (found + "; " + said).str.removeprefix("; "))
    return found.mask(found == "", "Unchanged").where(open_start | open_end)


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
