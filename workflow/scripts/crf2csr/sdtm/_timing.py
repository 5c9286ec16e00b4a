"""When: visit numbers, study days, epochs and the last value before exposure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.columns import last_met, per_value
from crf2csr.groups import per_row
from crf2csr.populations import matches

VISIT_KEYS = ["SUBJID", "EVENT", "EVENTREP"]


def calendar(page: dict[str, Any], visits: pd.DataFrame | None, dated: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row per subject and visit: ``VISIT_KEYS``, VISITNUM, VISIT, VISITDY, DATE (ISO), REC, DERIVED.

    A visit without a date, or without a record of its own, takes the first date of its other forms
    (``dated``: ``VISIT_KEYS``, DATE, REC), DERIVED says Y then and REC names that form's
    record. Unscheduled visits are numbered after the planned visit that they follow: n.1, n.2, ...
    Without a form of visits the table is empty and the planned names alone are used.
    """
    rule = page.get("visit_form")
    if not rule or visits is None:
        return pd.DataFrame(
            {k: pd.Series(dtype="str") for k in [*VISIT_KEYS, "VISIT", "DATE", "REC", "DERIVED"]}
        ).assign(VISITNUM=pd.Series(dtype="float64"), VISITDY=pd.Series(dtype="Int64"))
    table = visits.drop_duplicates(VISIT_KEYS).copy()
    table["DATE"] = dates.read_dates(table[rule["date"]], rule.get("format", "YYYY-MM-DD"))["iso"]
    table = _with_derived(table, dated, rule) if dated is not None else table.assign(DERIVED=np.nan)
    table = (
        table[[*VISIT_KEYS, "DATE", "REC", "DERIVED"]]
        .merge(planned(page), on="EVENT", how="left")
        .astype({"DERIVED": "str"})
    )
    table["DAY"] = dates.to_day(table["DATE"])
    table = table.sort_values(["SUBJID", "DAY", "VISITNUM", "EVENTREP"], kind="stable", ignore_index=True)
    unscheduled = table["EVENT"].isin([v["event"] for v in page["visits"] if v.get("unscheduled")])
    base = table["VISITNUM"].where(~unscheduled & (table["VISITNUM"] < 90))
    previous = base.groupby(table["SUBJID"]).ffill().fillna(0)
    nth = unscheduled.groupby([table["SUBJID"], previous]).cumsum()
    table["VISITNUM"] = table["VISITNUM"].where(~unscheduled, (previous + nth / 10).round(1))
    label = "Unscheduled " + table["VISITNUM"].astype("str")
    table["VISIT"] = table["VISIT"].where(~unscheduled, label)
    return table.drop(columns="DAY")


def _with_derived(table: pd.DataFrame, dated: pd.DataFrame, rule: dict[str, Any]) -> pd.DataFrame:
    """Fill the date of visits that were not missed, and add visits that only other forms know."""
    full = dated[dates.is_full(dated["DATE"])].sort_values([*VISIT_KEYS, "DATE", "REC"], kind="stable")
    first = full.drop_duplicates(VISIT_KEYS).set_index(VISIT_KEYS)[["DATE", "REC"]]
    other = table[VISIT_KEYS].join(first, on=VISIT_KEYS)
    gap = (
        table["DATE"].isna()
        & other["DATE"].notna()
        & matches(table, rule.get("done"), source="config/config.yaml: visit_form")
    )
    table = table.assign(
        DATE=table["DATE"].mask(gap, other["DATE"]),
        REC=table["REC"].mask(gap, other["REC"]),
        DERIVED=pd.Series("Y", index=table.index, dtype="str").where(gap),
    )
    known = pd.MultiIndex.from_frame(table[VISIT_KEYS])
    alone = first[~first.index.isin(known)].reset_index().assign(DERIVED="Y")
    return pd.concat([table, alone], ignore_index=True)


def planned(page: dict[str, Any]) -> pd.DataFrame:
    """Return EVENT, VISITNUM, VISIT, VISITDY of every visit, one row per word that the export uses for it."""
    rows = [
        (word, float(v["number"]) if v.get("number") is not None else np.nan, v["name"], v.get("day"))
        for v in page["visits"]
        for word in [v["event"], *v.get("labels", [])]
    ]
    table = pd.DataFrame(rows, columns=["EVENT", "VISITNUM", "VISIT", "VISITDY"])
    return table.astype({"EVENT": "str", "VISIT": "str", "VISITNUM": "float64", "VISITDY": "Int64"})


