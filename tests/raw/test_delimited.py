"""Delimited text: every cell as entered, every line counted, nothing guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import _staged, contract, delimited

pytestmark = pytest.mark.req("URS-RAW-01")

ENTRY = {"encoding": "UTF-8", "delimiter": ","}
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)


def staged(text: str, **entry: str):
    return delimited.stage(text.encode(), ENTRY | entry, "F.csv")


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_a_csv_writer_writes_is_staged_cell_by_cell(rows):
    memory = io.StringIO(newline="")
    csv.writer(memory, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["A", "B"], *rows])
    made = staged(memory.getvalue())
    assert made[["A", "B"]].to_numpy().tolist() == rows
    lines = memory.getvalue().split("\n")
    assert made["LINE"].iloc[0] == 2 and made["LINE"].iloc[-1] <= len(lines)


def test_a_record_is_named_by_the_physical_line_on_which_it_begins():
    made = staged('A,B\n1,"x\ny"\n2,z\n')
    assert made[["LINE", "B"]].to_numpy().tolist() == [[2, "x\ny"], [4, "z"]]


@pytest.mark.req("URS-RAW-02")
def test_words_that_pandas_takes_for_missing_stay_words():
    assert staged("A,B\nNA,null\nNone,NULL\n")[["A", "B"]].to_numpy().tolist() == [["NA", "null"], ["None", "NULL"]]


@pytest.mark.req("URS-RAW-03")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("A,B\n1\n", 2, "ragged"),
        ("A,B\n1,2,3\n", 2, "ragged"),
        ("A,B\n1,2\n\n3,4\n", 3, "ragged"),
        ('A,B\n1,"2\n', 2, "quote"),
        ('A,B\n1,2"x"\n', 2, "quote"),
        ("A,A\n1,2\n", 1, "twice"),
        ("sep=,\nA,B\n", 1, "sep="),
        ("A,B\n1,\x00\n", 2, "NUL"),
        ("LINE,B\n1,2\n", 1, "reserved"),
        ("", None, "empty"),
    ],
)
def test_what_rfc_4180_forbids_is_refused_with_its_line(text, line, words):
    with pytest.raises(Cause, match=words) as found:
        staged(text)
    assert found.value.line == line and found.value.file == "F.csv"


@pytest.mark.req("URS-RAW-02")
def test_a_byte_of_another_encoding_is_named_by_line_and_offset_and_never_guessed():
    with pytest.raises(Cause, match="byte ff at offset 6") as found:
        delimited.stage(b"A,B\n1,\xff\n", ENTRY, "F.csv")
    assert found.value.line == 2
    assert delimited.stage("A,B\n1,甲\n".encode("gb18030"), ENTRY | {"encoding": "GB18030"}, "F.csv")["B"].tolist() == [
        "甲"
    ]


@pytest.mark.req("URS-RAW-03")
@pytest.mark.parametrize(
    ("last", "aside"), [("Total records: 2", True), ("合计 2", True), ("Totally ill", False), ("x", False)]
)
def test_a_count_below_the_data_is_set_aside_and_any_other_short_line_is_refused(last, aside):
    text = f"A,B\n1,2\n3,4\n{last}\n"
    if aside:
        assert len(staged(text)) == 2 and staged(text).attrs["aside"] == [(4, last)]
    else:
        with pytest.raises(Cause, match="ragged"):
            staged(text)


FORM = {"name": "F", "fields": {"X": {"type": "text"}}, "keys": {"SUBJID": "SUBJID"}}


@pytest.mark.req("URS-RAW-03")
def test_an_unknown_column_is_carried_and_told_and_a_missing_one_is_refused():
    made = staged("SUBJID,X,NEW\n01-0001,a,b\n")
    told = contract.check_columns(made, FORM, "F.csv")
    assert told[["RULE", "FIELD", "SEVERITY"]].to_numpy().tolist() == [["R-COLUMN", "NEW", "info"]]
    with pytest.raises(Cause, match="'x '") as found:
        contract.check_columns(staged("SUBJID,x \n01-0001,a\n"), FORM, "F.csv")
    assert found.value.field == "X" and found.value.line == 1


@pytest.mark.req("URS-ACC-03")
def test_a_file_of_another_number_of_records_than_the_manifest_counts_is_a_blocker():
    made = staged("SUBJID,X\n01-0001,a\n")
    told = contract.check_rows(made, ENTRY | {"rows": 2}, FORM)
    assert told[["RULE", "REC", "VALUE", "SEVERITY"]].to_numpy().tolist() == [["R-ROWS", "F:1", "1", "blocker"]]
    for entry in ({"rows": 1}, {}, {"rows": 9, "uses": 2}):
        assert contract.check_rows(made, ENTRY | entry, FORM).empty


@pytest.mark.req("URS-ACC-03")
def test_what_an_adapter_tells_becomes_a_query_with_the_subject_of_its_record():
    made = staged("SUBJID,X\n01-0001,a\n01-0002,b\n")
    made.attrs["told"] = [
        _staged.Told(3, "R-X", "X", "b", "Strange."),
        _staged.Told(1, "R-Y", "*", "", "All.", "minor"),
    ]
    told = contract.told_by_adapter(made, "F", FORM)
    assert told[["RULE", "SUBJID", "EVENT", "REC", "FIELD", "VALUE", "SEVERITY"]].to_numpy().tolist() == [
        ["R-X", "01-0002", "", "F:3", "X", "b", "info"],
        ["R-Y", "", "", "F:1", "*", "", "minor"],
    ]
    assert contract.told_by_adapter(staged("A\n1\n"), "coding", None).empty


@pytest.mark.req("URS-RAW-03")
def test_a_row_of_labels_is_refused_and_a_damaged_id_alone_is_not():
    with pytest.raises(Cause, match="row of labels"):
        contract.refuse_label_row(staged("SUBJID,X\nSubject,Answer\n01-0001,a\n"), FORM, "01-[0-9]{4}", "F.csv")
    contract.refuse_label_row(staged("SUBJID,X\n1-Jan,\n01-0001,a\n"), FORM, "01-[0-9]{4}", "F.csv")
