"""From staged cells to records that may be tabulated: duplicates merged, strangers quarantined, all counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from crf2csr import dates
from crf2csr.columns import each
from crf2csr.groups import per_row, repeated
from crf2csr.records import canonical, event_of
from crf2csr.trace import Made, queries

REASONS = {
    "duplicate": "merged duplicate",
    "other study": "quarantined: record of another study",
    "bad id": "quarantined: subject id is malformed",
    "stranger": "quarantined: subject is not in demographics",
    "withdrawn": "quarantined: after withdrawal of data use",
}
# Keys that number or stamp a record without being part of what was observed.
NUMBERING = {"FORMREP", "GRPREP", "FORMSTAT", "LASTMOD"}


def typed(frame: pd.DataFrame, form: dict[str, Any]) -> pd.DataFrame:
    """Codes in one width and without unseen marks, each distinct word read once; all else as entered."""
    codes = [name for name, field in form["fields"].items() if field["type"] in ("code", "multi")]
    return frame.assign(**{name: each(frame[name], dates.plain) for name in codes})


def duplicates(frame: pd.DataFrame, form: dict[str, Any]) -> pd.Series:
    """Return, per record, the REC of the earlier record that it repeats in all items (else missing)."""
    if form.get("duplicates") == "keep":
        return pd.Series(float("nan"), index=frame.index, dtype="str")
    items = [name for name in frame.columns if name not in NUMBERING | {"LINE", "REC"}]
    some = frame.iloc[repeated(frame[items])]
    if some.empty:
        return pd.Series(float("nan"), index=frame.index, dtype="str")
    first = some.groupby(items, sort=False, dropna=False)["REC"].transform("first")
    return first.where(first != some["REC"]).reindex(frame.index)


def of_study(frame: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """Tell which records are of the study that bears one of these names; one that names none is taken for its own."""
    if "STUDYID" not in frame:
        return pd.Series(True, index=frame.index)
    known = {dates.plain(name) for name in names} | {""}
    return each(frame["STUDYID"].fillna(""), lambda word: dates.plain(word) in known, "bool")


def owners(staged: pd.DataFrame, form: dict[str, Any], register: pd.DataFrame) -> pd.Series:
    """USUBJID of the person behind each staged record; missing for a stranger."""
    keys = canonical(staged, form)[["SITEID", "SUBJID"]]
    if register.empty:
        return pd.Series(float("nan"), index=staged.index, dtype="str")
    known = register.set_index(["SITEID", "SUBJID"])["USUBJID"]
    return per_row(keys, lambda people: people.join(known, on=["SITEID", "SUBJID"])["USUBJID"])


def fates(frame: pd.DataFrame, form: dict[str, Any], register: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Decide for each record whether it goes on: columns ``fate`` ("" = goes on), ``of`` and ``USUBJID``."""
    keys = [name for name in ("STUDYID", "SITEID", "SUBJID") if name in frame]
    people = per_row(frame[keys], lambda distinct: _standing(distinct, register, pattern))
    of = duplicates(frame, form)
    fate = people["fate"]
    if of.notna().any():
        fate = fate.mask((fate == "") & of.notna(), "duplicate")
    until = dates.to_day(people["DATAUSE"])
    if form.get("date") and until.notna().any():
        declared = form["fields"][form["date"]].get("format", "YYYY-MM-DD")
        first = dates.period(dates.read_dates(frame[form["date"]], declared)["iso"])["first"]
        fate = fate.mask((fate == "") & (first > until).fillna(False).astype(bool), "withdrawn")
    return pd.DataFrame({"fate": fate, "of": of, "USUBJID": people["USUBJID"]})


def _standing(people: pd.DataFrame, register: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Fate of every record of a person, "" where it depends on the record, with USUBJID and DATAUSE."""
    known = register.set_index(["SITEID", "SUBJID"])[["USUBJID", "DATAUSE"]]
    keys = people[["SITEID", "SUBJID"]]
    # An empty register (no record of the study's own) cannot be joined to: then everybody is a stranger.
    unknown = pd.Series(float("nan"), index=people.index, dtype="str")
    joined = keys.join(known, on=["SITEID", "SUBJID"]) if len(known) else keys.assign(USUBJID=unknown, DATAUSE=unknown)
    fate = pd.Series("", index=people.index, dtype="str")
    fate = fate.mask(joined["USUBJID"].isna(), "stranger")
    fate = fate.mask(~of_study(people, register["STUDYID"].unique()), "other study")
    fate = fate.mask(~people["SUBJID"].str.fullmatch(pattern).fillna(False).astype(bool), "bad id")
    return joined[["USUBJID", "DATAUSE"]].assign(fate=fate)


def accepted(frame: pd.DataFrame, verdict: pd.DataFrame) -> pd.DataFrame:
    """The records that go on, with the USUBJID of their subject."""
    good = verdict["fate"] == ""
    if good.all():  # as a rule; a copy of all cells is spared
        return frame.assign(USUBJID=verdict["USUBJID"]).reset_index(drop=True)
    return frame[good].assign(USUBJID=verdict.loc[good, "USUBJID"]).reset_index(drop=True)


def screen(
    staged: pd.DataFrame,
    form: dict[str, Any],
    register: pd.DataFrame,
    pattern: str,
    visits: list[dict[str, Any]] | None = None,
) -> Made:
    """Return the records of one form that may be tabulated.

    Parameters
    ----------
    staged : DataFrame
        All cells of the form as text, with LINE.
    form : dict
        The form's contract.
    register : DataFrame
        One row per SITEID, SUBJID with STUDYID (as the export names the study), USUBJID and DATAUSE (ISO date from
        which data may not be used).
    pattern : str
        What a subject id must look like.
    visits : list of dict, optional
        The study's visits; a label that stands for one of them becomes its event.

    Returns
    -------
    Made
        ``data``: canonical columns, USUBJID, REC, codes in one width (as entered they stay
        in staging). The ledger balances; each duplicate and each record in
        quarantine has a query.
    """
    frame = canonical(staged, form)
    verdict = fates(frame, form, register, pattern)
    count = verdict["fate"].value_counts()
    lost = {REASONS[fate]: int(count.get(fate, 0)) for fate in REASONS}
    kept = typed(accepted(frame, verdict), form)
    if visits:
        event = event_of(kept["EVENT"], visits)
        kept["EVENT"] = event.where(event.notna(), kept["EVENT"])
    made = Made(kept)
    made.ledger.enter("screen", form["name"], len(frame), len(made.data), lost)
    said = {
        "other study": ("R-STUDY", "blocker", "The record names another study; it is in quarantine."),
        "duplicate": ("P06", "info", "Record repeats an earlier record in every item; merged with it."),
        "bad id": ("P23", "blocker", "Subject id is malformed; record is in quarantine."),
        "stranger": ("P24", "blocker", "Subject is not in demographics; record is in quarantine."),
        "withdrawn": ("P28", "major", "Record is later than the withdrawal of data use; it is in quarantine."),
    }
    for fate, (rule, severity, message) in said.items():
        if fate not in count:
            continue
        rows = frame[verdict["fate"] == fate]
        earlier = " Earlier record: " + verdict.loc[rows.index, "of"] if fate == "duplicate" else ""
        field = "STUDYID" if fate == "other study" else "SUBJID"
        made.queries.append(queries(rows, rule=rule, field=field, message=message + earlier, severity=severity))
    return made
