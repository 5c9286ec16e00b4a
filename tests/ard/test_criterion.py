import numpy as np
import pandas as pd
import pytest

from crf2csr.adam import _criteria
from crf2csr.ard import _criterion
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-04")

DECLARED = [
    {"of": "X", "fall": 50},
    {"of": "X", "fall": 75},
    {"of": "X", "fall": 90},
    {"of": "X", "fall": 100},
    {"of": "X", "at_most": 1, "better_by": 2, "base_at_least": 2},
    {"of": "X", "at_most": 0, "base_above": 0},
]


@pytest.mark.parametrize("criterion", DECLARED, ids=str)
def test_a_criterion_decides_as_that_of_the_data_set_over_the_whole_grid(criterion):
    base, post = (axis.ravel() for axis in np.meshgrid(np.arange(0, 181), np.arange(0, 181)))
    theirs = _criteria.met(pd.Series(base, dtype="Int64"), pd.Series(post, dtype="Int64"), criterion)
    ours = _criterion.met(base, post, criterion | {"decimals": 1})
    np.testing.assert_array_equal(ours[theirs.notna().to_numpy()], theirs.dropna().to_numpy("int64") == 1)
    assert not ours[theirs.isna().to_numpy()].any()
    eligible = _criteria.eligible(pd.Series(base, dtype="Int64"), criterion).to_numpy()
    np.testing.assert_array_equal(_criterion.eligible(base, criterion | {"decimals": 1}), eligible)


def test_scores_round_half_away_from_zero_to_whole_units():
    assert _criterion.units(np.array([0.25, -0.25, 0.24, 31.9, 72.0]), 1).tolist() == [3, -3, 2, 319, 720]
    assert _criterion.units(np.array([2.5, 1.4]), 0).tolist() == [3, 1]


def test_a_score_with_more_decimals_than_declared_is_seen():
    assert _criterion.on_grid(np.array([31.9, 0.3, 31.95]), 1).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "criterion", [{"fall": 50}, {"of": "X"}, {"of": "X", "falls": 50, "fall": 50}, {"of": "X", "decimals": 1}]
)
def test_what_is_no_criterion_is_refused(criterion):
    with pytest.raises(Cause, match="not a response criterion"):
        _criterion.check(criterion, "analysis x")
