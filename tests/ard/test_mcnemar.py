"""Paired responses against R (mcnemar.test, exact2x2)."""

import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import mcnemar
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat

pytestmark = pytest.mark.req("URS-ARD-05")

TIMES = {"first": {"AVISITN": 4}, "second": {"AVISITN": 12}}
COUNTS = ("n_neither", "n_second", "n_first", "n_both")


def trial(**options):
    visits = data("data/visits")
    adsl = pd.DataFrame({"USUBJID": visits["USUBJID"].unique(), "TRT01P": "A"})
    spec = {"dataset": "adrs", "variable": "RESP50", "options": TIMES | options}
    return run(mcnemar, spec, {"adsl": adsl, "adrs": visits})


@pytest.mark.parametrize(
    ("missing", "name"), [("nonresponder", "mcnemar_nri_w4_w12"), ("exclude", "mcnemar_obs_w4_w12")]
)
def test_week_12_against_week_4_agrees_with_r(missing, name):
    want = oracle("04_mcnemar_2x2")[name]
    facts, _, _ = trial(missing=missing, compare=True)
    declared, beside = facts[facts["context"].isna()], facts[facts["context"].notna()]
    assert [stat(declared, s) for s in COUNTS] == [want[s] for s in ("n00", "n01", "n10", "n11")]
    assert stat(declared, "p_value") == pytest.approx(want["p_exact"], rel=1e-12)
    assert stat(declared, "mid_p") == pytest.approx(want["p_midp"], rel=1e-12)
    got = [stat(declared, f"odds_ratio{end}") for end in ("", "_low", "_high")]
    np.testing.assert_allclose(got, [want["or"], *want["or_ci_exact"]], rtol=1e-7)
    assert sorted(beside["stat"]) == pytest.approx([want["p"], want["p_cc"]], rel=1e-12)


def test_observed_cases_count_who_lacks_a_time():
    facts, sets, _ = trial()
    assert stat(facts, "N") + stat(facts, "n_missing") == 60
    assert len(members(facts, sets, "n_missing")[1]) == stat(facts, "n_missing") > 0


def test_without_a_change_nothing_is_tested():
    adsl = pd.DataFrame({"USUBJID": ["1"], "TRT01P": ["A"]})
    rows = pd.DataFrame({"USUBJID": ["1", "1"], "AVISITN": [4, 12], "AVAL": [1.0, 1.0]})
    facts, _, _ = run(mcnemar, {"dataset": "adrs", "options": TIMES}, {"adsl": adsl, "adrs": rows})
    assert stat(facts, "n_both") == 1 and np.isnan(stat(facts, "p_value"))
    assert facts.loc[facts["stat_name"] == "p_value", "warning"].iloc[0].startswith("no subject differs")


def test_a_change_in_one_direction_alone_has_an_infinite_ratio():
    adsl = pd.DataFrame({"USUBJID": ["1"], "TRT01P": ["A"]})
    rows = pd.DataFrame({"USUBJID": ["1", "1"], "AVISITN": [4, 12], "AVAL": [0.0, 1.0]})
    facts, _, _ = run(mcnemar, {"dataset": "adrs", "options": TIMES}, {"adsl": adsl, "adrs": rows})
    assert stat(facts, "p_value") == 1 and stat(facts, "odds_ratio_low") == pytest.approx(0.025 / 0.975)
    for name in ("odds_ratio", "odds_ratio_high"):
        assert np.isnan(stat(facts, name)) and set(facts.loc[facts["stat_name"] == name, "warning"]) == {"infinite"}


def test_both_times_must_be_named():
    adsl = pd.DataFrame({"USUBJID": ["1"], "TRT01P": ["A"]})
    rows = pd.DataFrame({"USUBJID": ["1"], "AVISITN": [4], "AVAL": [0.0]})
    with pytest.raises(Cause, match="both times"):
        run(mcnemar, {"dataset": "adrs", "options": {"first": {}}}, {"adsl": adsl, "adrs": rows})
