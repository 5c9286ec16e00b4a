"""Tests of change from baseline against R (stats, coin, exactRankTests) and against enumeration."""

import tracemalloc
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crf2csr.ard import _signed_rank, paired
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-05")

R = oracle("03_signed_rank")
CASES = [("CHG", case) for case in R["change"]] + [("PCHG", case) for case in R["pchg_1dp"]]


def trial(variable, visit, **options):
    """The facts of one variable at one visit of the reference data."""
    visits = data("data/visits")
    adsl = pd.DataFrame({"USUBJID": visits["USUBJID"].unique(), "TRT01P": "A"})
    spec = {"dataset": "adrs", "where": {"AVISITN": visit}, "variable": variable}
    options = {"decimals": 1, "compare": True} | options
    return run(paired, spec | {"options": options}, {"adsl": adsl, "adrs": visits})


def said(facts, name):
    return facts.loc[facts["stat_name"] == name, "stat_text"].iloc[0]


@pytest.mark.parametrize(("variable", "want"), CASES, ids=lambda v: v if isinstance(v, str) else f"week{v['visit']}")
def test_the_signed_rank_test_and_the_estimate_agree_with_r(variable, want):
    facts, _, _ = trial(variable, want["visit"])
    declared = facts[facts["context"].isna()]
    assert stat(declared, "n") == want["n"] and stat(declared, "n_zero") == want["n_zero"]
    assert stat(declared, "signed_rank") == want["V"]
    assert stat(declared, "signed_rank_p") == pytest.approx(want["coin_wilcoxon_exact_p"], rel=1e-12)
    assert stat(declared, "signed_rank_p") == pytest.approx(want["exact_conditional_p"], rel=1e-12)
    assert stat(declared, "hl") == pytest.approx(want["hl_walsh_median"], rel=1e-13)
    got = [stat(declared, f"hl_{end}") for end in ("low", "high")]
    np.testing.assert_allclose(got, want["ci_walsh_exact"], rtol=1e-13)
    if variable == "CHG":  # the reference has its t from percentages rounded to one decimal
        got = [stat(declared, s) for s in ("mean", "mean_low", "mean_high", "t", "t_df", "t_p")]
        theirs = [want["t_mean"], *want["t_ci"], want["t_stat"], want["t_df"], want["t_p"]]
        np.testing.assert_allclose(got, theirs, rtol=1e-11)


@pytest.mark.parametrize(("variable", "want"), CASES, ids=lambda v: v if isinstance(v, str) else f"week{v['visit']}")
@pytest.mark.parametrize("correct", [True, False])
def test_the_asymptotic_test_agrees_with_r(variable, want, correct):
    facts, _, _ = trial(variable, want["visit"], exact_up_to=0, continuity=correct)
    declared = facts[facts["context"].isna()]
    name = "p_normal_cc" if correct else "p_normal_nocc"
    assert stat(declared, "signed_rank_p") == pytest.approx(want[name], rel=1e-12)
    if not correct:
        assert stat(declared, "signed_rank_z") == pytest.approx(want["coin_wilcoxon_z"], rel=1e-12)
    assert said(declared, "signed_rank_method") == "asymptotic" + ", continuity corrected" * correct
    assert said(declared, "signed_rank_ties") == "midranks for ties"


@pytest.mark.parametrize(("variable", "want"), CASES, ids=lambda v: v if isinstance(v, str) else f"week{v['visit']}")
def test_what_other_defaults_give_stands_beside(variable, want):
    facts, _, _ = trial(variable, want["visit"])
    beside = facts[facts["context"].notna()]
    assert stat(beside, "signed_rank_p", context="R default (wilcox.test)") == pytest.approx(
        want["p_default"], rel=1e-12
    )
    assert stat(beside, "signed_rank_p", context="scipy default (wilcoxon)") == pytest.approx(
        scipy_default(variable, want["visit"]), rel=1e-12
    )
    for end, value in zip(("hl_low", "hl_high"), want["ci_normal_cc_tight"], strict=True):
        assert stat(beside, end) == pytest.approx(value, rel=1e-11)


