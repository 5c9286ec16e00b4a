"""CDISC ODM 1.3, snapshot or transactional: one form of the document, one record per repeat of its item groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.raw import _odm, _odm_reader, _redcap
from crf2csr.raw._memo import Memo
from crf2csr.raw._staged import Told, chosen, tell, text_frame, unread
from crf2csr.records import KEYS

OPTIONS = frozenset({"part", "groups", "read_groups", "columns"})
NAMES = {"oid": "", "name": "Name", "sas": "SASFieldName"}
_MEMO = Memo()


def stage(
    content: bytes,
    entry: dict[str, Any],
    file: str,
    form: dict[str, Any] | None = None,
    beside: dict[str, tuple[bytes, dict[str, Any]]] | None = None,
) -> pd.DataFrame:
    """Stage one form of an ODM document.

    Parameters
    ----------
    content : bytes
        The document.
    entry : dict
        Its entry in the manifest: ``encoding``, ``part`` (FormOID), ``groups`` (the item groups that make a record,
        where not all of the form do), ``columns`` (``oid``, ``name`` or ``sas``: what names a column).
    file : str
        Its name, for messages.

    Returns
    -------
    DataFrame
        The keys of the contract, every item of the form, ``<item>_UNIT`` where the export gives a unit, and ``LINE``,
        the line of the record's first item group.

    Raises
    ------
    Cause
        Not well-formed, a DTD, a transaction that cannot be applied, a record that would be ambiguous.
    """
    encoding = entry["encoding"]
    reading = _MEMO.get(content, (encoding,), entry.get("uses", 1), lambda: _odm_reader.read(content, encoding, file))
    filled = _forms_with_data(reading)
    part = chosen(entry, list(dict.fromkeys([*reading.forms, *filled])), "form (FormOID)", file)
    rows, empty = [], []
    wanted = entry.get("groups")
    present: Counter[str] = Counter()
    for keys, element in _instances(reading, part):
        present.update({group for group, _ in element.inside})
        if not element.inside:
            empty.append(element.line)
        rows += _records(reading, keys, element, wanted, file)
    told = [t for name, t in reading.told if name == part or (not name and "parts" in entry)]
    told += unread(entry, filled, "form")
    told += _groups_left(entry, part, wanted, present, file)
    if empty:
        message = "The export has instances of this form without any item; they are no records."
        told.append(Told(empty[0], "R-EMPTY", "*", str(len(empty)), message))
    return _frame(reading, part, rows, entry, file, told)


def _forms_with_data(reading: _odm.Reading) -> list[str]:
    """Forms for which the document has data, in the order of their appearance."""
    found: dict[str, None] = {}
    for study in reading.data.inside.values():
        for subject in study.inside.values():
            for event in subject.inside.values():
                found |= dict.fromkeys(form for form, _ in event.inside)
    return list(found)


def _instances(reading: _odm.Reading, part: str) -> Iterator[tuple[dict[str, str], _odm.Element]]:
    """Every instance of a form, with the keys that its place gives it."""
    for study in reading.data.inside.values():
        for subject in study.inside.values():
            for event in subject.inside.values():
                for (oid, repeat), element in event.inside.items():
                    if oid == part:
                        keys = {
                            "STUDYID": study.key[0],
                            "SITEID": "",
                            "SUBJID": subject.key[0],
                            "EVENT": event.key[0],
                            "EVENTREP": event.key[1],
                            "FORM": oid,
                            "FORMREP": repeat,
                            "FORMSTAT": "",
                        }
                        for level in (subject, event, element):
                            keys |= level.about or {}
                        yield keys, element


def _records(
    reading: _odm.Reading, keys: dict[str, str], form: _odm.Element, wanted: list[str] | None, file: str
) -> list[dict[str, Any]]:
    """The records of one form instance: its item groups side by side, one record per repeat key."""
    groups = [g for g in form.inside.values() if wanted is None or g.key[0] in wanted]
    repeats = dict.fromkeys(group.key[1] for group in groups)
    names = dict.fromkeys(group.key[0] for group in groups)
    if wanted is None and len(repeats) > 1 and len(names) > 1:
        rule = "item groups of this form repeat differently; name in `groups` those that make a record"
        raise Cause(rule, file=file, line=form.line, field=form.key[0], value=", ".join(names))
    rows: dict[str, dict[str, Any]] = {}
    for group in groups:
        row = rows.setdefault(group.key[1], {"line": group.line, "cells": {}, "keys": keys | {"GRPREP": group.key[1]}})
        row["keys"] |= group.about or {}
        for oid, value in group.inside.items():
            if row["cells"].get(oid, value) != value:
                raise Cause("this item stands twice in one record", file=file, line=group.line, field=oid, value=value)
            row["cells"][oid] = value
        times = [form.stamp, group.stamp, *(reading.stamps.get(a, "") for a in form.audits + group.audits)]
        row["keys"]["LASTMOD"] = max([row["keys"].get("LASTMOD", ""), *times])
    return list(rows.values())


def _groups_left(
    entry: dict[str, Any], part: str, wanted: list[str] | None, present: Counter[str], file: str
) -> list[Told]:
    """Item groups of the form that no entry of the manifest reads; a group that the form does not have is refused."""
    if wanted is None:
        return []
    for name in wanted:
        if name not in present and present:
            raise Cause("the form has no data of this item group", file=file, field="groups", value=name)
    read = entry.get("read_groups", wanted)
    message = "The item group is in the form and no form of the manifest reads it."
    return [Told(1, "R-PART", "*", f"{part} {name}", message) for name in present if name not in read]


def _frame(
    reading: _odm.Reading, part: str, rows: list[dict[str, Any]], entry: dict[str, Any], file: str, told: list[Told]
) -> pd.DataFrame:
    """The records as a table: keys, items in the order of the metadata, then what only the data have."""
    wanted = entry.get("groups")
    known = [g for g in reading.forms.get(part, []) if wanted is None or g in wanted]
    items = dict.fromkeys(oid for group in known for oid in reading.groups.get(group, []))
    for row in rows:
        items |= dict.fromkeys(row["cells"])
    names = _names(reading, list(items), entry, file)
    cells: dict[str, list[str]] = {key: [row["keys"].get(key, "") for row in rows] for key in KEYS}
    for oid, name in names.items():
        cells[name] = [row["cells"].get(oid, "") for row in rows]
        if oid.endswith(_odm.UNIT):
            cells[name] = [reading.units.get(unit, unit) for unit in cells[name]]
    lines = [row["line"] for row in rows]
    if len(set(lines)) < len(lines):
        lines = list(range(1, len(rows) + 1))
        message = "Several records stand on one line; records are counted instead."
        told.append(Told(1, "R-LINE", "*", "", message))
    frame = text_frame(cells, lines)
    frame, made = _redcap_form(reading, frame, rows, names, part)
    return tell(frame, told, [*KEYS, *made])


def _names(reading: _odm.Reading, items: list[str], entry: dict[str, Any], file: str) -> dict[str, str]:
    """Item -> its column. One that would hide a key is called ``ITEM.<name>``."""
    kind = entry.get("columns", "oid")
    if kind not in NAMES:
        raise Cause(f"is not one of {sorted(NAMES)}", file=file, field="columns", value=kind)
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for oid in items:
        item = oid.removesuffix(_odm.UNIT)
        name = reading.items.get(item, {}).get(NAMES[kind]) or item
        name += "_UNIT" if item != oid else ""
        name = f"ITEM.{name}" if name in (*KEYS, "LINE") else name
        if name in taken:
            rule = f"two items would have this column: {taken[name]} and {oid}".replace(_odm.UNIT, " (unit)")
            raise Cause(rule, file=file, field=name)
        taken[name] = oid
        found[oid] = name
    return found


def _redcap_form(
    reading: _odm.Reading, frame: pd.DataFrame, rows: list[dict[str, Any]], names: dict[str, str], part: str
) -> tuple[pd.DataFrame, list[str]]:
    """Of a REDCap project: leave out forms that nobody opened, join the boxes of a field, name what was made so."""
    identifiers = {row["keys"]["RecordIdField"] for row in rows if "RecordIdField" in row["keys"]}
    if not identifiers:
        return frame, []
    status = names.get(f"{part.removeprefix('Form.')}_complete", "")
    boxes: dict[str, dict[str, str]] = {}
    for oid, name in names.items():
        about = reading.items.get(oid, {})
        if about.get("FieldType") == "checkbox" and "___" in oid:
            boxes.setdefault(about.get("Variable", oid.split("___")[0]), {})[name] = oid.split("___", 1)[1]
    identifier = names.get(min(identifiers))
    alone = identifier if not any(frame["EVENT"]) else None
    fields = [name for name in names.values() if name != identifier]
    kept = _redcap.opened(frame, fields, [c for one in boxes.values() for c in one], status, alone)
    if status:
        frame["FORMSTAT"] = frame[status]
    frame = frame[kept.to_numpy(dtype=bool)].reset_index(drop=True)
    return _redcap.joined(frame, boxes), [*boxes, *(c for one in boxes.values() for c in one), status]
