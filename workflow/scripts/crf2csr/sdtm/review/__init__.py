"""REVIEW: the data queries of one form, cell by cell against its contract and record by record by declared checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.records import canonical, event_of
from crf2csr.sdtm import _screen
from crf2csr.sdtm.review import _fields, _records, _verbs
from crf2csr.trace import Made


@dataclass
class Desk:
    """What the review of one form may look at.

    Attributes
    ----------
    name : str
        The form, or the table that comes with the export.
    staged : dict of DataFrame
        Staged forms and tables by name: the one under review and those that its checks compare it with.
    crf : dict
        Contracts by name in lower case; a table has none.
    register : DataFrame
        Who is who.
    codes : dict
        Codelist -> words that it allows.
    checks : list of dict
        The declared checks of this form.
    page : dict
        The study's page: ``subjects``, ``visits``, ``study``.
    """

    name: str
    staged: dict[str, pd.DataFrame]
    crf: dict[str, Any]
    register: pd.DataFrame
    codes: dict[str, set[str]]
    checks: list[dict[str, Any]]
    page: dict[str, Any]
    lists: dict[str, Any] = field(default_factory=dict)


def review(desk: Desk) -> Made:
    """Return the queries of one form; ``data`` is empty, for a review changes nothing."""
    made = Made(pd.DataFrame())
    form = desk.crf.get(desk.name.lower())
    if form is None:
        table = desk.staged[desk.name]
        rows = table.assign(REC=desk.name + ":" + table["LINE"].astype("str"), SUBJID="", EVENT="")
        made.queries += _verbs.run(desk.checks, _verbs.Records(rows, {}, {}))
        return made
    rows = entered(desk, desk.name)
    empty = _records.empty(rows, form)
    answered = rows[~empty]
    made.queries += [
        _fields.field_queries(answered, name, about, _codes(desk, about)) for name, about in form["fields"].items()
    ]
    birth = births(desk).reindex(answered["USUBJID"]).set_axis(answered.index)
    born = birth if desk.name != desk.page["subjects"]["form"] else None
    made.queries.append(_fields.off_calendar(answered, form, desk.page["study"].get("cutoff"), born))
    if desk.page.get("visits") and form.get("visits") != "log":
        made.queries.append(_fields.labels(rows, event_of(rows["EVENT"], desk.page["visits"])))
    others = {name: _screened(desk, name) for name in desk.staged if name != desk.name and name.lower() in desk.crf}
    screened = _screened(desk, desk.name)
    met = _records.answered(screened, form) & ~screened["REC"].isin(rows.loc[empty, "REC"])
    records = _verbs.Records(screened[met], desk.crf, others, desk.name)
    made.queries += _verbs.run(desk.checks, records)
    asked = {
        (rec, name) for part in made.queries if len(part) for rec, name in zip(part["REC"], part["FIELD"], strict=True)
    }
    required = _fields.missing(records.rows, form)
    if len(required):
        cells = pd.MultiIndex.from_frame(required[["REC", "FIELD"]])
        required = required[~cells.isin(list(asked))]
    made.queries.append(required)
    return made


def entered(desk: Desk, name: str) -> pd.DataFrame:
    """Records as entered that go on from screening, with the USUBJID of their subject."""
    form = desk.crf[name.lower()]
    frame = canonical(desk.staged[name], form)
    return _screen.accepted(frame, _screen.fates(frame, form, desk.register, desk.page["subjects"]["pattern"]))


def _screened(desk: Desk, name: str) -> pd.DataFrame:
    form = desk.crf[name.lower()]
    return _screen.screen(
        desk.staged[name], form, desk.register, desk.page["subjects"]["pattern"], desk.page.get("visits")
    ).data


def births(desk: Desk) -> pd.Series:
    """Earliest day on which each person may have been born (``Int64``), by USUBJID."""
    rule = desk.page["subjects"]
    if "birth" not in rule:
        return pd.Series(dtype="Int64")
    rows = entered(desk, rule["form"])
    about = desk.crf[rule["form"].lower()]["fields"][rule["birth"]]
    first = dates.period(dates.read_dates(rows[rule["birth"]], about.get("format", "YYYY-MM-DD"))["iso"])["first"]
    return first.groupby(rows["USUBJID"]).min()


def _codes(desk: Desk, about: dict[str, Any]) -> set[str] | None:
    return desk.codes.get(about["codelist"]) if "codelist" in about else None
