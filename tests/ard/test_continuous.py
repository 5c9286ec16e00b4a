import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import _describe, continuous
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-02")

NAMES = ["n", "mean", "sd", "se", "min", "max", "median"]


@pytest.mark.parametrize(("case", "column"), [("age", "AGE"), ("base", "BASE")])
def test_statistics_agree_with_r(case, column):
    want = oracle("12_descriptive")[case]
    values = data("data/subjects")[column].to_numpy("float64")
    got = _describe.describe(values) | {"n": len(values)}
    np.testing.assert_allclose([got[name] for name in NAMES], [want[name] for name in NAMES], rtol=1e-12)
    np.testing.assert_allclose([got["q1"], got["q3"]], [want["q_type2"][2], want["q_type2"][4]], rtol=1e-12)


def test_change_by_visit_agrees_with_r():
    visits = data("data/visits")
    spec = {
        "method": "continuous",
        "dataset": "adrs",
        "by": ["AVISITN"],
        "variables": ["AVAL", "CHG", "PCHG"],
        "where": {"AVISITN": {"gt": 0}},
    }
    adsl = pd.DataFrame({"USUBJID": visits["USUBJID"].unique(), "TRT01P": "A"})
    facts, _, _ = run(continuous, spec, {"adsl": adsl, "adrs": visits})
    for want in oracle("12_descriptive")["by_visit"][1:]:
        for variable in ("AVAL", "CHG", "PCHG"):
            mine = facts[(facts["group2_level"] == str(want["visit"])) & (facts["variable"] == variable)]
            got = {name: stat(mine, name) for name in [*NAMES, "q1", "q3"]}
            theirs = want[variable.lower()]
            np.testing.assert_allclose([got[n] for n in NAMES], [theirs[n] for n in NAMES], rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(
                [got["q1"], got["q3"]], [theirs["q_type2"][2], theirs["q_type2"][4]], rtol=1e-7, atol=1e-9
            )


def test_a_missing_value_is_counted_and_not_imputed():
    adsl = subjects(3, AGE=pd.array([40, None, 50], dtype="Int64"))
    facts, sets, _ = run(continuous, {"dataset": "adsl", "variables": ["AGE"]}, {"adsl": adsl})
    assert (stat(facts, "n"), stat(facts, "n_missing"), stat(facts, "mean")) == (2, 1, 45)
    assert members(facts, sets, "n_missing") == ("adsl", [1])
    assert members(facts, sets, "mean") == ("adsl", [0, 2])


def test_formats_follow_the_decimals_collected():
    adsl = subjects(2, BMI=[20.5, 30.1])
    facts, _, _ = run(
        continuous, {"dataset": "adsl", "variables": ["BMI"], "options": {"decimals": {"BMI": 1}}}, {"adsl": adsl}
    )
    assert facts.set_index("stat_name")["format"].loc[["min", "mean", "sd"]].tolist() == ["d1", "d2", "d3"]


def test_one_value_has_no_standard_deviation():
    facts, _, _ = run(continuous, {"dataset": "adsl", "variables": ["AGE"]}, {"adsl": subjects(1, AGE=[40])})
    assert stat(facts, "mean") == 40
    assert np.isnan(stat(facts, "sd"))
