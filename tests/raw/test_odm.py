"""ODM: transactions in their order, typed items, units, removed records, and documents that must not be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import odm
from tests.raw import _shapes

pytestmark = pytest.mark.req("URS-RAW-05")

ENTRY = {"encoding": "UTF-8", "part": "F"}
HEAD = (
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:v="https://vendor" ODMVersion="1.3.2" FileType="{kind}">'
    '<Study OID="S"><BasicDefinitions><MeasurementUnit OID="MU.KG" Name="kilogram"><Symbol><TranslatedText>kg'
    '</TranslatedText></Symbol></MeasurementUnit></BasicDefinitions><MetaDataVersion OID="1" Name="1">'
    '<FormDef OID="F"><ItemGroupRef ItemGroupOID="G"/></FormDef><ItemGroupDef OID="G"><ItemRef ItemOID="I.A"/>'
    '<ItemRef ItemOID="I.B"/></ItemGroupDef><ItemDef OID="I.A" Name="A" SASFieldName="SA"/>'
    '<ItemDef OID="I.B" Name="B"/></MetaDataVersion></Study><ClinicalData StudyOID="S" MetaDataVersionOID="1">\n'
)
TAIL = "</ClinicalData></ODM>"


def item(oid: str, value: str, more: str = "") -> str:
    return f'<ItemData ItemOID="{oid}" Value="{value}" {more}/>'


def group(inside: str, more: str = "", key: str = "1", oid: str = "G") -> str:
    return f'<ItemGroupData ItemGroupOID="{oid}" ItemGroupRepeatKey="{key}" {more}>{inside}</ItemGroupData>\n'


def form(inside: str, more: str = "", subject: str = "1", upper: str = "", event: str = "") -> str:
    return (
        f'<SubjectData SubjectKey="{subject}" {upper}>\n<StudyEventData StudyEventOID="V1" {event}>\n'
        f'<FormData FormOID="F" {more}>\n{inside}</FormData></StudyEventData></SubjectData>\n'
    )


def staged(body: str, kind: str = "Snapshot", head: str = "", **entry: object):
    text = head + HEAD.format(kind=kind) + body + TAIL
    return odm.stage(text.encode(), ENTRY | entry, "F.xml")


def refused(body: str, kind: str = "Snapshot", head: str = "", **entry: object) -> Cause:
    with pytest.raises(Cause) as found:
        staged(body, kind, head, **entry)
    assert found.value.file == "F.xml"
    return found.value


def told(frame, rule: str) -> list[tuple[str, str, str]]:
    return [(t.field, t.value, t.severity) for t in frame.attrs["told"] if t.rule == rule]


def tx(word: str) -> str:
    return f'TransactionType="{word}"'


def test_columns_come_from_the_metadata_whether_or_not_anyone_answered():
    made = staged(form(group(item("I.A", "x"))))
    assert made[["SUBJID", "EVENT", "EVENTREP", "FORMREP", "GRPREP"]].to_numpy().tolist() == [
        ["1", "V1", "1", "1", "1"]
    ]
    assert made[["I.A", "I.B"]].to_numpy().tolist() == [["x", ""]]
    assert made["LINE"].tolist() == [5]


def test_columns_may_be_called_by_the_name_of_the_item_or_by_its_sas_name():
    body = form(group(item("I.A", "x")))
    assert staged(body, columns="name").columns[-2:].tolist() == ["A", "B"]
    assert staged(body, columns="sas").columns[-2:].tolist() == ["SA", "I.B"]


def test_an_item_that_is_called_like_a_key_hides_none():
    made = staged(form(group(item("SUBJID", "x"))))
    assert made["SUBJID"].tolist() == ["1"] and made["ITEM.SUBJID"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("String", " a b ", " a b "),
        ("Integer", " 12 ", "12"),
        ("Float", "1.50", "1.50"),
        ("Date", "\n2026-01-01\n", "2026-01-01"),
        ("PartialDate", "2026-01", "2026-01"),
        ("IncompleteDatetime", "2026-01--T--:-", "2026-01--T--:-"),
        ("Time", "10:30:00", "10:30:00"),
        ("Boolean", "true", "true"),
        ("Any", "&lt;b&gt;=1+1", "<b>=1+1"),
    ],
)
def test_typed_items_are_read_as_they_were_typed(kind, text, value):
    made = staged(form(group(f'<ItemData{kind} ItemOID="I.A">{text}</ItemData{kind}>')))
    assert made["I.A"].tolist() == [value]


def test_a_unit_has_a_column_of_its_own():
    inside = '<ItemData ItemOID="I.A" Value="70"><MeasurementUnitRef MeasurementUnitOID="MU.KG"/></ItemData>'
    made = staged(form(group(inside)) + form(group(item("I.A", "71")), subject="2"))
    assert made[["I.A", "I.A_UNIT"]].to_numpy().tolist() == [["70", "kg"], ["71", ""]]


def test_of_a_file_in_the_document_the_name_is_staged():
    inside = '<ItemDataBase64Binary ItemOID="I.A" v:DocName="scan.jpg">/9j/4AAQ</ItemDataBase64Binary>'
    made = staged(form(group(inside)))
    assert made["I.A"].tolist() == ["scan.jpg"] and told(made, "R-FILE") == [("I.A", "scan.jpg", "info")]


def test_a_null_item_is_blank_and_its_reason_is_told():
    made = staged(form(group('<ItemData ItemOID="I.A" IsNull="Yes" v:ReasonForNull="NASK"/>')))
    assert made["I.A"].tolist() == [""] and told(made, "R-NULL") == [("I.A", "NASK", "info")]
    assert "null" in refused(form(group(item("I.A", "1", 'IsNull="Yes"')))).rule


@pytest.mark.parametrize(
    ("place", "more"),
    [
        ("group", 'v:Removed="Yes"'),
        ("form", 'v:Status="removed"'),
        ("event", 'v:IsActive="No"'),
        ("subject", 'v:Deleted="true"'),
    ],
)
def test_what_the_vendor_calls_removed_is_set_aside_and_told(place, more):
    marks = {name: more if name == place else "" for name in ("group", "form", "event", "subject")}
    gone = form(
        group(item("I.A", "old"), marks["group"], key="2"), marks["form"], "9", marks["subject"], marks["event"]
    )
    made = staged(gone + form(group(item("I.A", "new"))))
    assert made["I.A"].tolist() == ["new"]
    assert told(made, "R-REMOVED") == [("*", "I.A=old", "info")]


def test_transactions_are_applied_in_the_order_of_the_document():
    made = staged(
        form(
            group(item("I.A", "1") + item("I.B", "2"), tx("Insert")),
            tx("Insert"),
            upper=tx("Insert"),
            event=tx("Insert"),
        )
        + form(group(item("I.A", "3"), tx("Update")))
        + form(group(item("I.B", "", tx("Remove")), tx("Update")))
        + form(group(item("I.A", "4", tx("Upsert")), tx("Context")))
        + form(group(item("I.A", "5"), tx("Context")))
        + form(group(item("I.A", "6"), tx("Insert"), key="2"))
        + form(group("", tx("Remove"), key="2"))
        + form(group(item("I.A", "7"), tx("Insert"), key="2")),
        "Transactional",
    )
    assert made[["GRPREP", "I.A", "I.B"]].to_numpy().tolist() == [["1", "4", ""], ["2", "7", ""]]
    assert told(made, "R-CONTEXT") == [("I.A", "5", "major")]
    assert told(made, "R-REMOVED") == [("*", "I.A=6", "info")]


def test_a_child_inherits_the_transaction_and_removing_a_subject_takes_all_its_records():
    body = form(group(item("I.A", "1")), upper=tx("Insert")) + form(
        group(item("I.A", "2")), subject="2", upper=tx("Insert")
    )
    made = staged(body + f'<SubjectData SubjectKey="1" {tx("Remove")}/>', "Transactional")
    assert made[["SUBJID", "I.A"]].to_numpy().tolist() == [["2", "2"]]
    assert told(made, "R-REMOVED") == [("*", "I.A=1", "info")]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (group(item("I.A", "2"), tx("Insert")), "there already"),
        (group(item("I.A", "2"), tx("Update"), key="2"), r"\(Update\) for what is not there"),
        (group("", tx("Remove"), key="2"), r"\(Remove\) for what is not there"),
        (group(item("I.B", "2", tx("Update")), tx("Upsert")), "not there"),
        (group(item("I.A", "2", tx("Insert")), tx("Upsert")), "there already"),
        (group(item("I.A", "2"), tx("Delete")), "is no transaction"),
        (group(item("I.A", "2")), "must say the transaction"),
    ],
)
def test_a_transaction_that_cannot_be_applied_stops_the_run(second, words):
    cause = refused(form(group(item("I.A", "1"), tx("Insert"))) + form(second), "Transactional")
    assert cause.line == 10
    assert re.search(words, cause.rule), cause.rule


def test_a_snapshot_that_says_a_thing_twice_is_refused():
    cause = refused(form(group(item("I.A", "1"))) + form(group(item("I.A", "2"))))
    assert "twice" in cause.rule and cause.field == "I.A" and cause.line == 10


def test_groups_that_repeat_differently_are_refused_until_the_manifest_names_those_of_a_record():
    body = form(group(item("I.A", "1")) + group(item("I.A", "2"), key="2") + group(item("I.C", "9"), oid="H"))
    assert "repeat differently" in refused(body).rule
    made = staged(body, groups=["G"])
    assert made[["GRPREP", "I.A"]].to_numpy().tolist() == [["1", "1"], ["2", "2"]] and "I.C" not in made
    assert told(made, "R-PART") == [("*", "F H", "info")]
    assert staged(body, groups=["H"])["I.C"].tolist() == ["9"]
    assert "no data of this item group" in refused(body, groups=["X"]).rule


def test_a_form_without_items_is_no_record_and_a_form_that_no_one_reads_is_told():
    empty = form("") + form(group(item("I.A", "1")), subject="2")
    made = staged(empty)
    assert made["SUBJID"].tolist() == ["2"] and told(made, "R-EMPTY") == [("*", "1", "info")]
    other = empty.replace('FormOID="F"', 'FormOID="E"', 1)
    text = other + form(group(item("I.A", "1")), subject="3").replace('FormOID="F"', 'FormOID="X"')
    assert told(staged(text, parts=["F"]), "R-PART") == [("*", "E", "info"), ("*", "X", "info")]
    assert "F, E, X" in refused(text, part="Y").rule


def test_records_of_one_line_are_counted_instead_and_comments_are_told():
    body = (form(group(item("I.A", "1"))) + form(group(item("I.A", "2")), subject="2")).replace("\n", " ")
    made = staged(body)
    assert made["LINE"].tolist() == [1, 2] and len(told(made, "R-LINE")) == 1
    note = "<ItemData ItemOID='I.A' Value='1'><Annotation><Comment>see letter</Comment></Annotation></ItemData>"
    assert told(staged(form(group(note))), "R-COMMENT") == [("I.A", "see letter", "info")]


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.req("URS-SEC-02")
@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        (BOMB, "&b;", "DTD"),
        ('<!DOCTYPE b SYSTEM "file:///etc/passwd">', "", "DTD"),
        ('<!DOCTYPE b [<!ENTITY x SYSTEM "http://127.0.0.1/">]>', "&x;", "DTD"),
        ("", "&undefined;", "not well-formed"),
        ("", "<SubjectData>", "not well-formed|identifier"),
        ("", "<a>" * 300 + "</a>" * 300, "deep"),
        ("", "<FormData FormOID='F'/>", "stands in ClinicalData"),
        ("", "<ItemData ItemOID='A' Value=''/>", "outside an item group"),
        ("", "\x01", "not well-formed"),
        ('<?xml version="1.0" encoding="GBK"?>', "", "says that it is GBK"),
    ],
)
def test_a_document_that_attacks_or_is_damaged_is_refused_with_one_line(head, body, words):
    assert re.search(words, refused(body, head=head).rule)


def test_an_encoding_that_xml_parsers_do_not_know_is_read_as_declared():
    text = (
        '<?xml version="1.0" encoding="GB18030"?>'
        + HEAD.format(kind="Snapshot")
        + form(group(item("I.A", "甲")))
        + TAIL
    )
    made = odm.stage(text.encode("gb18030"), ENTRY | {"encoding": "GB18030"}, "F.xml")
    assert made["I.A"].tolist() == ["甲"]
    with pytest.raises(Cause, match="offset"):
        odm.stage(text.encode("gb18030") + b"\xff", ENTRY | {"encoding": "GB18030"}, "F.xml")


@pytest.mark.parametrize("root", ["<x/>", '<ODM xmlns="http://www.cdisc.org/ns/odm/v2.0" ODMVersion="2.0"/>', "", "a"])
def test_what_is_no_odm_1_document_is_refused(root):
    with pytest.raises(Cause):
        odm.stage(root.encode(), ENTRY, "F.xml")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), max_size=30)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(["I.A", "I.B", "I.C"]), TEXT, min_size=1), st.booleans())
def test_any_text_is_staged_as_it_was_written(cells, typed):
    cells = {name: "".join(c for c in text if c not in "\ufffe\uffff") for name, text in cells.items()}
    row = dict.fromkeys(_shapes.KEYS, "1") | {"FORM": "F"} | {name: text for name, text in cells.items() if text}
    inside = _shapes._record(row, False, {}) if not typed else _shapes._record(row, False, {}, [])
    if typed:
        texts = "".join(_shapes._item(name, row[name], "String") for name in row if name not in _shapes.KEYS)
        inside = inside.replace("</ItemGroupData>", texts + "</ItemGroupData>")
    made = odm.stage(_shapes.document({"F": list(cells)}, [inside]), ENTRY, "F.xml")
    assert made[list(cells)].to_numpy().tolist() == [[cells[name] for name in cells]]


PIECES = st.sampled_from(
    [
        '<SubjectData SubjectKey="1">',
        "<SubjectData>",
        "</SubjectData>",
        '<StudyEventData StudyEventOID="V">',
        "</StudyEventData>",
        '<FormData FormOID="F">',
        "</FormData>",
        group("", tx("Remove")),
        '<ItemGroupData ItemGroupOID="G">',
        "</ItemGroupData>",
        item("I.A", "1"),
        item("I.A", "2", tx("Context")),
        "<ItemDataString ItemOID='I.B'>x</ItemDataString>",
        '<ItemData IsNull="Yes">',
        "</ItemData>",
        form(group(item("I.A", "1"), tx("Insert"))),
        form(group(item("I.A", "1"), tx("Upsert")), tx("Remove")),
        '<ClinicalData StudyOID="T">',
        "</ClinicalData>",
        "<MeasurementUnit><Symbol><TranslatedText>u</TranslatedText></Symbol></MeasurementUnit>",
        "<AuditRecord><DateTimeStamp>2026</DateTimeStamp></AuditRecord>",
        "<MeasurementUnitRef/>",
        "<Comment>c</Comment>",
        "&#0;",
        "<",
    ]
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["Snapshot", "Transactional"]))
def test_any_document_is_staged_or_refused_and_never_crashes(pieces, kind):
    try:
        made = staged("".join(pieces), kind)
    except Cause:
        return
    assert set(made["FORM"]) <= {"F"}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.data())
def test_a_document_with_a_damaged_byte_is_staged_or_refused_and_never_crashes(data):
    content = bytearray((HEAD.format(kind="Snapshot") + form(group(item("I.A", "1"))) + TAIL).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        odm.stage(bytes(content), ENTRY, "F.xml")
    except Cause:
        return
