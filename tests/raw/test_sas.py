"""SAS data sets and transport files: codes with decodes, dates, special missing values, encodings, damage."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import _numeric, _sas, _xport, sas, xpt
from tests.raw import _readstat

pytestmark = pytest.mark.req("URS-RAW-06")

UTF8 = {"encoding": "UTF-8", "name": "formats.sas7bcat"}


def staged(columns: dict[str, tuple[str, list]], formats: dict | None = None, **entry: object) -> pd.DataFrame:
    beside = {"catalogue": (_readstat.sas7bcat(formats), UTF8)} if formats else {}
    return sas.stage(_readstat.sas7bdat(columns), UTF8 | entry, "V.sas7bdat", None, beside)


def told(frame: pd.DataFrame) -> list[tuple[int, str, str, str]]:
    return [(t.line, t.rule, t.field, t.value) for t in frame.attrs["told"]]


def test_numbers_are_written_as_a_person_would():
    numbers = [36.6, 118.0, None, 0.1, -0.0, 1e-7, 123456789.125, 1 / 3]
    assert staged({"X": ("BEST12", numbers)})["X"].tolist() == [
        "36.6",
        "118",
        "",
        "0.1",
        "0",
        "0.0000001",
        "123456789.125",
        "0.3333333333333333",
    ]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_text_is_that_number_and_no_other(value):
    text = _numeric.plain(value)
    assert float(text) == value and "e" not in text.lower()
    assert _numeric.texts(np.array([value, np.nan])).tolist() == [text, ""]


def test_special_missing_values_are_kept_as_text_and_ordinary_ones_are_blank():
    assert staged({"X": ("", [1.0, ".A", ".Z", None])})["X"].tolist() == ["1", ".A", ".Z", ""]


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("DATE9", 22000.0, "2020-03-26"),
        ("YYMMDD10", -1.0, "1959-12-31"),
        ("DDMMYYS10", 0.0, "1960-01-01"),
        ("E8601DA", 22000.0, "2020-03-26"),
        ("NLDATE", 22000.0, "2020-03-26"),
        ("TIME5", 37800.0, "10:30"),
        ("TIME8", 37801.5, "10:30:01.5"),
        ("HHMM", 86400.0, "24:00"),
        ("DATETIME20", 86400.0 * 22000 + 37800, "2020-03-26T10:30"),
        ("E8601DT", 86400.0 * 22000 + 59, "2020-03-26T00:00:59"),
        ("COMMA8", 1234.5, "1234.5"),
        ("AGEGRP", 2.0, "2"),
    ],
)
def test_dates_and_times_become_iso_8601_by_the_format_of_their_variable(form, number, text):
    made = staged({"X": (form, [number])})
    assert made["X"].tolist() == [text] and told(made) == []


@pytest.mark.parametrize(("form", "number"), [("DATE9", 2.5), ("DATE9", 9e9), ("TIME5", -1.0), ("DATETIME", 1e300)])
def test_a_number_that_is_no_date_stays_a_number_and_is_told(form, number):
    made = staged({"X": (form, [0.0, number])})
    assert made["X"].iloc[1] == _numeric.plain(number)
    assert told(made) == [(2, "R-SASDATE", "X", _numeric.plain(number))]


def test_a_format_that_shows_a_part_of_a_date_is_told_once():
    made = staged({"X": ("MONYY7", [22000.0, 22001.0])})
    assert made["X"].tolist() == ["2020-03-26", "2020-03-27"]
    assert [rule for _, rule, _, _ in told(made)] == ["R-PARTIAL"]


def test_code_and_decode_are_both_kept():
    formats = {"SEXF": {1: "Male", 2: "Female"}, "$YN": {"Y": "Yes", "N": "No"}}
    columns = {"SEX": ("SEXF", [1.0, 3.0, ".A"]), "YN": ("$YN", ["Y", "", "N"]), "AGE": ("", [1.0, 2.0, 3.0])}
    made = staged(columns, formats)
    assert made[["SEX", "SEX_DECODE", "YN", "YN_DECODE"]].to_numpy().tolist() == [
        ["1", "Male", "Y", "Yes"],
        ["3", "", "", ""],
        [".A", "", "N", "No"],
    ]
    assert made.attrs["understood"] == ["SEX_DECODE", "YN_DECODE"] and "AGE_DECODE" not in made
    with pytest.raises(Cause, match="name of a decode"):
        staged(columns | {"SEX_DECODE": ("", ["a", "b", "c"])}, formats)


def test_a_label_of_a_special_missing_value_is_not_taken_for_one_of_a_number():
    column = _sas.Column("X", "F", number=np.array([0.0, np.nan]), special=np.array(["", "A"], dtype=object))
    made = _sas.stage([column], {"F": {"A": "Not asked", 1.0: "One"}}, "f", [])
    assert made[["X", "X_DECODE"]].to_numpy().tolist() == [["0", ""], [".A", "Not asked"]]


def test_the_declared_encoding_rules_and_a_file_that_says_another_is_told():
    content = _readstat.sas7bdat({"X": ("", ["甲"])})
    assert sas.stage(content, UTF8, "V")["X"].tolist() == ["甲"]
    made = sas.stage(content, {"encoding": "windows-1252"}, "V")
    assert [(rule, value) for _, rule, _, value in told(made)] == [("R-ENCODING", "utf-8")]
    with pytest.raises(Cause, match="not a readable SAS data set"):
        sas.stage(content.replace("甲".encode(), b"\xff\xfe\xfd"), UTF8, "V")


@pytest.mark.parametrize("content", [b"", b"abc", b"\x00" * 5000])
def test_what_is_no_sas_file_is_refused(content):
    with pytest.raises(Cause, match="not a readable SAS data set"):
        sas.stage(content, UTF8, "V")
    with pytest.raises(Cause, match="not a SAS transport file"):
        xpt.stage(content, UTF8, "V")
    with pytest.raises(Cause, match="not a readable format catalogue"):
        sas.stage(_readstat.sas7bdat({"X": ("", [1.0])}), UTF8, "V", None, {"catalogue": (content, UTF8)})


# -- transport files ---------------------------------------------------------------------------------------------


def transport(tmp_path, columns: dict[str, list], version: int = 5, formats: dict | None = None) -> bytes:
    path = tmp_path / "v.xpt"
    frame = pd.DataFrame(columns)
    pyreadstat.write_xport(frame, path, table_name="VS", file_format_version=version, variable_format=formats or {})
    return path.read_bytes()


@pytest.mark.parametrize("version", [5, 8])
def test_special_missing_values_of_a_transport_file_are_kept(tmp_path, version):
    content = transport(tmp_path, {"X": [1.5, np.nan, np.nan, 0.0], "S": ["a", "b", "c", "d"]}, version)
    first = content.index(b".\x00\x00\x00\x00\x00\x00\x00")
    content = content[:first] + b"_" + content[first + 1 :]
    assert xpt.stage(content, UTF8, "V")["X"].tolist() == ["1.5", "._", "", "0"]


@settings(max_examples=25, derandomize=True, deadline=None)
@given(numbers=st.lists(st.floats(1e-70, 1e70) | st.floats(-1e70, -1e-70) | st.just(0.0), min_size=1, max_size=20))
def test_numbers_of_a_transport_file_come_back_to_the_last_bit(tmp_path_factory, numbers):
    content = transport(tmp_path_factory.getbasetemp(), {"X": numbers})
    assert xpt.stage(content, UTF8, "V")["X"].astype(float).tolist() == numbers


def test_short_numbers_of_a_transport_file_are_filled_with_zeros():
    cells = np.frombuffer(struct.pack(">I", 0x41100000)[:3] * 2, dtype="uint8").reshape(2, 3)
    assert _xport.numbers(cells)[0].tolist() == [1.0, 1.0]


def test_blank_records_at_the_end_are_kept_where_they_cannot_be_filling(tmp_path):
    content = transport(tmp_path, {"X": [1.0, np.nan], "S": ["a", ""]})
    assert len(xpt.stage(content, UTF8, "V")) == 2
    made = xpt.stage(transport(tmp_path, {"S": ["abcdefgh", "", ""]}), UTF8, "V")
    assert len(made) == 1 and [rule for _, rule, _, _ in told(made)] == ["R-EMPTY"]
    assert len(xpt.stage(transport(tmp_path, {"S": ["abcdefgh", "", ""]}, 8), UTF8, "V")) == 3


def test_an_old_encoding_is_read_by_the_declared_fallback_alone(tmp_path):
    content = transport(tmp_path, {"S": ["naïve 10 µg"]}).replace(
        "naïve 10 µg".encode(), "naïve 10 µg  ".encode("cp1252")
    )
    with pytest.raises(Cause, match="byte ef is not UTF-8") as found:
        xpt.stage(content, UTF8, "V")
    assert (found.value.field, found.value.line) == ("S", 1)
    made = xpt.stage(content, UTF8 | {"fallback": "windows-1252"}, "V")
    assert made["S"].tolist() == ["naïve 10 µg"]
    assert ("R-ENCODING", "windows-1252") in [(rule, value) for _, rule, _, value in told(made)]


def test_of_several_data_sets_the_manifest_names_one_and_the_others_are_told(tmp_path):
    content = transport(tmp_path, {"X": [1.0]})
    second = transport(tmp_path, {"Y": [2.0]})[240:].replace(b"VS      ", b"LB      ")
    both = content + second
    with pytest.raises(Cause, match="VS, LB"):
        xpt.stage(both, UTF8, "V")
    made = xpt.stage(both, UTF8 | {"part": "LB", "parts": ["LB"]}, "V")
    assert made["Y"].tolist() == ["2"] and told(made)[0][3] == "VS"


def test_a_transport_file_that_was_cut_off_is_refused(tmp_path):
    long = {"S": [f"{n:060d}" for n in range(9)]}
    with pytest.raises(Cause, match="cut off"):
        xpt.stage(transport(tmp_path, long)[: -2 * 80], UTF8, "V")
    with pytest.raises(Cause, match=r"holds .* records and says 9"):
        xpt.stage(transport(tmp_path, long, 8)[:-240], UTF8, "V")
    with pytest.raises(Cause, match="CPORT"):
        xpt.stage(b"**COMPRESSED** **COMPRESSED**" + b" " * 80, UTF8, "V")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    columns = {"X": [1.5, np.nan], "D": [22000.0, 1e9], "S": ["a", "é"]}
    return transport(tmp_path_factory.mktemp("whole"), columns, 5, {"D": "DATE9."})


@settings(max_examples=150, derandomize=True, deadline=None)
@given(data=st.data())
def test_a_damaged_transport_file_is_staged_or_refused_and_never_crashes(whole, data):
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        xpt.stage(bytes(content[: data.draw(st.sampled_from([len(content), len(content) - 80, 700]))]), UTF8, "V")
    except Cause:
        return
