"""Box plots against quartiles of type 2 and the rule of Tukey."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import boxes
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-02")


def analysed(values):
    rows = pd.DataFrame({"USUBJID": [str(i) for i in range(1, len(values) + 1)], "AVAL": values}).astype(
        {"USUBJID": "str", "AVAL": "float64"}
    )
    return run(boxes, {"dataset": "adlb"}, {"adsl": subjects(len(values)), "adlb": rows})


def test_whiskers_end_at_the_last_value_within_one_and_a_half_ranges_and_the_rest_is_beyond():
    facts, sets, _ = analysed([1, 2, 3, 4, 5, 6, 7, 8, 30])
    assert [stat(facts, s) for s in ("q1", "median", "q3", "whisker_low", "whisker_high")] == [3, 5, 7, 1, 8]
    assert stat(facts, "outliers") == 1 and stat(facts, "outlier", variable_level="8") == 30
    assert members(facts, sets, "outlier", variable_level="8") == ("adlb", [8])


def test_no_value_is_undefined_with_a_warning():
    facts, _, _ = analysed([np.nan])
    assert stat(facts, "n") == 0 and np.isnan(stat(facts, "median"))
    assert set(facts.loc[facts["stat_name"] == "median", "warning"]) == {"no value"}


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_box_is_ordered_and_holds_the_middle_half(values):
    found = boxes.box(np.array(values))
    ordered = [found[k] for k in ("q1", "median", "q3")]
    assert ordered == sorted(ordered)
    assert min(values) <= found["whisker_low"] and found["whisker_high"] <= max(values)
    inside = sum(found["q1"] <= v <= found["q3"] for v in values)
    assert 2 * inside >= len(values)