def scipy_default(variable, visit):
    visits = data("data/visits")
    values = visits.loc[visits["AVISITN"] == visit, variable].dropna().round(1)
    return stats.wilcoxon(values.to_numpy()).pvalue


# coin 1.4-2, wilcoxsign_test with distribution = "exact" and "asymptotic"; wilcox.test of R 4.2.2
ZEROS = np.array([-3, -2, -2, -1, -1, -1, 0, 0, 0, 1, 1, 2, -4, -5, -2, 0, 3, -6, -1, -2])


@pytest.mark.parametrize(
    ("pratt", "exact", "normal"),
    [(False, 0.04278564453125, 0.0392188558069189), (True, 0.036651611328125, 0.0363293288179401)],
)
def test_zeros_are_dropped_or_ranked_first_as_in_coin(pratt, exact, normal):
    ranks = _signed_rank.ranked(ZEROS, pratt)
    assert _signed_rank.exact(ranks) == pytest.approx(exact, rel=1e-12)
    assert _signed_rank.asymptotic(ranks, correct=False)[1] == pytest.approx(normal, rel=1e-12)
    assert ranks.zeros == 4 and ranks.n == 16


def test_the_default_of_r_with_zeros_is_that_of_r():
    ranks = _signed_rank.ranked(ZEROS)
    assert ranks.plus == 28.5
    assert _signed_rank.as_in_r(ranks) == pytest.approx(0.0417721071575293, rel=1e-12)
    assert _signed_rank.interval_as_in_r(ZEROS, 0.95)[0] == -3  # R, tol.root = 1e-13: -2.99999999999996


def test_where_r_lowers_the_level_nothing_stands_beside():
    # wilcox.test(x, conf.int = TRUE): requested conf.level not achievable
    x = np.array([-6, -6, -6, -4, -3, -2, 0, 0, 0, 6, 12])
    assert _signed_rank.interval_as_in_r(x, 0.95) is None
    assert _signed_rank.interval_as_in_r(x, 0.5) is not None
    assert _signed_rank.interval_as_in_r(np.array([3, 3]), 0.95) is None


def test_without_ties_all_is_exact_and_agrees_with_r():
    want = R["notie"]
    x = _signed_rank.units(np.array(want["x"]), 6)
    ranks = _signed_rank.ranked(x)
    assert (ranks.plus, ranks.tied) == (want["V"], False)
    assert _signed_rank.exact(ranks) == _signed_rank.as_in_r(ranks) == pytest.approx(want["p"], rel=1e-13)
    assert _signed_rank.hodges_lehmann(x) / 1e6 == pytest.approx(want["hl"], rel=1e-13)
    np.testing.assert_allclose(np.array(_signed_rank.walsh_interval(x, 0.95, True)[:2]) / 1e6, want["ci"], rtol=1e-13)


def test_the_published_depression_data_agree():
    want = R["published"]  # Hollander and Wolfe: V = 40, one-sided p 0.0195
    x = _signed_rank.units(np.array(want["x"]), 3)
    ranks = _signed_rank.ranked(x)
    assert ranks.plus == 40 and round(_signed_rank.exact(ranks) / 2, 4) == 0.0195
    assert _signed_rank.hodges_lehmann(x) / 1000 == pytest.approx(want["hl"], rel=1e-13)
    np.testing.assert_allclose(np.array(_signed_rank.walsh_interval(x, 0.95, True)[:2]) / 1e3, want["ci"], rtol=1e-13)


def test_above_twenty_sas_takes_students_t():
    # PROC UNIVARIATE's formula by hand: n = 24, no ties, S = 12 - 24 25 / 4, V = n (n + 1) (2n + 1) / 24
    x = np.arange(1, 25) * np.where(np.isin(np.arange(1, 25), [5, 7]), 1, -1)
    s, v = 12 - 150.0, 24 * 25 * 49 / 24
    want = 2 * stats.t.sf(abs(s) * np.sqrt(23 / (24 * v - s * s)), 23)
    assert _signed_rank.as_in_sas(_signed_rank.ranked(x)) == pytest.approx(want, rel=1e-12)
    assert _signed_rank.as_in_sas(_signed_rank.ranked(ZEROS)) == _signed_rank.exact(_signed_rank.ranked(ZEROS))


