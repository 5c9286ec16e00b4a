import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import _binomial, tipping
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-06")

SPEC = {
    "method": "tipping",
    "dataset": "adrs",
    "options": {"open": {"RSPCAT": "MISSING"}, "null_rates": [0.35], "alpha_one_sided": 0.025},
}


def rows(*cells):
    return pd.DataFrame(list(cells), columns=["USUBJID", "RSPCAT", "AVAL"]).astype({"USUBJID": "str", "RSPCAT": "str"})


def counted(x, missing, others):
    """``x`` responders, ``missing`` open responses and ``others`` non-responders."""
    kinds = [("OBSERVED", 1)] * x + [("MISSING", 0)] * missing + [("COMPOSITE", 0)] * others
    made = rows(*[(str(i), *kind) for i, kind in enumerate(kinds, start=1)])
    return {"adsl": subjects(len(kinds)), "adrs": made}


def facts_of(datasets, **options):
    return run(tipping, SPEC | {"options": SPEC["options"] | options}, datasets)[:2]


def test_every_k_agrees_with_r():
    wide = data("data/wide_pppasi")
    missing = wide["W12"].isna()
    response = (2 * (wide["W12"] * 10).round() <= (wide["BASE"] * 10).round()).astype("float64")
    adrs = pd.DataFrame(
        {
            "USUBJID": wide["USUBJID"],
            "RSPCAT": missing.map({True: "MISSING", False: "OBSERVED"}),
            "AVAL": response,
        }
    )
    adsl = pd.DataFrame({"USUBJID": wide["USUBJID"], "TRT01P": "A"})
    facts, _ = facts_of({"adsl": adsl, "adrs": adrs})
    want = oracle("01_binomial")["tipping_p0_035"]
    assert stat(facts, "n_missing") == len(want) - 1
    for k, theirs in enumerate(want):
        at = facts[facts["group2_level"] == str(k)]
        assert (stat(at, "k"), stat(at, "n"), stat(at, "N")) == (k, theirs["x"], theirs["n"])
        ends = [stat(at, name) for name in ("clopper_pearson_low", "clopper_pearson_high")]
        np.testing.assert_allclose(ends, theirs["clopper_pearson_95"], rtol=1e-10)
        assert stat(at, "p_value") == pytest.approx(theirs["p_greater"], rel=1e-9)
    # Without a missing value as response it is the non-responder imputation of R.
    assert want[0]["x"] == oracle("01_binomial")["nri"]["x"]
    rejects = [k for k, theirs in enumerate(want) if theirs["p_greater"] <= 0.025]
    assert stat(facts, "tipping") == rejects[0] == 3


def test_the_verdict_never_turns_back_and_agrees_with_the_interval():
    facts, _ = facts_of(counted(15, 30, 15), null_rates=[0.3, 0.5, 0.9])
    for p0 in ("0.3", "0.5", "0.9"):
        verdicts = facts[(facts["stat_name"] == "verdict") & (facts["variable_level"] == p0)]["stat"].tolist()
        assert verdicts == sorted(verdicts)
        low = facts.loc[facts["stat_name"] == "clopper_pearson_low", "stat"].to_numpy()
        assert (low > float(p0)).tolist() == [v == 1 for v in verdicts]
        turn = facts[(facts["stat_name"] == "tipping") & (facts["variable_level"] == p0)].iloc[0]
        first = verdicts.index(1) if 1 in verdicts else None
        assert turn["stat_text"] == ("none" if first is None else str(first))
    assert pd.isna(stat(facts, "tipping", variable_level="0.9"))


def test_a_composite_event_never_becomes_a_response():
    facts, sets = facts_of(counted(5, 2, 20))
    assert facts.loc[facts["stat_name"] == "n", "stat"].tolist() == [5, 6, 7]
    assert members(facts, sets, "n_missing") == ("adsl", [5, 6])


def test_with_nothing_missing_there_is_the_one_line_of_the_primary_analysis():
    facts, _ = facts_of(counted(26, 0, 34), null_rates=[0.3])
    assert (stat(facts, "n"), stat(facts, "tipping")) == (26, 0)
    assert stat(facts, "p_value") == _binomial.at_least(26, 60, 0.3)
    assert facts.loc[facts["stat_name"] == "n", "group3_level"].tolist() == ["all"]


def test_with_everything_missing_k_goes_from_none_to_all():
    facts, _ = facts_of(counted(0, 3, 0))
    assert facts.loc[facts["stat_name"] == "p", "stat"].tolist() == [0, 1 / 3, 2 / 3, 1]
    assert facts.loc[facts["stat_name"] == "p", "group3_level"].tolist() == ["none", "some", "some", "all"]


def test_one_subject_is_enough_and_no_subject_is_said():
    facts, _ = facts_of(counted(0, 1, 0))
    assert facts.loc[facts["stat_name"] == "n", "stat"].tolist() == [0, 1]
    empty, _ = facts_of({"adsl": subjects(0), "adrs": rows()})
    assert empty.loc[empty["stat_name"] == "p", "warning"].tolist() == ["no subject in the denominator"]


def test_order_of_rows_and_names_of_subjects_change_nothing():
    datasets = counted(7, 4, 9)
    plain, _ = facts_of(datasets)
    mixed = {name: frame.sample(frac=1, random_state=2).reset_index(drop=True) for name, frame in datasets.items()}
    named = {name: frame.assign(USUBJID="Z" + frame["USUBJID"]) for name, frame in mixed.items()}
    pd.testing.assert_frame_equal(
        facts_of(named)[0].drop(columns="member_set"), plain.drop(columns="member_set"), check_exact=True
    )


def test_what_does_not_fit_is_refused():
    with pytest.raises(Cause, match="not an option"):
        facts_of(counted(1, 1, 1), k=3)
    with pytest.raises(Cause, match="a missing response is a response"):
        facts_of({"adsl": subjects(1), "adrs": rows(("1", "MISSING", 1))})
    with pytest.raises(Cause, match="needs the option"):
        run(tipping, SPEC | {"options": {"open": {}}}, counted(1, 1, 1))
