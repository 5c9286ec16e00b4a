"""Windows and baseline day by day: the first and the last day of a window, ties, and the day of the dose."""

import pandas as pd
import pytest

from crf2csr.adam import _windows

pytestmark = pytest.mark.req("URS-ADA-03")

WINDOWS = [
    {"visit": "Week 1", "number": 1, "from": 2, "to": 11, "target": 8},
    {"visit": "Week 2", "number": 2, "from": 12, "to": 22, "target": 15},
]
VISITS = [{"name": "Week 1", "from": 6, "to": 10}]
FIRST = 100  # day of the first dose, in days since 1970-01-01


def visit(day):
    return _windows.assign(pd.Series([day], dtype="Int64"), WINDOWS).iloc[0]


@pytest.mark.parametrize(
    "day, name", [(2, "Week 1"), (11, "Week 1"), (12, "Week 2"), (22, "Week 2"), (1, None), (-1, None), (23, None)]
)
def test_both_edges_of_a_window_belong_to_it_and_the_days_beyond_do_not(day, name):
    found = visit(day)["AVISIT"]
    assert found == name if name else pd.isna(found)


def test_the_distance_from_the_target_has_a_sign():
    assert [int(visit(day)["AWTDIFF"]) for day in (5, 8, 11)] == [-3, 0, 3]


@pytest.mark.parametrize("day, flag", [(5, "N"), (6, "Y"), (10, "Y"), (11, "N")])
def test_both_edges_of_the_protocol_window_belong_to_it(day, flag):
    found = _windows.in_protocol_window(pd.Series([day], dtype="Int64"), pd.Series(["Week 1"], dtype="str"), VISITS)
    assert found.tolist() == [flag]


@pytest.mark.parametrize(
    "days, chosen",
    [([7, 10], 7), ([6, 9], 9), ([7, 9], 9), ([5, 11], 11), ([8, 8], 8)],
)
def test_the_nearest_record_is_analysed_and_a_tie_takes_the_later(days, chosen):
    rows = pd.DataFrame({"USUBJID": "S", "ADY": pd.array(days, dtype="Int64")})
    rows = rows.join(_windows.assign(rows["ADY"], WINDOWS)).assign(ADT=rows["ADY"] + FIRST - 1, ASEQ0=[1, 2])
    flags = _windows.nearest(rows, pd.Series(True, index=rows.index), ["USUBJID"])
    assert rows.loc[flags == "Y", "ADY"].tolist() == [chosen]
    assert flags.tolist().index("Y") == (1 if days[1] == chosen else 0)


@pytest.mark.parametrize("day, early", [(FIRST - 1, True), (FIRST, True), (FIRST + 1, False), (None, False)])
def test_a_value_up_to_the_day_of_the_first_dose_may_be_the_baseline_and_none_after_it(day, early):
    rows = pd.DataFrame({"USUBJID": ["S"], "ADT": pd.array([day], dtype="Int64"), "AVAL": [1.0], "ASEQ0": [1]})
    dose = pd.Series([FIRST], dtype="Int64")
    assert _windows.before_dose(rows, dose).tolist() == [early]
    assert (_windows.baseline(rows, dose, ["USUBJID"]) == "Y").tolist() == [early]
