"""The same staged forms, written in the shape of every vendor's export."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pyreadstat

from tests.raw import _readstat

KEYS = ["STUDYID", "SITEID", "SUBJID", "EVENT", "EVENTREP", "FORM", "FORMREP", "GRPREP", "FORMSTAT", "LASTMOD"]
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{0,5}[1-9])?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def all_match(cells: pd.Series, pattern: re.Pattern[str]) -> bool:
    """Tell whether a column has cells and all that are filled match: then the vendor holds no text there."""
    filled = cells[cells != ""]
    return bool(len(filled) and filled.str.fullmatch(pattern.pattern).all() and not (filled == "-0").any())


# -- delimited ---------------------------------------------------------------------------------------------------


def delimited(frame: pd.DataFrame, delimiter: str = ",", encoding: str = "utf-8", before: str = "") -> bytes:
    memory = io.StringIO(newline="")
    writer = csv.writer(memory, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([frame.columns, *frame.itertuples(index=False)])
    return (before + memory.getvalue()).encode(encoding)


# -- ODM ---------------------------------------------------------------------------------------------------------


def _item(name: str, value: str, kind: str, more: str = "") -> str:
    if kind:
        exact = escape(value, {"\r": "&#13;"})
        return f'<ItemData{kind} ItemOID="{name}"{more}>{exact}</ItemData{kind}>'
    exact = quoteattr(value, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    return f'<ItemData ItemOID="{name}"{more} Value={exact}/>'


def _typed(name: str, value: str) -> str:
    if re.fullmatch("-?[0-9]+", value):
        return "Integer"
    if DAY.fullmatch(value):
        return "Date"
    return "Float" if NUMBER.fullmatch(value) else "String"


def _record(row: dict[str, str], typed: bool, more: dict[str, str], items: list[str] | None = None) -> str:
    """One record with all that stands around it; ``more`` holds attributes by level."""
    names = [n for n in row if n not in KEYS] if items is None else items
    inside = "\n".join(
        _item(n, row[n], _typed(n, row[n]) if typed else "", more.get("Item", "")) for n in names if row[n] != ""
    )
    stamp = f"<AuditRecord><DateTimeStamp>{row['LASTMOD']}</DateTimeStamp></AuditRecord>" if row["LASTMOD"] else ""
    group = f'ItemGroupOID="IG.{row["FORM"]}" ItemGroupRepeatKey="{row["GRPREP"]}" oc:Status="{row["FORMSTAT"]}"'
    return f"""<SubjectData SubjectKey="S.{row["SUBJID"]}" oc:StudySubjectID="{row["SUBJID"]}"{more.get("Subject", "")}>
<SiteRef LocationOID="{row["SITEID"]}"/>
<StudyEventData StudyEventOID="{row["EVENT"]}" StudyEventRepeatKey="{row["EVENTREP"]}"{more.get("Event", "")}>
<FormData FormOID="{row["FORM"]}" FormRepeatKey="{row["FORMREP"]}"{more.get("Form", "")}>
<ItemGroupData {group}{more.get("Group", "")}>
{stamp}{inside}</ItemGroupData></FormData></StudyEventData></SubjectData>"""


def document(forms: dict[str, list[str]], body: Iterable[str], kind: str = "Snapshot", study: str = "S") -> bytes:
    """A whole ODM document: metadata of the forms (form -> items) and elements of clinical data."""
    metadata = ""
    for form, items in forms.items():
        refs = "".join(f'<ItemRef ItemOID="{item}" Mandatory="No"/>' for item in items)
        metadata += (
            f'<FormDef OID="{form}" Name="{form}"><ItemGroupRef ItemGroupOID="IG.{form}" Mandatory="No"/></FormDef>'
        )
        metadata += f'<ItemGroupDef OID="IG.{form}" Name="{form}" Repeating="Yes">{refs}</ItemGroupDef>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:oc="http://www.openclinica.org/ns/odm_ext_v130/v3.1"
 ODMVersion="1.3.2" FileType="{kind}" FileOID="F" CreationDateTime="2026-10-15T00:00:00">
<Study OID="{study}"><MetaDataVersion OID="1" Name="1">{metadata}</MetaDataVersion></Study>
<ClinicalData StudyOID="{study}" MetaDataVersionOID="1">
{chr(10).join(body)}
</ClinicalData></ODM>""".encode()


