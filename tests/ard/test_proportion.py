import pandas as pd
import pytest

from crf2csr.ard import _binomial, proportion
from crf2csr.errors import Cause
from tests.ard._tables import run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-03")

SPEC = {"method": "proportion", "dataset": "adrs", "where": {"AVISIT": {"present": True}}}


def rows(*cells):
    return pd.DataFrame(list(cells), columns=["USUBJID", "AVISIT", "AVAL"]).astype(
        {"USUBJID": "str", "AVISIT": "str", "AVAL": "float64"}
    )


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


def test_an_unknown_interval_is_refused():
    with pytest.raises(Cause, match="not an interval"):
        run(proportion, SPEC | {"options": {"intervals": ["exact"]}}, {"adsl": subjects(2), "adrs": rows()})


def compared(responders, n):
    options = {"intervals": ["clopper_pearson", "wilson"], "null_rates": [0.3], "alpha_one_sided": 0.025}
    data = rows(*((str(i), "W12", float(i <= responders)) for i in range(1, n + 1)))
    facts, _, _ = run(proportion, SPEC | {"options": options | {"compare": True}}, {"adsl": subjects(n), "adrs": data})
    return facts


def test_other_defaults_stand_beside_the_first_interval_and_the_test():
    facts = compared(26, 60)
    declared, other = facts[facts["context"].isna()], facts[facts["context"].notna()]
    assert stat(declared, "clopper_pearson_low") == pytest.approx(0.305881426842173, rel=1e-12)
    assert set(other["stat_name"]) == {"clopper_pearson_low", "clopper_pearson_high", "p_value"}
    beside = dict(zip(zip(other["stat_name"], other["context"].str[:13], strict=True), other["stat"], strict=True))
    # R 4.2.2: prop.test(26, 60); binom::binom.confint(26, 60, methods = "asymptotic"); binom.test(26, 60, 0.3)
    assert beside["clopper_pearson_low", "R default (pr"] == pytest.approx(0.30816684433753, rel=1e-12)
    assert beside["clopper_pearson_high", "SAS default ("] == pytest.approx(0.558718842521286, rel=1e-12)
    assert beside["p_value", "R and scipy d"] == pytest.approx(_binomial.two_sided(26, 60, 0.3), rel=1e-12)
    assert set(other["variable_level"].dropna()) == {"0.3"}


@pytest.mark.parametrize(("x", "n", "upper"), [(0, 20, 0.200453345013487), (30, 60, 0.622649757584442)])
def test_the_correction_of_prop_test_is_limited_by_the_distance_from_one_half(x, n, upper):
    other = compared(x, n).query("stat_name == 'clopper_pearson_high'").dropna(subset=["context"])
    r = other[other["context"].str.startswith("R default")]
    assert r["stat"].iloc[0] == pytest.approx(upper, rel=1e-12)


def test_nothing_stands_beside_an_empty_denominator():
    options = {"missing": "exclude", "compare": True}
    facts, _, _ = run(proportion, SPEC | {"options": options}, {"adsl": subjects(2), "adrs": rows()})
    assert facts["context"].isna().all()
