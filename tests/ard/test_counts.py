import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import counts
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-01")


def test_a_declared_level_without_a_subject_is_zero_and_a_missing_one_is_counted():
    adsl = subjects(4, SEX=pd.Series(["F", "F", np.nan, "F"], dtype="str"))
    spec = {"dataset": "adsl", "variables": ["SEX"], "options": {"levels": {"SEX": ["M", "F"]}}}
    facts, sets, _ = run(counts, spec, {"adsl": adsl})
    assert stat(facts, "n", variable_level="M") == 0
    assert stat(facts, "p", variable_level="F") == 0.75
    assert stat(facts, "n_missing") == 1
    assert members(facts, sets, "n_missing") == ("adsl", [2])


def test_the_observed_denominator_leaves_out_the_missing():
    adsl = subjects(4, SEX=pd.Series(["F", "M", np.nan, "F"], dtype="str"))
    facts, _, _ = run(
        counts, {"dataset": "adsl", "variables": ["SEX"], "options": {"denominator": "observed"}}, {"adsl": adsl}
    )
    assert stat(facts, "N") == 3
    assert stat(facts, "p", variable_level="M") == 1 / 3


def test_a_level_that_nobody_declared_comes_last_and_is_not_lost():
    adsl = subjects(3, SEX=pd.Series(["F", "U", "M"], dtype="str"))
    facts, _, _ = run(
        counts, {"dataset": "adsl", "variables": ["SEX"], "options": {"levels": {"SEX": ["M", "F"]}}}, {"adsl": adsl}
    )
    assert facts.loc[facts["stat_name"] == "n", "variable_level"].tolist() == ["M", "F", "U"]


def test_a_subject_with_two_rows_of_a_level_counts_once_and_its_rows_twice():
    rows = pd.DataFrame({"USUBJID": ["1", "1", "2"], "DVCAT": ["X", "X", "Y"]})
    facts, _, _ = run(counts, {"dataset": "addv", "variable": "DVCAT"}, {"adsl": subjects(2), "addv": rows})
    assert (stat(facts, "n", variable_level="X"), stat(facts, "events", variable_level="X")) == (1, 2)


def test_columns_can_be_subjects_with_and_without_a_row():
    adsl = subjects(3, SEX=["F", "M", "F"])
    rows = pd.DataFrame({"USUBJID": ["1", "2"], "AVISIT": ["W12", "W8"]})
    split = {"dataset": "adrs", "where": {"AVISIT": "W12"}, "with": "With", "without": "Without"}
    facts, _, _ = run(counts, {"dataset": "adsl", "variable": "SEX", "split": split}, {"adsl": adsl, "adrs": rows})
    assert stat(facts, "N", group1_level="With") == 1
    assert stat(facts, "n", group1_level="Without", variable_level="F") == 1


def two_arms():
    adsl = subjects(5, SEX=pd.Series(["F", "M", "F", "F", "M"], dtype="str"))
    adsl["TRT01P"] = pd.Series(["A", "A", "B", "B", "B"], dtype="str")
    page = {"arms": [{"code": "A", "label": "A"}, {"code": "B", "label": "B"}]}
    return adsl, page


def test_a_declared_total_stands_behind_the_arms_and_counts_everyone():
    adsl, page = two_arms()
    spec = {"dataset": "adsl", "variables": ["SEX"], "total": "Total"}
    facts, _, _ = run(counts, spec, {"adsl": adsl}, page)
    assert list(dict.fromkeys(facts["group1_level"])) == ["A", "B", "Total"]
    females = facts[(facts["stat_name"] == "n") & (facts["variable_level"] == "F")]
    assert females["stat"].tolist() == [1, 2, 3]
    everyone = facts[(facts["stat_name"] == "N") & (facts["group1_level"] == "Total")]
    assert everyone["stat"].tolist() == [5]


def test_without_a_declaration_there_is_no_total():
    adsl, page = two_arms()
    facts, _, _ = run(counts, {"dataset": "adsl", "variables": ["SEX"]}, {"adsl": adsl}, page)
    assert list(dict.fromkeys(facts["group1_level"])) == ["A", "B"]


def test_a_total_with_the_name_of_an_arm_is_refused():
    adsl, page = two_arms()
    with pytest.raises(Cause, match="name of an arm"):
        run(counts, {"dataset": "adsl", "variables": ["SEX"], "total": "B"}, {"adsl": adsl}, page)
