"""The guides say what is submitted, what it depends on, what was changed and what was found."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import io
from submission import conformance, guides
from submission.frames import CHANGES, Submission
from tests.submission import small
from tests.submission.test_define import PAGE

pytestmark = pytest.mark.req("URS-PKG-04")


def made(found: pd.DataFrame, folder, floor="adam") -> str:
    dm = small.dataset("DM", {"USUBJID": "text"}, [("1",)], "sdtm", forms=["DM"])
    adsl = small.dataset("ADSL", {"USUBJID": "text"}, [("1",)], sources={"sdtm": ["dm"]})
    adrs = small.dataset("ADRS", {"USUBJID": "text"}, [("1",), ("1",)], sources={"adam": ["adsl"]})
    changes = pd.DataFrame([("ADRS", 1, "TERM", "transliterated to ASCII", "头昏", "TouHun")], columns=list(CHANGES))
    submission = Submission(PAGE, (dm, adsl, adrs), changes, {"ADVS": "No record of this data set exists"})
    return guides.render(folder, submission, found, floor)


@pytest.fixture
def nothing():
    return pd.DataFrame({column: pd.Series(dtype="object") for column in conformance.FINDING})


def test_dependencies_are_told_to_the_third_order():
    sources = {"ADRS": ["ADSL"], "ADSL": ["DM", "EX"], "DM": ["form DM"], "EX": ["EC", "DM"]}
    assert guides.orders(sources, "ADRS") == [["ADSL"], ["DM", "EX"], ["EC", "form DM"]]


def test_a_circle_of_names_ends():
    assert guides.orders({"A": ["B"], "B": ["A"]}, "A") == [["B"], [], []]


def test_data_sets_changes_and_what_is_left_out_are_told(nothing, tmp_path):
    page = made(nothing, tmp_path)
    assert "<td>ADRS</td><td>ADSL</td><td>DM</td><td>form DM</td>" in page
    assert '<td>ADRS</td><td>TERM</td><td>transliterated to ASCII</td><td class="n">1</td>' in page
    assert "<td>ADVS</td><td>No record of this data set exists</td>" in page
    assert "There is no finding on these data sets." in page


def test_a_finding_is_told_with_its_explanation_or_that_there_is_none(nothing, tmp_path):
    rows = [("AD-SRC", "ADRS", 1, "SRCSEQ", "1", "lost", ""), ("AD-KEY", "ADRS", 1, "X", "1", "twice", "because")]
    page = made(pd.DataFrame(rows, columns=list(conformance.FINDING)), tmp_path)
    assert '<td>lost</td><td class="n">1</td><td>None yet</td>' in page
    assert '<td>twice</td><td class="n">1</td><td>because</td>' in page


def test_core_is_never_passed_over_in_silence(nothing, tmp_path):
    assert "CORE not run:" in made(nothing, tmp_path)
    assert "CORE not run:" in made(nothing, tmp_path, "sdtm")


def test_queries_are_counted_and_accepted_ones_named(nothing, tmp_path):
    row = {"RULE": "P24", "SEVERITY": "blocker", "MESSAGE": "Subject is not known"}
    io.write_table(tmp_path / "results/sdtm/_queries/ae.parquet", pd.DataFrame([row, row]))
    accepted = (
        "accepted:\n  - {rule: P24, record: 'AE:21', field: SUBJID, who: Lead, why: No source, date: '2026-10-19'}\n"
    )
    io.write_text(tmp_path / "config/accepted_queries.yaml", accepted)
    page = made(nothing, tmp_path, "sdtm")
    assert '<td>P24</td><td>blocker</td><td>Subject is not known</td><td class="n">2</td>' in page
    assert "<td>AE:21</td><td>SUBJID</td><td>Lead</td><td>No source</td>" in page