def odm(forms: dict[str, pd.DataFrame], *, typed: bool = False, history: bool = False) -> bytes:
    """A snapshot, or a history whose records are inserted wrong or half, corrected, and in part taken out again."""
    body: list[str] = []
    study = ""
    for frame in forms.values():
        items = [name for name in frame if name not in KEYS]
        for place, row in enumerate(frame.to_dict("records")):
            study = row["STUDYID"]
            if not history:
                body.append(_record(row, typed, {}))
                continue
            context = {"Subject": ' TransactionType="Upsert"', "Event": ' TransactionType="Upsert"'}
            wrong = row | {name: "wrong" for name in items if row[name] != ""}
            insert, update = ' TransactionType="Insert"', ' TransactionType="Update"'
            form = {"Form": ' TransactionType="Upsert"'}
            if place % 3 == 0:
                body.append(_record(wrong | {"LASTMOD": ""}, typed, context | form | {"Group": insert}))
                body.append(_record(row, typed, context | form | {"Group": update}))
            elif place % 3 == 1:
                body.append(_record(wrong, typed, context | form | {"Group": insert}))
                body.append(_record(row, typed, context | form | {"Group": ' TransactionType="Remove"'}, []))
                body.append(_record(row, typed, context | form | {"Group": insert}))
            else:
                half = len(items) // 2
                body.append(_record(row, typed, context | form | {"Group": insert}, items[:half]))
                body.append(_record(row, typed, context | form | {"Group": ' TransactionType="Upsert"'}, items[half:]))
                body.append(_record(row, typed, context | form | {"Group": ' TransactionType="Context"'}))
    metadata = {form: [n for n in frame if n not in KEYS] for form, frame in forms.items()}
    return document(metadata, body, "Transactional" if history else "Snapshot", study)


# -- REDCap ------------------------------------------------------------------------------------------------------


def redcap(forms: dict[str, pd.DataFrame], boxes: dict[str, list[str]]) -> tuple[bytes, bytes]:
    """A project with events: the one wide CSV, and its data dictionary. ``boxes``: checkbox field -> codes.

    A form with one record per subject and event is a plain instrument, any other repeats.
    """
    head = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    columns = [*head, "redcap_data_access_group"]
    words = [["record_id", "id", "text", ""]]
    for form, frame in forms.items():
        instrument = form.lower()
        fields = {name: f"{instrument}_{name.lower()}" for name in frame if name not in KEYS}
        for name, field in fields.items():
            checkbox = f"{form}.{name}" in boxes
            choices = " | ".join(f"{code}, {code}" for code in boxes.get(f"{form}.{name}", []))
            words.append([field, instrument, "checkbox" if checkbox else "text", choices])
            columns += [f"{field}___{c.lower()}" for c in boxes[f"{form}.{name}"]] if checkbox else [field]
        columns.append(f"{instrument}_complete")
        single = not frame.duplicated(["SUBJID", "EVENT", "EVENTREP"]).any() and (frame["EVENTREP"] == "1").all()
        for count, row in enumerate(frame.to_dict("records"), start=1):
            key = (row["SUBJID"], row["EVENT"], *(("", "") if single else (instrument, str(count))))
            wide = rows.setdefault(key, dict(zip(head, key, strict=True)))
            wide["redcap_data_access_group"] = row["SITEID"]
            wide[f"{instrument}_complete"] = "2"
            for name, field in fields.items():
                for code in boxes.get(f"{form}.{name}", []):
                    wide[f"{field}___{code.lower()}"] = str(int(code in row[name].split("|")))
                if f"{form}.{name}" not in boxes:
                    wide[field] = row[name]
    table = pd.DataFrame([{c: row.get(c, "") for c in columns} for row in rows.values()], columns=columns)
    # A box of a form that was never opened is 0 all the same.
    unseen = [c for c in columns if "___" in c]
    table[unseen] = table[unseen].where(table[unseen] != "", "0")
    names = ["Variable / Field Name", "Form Name", "Field Type", "Choices, Calculations, OR Slider Labels"]
    return delimited(table), delimited(pd.DataFrame(words, columns=names))


# -- SAS ---------------------------------------------------------------------------------------------------------


def _sas_columns(frame: pd.DataFrame) -> dict[str, tuple[str, list[Any]]]:
    """Numbers and full dates as SAS numbers, all else as text."""
    columns: dict[str, tuple[str, list[Any]]] = {}
    for name in frame:
        cells = frame[name]
        if name not in KEYS and all_match(cells, NUMBER):
            columns[name] = ("", [float(cell) if cell else None for cell in cells])
        elif name not in KEYS and all_match(cells, DAY):
            start = date(1960, 1, 1)
            columns[name] = (
                "YYMMDD10",
                [float((date.fromisoformat(cell) - start).days) if cell else None for cell in cells],
            )
        else:
            columns[name] = ("", cells.tolist())
    return columns


def sas7bdat(frame: pd.DataFrame) -> bytes:
    return _readstat.sas7bdat(_sas_columns(frame))


