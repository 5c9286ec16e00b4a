"""When and where the record behind a query is: its site, its visit, its date, and the age of the query.

The age is counted from the date of the record to the data cut-off of the study, never to the day of the run. Where a
record has no whole date of its own, that of its visit stands for it; where there is none either, the reason is said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.csr import _integrity
from crf2csr.records import canonical, event_of

VISIT = ["SUBJID", "EVENT", "EVENTREP"]
PLACE = ["SITEID", *VISIT]
OWN, OF_VISIT = "date of the record", "date of the visit"
NO_RECORD = "the query is about no record of a subject"
NO_DATE = "neither the record nor its visit has a whole date"
LATE = "the date is after the data cut-off"
WITHHELD = "the content of the record may not be shown"


def located(
    queries: pd.DataFrame, tables: dict[str, pd.DataFrame], crf: dict[str, Any], page: dict[str, Any]
) -> pd.DataFrame:
    """Return, aligned with ``queries``, where each stands and how old it is.

    Parameters
    ----------
    queries : DataFrame
        Columns ``QUERIES`` of the trace.
    tables : dict of DataFrame
        ``raw/<form>`` and, where the study has one, ``sdtm/calendar``.
    crf, page : dict
        Contracts by form in lower case; the study's page (``study.cutoff``, ``visits``, ``subjects``).

    Returns
    -------
    DataFrame
        SITEID, SUBJID, EVENT, EVENTREP (text, blank where unknown), LINE (Int64), DATE (ISO), AGE (days, Int64), SINCE:
        what DATE is, or why there is no age.
    """
    first = queries["REC"].fillna("").str.split(" ").str[0].str.extract("^(?P<form>[^:]*):(?P<line>[0-9]+)$")
    found = pd.DataFrame("", index=queries.index, columns=[*PLACE, "DATE"], dtype=object)
    found["LINE"] = pd.to_numeric(first["line"]).astype("Int64")
    for name in first["form"].dropna().unique():
        form, staged = crf.get(name.lower()), tables.get(f"raw/{name.lower()}")
        if form is None or staged is None:
            continue
        wanted = found.loc[first["form"].eq(name), "LINE"]
        staged = staged[staged["LINE"].isin(wanted)]
        records = _placed(canonical(staged, form), form, page.get("visits", [])).set_index("LINE")
        mine = first["form"].eq(name) & found["LINE"].isin(records.index)
        chosen = records.loc[found.loc[mine, "LINE"].astype("int64")].set_axis(found.index[mine])
        found.loc[mine, chosen.columns] = chosen.astype(object)
    known = found["LINE"].notna() & found["SUBJID"].ne("")
    for key in ("SUBJID", "EVENT"):
        found[key] = found[key].where(known, queries[key].fillna(""))
    found["SITEID"] = found["SITEID"].mask(found["SITEID"].eq(""), found["SUBJID"].map(_sites(tables, crf, page)))
    made = _aged(found.fillna({"SITEID": ""}), tables.get("sdtm/calendar"), page["study"]["cutoff"])
    hidden = queries["RULE"].isin(_integrity.WITHHELD)
    return made.assign(
        DATE=made["DATE"].mask(hidden, ""), AGE=made["AGE"].mask(hidden), SINCE=made["SINCE"].mask(hidden, WITHHELD)
    )


def _placed(records: pd.DataFrame, form: dict[str, Any], visits: list[dict[str, Any]]) -> pd.DataFrame:
    """Keys and date (only where whole) of the records of a form; labels of visits become events."""
    event = event_of(records["EVENT"], visits) if visits else records["EVENT"]
    dated = form.get("date")
    if dated:
        declared = form["fields"][dated].get("format", "YYYY-MM-DD")
        iso = dates.read_dates(records[dated], declared)["iso"]
        day = iso.where(dates.is_full(iso)).str[:10].fillna("")
    else:
        day = pd.Series("", index=records.index)
    named = records[["LINE", *PLACE]].assign(EVENT=event.where(event.notna(), records["EVENT"]), DATE=day)
    return named.fillna("")


def _sites(tables: dict[str, pd.DataFrame], crf: dict[str, Any], page: dict[str, Any]) -> pd.Series:
    """Site of each subject that has one site and no other."""
    name = page.get("subjects", {}).get("form", "").lower()
    if name not in crf or f"raw/{name}" not in tables:
        return pd.Series(dtype=object)
    known = canonical(tables[f"raw/{name}"], crf[name])[["SITEID", "SUBJID"]].drop_duplicates()
    return known.drop_duplicates("SUBJID", keep=False).set_index("SUBJID")["SITEID"].astype(object)


def _aged(found: pd.DataFrame, calendar: pd.DataFrame | None, cutoff: str) -> pd.DataFrame:
    """Add the date of the visit where the record has none, the age, and what the age is counted from."""
    own = found["DATE"].ne("")
    visit = pd.Series(np.nan, index=found.index, dtype=object)
    if calendar is not None and len(calendar):
        full = calendar[dates.is_full(calendar["DATE"])].drop_duplicates(VISIT).set_index(VISIT)["DATE"]
        visit = found[VISIT].join(full.astype(object).rename("OF"), on=VISIT)["OF"].str[:10]
    day = found["DATE"].where(own, visit).astype("str")
    end = dates.to_day(pd.Series([cutoff], dtype="str")).iloc[0]
    age = end - dates.to_day(day)
    late = (age < 0).fillna(False).astype(bool)
    why = np.select(
        [late, own, day.notna() & day.ne(""), found["SUBJID"].eq("")], [LATE, OWN, OF_VISIT, NO_RECORD], NO_DATE
    )
    return found.assign(DATE=day.fillna(""), AGE=age.where(~late).astype("Int64"), SINCE=why)
