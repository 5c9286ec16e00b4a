"""REDCap: the one wide CSV of a project and its data dictionary give one form per instrument."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.raw import _csv, _redcap
from crf2csr.raw._memo import Memo
from crf2csr.raw._staged import Told, chosen, tell, unread

OPTIONS = _csv.OPTIONS | {"part", "dictionary", "study"}
EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
GROUP = "redcap_data_access_group"
SYSTEM = (EVENT, INSTRUMENT, INSTANCE, GROUP, "redcap_survey_identifier")
# Columns of a data dictionary, as the project page and as the API write them.
DICTIONARY = {
    "field": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "type": ("Field Type", "field_type"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
}
_MEMO = Memo()


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage one instrument of a REDCap project.

    Parameters
    ----------
    content : bytes
        The export: raw values under variable names (not labels).
    entry : dict
        Its entry in the manifest: as of delimited text, ``part`` (the instrument), ``dictionary`` (the data
        dictionary's file), ``study`` (what STUDYID is to say).
    file : str
        Its name, for messages.
    beside : dict
        ``dictionary``: content and manifest entry of the data dictionary.

    Returns
    -------
    DataFrame
        The keys of the contract, the columns of the instrument as exported, per checkbox field the ticked codes joined
        with ``|``, and ``LINE``. A form that nobody opened is no record, whatever 0 its boxes hold.

    Raises
    ------
    Cause
        Labels instead of codes, data of one instrument in a row of another, what delimited text refuses.
    """
    if not beside or "dictionary" not in beside:
        raise Cause("the manifest must name the data dictionary", file=file, field="dictionary")
    words = _dictionary(*beside["dictionary"])
    asks = tuple(str(entry.get(key)) for key in ("encoding", *sorted(_csv.OPTIONS)))
    wide = _MEMO.get(content, asks, entry.get("uses", 1), lambda: _csv.read(content, entry, file))
    identifier = str(words["field"].iloc[0])
    _check(wide, words, identifier, file)
    instruments = words["form"].unique().tolist()
    part = chosen(entry, instruments, "instrument", file)
    kept, boxes, own = _of(wide, words, part, identifier)
    _refuse_strays(wide, kept, part, file)
    known = {"LINE", *SYSTEM, *(name for i in instruments for name in _columns(words, i)[0])}
    strangers = [column for column in wide if column not in known]
    system = [name for name in SYSTEM if name in wide]
    columns = [c for c in wide if c in {*system, *own, *strangers, identifier}]
    mine = kept & ~_elsewhere(wide, part)
    frame = wide.loc[mine, ["LINE", *columns]].reset_index(drop=True)
    keys = _keys(frame, part, identifier, entry.get("study", ""))
    frame = pd.concat([frame[["LINE"]], keys, frame[columns]], axis=1).copy()
    if "parts" in entry or "uses" not in entry:
        frame.attrs["aside"] = wide.attrs["aside"]
    frame = _redcap.joined(frame, boxes)
    made = [*keys, *system, identifier, f"{part}_complete", f"{part}_timestamp", *boxes]
    made += [column for one in boxes.values() for column in one]
    return tell(frame, _left(wide, words, entry, identifier), made)


def _dictionary(content: bytes, entry: dict[str, Any]) -> pd.DataFrame:
    """Fields of the project: ``field``, ``form``, ``type``, ``choices``; the first field identifies a record."""
    file = entry["name"]
    table = _csv.read(content, entry, file)
    found = {}
    for name, spellings in DICTIONARY.items():
        column = next((s for s in spellings if s in table), None)
        if column is None:
            raise Cause("is no data dictionary of REDCap: a column is missing", file=file, line=1, field=spellings[0])
        found[name] = table[column].str.strip()
    if not len(table):
        raise Cause("the data dictionary is empty", file=file)
    return pd.DataFrame(found)