def xpt(frame: pd.DataFrame, folder: Path, version: int) -> bytes:
    columns = _sas_columns(frame)
    table = pd.DataFrame({name: pd.Series(values, dtype=object) for name, (_, values) in columns.items()})
    for name, (_, values) in columns.items():
        if not all(isinstance(value, str) for value in values):
            table[name] = pd.Series(values, dtype="float64")
    path = folder / "one.xpt"
    formats = {name: form + "." for name, (form, _) in columns.items() if form}
    pyreadstat.write_xport(table, path, table_name="ONE", file_format_version=version, variable_format=formats)
    return path.read_bytes()


# -- Excel -------------------------------------------------------------------------------------------------------

SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def cell(row: int, column: int, inside: str, attributes: str = "") -> str:
    return f'<c r="{letters(column)}{row}"{attributes}>{inside}</c>'


def words(text: str) -> str:
    """A string as Excel stores it: what XML would lose, and what looks like an escape, is escaped."""
    text = re.sub("_x(?=[0-9A-Fa-f]{4}_)", "_x005F_x", text)
    text = re.sub("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f]", lambda m: f"_x{ord(m.group()):04X}_", text)
    return f'<t xml:space="preserve">{escape(text)}</t>'


def workbook(
    sheets: dict[str, str],
    strings: Iterable[str] = (),
    formats: Iterable[str] = (),
    *,
    states: dict[str, str] | None = None,
    properties: str = "",
    more: dict[str, bytes] | None = None,
) -> bytes:
    """A workbook of sheets (the XML inside ``worksheet``); style n + 1 shows numbers by the n-th format."""
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>' for n in range(len(sheets))
    )
    relations += f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
    relations += f'<Relationship Id="t" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    listed = "<sheets>"
    listed += "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n + 1}" r:id="r{n}" state="{(states or {}).get(name, "visible")}"/>'
        for n, name in enumerate(sheets)
    )
    listed += "</sheets>"
    own = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(formats))
    used = "".join(f'<xf numFmtId="{n}"/>' for n in [0, *(164 + n for n, _ in enumerate(formats))])
    styles = f"<numFmts>{own}</numFmts><cellXfs>{used}</cellXfs>"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}">{properties}{listed}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{SHEETS}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEETS}">{"".join(f"<si>{words(s)}</si>" for s in strings)}</sst>',
    }
    for n, inside in enumerate(sheets.values()):
        parts[f"xl/worksheets/s{n}.xml"] = f'<worksheet xmlns="{SHEETS}">{inside}</worksheet>'
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (more or {})).items():
            archive.writestr(name, content)
    return memory.getvalue()


def sheet(rows: Iterable[Iterable[str]]) -> str:
    """A sheet of text cells."""
    return data(
        [cell(r, c, f"<is>{words(text)}</is>", ' t="inlineStr"') for c, text in enumerate(row, start=1) if text != ""]
        for r, row in enumerate(rows, start=1)
    )


def data(rows: Iterable[Iterable[str]]) -> str:
    """The XML of rows of cells."""
    inside = "".join(f'<row r="{r}">{"".join(cells)}</row>' for r, cells in enumerate(rows, start=1))
    return f"<sheetData>{inside}</sheetData>"


def xlsx(forms: dict[str, pd.DataFrame]) -> bytes:
    """One sheet per form: numbers as numbers, full dates as dates, texts shared."""
    shared: dict[str, int] = {}
    sheets = {}
    for form, frame in forms.items():
        writers = {name: _writer(frame[name], name, shared) for name in frame}
        header = [_text(1, c, name, shared) for c, name in enumerate(frame, start=1)]
        rows = [
            [writers[name](r, c, text) for c, (name, text) in enumerate(row.items(), start=1) if text != ""]
            for r, row in enumerate(frame.to_dict("records"), start=2)
        ]
        sheets[form] = data([header, *rows])
    return workbook(sheets, shared, ["yyyy\\-mm\\-dd"])


def _text(row: int, column: int, text: str, shared: dict[str, int]) -> str:
    return cell(row, column, f"<v>{shared.setdefault(text, len(shared))}</v>", ' t="s"')


def _writer(cells: pd.Series, name: str, shared: dict[str, int]) -> Callable[[int, int, str], str]:
    if name not in KEYS and all_match(cells, NUMBER):
        # 17 digits, as Excel stores them.
        return lambda row, column, text: cell(row, column, f"<v>{float(text):.17g}</v>")
    if name not in KEYS and all_match(cells, DAY):
        start = date(1899, 12, 30)
        return lambda row, column, text: cell(
            row, column, f"<v>{(date.fromisoformat(text) - start).days}</v>", ' s="1"'
        )
    return lambda row, column, text: _text(row, column, text, shared)