def add_visits(rows: pd.DataFrame, page: dict[str, Any], visit_calendar: pd.DataFrame) -> pd.DataFrame:
    """Add VISITNUM, VISIT, VISITDY by the calendar, else by the plan; log forms have no visit."""
    names = ["VISITNUM", "VISIT", "VISITDY"]
    plan = planned(page).set_index("EVENT")
    dated = visit_calendar.set_index(VISIT_KEYS)[names]

    def found(keys: pd.DataFrame) -> pd.DataFrame:
        by_plan = keys[["EVENT"]].join(plan, on="EVENT")
        if len(dated):
            by_date = keys.join(dated, on=VISIT_KEYS)
            for name in names:
                by_plan[name] = by_date[name].where(by_date[name].notna(), by_plan[name])
        return by_plan[names]

    visits = per_row(rows[VISIT_KEYS if len(dated) else ["EVENT"]], found)
    return rows.assign(**{name: visits[name] for name in names})


def visit_dates(rows: pd.DataFrame, visit_calendar: pd.DataFrame) -> pd.DataFrame:
    """Return the date (ISO) of each row's visit and REC of the visit's record."""
    known = visit_calendar.set_index(VISIT_KEYS)[["DATE", "REC"]]
    return per_row(rows[VISIT_KEYS], lambda keys: keys.join(known, on=VISIT_KEYS)[["DATE", "REC"]])


def add_days(rows: pd.DataFrame, prefix: str, reference: pd.Series) -> pd.DataFrame:
    """Add --DY, --STDY, --ENDY for the --DTC, --STDTC, --ENDTC that are there and full.

    ``reference`` holds RFSTDTC of each row's subject (ISO).
    """
    start = dates.to_day(reference)
    for stem in ("", "ST", "EN"):
        source = f"{prefix}{stem}DTC"
        if source in rows:
            rows = rows.assign(**{f"{prefix}{stem}DY": dates.study_day(dates.to_day(rows[source]), start)})
    return rows


def epoch(iso: pd.Series, first: pd.Series, last: pd.Series, names: dict[str, str]) -> pd.Series:
    """Name the epoch of each date: ``before``, ``during`` (first to last dose), ``after``; unknown is missing.

    A partial date has an epoch only when the whole period that it names lies in one. A subject who was
    never dosed stays in the first epoch.
    """
    span = dates.period(iso)
    first_day, last_day = dates.to_day(first), dates.to_day(last)
    never = first_day.isna() & span["first"].notna()
    before = (span["last"] < first_day).fillna(False).astype(bool)
    during = ((span["first"] >= first_day) & (span["last"] <= last_day)).fillna(False).astype(bool)
    after = (span["first"] > last_day).fillna(False).astype(bool)
    cases = ((never | before, "before"), (during, "during"), (after, "after"))
    return last_met(iso.index, *((met, names[which]) for met, which in cases))


def _timed(iso: pd.Series) -> pd.Series:
    return iso.str.contains("T", regex=False).fillna(False).astype(bool)


def last_before_exposure(rows: pd.DataFrame, prefix: str, first_dose: pd.Series, by: list[str]) -> pd.Series:
    """Flag "Y" the last non-missing result on or before first dose, per subject and ``by``.

    Times count when both are known: a result later on the day of first dose than the dose is not before it.
    """
    iso, result = rows[f"{prefix}DTC"], rows[f"{prefix}STRESC"]
    day, dose = dates.to_day(iso), dates.to_day(first_dose)
    timed = per_value(iso, _timed) & per_value(first_dose, _timed)
    early = (day < dose).fillna(False).astype(bool) | (
        (day == dose).fillna(False).astype(bool) & (~timed | (iso <= first_dose).fillna(False).astype(bool))
    )
    good = rows[early & result.notna()]
    order = [f"{prefix}DTC"] + (["VISITNUM"] if "VISITNUM" in rows else [])
    last = good.sort_values(order, kind="stable").groupby(["USUBJID", *by], dropna=False).tail(1).index
    flag = pd.Series(np.nan, index=rows.index, dtype="str")
    flag.loc[last] = "Y"
    return flag