def test_noise_of_floats_does_not_break_ties():
    visits = data("data/visits")
    noisy = visits.loc[visits["AVISITN"] == 4, "AVAL"] - visits.loc[visits["AVISITN"] == 4, "BASE"]
    noisy = noisy.dropna().to_numpy()
    assert len(np.unique(noisy)) > len(np.unique(noisy.round(1)))
    ranks = _signed_rank.ranked(_signed_rank.units(noisy, 1))
    want = R["float_noise_visit4"]
    assert _signed_rank.asymptotic(ranks, True)[1] == pytest.approx(want["p_rounded"], rel=1e-12)
    assert abs(want["p_raw"] / want["p_rounded"] - 1) > 5e-4


DIFFERENCES = st.lists(st.integers(-6, 6), min_size=1, max_size=9).map(np.array)
PROPERTIES = settings(max_examples=40, derandomize=True, deadline=None)


@PROPERTIES
@given(DIFFERENCES, st.booleans())
def test_the_exact_p_value_is_that_of_all_sign_patterns(x, pratt):
    ranks = _signed_rank.ranked(x, pratt)
    if ranks.n == 0:
        assert not x.any()
        return
    sums = np.array([np.dot(signs, ranks.doubled) for signs in product((0, 1), repeat=ranks.n)]) / 2
    want = min(1, 2 * min((sums <= ranks.plus).mean(), (sums >= ranks.plus).mean()))
    assert _signed_rank.exact(ranks) == pytest.approx(want, rel=1e-12)


@PROPERTIES
@given(DIFFERENCES)
def test_order_statistics_of_walsh_averages_are_found_without_listing_them(x):
    upper = np.triu_indices(len(x))
    averages = np.sort(np.add.outer(x, x)[upper] / 2)
    assert _signed_rank.hodges_lehmann(x) == np.median(averages)
    found = [_signed_rank._pair_sum(np.sort(x), k) / 2 for k in range(1, len(averages) + 1)]
    assert found == averages.tolist()


