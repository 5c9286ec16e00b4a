"""Published numbers: what moves a number is seen and named, what moves none is not."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.ard._facts import Facts
from crf2csr.errors import Cause
from tests.climb import ROOT
from validate import performance
from validate.performance import Line

pytestmark = pytest.mark.req("URS-VAL-04")


def test_what_the_shipped_study_gives_is_what_is_published(shipped):
    """After a change of a number: python -m validate publish (and make qc), and commit qc/published.csv."""
    found = performance.compare(performance.read(ROOT), performance.published(shipped))
    assert [line for line in found if line.verdict != "passed"] == []


def test_the_published_results_are_found_again_and_a_moved_one_is_named(shipped, tmp_path):
    (tmp_path / "results/ard").mkdir(parents=True)
    for file in (shipped / "results/ard").glob("*.parquet"):
        shutil.copy(file, tmp_path / "results/ard")
    file = tmp_path / "results/ard/efficacy.parquet"
    table = io.read_table(file)
    row = table.index[(table["analysis"] == "primary") & (table["stat_name"] == "n")][0]
    table.loc[row, "stat"] += 1
    io.write_table(file, table)
    lines, digits = performance.compare_results(ROOT, tmp_path)
    (moved,) = [line for line in lines if line.verdict != "passed"]
    assert len(lines) > 10 and digits < 2
    assert moved.file == "results/ard/efficacy.parquet"
    assert "efficacy|primary|" in moved.said and " -> " in moved.said


@pytest.fixture
def results(tmp_path):
    """A study with three published results, n, p and w; what it returns writes the results of a run."""

    def write(**held: float | str) -> None:
        facts = Facts()
        for name, value in held.items():
            number, text = (None, value) if isinstance(value, str) else (value, None)
            facts.add(name, number, "percent", None, analysis="a", method="m", stat_text=text)
        io.write_table(tmp_path / "results/ard/one.parquet", facts.frame())

    (tmp_path / "results/ard").mkdir(parents=True)
    (tmp_path / "qc").mkdir()
    rows = [f"one|a|||||{name}|,h,{value},,," for name, value in (("n", "3"), ("p", "0.125"), ("w", "none"))]
    text = "\n".join(["id,hash,python,r,digits,method", *rows, ""])
    (tmp_path / "qc/agreement.csv").write_text(text, encoding="utf-8")
    return tmp_path, write


@pytest.mark.parametrize(
    "held, verdict, digits",
    [
        ({"n": 3, "p": 0.125, "w": "none"}, "passed", 15),
        ({"n": 3, "p": 0.12500000000001, "w": "none"}, "passed", 13),
        ({"n": 3, "p": 0.12500001, "w": "none"}, "failed", 7),
        ({"n": 3, "p": 0.125, "w": "some"}, "failed", 15),
        ({"n": 3, "p": 0.125}, "failed", 15),
        ({"n": 3, "p": 0.125, "w": "none", "more": 1}, "failed", 15),
    ],
)
def test_results_must_agree_in_ten_digits_and_words_must_be_the_same(results, held, verdict, digits):
    study, write = results
    write(**held)
    (line,), found = performance.compare_results(study, study)
    assert (line.verdict, found) == (verdict, digits)
    assert bool(line.said) == (verdict == "failed")


def test_a_digest_follows_columns_values_and_traces_and_not_the_noise_of_floats():
    table = pd.DataFrame({"A": [1.0, None], "B": ["x", None], "_T": [["AE:3", "AE:4"], None]})
    rows, first = performance.table_digest(table)
    others = [
        table.rename(columns={"A": "C"}),
        table.assign(A=[1.0000001, None]),
        table.assign(B=["x", "y"]),
        table.assign(_T=[["AE:3"], None]),
        table.iloc[:1],
        table.iloc[::-1],
    ]
    assert rows == 2 and performance.table_digest(table.assign(A=[1.0 + 1e-14, None])) == (2, first)
    assert first not in {performance.table_digest(other)[1] for other in others}


def test_printed_are_the_numbers_and_the_values_of_listings_and_no_words():
    display = {
        "id": "t-1",
        "title": "Words {t: 7}",
        "columns": [{"label": "Arm", "n": [{"t": "N = "}, {"f": 3, "t": "59"}]}],
        "rows": [{"head": "Responders", "cells": [[{"f": 0, "t": "30"}, {"t": "/"}, {"f": 3, "t": "59"}]]}],
        "listing": {"labels": ["Subject"], "values": [["01", "02"]]},
    }
    assert list(performance.printed(display)) == [
        ("t-1", "59"),
        ("t-1", '["01", "02"]'),
        ("t-1", "30"),
        ("t-1", "59"),
    ]


def test_what_differs_is_missing_or_is_new_is_a_line():
    was = pd.DataFrame([("a", 1, "x"), ("b", 2, "y"), ("c", 3, "z"), ("e", 4, "w")], columns=performance.COLUMNS)
    now = pd.DataFrame([("a", 1, "x"), ("b", 2, "Y"), ("d", 3, "z"), ("e", 5, "v")], columns=performance.COLUMNS)
    assert performance.compare(was, now) == [
        Line("a", 1, "passed"),
        Line("b", 2, "failed", "other values"),
        Line("c", 0, "failed", "is not made here"),
        Line("d", 3, "failed", "was not published"),
        Line("e", 5, "failed", "4 -> 5 rows"),
    ]


def test_without_results_or_published_hashes_one_line_says_what_makes_them(tmp_path):
    with pytest.raises(Cause, match="holds no results: make report writes them"):
        performance.published(tmp_path)
    with pytest.raises(Cause, match=r"published\.csv: is not there: python -m validate publish writes it"):
        performance.read(tmp_path)
    with pytest.raises(Cause, match=r"agreement\.csv: is not there: make qc writes it"):
        performance.compare_results(tmp_path, tmp_path)
