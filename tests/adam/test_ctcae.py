"""Toxicity grades: each line of the table is a result and the grade that the published criteria give it."""

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.adam import _ctcae
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-09")

TABLE = io.read_records("workflow/standards/ctcae_v5_labs.csv")
UNITS = {
    "HGB": "g/L",
    "NEUT": "10^9/L",
    "LYM": "10^9/L",
    "PLAT": "10^9/L",
    "CHOL": "mmol/L",
    "TRIG": "mmol/L",
    "K": "mmol/L",
    "GLUC": "mmol/L",
    "INR": "ratio",
}


def grade(test, value, direction, lo=None, hi=None, base=None, high_base=False, post=True, unit=None):
    rows = pd.DataFrame(
        {
            "PARAMCD": [test],
            "AVAL": [value],
            "AVALU": [unit or UNITS.get(test, "U/L")],
            "ANRLO": [lo],
            "ANRHI": [hi],
            "BASE": [base],
            "BNRIND": ["HIGH" if high_base else "NORMAL"],
            "POST": [post],
        }
    )
    rows = rows.astype(dict.fromkeys(("AVAL", "ANRLO", "ANRHI", "BASE"), "float64"))
    found = _ctcae.grades(rows, TABLE, direction).iloc[0]
    return None if pd.isna(found["GRADE"]) else int(found["GRADE"])


LOW = [
    # test, result, lower limit, grade
    ("HGB", 130, 130, 0),
    ("HGB", 129.9, 130, 1),
    ("HGB", 100, 130, 1),
    ("HGB", 99.9, 130, 2),
    ("HGB", 80, 130, 2),
    ("HGB", 79, 130, 3),
    ("NEUT", 1.8, 1.8, 0),
    ("NEUT", 1.5, 1.8, 1),
    ("NEUT", 1.49, 1.8, 2),
    ("NEUT", 1.0, 1.8, 2),
    ("NEUT", 0.5, 1.8, 3),
    ("NEUT", 0.49, 1.8, 4),
    ("PLAT", 75, 125, 1),
    ("PLAT", 74, 125, 2),
    ("PLAT", 49, 125, 3),
    ("PLAT", 24, 125, 4),
    ("K", 3.4, 3.5, 1),
    ("K", 2.9, 3.5, 3),
    ("K", 2.4, 3.5, 4),
    ("LYM", 0.79, 1.1, 2),
    ("LYM", 0.2, 1.1, 3),
    ("LYM", 0.1, 1.1, 4),
]
HIGH = [
    # test, result, upper limit, grade
    ("ALT", 40, 40, 0),
    ("ALT", 40.1, 40, 1),
    ("ALT", 120, 40, 1),
    ("ALT", 120.1, 40, 2),
    ("ALT", 200, 40, 2),
    ("ALT", 201, 40, 3),
    ("ALT", 801, 40, 4),
    ("BILI", 31.5, 21, 1),
    ("BILI", 31.6, 21, 2),
    ("BILI", 63.1, 21, 3),
    ("BILI", 211, 21, 4),
    ("CK", 500, 200, 1),
    ("CK", 501, 200, 2),
    ("CK", 1001, 200, 3),
    ("CK", 2001, 200, 4),
    ("CHOL", 5.18, 5.18, 0),
    ("CHOL", 5.2, 5.18, 1),
    ("CHOL", 7.76, 5.18, 2),
    ("CHOL", 12.93, 5.18, 4),
    ("TRIG", 1.7, 1.7, 0),
    ("TRIG", 1.71, 1.7, 1),
    ("TRIG", 3.43, 1.7, 2),
    ("TRIG", 11.5, 1.7, 4),
    ("HGB", 195, 175, 1),
    ("HGB", 195.1, 175, 2),
    ("HGB", 215.1, 175, 3),
    ("LYM", 4.0, 3.2, 0),
    ("LYM", 4.1, 3.2, 2),
    ("LYM", 20.1, 3.2, 3),
    ("K", 5.6, 5.3, 2),
    ("INR", 1.2, 1.2, 0),
    ("INR", 1.3, 1.2, 1),
]


@pytest.mark.parametrize(("test", "value", "lo", "want"), LOW)
def test_low(test, value, lo, want):
    assert grade(test, value, "low", lo=lo) == want


@pytest.mark.parametrize(("test", "value", "hi", "want"), HIGH)
def test_high(test, value, hi, want):
    assert grade(test, value, "high", hi=hi) == want


def test_a_limit_that_is_a_product_is_compared_as_decimals():
    assert 3 * 0.7 != 2.1
    assert grade("ALT", 2.1, "high", hi=0.7) == 1


ABNORMAL = [(149, 0), (150, 1), (300, 1), (301, 2), (501, 3), (2001, 4)]


@pytest.mark.parametrize(("value", "want"), ABNORMAL)
def test_after_an_abnormal_baseline_of_100_the_grade_counts_from_the_baseline(value, want):
    assert grade("ALT", value, "high", hi=40, base=100, high_base=True) == want


def test_the_abnormal_baseline_itself_is_graded_by_the_reference_range():
    assert grade("ALT", 100, "high", hi=40, base=100, high_base=True, post=False) == 1


def test_creatinine_takes_the_worse_of_the_reference_range_and_the_baseline():
    assert grade("CREAT", 80, "high", hi=97, base=50) == 2
    assert grade("CREAT", 151, "high", hi=97, base=50) == 3
    assert grade("CREAT", 80, "high", hi=97, base=None) == 0


def test_without_limits_only_the_grades_that_need_none_are_given():
    assert grade("NEUT", 0.9, "low") == 3
    assert grade("NEUT", 1.6, "low") is None
    assert grade("CHOL", 8.0, "high") == 2
    assert grade("CHOL", 5.0, "high") is None
    assert grade("ALT", 400, "high") is None


def test_a_missing_result_has_no_grade_and_says_so():
    rows = pd.DataFrame(
        {
            "PARAMCD": ["ALT", "ALT", "CRP"],
            "AVAL": [None, 50.0, 9.0],
            "AVALU": "U/L",
            "ANRLO": [7.0] * 3,
            "ANRHI": [40.0, None, 6.0],
            "BASE": [None] * 3,
            "BNRIND": "NORMAL",
            "POST": True,
        }
    ).astype({"AVAL": "float64", "BASE": "float64"})
    found = _ctcae.grades(rows, TABLE, "high")
    assert found["GRADE"].isna().all()
    assert found["WHY"].fillna("").tolist() == ["Result is missing", "Limit of the reference range is missing", ""]
    assert found["TERM"].fillna("").tolist() == ["Alanine aminotransferase increased"] * 2 + [""]


def test_a_result_in_another_unit_than_the_table_is_refused():
    with pytest.raises(Cause, match="graded in g/L"):
        grade("HGB", 9.0, "low", lo=13.0, unit="g/dL")


def test_every_cell_of_the_table_can_be_read():
    cells = [row[f"grade{n}"] for row in TABLE for n in (1, 2, 3, 4) if row[f"grade{n}"]]
    assert len(cells) > 60
    assert all(_ctcae.CELL.fullmatch(cell) for cell in cells)
