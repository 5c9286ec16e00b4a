"""REDCap: instruments of one wide table; a 0 that nobody ticked is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import redcap

pytestmark = pytest.mark.req("URS-RAW-04")

DICTIONARY = """field_name,form_name,field_type,select_choices_or_calculations
id,dm,text,
sex,dm,radio,"1, M | 2, F"
note,dm,descriptive,
term,ae,text,
why,ae,checkbox,"1, drug | -9, other | b, both"
"""
UTF8 = {"encoding": "UTF-8", "name": "dictionary.csv"}


def staged(text: str, part: str = "ae", dictionary: str = DICTIONARY, **entry: object):
    beside = {"dictionary": (dictionary.encode(), UTF8)}
    return redcap.stage(text.encode(), UTF8 | {"part": part} | entry, "R.csv", None, beside)


def refused(text: str, **more: object) -> Cause:
    with pytest.raises(Cause) as found:
        staged(text, **more)
    return found.value


FLAT = "id,sex,dm_complete,term,why___1,why____9,why___b,ae_complete\n"


def test_a_form_that_nobody_opened_is_no_record_whatever_its_boxes_say():
    text = FLAT + "1,2,2,,0,0,0,0\n2,,0,,0,0,0,\n3,1,2,rash,0,0,0,0\n4,1,2,,0,1,1,0\n5,1,2,,0,0,0,1\n"
    made = staged(text)
    assert made[["LINE", "SUBJID", "term", "why", "FORMSTAT"]].to_numpy().tolist() == [
        [4, "3", "rash", "", "0"],
        [5, "4", "", "-9|b", "0"],
        [6, "5", "", "", "1"],
    ]
    # The form that holds the identifier exists for every record.
    assert staged(text, "dm")["SUBJID"].tolist() == ["1", "2", "3", "4", "5"]
    assert "sex" not in made and "term" not in staged(text, "dm")


def test_events_and_repeats_become_keys():
    text = (
        "id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,term,sex,dm_complete\n"
        "1,base,,,north,,1,2\n1,base,ae,1,north,rash,,\n1,base,ae,2,north,cough,,\n1,uns,,3,north,fever,,\n"
    )
    made = staged(text, study="S1")
    keys = ["STUDYID", "SITEID", "EVENT", "EVENTREP", "FORM", "FORMREP", "term"]
    assert made[keys].to_numpy().tolist() == [
        ["S1", "north", "base", "1", "ae", "1", "rash"],
        ["S1", "north", "base", "1", "ae", "2", "cough"],
        ["S1", "north", "uns", "3", "ae", "1", "fever"],
    ]


def test_with_events_the_first_form_exists_only_where_it_was_opened():
    text = "id,redcap_event_name,sex,dm_complete,term\n1,base,1,2,\n1,week1,,,rash\n1,week2,,0,cough\n"
    assert staged(text, "dm")["EVENT"].tolist() == ["base"]


def test_an_instrument_that_no_form_reads_and_a_column_of_no_instrument_are_told():
    text = FLAT.replace("term", "term,extra") + "1,2,2,rash,x,0,0,0,2\n"
    made = staged(text, "ae", parts=["ae"])
    assert [(t.rule, t.value) for t in made.attrs["told"]] == [("R-PART", "dm")]
    assert made["extra"].tolist() == ["x"] and "extra" not in made.attrs["understood"]
    assert {"why", "why___1", "ae_complete", "SUBJID"} <= set(made.attrs["understood"])


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (FLAT.replace("id", "Record ID") + "1,2,2,,0,0,0,0\n", "identifier", 1),
        (FLAT + "1,2,2,,Checked,0,0,0\n", "neither 0 nor 1", 2),
        ("id,redcap_repeat_instrument,term,sex\n1,dm,rash,1\n", "repeats another instrument", 2),
        ("id,redcap_repeat_instrument,term\n1,Adverse events,rash\n", "no such instrument", 2),
        (FLAT + "1,2\n", "ragged", 2),
    ],
)
def test_an_export_of_labels_or_with_data_in_the_wrong_row_is_refused(text, words, line):
    cause = refused(text)
    assert words in cause.rule and cause.line == line


def test_an_unknown_instrument_and_a_dictionary_that_is_none_are_refused():
    assert "dm, ae" in refused(FLAT, part="xx").rule
    assert "no data dictionary" in refused(FLAT, dictionary="a,b\n1,2\n").rule
    with pytest.raises(Cause, match="must name the data dictionary"):
        redcap.stage(FLAT.encode(), UTF8 | {"part": "ae"}, "R.csv")


CELL = st.sampled_from(["", "0", "1", "2", "x", "ae", "dm", " ", "é", "-9"])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.sampled_from([*FLAT.strip().split(","), *redcap.SYSTEM]), unique=True, min_size=1, max_size=8),
    st.lists(st.lists(CELL, min_size=8, max_size=8), max_size=4),
)
def test_any_table_is_staged_without_loss_or_refused(columns, rows):
    text = "\n".join(",".join(row[: len(columns)]) for row in [columns, *rows])
    try:
        parts = {part: staged(text, part) for part in ("dm", "ae")}
    except Cause:
        return
    table = {line: dict(zip(columns, row, strict=False)) for line, row in enumerate(rows, start=2)}
    for made in parts.values():
        for row in made.to_dict("records"):
            assert all(row[name] == table[row["LINE"]][name] for name in columns if name in row)
    # What was answered stands in a record of its instrument.
    for line, row in table.items():
        for part, fields in (("dm", ["sex"]), ("ae", ["term"])):
            if any(row.get(field) for field in fields):
                assert line in set(parts[part]["LINE"])
