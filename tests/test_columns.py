"""Columns in bulk: what is worked out on the distinct values is what pandas says of every row."""

import numpy as np
import pandas as pd
import pytest

from crf2csr import columns, groups
from crf2csr.records import lines_by_form

pytestmark = pytest.mark.req("URS-REP-01")
RNG = np.random.default_rng(5)


def texts(kinds, rows):
    """Random texts with gaps, on an index out of order."""
    listed = np.array([None, *(f"t{n}" for n in range(kinds))], dtype=object)
    return pd.Series(RNG.choice(listed, rows), index=RNG.permutation(rows), dtype="str")


def table(kinds, rows, width):
    some = {f"c{n}": texts(kinds, rows).to_numpy() for n in range(width)}
    return pd.DataFrame(some, index=RNG.permutation(rows)).astype("str")


def test_a_function_of_the_distinct_values_is_that_of_every_value():
    values = texts(6, 200)
    pd.testing.assert_series_equal(columns.per_value(values, lambda v: v.str.upper()), values.str.upper())
    seen = []
    columns.per_value(values, lambda v: (seen.append(len(v)), v)[1])
    assert seen == [values.nunique() + 1]  # a missing value is one of them


@pytest.mark.parametrize(("kinds", "rows", "width"), [(3, 300, 3), (60, 400, 14), (2, 1, 2), (2, 0, 2)])
def test_rows_are_numbered_as_pandas_groups_them(kinds, rows, width):
    # Sixty values in each of fourteen columns have more combinations than 64 bits can number.
    frame = table(kinds, rows, width)
    frame = pd.concat([frame, frame.iloc[: rows // 2]])
    codes, first = groups.distinct(frame)
    expected = frame.groupby(list(frame), dropna=False, sort=False).ngroup().to_numpy()
    assert codes.tolist() == expected.tolist()
    assert first.tolist() == np.flatnonzero(~frame.duplicated().to_numpy()).tolist()
    made = groups.per_row(frame, lambda distinct: distinct["c0"] + distinct["c1"])
    pd.testing.assert_series_equal(made, frame["c0"] + frame["c1"], check_names=False)


@pytest.mark.parametrize(("kinds", "rows", "width"), [(3, 300, 3), (60, 400, 14), (2, 0, 2), (1, 50, 1)])
def test_no_repeated_row_is_overlooked(kinds, rows, width):
    frame = table(kinds, rows, width)
    frame = pd.concat([frame, frame.iloc[: rows // 10]])
    like = np.flatnonzero(frame.duplicated(keep=False).to_numpy())
    found = groups.repeated(frame)
    assert set(like) <= set(found)
    assert frame.iloc[found].duplicated(keep=False).sum() == len(like)


def test_a_look_up_is_that_of_pandas():
    values = texts(5, 60)
    whole = pd.Series([1, None, 3], index=["t0", "t1", "t2"], dtype="Int64")
    for known in (whole, whole.astype("float64"), whole.astype("str")):
        pd.testing.assert_series_equal(columns.looked_up(values, known), values.map(known))


def test_of_several_conditions_the_last_one_met_counts():
    numbers = pd.Series([1.0, 2.0, 3.0, np.nan], index=[3, 1, 0, 2])
    said = columns.last_met(numbers.index, (numbers > 1, "SOME"), (numbers > 2, "MANY"))
    assert said.fillna("-").tolist() == ["-", "SOME", "MANY", "-"]
    assert said.index.equals(numbers.index)


def test_ids_of_records_lead_to_their_lines_by_form():
    ids = pd.Series(["LB:" + text for text in columns.whole_text(pd.Series([2, 1234567]))] + ["AE:3"], dtype="str")
    assert {form: lines.tolist() for form, lines in lines_by_form(ids).items()} == {"LB": [2, 1234567], "AE": [3]}
    assert lines_by_form(ids.iloc[:0]) == {}
