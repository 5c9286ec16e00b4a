"""AE: adverse events as reported. What contradicts itself is asked, never changed."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates
from crf2csr.sdtm import _mapping
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._reference import reference_point
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made, queries

CRITERIA = ["AESCAN", "AESCONG", "AESDISAB", "AESDTH", "AESHOSP", "AESLIFE", "AESOD", "AESMIE"]

DERIVATIONS = {"reference_point": reference_point}


def tabulate(context: Context) -> Made:
    """Build AE with the queries on logic (P37) and on seriousness (P38)."""
    made = _mapping.tabulate(context)
    dm = context.domains["dm"].drop_duplicates("USUBJID").set_index("USUBJID")
    made.queries += contradictions(made.data, dm, context) + mismatches(made.data, dm, context)
    made.queries += presence(context)
    return made


def _true(met: pd.Series) -> pd.Series:
    """A comparison with a missing value raises no query of its own."""
    return met.fillna(False).astype(bool)


def contradictions(rows: pd.DataFrame, dm: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P37: dates and outcome of an event against each other and against consent.

    Partial dates are compared as periods: only what is wrong on every day that they can mean is asked.
    A study that does not collect a variable is not asked about it.
    """
    start, end = dates.period(rows["AESTDTC"]), dates.period(_of(rows, "AEENDTC"))
    ended, asks_ongoing = _of(rows, "AEENDTC").notna(), "AEENRTPT" in rows
    ongoing = _true(_of(rows, "AEENRTPT") == "ONGOING")
    consent = dates.to_day(rows["USUBJID"].map(_of(dm, "RFICDTC")).astype("str"))
    dose = dates.to_day(rows["USUBJID"].map(_of(dm, "RFXSTDTC")).astype("str"))
    unsure = _true((start["unknown"] != "") & (start["first"] <= dose) & (dose <= start["last"]))
    recovered = _of(rows, "AEOUT").isin(["RECOVERED/RESOLVED", "RECOVERED/RESOLVED WITH SEQUELAE"])
    found = [
        (_true(end["last"] < start["first"]), "AEENDTC", "major", "Event ends before it starts; both dates are kept."),
        (ongoing & ended, "AEENDTC", "minor", "Event is ongoing and has an end date."),
        (
            ~ongoing & ~ended & asks_ongoing,
            "AEENDTC",
            "minor",
            "Event is not ongoing and has no end date that can be read.",
        ),
        (ongoing & recovered, "AEOUT", "major", "Event is ongoing and its outcome is recovered."),
        (_true(start["last"] < consent), "AESTDTC", "minor", "Event starts before informed consent."),
        (
            unsure,
            "AESTDTC",
            "minor",
            "Start is partial and may be before or after the first dose; the event counts as emergent.",
        ),
        (rows["AESTDTC"].isna(), "AESTDTC", "major", "Event has no start date that can be read."),
    ]
    return [
        query
        for met, variable, severity, message in found
        for query in ask(rows[met], context, variable, rule="P37", message=message, severity=severity)
    ]


def mismatches(rows: pd.DataFrame, dm: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries P38 and P37: seriousness, its criteria, grade 5, fatal outcome and death must agree."""
    criteria = [name for name in CRITERIA if name in rows]
    serious, not_serious = _true(_of(rows, "AESER") == "Y"), _true(_of(rows, "AESER") == "N")
    ticked = (rows[criteria] == "Y").fillna(False).any(axis=1)
    led_to_death = _true(_of(rows, "AESDTH") == "Y")
    fatal, grade5 = _true(_of(rows, "AEOUT") == "FATAL"), _true(_of(rows, "AETOXGR") == "5")
    died = rows["USUBJID"].map(_of(dm, "DTHDTC")).notna()
    found = [
        (not_serious & ticked, "P38", "AESER", "Event is not serious, yet a criterion of seriousness is ticked."),
        (
            serious & ~ticked & bool(criteria),
            "P38",
            "AESER",
            "Event is serious, yet no criterion of seriousness is ticked.",
        ),
        (
            _of(rows, "AESER").isna() & ticked,
            "P38",
            "AESER",
            "A criterion of seriousness is ticked, yet seriousness is not answered.",
        ),
        (grade5 & ~led_to_death, "P38", "AETOXGR", "Event is of grade 5, yet death is not ticked."),
        (fatal & ~led_to_death, "P38", "AEOUT", "Outcome is fatal, yet death is not ticked."),
        (
            led_to_death & ~fatal & ("AEOUT" in rows),
            "P38",
            "AESDTH",
            "Event led to death, yet its outcome is not fatal.",
        ),
        (fatal & ~died, "P37", "AEOUT", "Outcome is fatal, yet no date of death is known."),
    ]
    return [
        query
        for met, rule, variable, message in found
        for query in ask(
            rows[met], context, variable, rule=rule, message=message, severity="blocker" if rule == "P38" else "major"
        )
    ]


def _of(rows: pd.DataFrame, name: str) -> pd.Series:
    """A variable, or nothing but missing values where the study does not collect it."""
    return rows[name] if name in rows else pd.Series(float("nan"), index=rows.index, dtype="str")


def presence(context: Context) -> list[pd.DataFrame]:
    """Queries P37: the question "any adverse event?" against the term, for forms that ask it (AEYN)."""
    asked = []
    for block in context.spec["records"]:
        form = context.forms[block["form"]]
        if "AEYN" not in form or "AETERM" not in form:
            continue
        said, term = form["AEYN"].astype("str").str.strip(), form["AETERM"].astype("str").str.strip() != ""
        asked += [
            queries(
                form[(said == "Y") & ~term],
                rule="P37",
                field="AETERM",
                severity="major",
                message="The form says that there was an adverse event and names none.",
            ),
            queries(
                form[(said == "N") & term],
                rule="P37",
                field="AEYN",
                severity="major",
                message="The form says that there was no adverse event and names one; it is kept.",
            ),
        ]
    return asked
