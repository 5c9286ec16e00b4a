"""The ground: ledgers that balance, conditions that lose nothing, words never guessed, YAML without surprises."""

from __future__ import annotations

import errno
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf2csr import codelists, io, populations, specs
from crf2csr.errors import Cause
from crf2csr.ledger import Ledger

pytestmark = pytest.mark.req("URS-CFG-05")


@pytest.mark.req("URS-ACC-02")
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_ledger_takes_a_step_only_when_it_balances(rows_in, out, lost):
    ledger = Ledger()
    if rows_in == out + lost:
        ledger.enter("step", "F", rows_in, out, {"why": lost})
        assert ledger.frame()["ROWS_LOST"].sum() == lost
    else:
        with pytest.raises(Cause, match="does not balance"):
            ledger.enter("step", "F", rows_in, out, {"why": lost})


@pytest.mark.req("URS-ACC-02")
def test_a_row_that_is_neither_kept_nor_lost_is_refused():
    with pytest.raises(Cause, match="neither kept nor lost"):
        Ledger().split(pd.DataFrame({"A": [1, 2]}), pd.Series([True, None]), "step", "F", "why")


ROWS = pd.DataFrame({"SEX": ["F", "M", None, ""], "AGE": pd.Series([17, 18, None, 64], dtype="Int64")}).astype(
    {"SEX": "str"}
)


@pytest.mark.req("URS-ACC-08")
@pytest.mark.parametrize(
    ("where", "met"),
    [
        ({}, [True] * 4),
        ({"SEX": "F"}, [True, False, False, False]),
        ({"SEX": ["F", "M"]}, [True, True, False, False]),
        ({"SEX": {"present": True}}, [True, True, False, False]),
        ({"SEX": {"present": False}}, [False, False, True, True]),
        ({"SEX": {"not": "F"}}, [False, True, True, True]),
        ({"AGE": {"ge": 18, "missing": "drop"}}, [False, True, False, True]),
        ({"AGE": {"ge": 18, "missing": "keep"}}, [False, True, True, True]),
        ({"AGE": 18}, [False, True, False, False]),
    ],
)
def test_conditions_on_rows(where, met):
    assert populations.matches(ROWS, where).tolist() == met


@pytest.mark.req("URS-ACC-08")
@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"AGE": {"ge": 18}}, "values are missing"),
        ({"HEIGHT": 1}, "not a variable"),
        ({"AGE": {"above": 1}}, "not a comparison"),
        ({"AGE": "old"}, "a number is compared with a word"),
    ],
)
def test_a_condition_that_would_lose_rows_silently_or_makes_no_sense_is_refused(where, words):
    with pytest.raises(Cause, match=words):
        populations.matches(ROWS, where)


@pytest.mark.req("URS-SDT-02")
def test_a_word_is_encoded_as_listed_or_in_another_width_and_else_unknown():
    made = codelists.encode(pd.Series(["Y", " Y ", "Ｙ", "y", "Yes", "", None], dtype="str"), {"Y": "YES", "N": "NO"})
    assert made["term"].fillna("").tolist() == ["YES", "YES", "YES", "YES", "", "", ""]
    assert made["unknown"].tolist() == [False, False, False, False, True, False, False]


def yaml(tmp_path, text: str):
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    return specs.read_yaml(file)


def test_yaml_reads_words_as_words_and_whole_numbers_as_numbers(tmp_path):
    made = yaml(
        tmp_path, "a: NO\nb: 007\nc: 2026-01-01\nd: 12:30\ne: 7\nf: 0.5\ng: true\nh: null\ni: on\nj: 1e5\nk: 1_000\n"
    )
    assert made == {
        "a": "NO",
        "b": "007",
        "c": "2026-01-01",
        "d": "12:30",
        "e": 7,
        "f": 0.5,
        "g": True,
        "h": None,
        "i": "on",
        "j": "1e5",
        "k": "1_000",
    }


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    with pytest.raises(Cause, match="stands twice") as found:
        yaml(tmp_path, "a: 1\nb: 2\na: 3\n")
    assert (found.value.line, found.value.field) == (3, "a")


def test_a_syntax_error_names_its_line(tmp_path):
    with pytest.raises(Cause, match="not valid YAML") as found:
        yaml(tmp_path, "a: 1\nb: [1, 2\n")
    assert found.value.line in (2, 3)


@pytest.mark.req("URS-REP-02")
def test_a_digest_does_not_depend_on_the_order_of_keys_and_does_on_every_value():
    assert specs.digest({"a": 1, "b": 2}) == specs.digest({"b": 2, "a": 1}) != specs.digest({"a": 1, "b": 3})


@pytest.mark.req("URS-REP-03")
def test_a_disk_that_is_full_is_a_cause_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    io.write_text(tmp_path / "a.txt", "what was there before")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Cause, match=r"a\.txt: cannot be written \(No space left on device\)"):
        io.write_text(tmp_path / "a.txt", "what comes after it")
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "what was there before"
