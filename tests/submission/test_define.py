"""define.xml says what is in the files, keeps to the published schema, and every reference leads somewhere."""

from __future__ import annotations

import lxml.etree
import pandas as pd
import pytest

from crf2csr.errors import Cause
from submission import define, define_page
from submission.frames import Submission, empty_changes
from submission.measures import measured
from tests.submission import small

pytestmark = pytest.mark.req("URS-PKG-02")

PAGE = {
    "study": {"id": "S1", "title": "A study", "notice": "", "cutoff": "2026-10-15"},
    "standards": {"sdtmig": "3.4", "adamig": "1.3", "ct": "2025-03-25"},
}
TERMS = [
    {"LIST": "NY", "LISTCODE": "C66742", "EXTENSIBLE": "No", "TERM": term, "CODE": code}
    for term, code in (("N", "C49487"), ("NA", "C48660"), ("U", "C17998"), ("Y", "C49488"))
]
NS = {"odm": "http://www.cdisc.org/ns/odm/v1.3", "def": "http://www.cdisc.org/ns/def/v2.1"}


def ae():
    return small.dataset(
        "AE",
        {"STUDYID": "text", "USUBJID": "text", "AESEQ": "integer", "AESER": "text", "AESTDTC": "text"},
        [("S1", "1", 1, "Y", "2026-01"), ("S1", "2", 12, "N", "2026-01-02")],
        "sdtm",
        **{"class": "EVENTS"},
        keys=["STUDYID", "USUBJID", "AESEQ"],
        about={
            "AESEQ": {"origin": "Derived", "text": "Numbered within the subject"},
            "AESER": {"origin": "Collected", "codelist": "NY"},
            "AESTDTC": {"origin": "Collected"},
        },
    )


def adrs():
    return small.dataset(
        "ADRS",
        {"USUBJID": "text", "PARAMCD": "text", "PARAM": "text", "AVAL": "float", "ADT": "date", "ANL01FL": "text"},
        [("1", "RESP", "Response", 1, 0, "Y"), ("1", "SCORE", "Score", 10.25, 1, None)],
        keys=["USUBJID", "PARAMCD"],
        parameters=[{"code": "RESP", "label": "Response", "criterion": {"of": "SCORE", "fall": 50}}],
    )


def submission(*datasets):
    return Submission(PAGE, datasets, empty_changes(), {})


@pytest.fixture
def made():
    return define.xml(submission(ae()), "sdtm", TERMS)


@pytest.fixture
def made_adam():
    return define.xml(submission(adrs()), "adam", TERMS)


def test_it_keeps_to_the_schema_and_every_reference_leads_somewhere(made, made_adam):
    assert define.faults(made) == []
    assert define.faults(made_adam) == []


def test_two_runs_give_the_same_bytes(made):
    assert define.xml(submission(ae()), "sdtm", TERMS) == made


@pytest.mark.parametrize(
    "old, new, fault",
    [
        (b'DataType="integer"', b'DataType="number"', "number"),
        (b'CodeListOID="CL.NY"', b'CodeListOID="CL.NOT"', "names CL.NOT, which is not defined"),
        (b'ItemDef OID="IT.AE.AESER"', b'ItemDef OID="IT.AE.AESEQ"', "the OID IT.AE.AESEQ stands twice"),
        (b' MethodOID="MT.AE.AESEQ"', b"", "MT.AE.AESEQ is defined and never used"),
        (b'<def:Class Name="EVENTS"/>', b'<def:Kind Name="EVENTS"/>', "Kind"),
        (b'Name="EVENTS"', b'Name="HAPPENINGS"', "HAPPENINGS"),
    ],
)
def test_every_planted_fault_is_found(made, old, new, fault):
    assert old in made
    spoilt = made.replace(old, new)
    assert any(fault in one for one in define.faults(spoilt))
    with pytest.raises(Cause, match="breaks Define-XML"):
        define.checked(spoilt, "define.xml")


def items(made):
    tree = lxml.etree.fromstring(made)
    return {e.get("OID"): e for e in tree.iter(f"{{{NS['odm']}}}ItemDef")}


def test_types_and_lengths_are_those_of_the_values(made, made_adam):
    found = items(made) | items(made_adam)
    assert found["IT.AE.AESEQ"].get("DataType", "") + found["IT.AE.AESEQ"].get("Length") == "integer2"
    assert found["IT.AE.AESTDTC"].get("DataType") == "partialDatetime"
    score = found["IT.ADRS.AVAL.SCORE"]
    assert [score.get(k) for k in ("DataType", "Length", "SignificantDigits")] == ["float", "5", "2"]
    assert found["IT.ADRS.AVAL.RESP"].get("DataType") == "integer"


@pytest.mark.parametrize(
    "values, kind",
    [
        (["2026-01-02", ""], "date"),
        (["2026-01-02T10:00"], "datetime"),
        (["2026", "2026-01-02T10"], "partialDatetime"),
        (["2026---02"], "incompleteDatetime"),
    ],
)
def test_the_kind_of_a_date_is_that_of_its_values(values, kind):
    variable = ae().variables[-1]
    assert measured(variable, pd.Series(values, dtype="object"))["DataType"] == kind


def test_published_terms_bear_their_codes_and_parameters_their_names(made, made_adam):
    assert b'CodedValue="Y"' in made and b'Name="C49488"' in made
    tree = lxml.etree.fromstring(made_adam)
    decodes = tree.xpath("//odm:CodeList[@OID='CL.ADRS.PARAMCD']//odm:Decode/odm:TranslatedText/text()", namespaces=NS)
    assert decodes == ["Response", "Score"]


def test_a_derivation_is_told_in_the_words_of_the_specification(made, made_adam):
    assert b"Numbered within the subject" in made
    assert b"Response: criterion (of SCORE; fall 50)" in made_adam


def test_the_page_shows_every_variable_of_the_document(made_adam):
    page = define_page.render(made_adam)
    assert all(f'id="{oid}"' in page for oid in items(made_adam))
    assert "PARAMCD = RESP" in page