def _columns(words: pd.DataFrame, instrument: str) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Columns of an instrument, and of its checkbox fields the columns of the boxes with their codes."""
    columns: list[str] = []
    boxes: dict[str, dict[str, str]] = {}
    for row in words[words["form"] == instrument].itertuples():
        if row.type == "checkbox":
            boxes[row.field] = _redcap.box_columns(row.field, _redcap.choices(row.choices))
            columns += boxes[row.field]
        elif row.type != "descriptive":
            columns.append(row.field)
    return [*columns, f"{instrument}_complete", f"{instrument}_timestamp"], boxes


def _check(wide: pd.DataFrame, words: pd.DataFrame, identifier: str, file: str) -> None:
    """Refuse an export of labels: its columns or its boxes are words."""
    if identifier not in wide:
        rule = "the record identifier of the data dictionary is missing; export raw values under variable names"
        raise Cause(rule, file=file, line=1, field=identifier)
    for instrument in words["form"].unique():
        for columns in _columns(words, instrument)[1].values():
            for column in columns:
                if column in wide and not (good := wide[column].isin(["", "0", "1"])).all():
                    first = wide[~good].iloc[0]
                    rule = "a box is neither 0 nor 1; export raw values"
                    raise Cause(rule, file=file, line=int(first["LINE"]), field=column, value=first[column])
    if INSTRUMENT in wide:
        good = wide[INSTRUMENT].isin(["", *words["form"]])
        if not good.all():
            first = wide[~good].iloc[0]
            rule = "the data dictionary has no such instrument"
            raise Cause(rule, file=file, line=int(first["LINE"]), field=INSTRUMENT, value=first[INSTRUMENT])


def _of(
    wide: pd.DataFrame, words: pd.DataFrame, instrument: str, identifier: str
) -> tuple[pd.Series, dict[str, dict[str, str]], list[str]]:
    """Rows in which the instrument was opened, its boxes, its columns."""
    columns, boxes = _columns(words, instrument)
    flat = [column for one in boxes.values() for column in one]
    first = instrument == words["form"].iloc[0] and EVENT not in wide
    status = f"{instrument}_complete"
    answers = [column for column in columns if column != identifier]
    return _redcap.opened(wide, answers, flat, status, identifier if first else None), boxes, columns


def _elsewhere(wide: pd.DataFrame, instrument: str) -> pd.Series:
    """Rows that repeat another instrument."""
    if INSTRUMENT not in wide:
        return pd.Series(False, index=wide.index)
    return ~wide[INSTRUMENT].isin(["", instrument])


def _refuse_strays(wide: pd.DataFrame, kept: pd.Series, part: str, file: str) -> None:
    """A row that repeats one instrument has no data of another: nothing may be lost."""
    stray = kept & _elsewhere(wide, part)
    if stray.any():
        first = wide[stray].iloc[0]
        rule = f"the row repeats another instrument and has data of {part}"
        raise Cause(rule, file=file, line=int(first["LINE"]), field=INSTRUMENT, value=first[INSTRUMENT])


def _keys(frame: pd.DataFrame, part: str, identifier: str, study: str) -> pd.DataFrame:
    """The keys of the contract, from REDCap's own columns."""
    blank = pd.Series("", index=frame.index, dtype=io.TEXT)
    one = pd.Series("1", index=frame.index, dtype=io.TEXT)
    instance = frame[INSTANCE].where(frame[INSTANCE] != "", "1") if INSTANCE in frame else one
    repeats = frame[INSTRUMENT] != "" if INSTRUMENT in frame else pd.Series(False, index=frame.index)
    keys = {
        "STUDYID": blank + study,
        "SITEID": frame.get(GROUP, blank),
        "SUBJID": frame[identifier],
        "EVENT": frame.get(EVENT, blank),
        "EVENTREP": instance.where(~repeats, "1"),
        "FORM": blank + part,
        "FORMREP": instance.where(repeats, "1"),
        "GRPREP": one,
        "FORMSTAT": frame.get(f"{part}_complete", blank),
        "LASTMOD": frame.get(f"{part}_timestamp", blank),
    }
    return pd.DataFrame(keys)


def _left(wide: pd.DataFrame, words: pd.DataFrame, entry: dict[str, Any], identifier: str) -> list[Told]:
    """Instruments with data that no form of the manifest reads."""
    if "parts" not in entry:
        return []
    others = [name for name in words["form"].unique() if name not in entry["parts"]]
    return unread(entry, [n for n in others if _of(wide, words, n, identifier)[0].any()], "instrument")
