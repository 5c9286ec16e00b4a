"""Encodings: what is declared is decoded strictly, and never guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.errors import Cause
from crf2csr.raw import _text, delimited

pytestmark = pytest.mark.req("URS-RAW-02")

SAMPLE = "甲,naïve\n"


def refused(content: bytes, encoding: str) -> Cause:
    with pytest.raises(Cause) as found:
        _text.decode(content, encoding, "F.csv")
    return found.value


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("UTF-16BE", "utf-16-be"),
        ("UTF-32", "utf-32"),
        ("GB18030", "gb18030"),
    ],
)
def test_a_declared_encoding_is_decoded_and_its_mark_is_no_data(encoding, codec):
    assert _text.decode(SAMPLE.encode(codec), encoding, "F.csv") == SAMPLE
    if codec.startswith("utf-16-"):
        assert _text.decode(("\ufeff" + SAMPLE).encode(codec), encoding, "F.csv") == SAMPLE


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (SAMPLE.encode("utf-16-le"), "UTF-16", "no byte order mark"),
        (SAMPLE.encode("utf-8-sig"), "GB18030", "byte order mark of UTF-8"),
        (SAMPLE.encode("utf-8-sig"), "windows-1252", "byte order mark of UTF-8"),
        ("é".encode(), "iso-8859-1", ""),
        (b"a\x80b", "GBK", "byte 80 at offset 1 is not GBK"),
        (b"a\nb\xff", "UTF-8", "byte ff at offset 3"),
        (b"\xff\xfea\x00\x00", "UTF-16", "at offset 4 is not UTF-16"),
        (b"a\n\x81", "windows-1252", "byte 81 at offset 2"),
        (b"a\nb\x93", "iso-8859-1", "U+0093 is a control"),
        ("a\nb\x00".encode("utf-16"), "UTF-16", "NUL"),
    ],
)
def test_what_is_not_of_the_declared_encoding_is_refused(content, encoding, words):
    if words:
        cause = refused(content, encoding)
        assert words in cause.rule
        assert cause.line == (None if "mark" in words else 2 if b"\n" in content else 1)
    else:
        assert _text.decode(content, encoding, "F.csv") == "Ã©"


@pytest.mark.parametrize(
    "name", ["utf-7", "unicode_escape", "rot13", "base64", "idna", "undefined", "hz", "klingon", "", "utf-8\x00"]
)
def test_an_encoding_that_no_export_is_written_in_is_refused(name):
    cause = refused(b"a", name)
    assert "not an encoding" in cause.rule and cause.value == name


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00\ufeff"), max_size=40)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(TEXT, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32", "gb18030"]))
def test_every_text_comes_back(text, encoding):
    assert _text.decode(text.encode(encoding), encoding, "F") == text


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "gbk", "gb18030", "cp1252", "big5"]))
def test_any_bytes_are_decoded_exactly_or_refused(content, encoding):
    try:
        text = _text.decode(content, encoding, "F")
    except Cause:
        return
    big = content.startswith(b"\xfe\xff")
    written = text.encode({"utf-16": "utf-16-be" if big else "utf-16-le"}.get(encoding, encoding))
    mark = content[: len(content) - len(written)]
    assert content == mark + written and mark in (b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


PIECES = st.lists(
    st.sampled_from(
        ["a", "B", ",", ",", "\n", "\r", "\r\n", '"', '"', '""', '"a"', ',"x\ny"', "é", "甲", " ", "sep=,\n"]
    ),
    max_size=9,
)


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.booleans(), PIECES)
def test_any_text_is_cut_as_the_standard_reader_cuts_it_or_refused(header, pieces):
    """The reader of Python's own library is another program: where it and RFC 4180 agree, so do we."""
    text = ("A,B\n" if header else "") + "".join(pieces)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        made = delimited.stage(text.encode(), {"encoding": "UTF-8"}, "F.csv")
    except Cause:
        return
    rows, starts, end = [], [], 0
    for row in reader:
        rows.append(row)
        starts.append(end + 1)
        end = reader.line_num
    assert [made.columns[1:].tolist(), *made.drop(columns="LINE").to_numpy().tolist()] == rows
    assert made["LINE"].tolist() == starts[1:]


@pytest.mark.parametrize("delimiter", ["", ",,", "；", '"', "\n", "comma "])
def test_a_delimiter_is_one_character_or_a_word_for_it(delimiter):
    with pytest.raises(Cause, match="one ASCII character") as found:
        delimited.stage(b"A\n", {"encoding": "UTF-8", "delimiter": delimiter}, "F.csv")
    assert found.value.field == "delimiter"


def test_a_separator_line_must_be_declared_and_say_what_is_declared():
    entry = {"encoding": "UTF-8", "delimiter": ";", "separator_line": True}
    made = delimited.stage(b"sep=;\nA;B\n1;2\n", entry, "F.csv")
    assert made.columns.tolist() == ["LINE", "A", "B"] and made["LINE"].tolist() == [3]
    for text, words in ((b"A;B\n", "missing"), (b"sep=,\nA;B\n", "another delimiter"), (b"sep=;;\nA;B\n", "another")):
        with pytest.raises(Cause, match=words):
            delimited.stage(text, entry, "F.csv")
    with pytest.raises(Cause, match="quote") as found:
        delimited.stage(b'sep=;\nA;B\n1;"2\n', entry, "F.csv")
    assert found.value.line == 3
    with pytest.raises(Cause, match="not even a header"):
        delimited.stage(b"sep=;\n", entry, "F.csv")


def test_a_field_of_a_megabyte_and_text_that_attacks_are_staged_as_they_are():
    cells = ["x" * (1 << 20), "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202eabc\u200b", "+1", "@SUM(1)"]
    memory = io.StringIO(newline="")
    csv.writer(memory).writerows([[f"C{n}" for n in range(len(cells))], cells])
    made = delimited.stage(memory.getvalue().encode(), {"encoding": "UTF-8"}, "F.csv")
    assert made.drop(columns="LINE").to_numpy().tolist() == [cells]


def test_a_declared_row_of_labels_that_is_missing_is_refused():
    with pytest.raises(Cause, match="row of labels is missing"):
        delimited.stage(b"A,B\n", {"encoding": "UTF-8", "labels": "below"}, "F.csv")
