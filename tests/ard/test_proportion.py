import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crf2csr.ard import _binomial, proportion
from crf2csr.errors import Cause
from tests.ard._tables import REFERENCE, oracle, run, stat, subjects

SPEC = {"method": "proportion", "dataset": "adrs", "where": {"AVISIT": {"present": True}}}


def rows(*cells):
    return pd.DataFrame(list(cells), columns=["USUBJID", "AVISIT", "AVAL"]).astype(
        {"USUBJID": "str", "AVISIT": "str", "AVAL": "float64"}
    )


# R's mid-P search stops at 1e-4, so the ends are also put into the equation that defines them.
NAMES = {
    "clopper_pearson": ("clopper_pearson_95", 1e-10),
    "jeffreys": ("jeffreys_central_95", 1e-10),
    "mid_p": ("midp_95", 2e-4),
}


@pytest.mark.parametrize(
    "case", [k for k, v in oracle("01_binomial").items() if isinstance(v, dict) and "clopper_pearson_95" in v]
)
def test_intervals_and_the_one_sided_p_value_agree_with_r(case):
    want = oracle("01_binomial")[case]
    x, n = want["x"], want["n"]
    for ours, (theirs, tolerance) in NAMES.items():
        if 0 < x < n or ours == "clopper_pearson":
            np.testing.assert_allclose(_binomial.INTERVALS[ours](x, n, 0.95), want[theirs], rtol=tolerance, atol=1e-9)
    np.testing.assert_allclose(_binomial.wilson(x, n, 0.95), want["other"]["wilson"], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(_binomial.p_greater(x, n, want["p0"]), want["p_greater"], rtol=1e-9)


@pytest.mark.parametrize(("x", "n"), [(26, 60), (1, 20), (19, 20), (0, 20), (20, 20)])
def test_the_ends_of_the_mid_p_interval_solve_its_equation(x, n):
    lower, upper = _binomial.mid_p(x, n, 0.95)
    half = stats.binom.pmf(x, n, [lower, upper]) / 2
    if x > 0:
        assert stats.binom.sf(x, n, lower) + half[0] == pytest.approx(0.025, rel=1e-9)
    if x < n:
        assert stats.binom.cdf(x - 1, n, upper) + half[1] == pytest.approx(0.025, rel=1e-9)
    assert (lower == 0) == (x == 0)
    assert (upper == 1) == (x == n)


PUBLISHED = pd.read_csv(REFERENCE / "published_ci.csv")


@pytest.mark.parametrize("method", sorted(set(PUBLISHED["method"]) & set(_binomial.INTERVALS)))
def test_intervals_agree_with_published_ones_to_the_decimals_printed(method):
    mine = PUBLISHED[PUBLISHED["method"] == method]
    assert len(mine)
    for case in mine.itertuples():
        ends = np.array(_binomial.INTERVALS[method](case.x, case.n, case.level)) * case.scale
        np.testing.assert_allclose(ends, [case.lo_published, case.hi_published], atol=0.5001 * 10.0**-case.decimals)


def test_at_sixty_subjects_and_thirty_percent_the_boundary_is_26_at_an_attained_alpha_of_0_0196():
    count, alpha = _binomial.boundary(60, 0.30, 0.025)
    assert count == 26
    assert round(alpha, 4) == 0.0196
    assert _binomial.clopper_pearson(26, 60, 0.95)[0] > 0.30 > _binomial.clopper_pearson(25, 60, 0.95)[0]


def test_a_subject_without_a_row_is_a_nonresponder():
    facts, _, _ = run(proportion, SPEC, {"adsl": subjects(3), "adrs": rows(("1", "W12", 1), ("2", "W12", 0))})
    assert (stat(facts, "n"), stat(facts, "N"), stat(facts, "n_missing")) == (1, 3, 1)


def test_observed_cases_leave_out_a_subject_without_a_row_and_count_it():
    facts, _, _ = run(
        proportion,
        SPEC | {"options": {"missing": "exclude"}},
        {"adsl": subjects(3), "adrs": rows(("1", "W12", 1), ("2", "W12", 0))},
    )
    assert (stat(facts, "n"), stat(facts, "N"), stat(facts, "n_missing")) == (1, 2, 1)


def test_every_declared_visit_is_there_even_without_a_row():
    spec = SPEC | {"by": ["AVISIT"], "levels": {"AVISIT": ["W8", "W12"]}}
    facts, _, _ = run(proportion, spec, {"adsl": subjects(2), "adrs": rows(("1", "W8", 1))})
    assert list(dict.fromkeys(facts["group2_level"])) == ["W8", "W12"]
    assert stat(facts, "n", group2_level="W12") == 0
    assert stat(facts, "N", group2_level="W12") == 2


def test_a_visit_that_the_analysis_does_not_list_is_refused():
    spec = SPEC | {"by": ["AVISIT"], "levels": {"AVISIT": ["W12"]}}
    with pytest.raises(Cause, match="does not list"):
        run(proportion, spec, {"adsl": subjects(2), "adrs": rows(("1", "W8", 1))})


def test_a_second_row_of_a_subject_is_refused():
    with pytest.raises(Cause, match="more than one row"):
        run(proportion, SPEC, {"adsl": subjects(2), "adrs": rows(("1", "W12", 1), ("1", "W12", 0))})


def test_a_value_other_than_0_and_1_is_refused():
    with pytest.raises(Cause, match="0 or 1"):
        run(proportion, SPEC, {"adsl": subjects(2), "adrs": rows(("1", "W12", 0.5))})


def test_an_empty_denominator_gives_undefined_facts_with_a_warning():
    options = {"missing": "exclude", "null_rates": [0.3], "alpha_one_sided": 0.025}
    facts, _, _ = run(proportion, SPEC | {"options": options}, {"adsl": subjects(2), "adrs": rows()})
    assert stat(facts, "N") == 0
    undefined = facts[facts["stat_name"].isin(["p", "clopper_pearson_low", "p_value"])]
    assert undefined["stat"].isna().all()
    assert (undefined["warning"] == "no subject in the denominator").all()


def test_subjects_left_out_by_a_condition_on_rows_are_counted():
    data = rows(("1", "W12", 1), ("2", "W12", 1)).assign(ADY=[85, 70])
    spec = SPEC | {"without": [{"dataset": "adrs", "where": {"ADY": {"lt": 78}}}]}
    facts, _, _ = run(proportion, spec, {"adsl": subjects(3), "adrs": data})
    assert (stat(facts, "n"), stat(facts, "N"), stat(facts, "n_left_out")) == (1, 2, 1)
