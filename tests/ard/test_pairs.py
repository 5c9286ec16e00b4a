"""Pairs of values: who is plotted, who is not and why."""

import pandas as pd
import pytest

from crf2csr.ard import pairs
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-17")

SPEC = {
    "dataset": "adlb",
    "options": {"x": {"PARAMCD": "X"}, "y": {"PARAMCD": "Y"}, "reason": "AREAS"},
}


def rows(*lines):
    frame = pd.DataFrame(lines, columns=["USUBJID", "PARAMCD", "AVAL", "AREAS"])
    return frame.astype({"USUBJID": "str", "PARAMCD": "str", "AVAL": "float64", "AREAS": "str"}).where(frame.notna())


def analysed(*lines, n=3):
    return run(pairs, SPEC, {"adsl": subjects(n), "adlb": rows(*lines)})


def test_each_subject_with_both_values_is_a_point_that_leads_to_its_two_rows():
    facts, sets, _ = analysed(("1", "X", 1.5, None), ("1", "Y", 0.5, None), n=1)
    assert stat(facts, "x", group3_level="1") == 1.5 and stat(facts, "y", group3_level="1") == 0.5
    assert members(facts, sets, "y", group3_level="1") == ("adlb", [1])


def test_who_lacks_a_value_is_counted_under_the_reason():
    facts, sets, _ = analysed(
        ("1", "X", 1.5, None), ("1", "Y", 0.5, None), ("2", "X", None, "no limit"), ("2", "Y", 1.0, None)
    )
    assert stat(facts, "n") == 1 and stat(facts, "n_missing") == 2
    assert stat(facts, "left_out", variable_level="no limit") == 1
    assert stat(facts, "left_out", variable_level=pairs.NO_ROW) == 1
    assert members(facts, sets, "left_out", variable_level="no limit") == ("adsl", [1])


def test_two_rows_of_one_subject_are_refused():
    with pytest.raises(Cause, match="more than one row"):
        analysed(("1", "X", 1.5, None), ("1", "X", 2.5, None))
