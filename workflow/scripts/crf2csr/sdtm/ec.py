"""EC: dosing as collected. Doses that contradict one another or the disposition are asked, never changed."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates
from crf2csr.sdtm import _mapping
from crf2csr.sdtm._asking import ask
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made

RULE = "P30"


def tabulate(context: Context) -> Made:
    """Build EC with the queries on intervals, doses and the date of the last dose (P30)."""
    made = _mapping.tabulate(context)
    made.queries += intervals(made.data, context) + doses(made.data, context) + last_doses(made.data, context)
    return made


def _true(met: pd.Series) -> pd.Series:
    """A comparison with a missing value raises no query of its own."""
    return met.fillna(False).astype(bool)


def intervals(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries on the intervals of a subject against one another, in the order of their start."""
    start, end = dates.to_day(rows["ECSTDTC"]), dates.to_day(rows["ECENDTC"])
    order = pd.DataFrame({"USUBJID": rows["USUBJID"], "start": start, "end": end}).sort_values(
        ["USUBJID", "start"], kind="stable"
    )
    latest = order["end"].astype("float64").groupby(order["USUBJID"]).cummax()
    before = latest.groupby(order["USUBJID"]).shift().reindex(rows.index)
    found = [
        (_true(end < start), "ECENDTC", "major", "Interval ends before it starts; both dates are kept."),
        (rows["ECENDTC"].isna(), "ECENDTC", "major", "Interval has no end date that can be read."),
        (_true(start <= before), "ECSTDTC", "minor", "Interval starts before an earlier one has ended."),
        (_true(start > before + 1), "ECSTDTC", "minor", "There are days between this interval and the one before."),
    ]
    return _asked(rows, context, found)


def doses(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries on the dose of an interval in which the drug was taken, and on a dose where it was not.

    The limits of a dose are the contract's: the review of the form asks about them. A placebo has the dose 0
    (SDTMIG 3.4, 6.1.3).
    """
    taken, dose = rows["ECOCCUR"] == "Y", rows["ECDOSE"]
    placebo = _true(rows["ECTRT"].str.upper() == "PLACEBO")
    found = [
        (_true(taken) & dose.isna(), "ECDOSE", "major", "Drug was taken and the dose is missing or not a number."),
        (_true(taken) & _true(dose == 0) & ~placebo, "ECDOSE", "major", "Drug was taken and the dose is 0."),
        (_true(rows["ECOCCUR"] == "N") & _true(dose > 0), "ECDOSE", "major", "Drug was not taken and there is a dose."),
    ]
    return _asked(rows, context, found)


def last_doses(rows: pd.DataFrame, context: Context) -> list[pd.DataFrame]:
    """Queries on the last interval taken against the date of last dose that the disposition form gives."""
    own = {block["form"] for block in context.spec["records"]}
    others = [r for r in context.page.get("last_dose", []) if r.get("of") in context.forms and r["of"] not in own]
    rule = others[0] if others else None
    if rule is None:
        return []
    form = context.forms[rule["of"]]
    declared = context.crf[rule["of"].lower()]["fields"][rule["date"]].get("format", "YYYY-MM-DD")
    said = pd.DataFrame(
        {"USUBJID": form["USUBJID"], "DAY": dates.to_day(dates.read_dates(form[rule["date"]], declared)["iso"])}
    )
    said_day = rows["USUBJID"].map(said.dropna().groupby("USUBJID")["DAY"].max()).astype("Int64")
    end = dates.to_day(rows["ECENDTC"]).where(_true(rows["ECOCCUR"] == "Y"))
    last = end.groupby(rows["USUBJID"]).transform("max")
    found = [
        (_true(end > said_day), "ECENDTC", "major", f"Interval ends after the date of last dose on form {rule['of']}."),
        (
            _true(end == last) & _true(end < said_day),
            "ECENDTC",
            "minor",
            f"The last interval ends before the date of last dose on form {rule['of']}.",
        ),
    ]
    return _asked(rows, context, found)


def _asked(rows: pd.DataFrame, context: Context, found: list[tuple[pd.Series, str, str, str]]) -> list[pd.DataFrame]:
    return [
        query
        for met, variable, severity, message in found
        for query in ask(rows[met], context, variable, rule=RULE, message=message, severity=severity)
    ]
