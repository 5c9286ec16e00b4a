"""Outlier levels: each line is a result and the level that the published table gives it."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.adam import _levels
from crf2csr.errors import Cause
from tests.climb import SHARED

pytestmark = pytest.mark.req("URS-ADA-09")

TABLE = io.read_records("workflow/standards/fda_lab_levels.csv")
UNITS = {  # test: standard unit, conventional unit, standard x factor
    "HGB": ("g/L", "g/dL", 0.1),
    "CHOL": ("mmol/L", "mg/dL", 38.67),
    "HDL": ("mmol/L", "mg/dL", 38.67),
    "LYM": ("10^9/L", "10^3/uL", 1),
    "PLAT": ("10^9/L", "10^3/uL", 1),
    "GFREI": ("mL/min/1.73 m2", "mL/min/1.73 m2", 1),
}


def level(test, value, direction, *, hi=None, base=None, sex="F", post=True, unit=None):
    standard, conventional, factor = UNITS.get(test, ("U/L", "U/L", 1))
    row = {
        "PARAMCD": test,
        "AVAL": value,
        "AVALU": unit or standard,
        "AVALCV": None if value is None else round(value * factor, 6),
        "CONVU": unit or conventional,
        "ANRHI": hi,
        "BASE": base,
        "BASECV": None if base is None else round(base * factor, 6),
        "SEX": sex,
        "POST": post,
    }
    rows = pd.DataFrame([row]).astype(dict.fromkeys(("AVAL", "AVALCV", "ANRHI", "BASE", "BASECV"), "float64"))
    found = _levels.levels(rows.astype({"SEX": "str"}).where(rows.notna()), TABLE, direction).iloc[0]
    return found["WHY"] if pd.isna(found["LEVEL"]) else int(found["LEVEL"])


@pytest.mark.parametrize(
    "test, value, direction, about, expected",
    [
        ("ALT", 120, "high", {"hi": 40}, 0),
        ("ALT", 120.1, "high", {"hi": 40}, 1),
        ("ALT", 400, "high", {"hi": 40}, 2),
        ("ALT", 401, "high", {"hi": 40}, 3),
        ("BILI", 2.1, "high", {"hi": 0.7}, 2),  # exactly 3 x is above 2 x and not above 3 x
        ("CREAT", 90, "high", {"base": 60}, 1),
        ("CREAT", 180, "high", {"base": 60}, 3),
        ("CHOL", 5.2, "high", {}, 1),
        ("HDL", 1.2, "low", {"sex": "F"}, 1),
        ("HDL", 1.2, "low", {"sex": "M"}, 0),
        ("HGB", 135, "low", {"sex": "M"}, 1),
        ("HGB", 125, "low", {"sex": "M"}, 1),
        ("HGB", 124, "low", {"sex": "M"}, 2),
        ("HGB", 124, "low", {"sex": "F"}, 0),
        ("HGB", 120, "fall", {"base": 135}, 0),
        ("HGB", 119, "fall", {"base": 135}, 2),
        ("HGB", 114, "fall", {"base": 135}, 3),
        ("GFREI", 60, "fall", {"base": 80}, 1),
        ("LYM", 0.49, "low", {}, 3),
        ("PLAT", 140, "low", {}, 0),
        ("ALT", 200, "high", {}, _levels.NO_LIMIT),
        ("ALT", None, "high", {"hi": 40}, _levels.NO_RESULT),
        ("HGB", 119, "fall", {}, _levels.NO_BASE),
        ("HDL", 1.2, "low", {"sex": None}, _levels.NO_SEX),
    ],
)
def test_a_result_has_the_level_of_the_table(test, value, direction, about, expected):
    assert level(test, value, direction, **about) == expected


def test_a_level_against_the_baseline_is_for_results_after_it():
    assert pd.isna(level("CREAT", 180, "high", base=60, post=False))


def test_results_in_a_unit_that_the_table_does_not_have_are_refused():
    with pytest.raises(Cause, match="another unit"):
        level("PLAT", 140, "low", unit="furlong")


def test_the_table_of_the_house_says_what_the_reference_says():
    reference = SHARED / "reference/fda_lab_levels.csv"
    assert reference.is_file(), f"the reference table is not at {reference}"
    names, per = {"PLT": "PLAT", "EGFR": "GFREI"}, {"10^6/L": ("10^9/L", 1000), "%": ("%BASE", 1)}
    own = {(r["LBTESTCD"], r["direction"], r["sex"]): r for r in TABLE}
    with Path(reference).open(encoding="utf-8", newline="") as file:
        theirs = list(csv.DictReader(file))
    assert len(theirs) == len(own)
    for row in theirs:
        sex = "M" if "(male)" in row["direction"] else "F" if "(female)" in row["direction"] else ""
        direction = "fall" if row["direction"].startswith("drop") else row["direction"].split()[0]
        mine = own[(names.get(row["LBTESTCD"], row["LBTESTCD"]), direction, sex)]
        unit, over = per.get(row["unit"], (row["unit"], 1))
        assert mine["unit"] == unit
        for number in (1, 2, 3):
            said = row[f"level{number}"]
            if "-" in said:  # a span down to the next level: its upper end is what counts
                said = "<=" + said.partition("-")[2]
            sign = said.rstrip("0123456789.")
            assert mine[f"level{number}"].rstrip("0123456789.") == sign
            if said:
                assert float(mine[f"level{number}"][len(sign) :]) * over == float(said[len(sign) :])