@PROPERTIES
@given(st.lists(st.integers(-10_000, 10_000), min_size=6, max_size=15, unique_by=abs).map(np.array))
def test_the_test_rejects_a_shift_if_and_only_if_the_interval_leaves_it_out(x):
    lower, upper, attained = _signed_rank.walsh_interval(x, 0.95, True)
    assert attained
    averages = np.unique(np.add.outer(4 * x, 4 * x))  # of 8 times the values, so that shifts fall between them
    between = (averages[:-1] + averages[1:]) // 2
    for shift in between[:: max(1, len(between) // 12)]:
        ranks = _signed_rank.ranked(8 * x - shift)
        assert (_signed_rank.exact(ranks) > 0.05) == (8 * lower < shift < 8 * upper)


@PROPERTIES
@given(DIFFERENCES)
def test_the_estimate_lies_in_its_interval_and_turns_with_the_sign(x):
    hl = _signed_rank.hodges_lehmann(x)
    for exact in (True, False):
        lower, upper, _ = _signed_rank.walsh_interval(x, 0.95, exact)
        assert lower <= hl <= upper
        assert _signed_rank.walsh_interval(-x, 0.95, exact)[:2] == (-upper, -lower)
    assert _signed_rank.hodges_lehmann(-x) == -hl
    assert _signed_rank.hodges_lehmann(np.random.default_rng(1).permutation(x)) == hl


@pytest.mark.req("URS-SCL-01")
def test_ten_thousand_differences_need_no_list_of_fifty_million_averages():
    x = np.random.default_rng(7).integers(-5_000_000, 6_000_000, 10_000)
    tracemalloc.start()
    hl = _signed_rank.hodges_lehmann(x)
    lower, upper, _ = _signed_rank.walsh_interval(x, 0.95, False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lower < hl < upper and peak < 5_000_000
    some = x[:1500]
    assert _signed_rank.hodges_lehmann(some) == np.median(np.add.outer(some, some)[np.triu_indices(1500)] / 2)


def small(*values, **options):
    rows = pd.DataFrame({"USUBJID": [str(i) for i in range(1, len(values) + 1)], "CHG": values}).astype(
        {"USUBJID": "str", "CHG": "float64"}
    )
    spec = {"dataset": "adrs", "variable": "CHG", "options": {"decimals": 0} | options}
    return run(paired, spec, {"adsl": subjects(len(values) + 1), "adrs": rows})


def test_who_did_not_enter_is_counted_by_reason():
    facts, sets, _ = small(-1, np.nan, -3)
    assert (stat(facts, "N"), stat(facts, "n")) == (4, 2)
    assert members(facts, sets, "left_out", variable_level="No analysed record") == ("adsl", [3])
    assert members(facts, sets, "left_out", variable_level="Value not defined") == ("adsl", [1])
    assert members(facts, sets, "signed_rank_p") == ("adrs", [0, 2])


def test_zeros_and_ranked_differences_are_counted_apart():
    facts, sets, _ = small(-1, 0, np.nan, 0, 2)
    assert members(facts, sets, "n_zero") == ("adrs", [1, 3]) and stat(facts, "n_zero") == 2
    assert members(facts, sets, "n_ranked") == ("adrs", [0, 4]) and stat(facts, "n_ranked") == 2


def test_how_the_test_was_done_is_said():
    facts, _, _ = small(-1, -2, -4)
    assert [said(facts, f"signed_rank_{s}") for s in ("method", "ties")] == ["exact", "no ties"]
    assert said(small(-1, 1, 0, -4)[0], "signed_rank_ties") == "midranks for ties; 1 zero dropped"
    assert said(small(-1, 0, 0, zeros="pratt")[0], "signed_rank_ties") == "no ties; 2 zeros ranked first"
    assert said(small(0, 0)[0], "signed_rank_method") == "not done"
    assert said(facts, "hl_method") == "exact"
    assert said(small(-1, exact_up_to=0)[0], "hl_method") == "asymptotic, continuity corrected"


def warned(facts, name):
    return facts.loc[facts["stat_name"] == name, "warning"].iloc[0]


def test_what_is_not_defined_says_why():
    facts, _, _ = small()
    assert set(facts["stat_name"]) == set(small(1, 2)[0]["stat_name"])
    assert stat(facts, "n") == 0 and all(warned(facts, s) == "no value" for s in ("mean", "t_p", "hl", "hl_low"))
    facts, _, _ = small(5)
    assert stat(facts, "mean") == 5 and warned(facts, "t_p") == "one value" and np.isnan(stat(facts, "t_p"))
    assert warned(facts, "hl_low").startswith("too few values")
    facts, _, _ = small(2, 2, 2)
    assert warned(facts, "t") == "all differences are equal" and np.isnan(stat(facts, "t"))
    assert (stat(facts, "hl"), stat(facts, "signed_rank_p")) == (2, 0.25)
    facts, _, _ = small(0, 0, 0, compare=True)
    assert warned(facts, "signed_rank_p") == "no difference other than 0"


def test_a_difference_too_large_to_be_ranked_is_an_error_and_its_mean_stands():
    facts, _, _ = small(1e15, 2e15, decimals=8)
    assert stat(facts, "mean") == 1.5e15
    failed = facts[facts["error"].notna()]
    usual = small(1, 2)[0]["stat_name"]
    assert set(facts["stat_name"]) == set(usual)
    assert {"signed_rank", "signed_rank_p", "hl", "hl_low", "hl_high", "hl_method"} <= set(failed["stat_name"])
    assert failed["stat"].isna().all()


@pytest.mark.parametrize(("more", "match"), [({"zeros": "split"}, "drop or pratt"), ({"exact": True}, "not an option")])
def test_what_it_does_not_know_is_refused(more, match):
    with pytest.raises(Cause, match=match):
        small(1, 2, **more)


def test_a_second_row_of_a_subject_is_refused():
    rows = pd.DataFrame({"USUBJID": ["1", "1"], "CHG": [1.0, 2]})
    with pytest.raises(Cause, match="more than one row"):
        run(paired, {"dataset": "adrs", "variable": "CHG"}, {"adsl": subjects(1), "adrs": rows})
