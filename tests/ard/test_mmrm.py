import time

import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import mmrm
from crf2csr.errors import Cause
from tests.ard._mmrm import LABELS, ORACLE, VISITS
from tests.ard._tables import data, members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-07")

WORDS = dict(zip([1, 2, 4, 8, 12], LABELS, strict=True))
PEOPLE = sorted(data("data/subjects")["USUBJID"])
ADSL = pd.DataFrame({"USUBJID": pd.Series(PEOPLE, dtype="str"), "TRT01P": pd.Series(["A"] * 60, dtype="str")})
ADRS = pd.DataFrame(
    {
        "USUBJID": VISITS["USUBJID"].astype("str"),
        "AVISIT": VISITS["AVISITN"].map(WORDS).astype("str"),
        "BASE": VISITS["BASE"],
        "CHG": VISITS["CHG"],
    }
)
OPTIONS = {"visits": LABELS, "baseline_by_visit": False, "at": {"BASE": ORACLE["base_mean"]}}
FEV = data("published/fev_data").assign(TRT01P=lambda d: d["ARMCD"], AVISIT=lambda d: d["AVISIT"].astype("str"))
FEV_PEOPLE = FEV.drop_duplicates("USUBJID")[["USUBJID", "TRT01P", "RACE", "SEX"]].reset_index(drop=True).astype("str")
FEV_ARMS = {"arms": [{"label": "PBO", "treated": True}, {"label": "TRT", "treated": True}]}
FEV_OPTIONS = {
    "visits": ["VIS1", "VIS2", "VIS3", "VIS4"],
    "baseline": None,
    "covariates": ["RACE", "SEX"],
    "reference": "PBO",
}


def fitted(adrs=ADRS, adsl=ADSL, **options):
    spec = {"dataset": "adrs", "options": OPTIONS | options}
    return run(mmrm, spec, {"adsl": adsl, "adrs": adrs})


def fev(**options):
    rows = FEV[["USUBJID", "AVISIT"]].astype("str").assign(FEV1=FEV["FEV1"])
    spec = {"dataset": "adrs", "variable": "FEV1", "options": FEV_OPTIONS | options}
    return run(mmrm, spec, {"adsl": FEV_PEOPLE, "adrs": rows}, FEV_ARMS)


def column(facts, name, levels, **where):
    return [stat(facts, name, group2_level=level, context=None, **where) for level in levels]


def text(facts, name):
    return facts.loc[(facts["stat_name"] == name) & facts["context"].isna(), "stat_text"].iloc[0]


@pytest.mark.parametrize(("df", "theirs"), [("satterthwaite", "satt"), ("kenward-roger", "kr_linear")])
@pytest.mark.parametrize(("by_visit", "model"), [(False, "main"), (True, "interaction")])
def test_means_by_visit_agree_with_r(df, theirs, by_visit, model):
    facts, _, _ = fitted(df=df, baseline_by_visit=by_visit)
    want = ORACLE[model][theirs]["lsmeans"]
    for ours, key in {
        "lsmean": "emmean",
        "se": "se",
        "df": "df",
        "lsmean_low": "lower",
        "lsmean_high": "upper",
        "t": "t",
        "p_value": "p",
    }.items():
        np.testing.assert_allclose(column(facts, ours, LABELS), want[key], rtol=1e-8)
    assert stat(facts, "neg2_reml") == pytest.approx(ORACLE[model]["neg2_reml"], rel=1e-12)
    assert stat(facts, "sigma", variable_level="Week 1, Week 12") == pytest.approx(
        ORACLE[model]["Sigma"][0][4], rel=1e-8
    )


def test_the_slope_of_baseline_agrees_with_r():
    facts, _, _ = fitted()
    want = {key: ORACLE["main"]["satt"][key][-1] for key in ("beta", "se", "df", "p")}
    for name, key in {"estimate": "beta", "estimate_se": "se", "estimate_df": "df", "estimate_p": "p"}.items():
        assert stat(facts, name, variable_level="BASE") == pytest.approx(want[key], rel=1e-8)


def test_means_and_differences_of_two_arms_agree_with_r():
    facts, _, _ = fev()
    want = ORACLE["published"]["fev"]["satt"]
    for i, (arm, visit) in enumerate(zip(want["lsmeans"]["arm"], want["lsmeans"]["visit"], strict=True)):
        for name, key in {"lsmean": "emmean", "se": "se", "df": "df", "p_value": "p"}.items():
            got = stat(facts, name, group1_level=arm, group2_level=visit, context=None)
            assert got == pytest.approx(want["lsmeans"][key][i], rel=1e-8)
    # At the first visit the difference is a coefficient of R's model.
    first = want["beta_names"].index("ARMCDTRT")
    for name, key in {"diff": "beta", "diff_se": "se", "diff_df": "df", "diff_t": "t", "diff_p": "p"}.items():
        assert stat(facts, name, group1_level="TRT", group2_level="VIS1") == pytest.approx(want[key][first], rel=1e-8)
    assert "diff" not in set(facts.loc[facts["group1_level"] == "PBO", "stat_name"])


def test_one_model_of_several_arms_belongs_to_none_of_them():
    facts, _, _ = fev()
    assert facts.loc[facts["stat_name"] == "neg2_reml", "group1_level"].isna().all()
    assert stat(facts, "neg2_reml") == pytest.approx(ORACLE["published"]["fev"]["neg2_reml"], rel=1e-12)


def test_arms_change_places_with_the_reference():
    one, _, _ = fev()
    other, _, _ = fev(reference="TRT")
    for visit in FEV_OPTIONS["visits"]:
        a = stat(one, "diff", group1_level="TRT", group2_level=visit)
        assert stat(other, "diff", group1_level="PBO", group2_level=visit) == pytest.approx(-a, rel=1e-9)


def test_the_order_of_rows_does_not_matter():
    one, _, _ = fitted()
    other, _, _ = fitted(adrs=ADRS.iloc[::-1].reset_index(drop=True))
    for name in ("lsmean", "se", "df", "p_value"):
        np.testing.assert_allclose(column(other, name, LABELS), column(one, name, LABELS), rtol=1e-9)


def test_the_values_of_other_defaults_stand_beside_and_not_among_the_results():
    def beside(facts):
        other = facts[facts["context"].notna() & (facts["group2_level"] == "Week 12")]
        return other.set_index(["stat_name", "context"])["stat"]

    want = ORACLE["main"]["kr_linear"]["lsmeans"]["se"][4]
    assert beside(fitted()[0])["se", "Kenward-Roger (SAS ddfm=kr)"] == pytest.approx(want, rel=1e-8)
    facts, _, _ = fitted(at={})
    said = beside(facts)
    records = VISITS.loc[VISITS["CHG"].notna(), "BASE"].mean() - VISITS.drop_duplicates("USUBJID")["BASE"].mean()
    slope = stat(facts, "estimate", variable_level="BASE")
    shifted = said["lsmean", "covariates at their mean over records (SAS lsmeans, R emmeans default)"]
    assert shifted - column(facts, "lsmean", ["Week 12"])[0] == pytest.approx(slope * records, rel=1e-8)


def test_who_entered_and_who_did_not_is_told_at_every_visit():
    adsl = subjects(25)
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "USUBJID": pd.Series([str(i) for i in range(1, 25) for _ in range(2)], dtype="str"),
            "AVISIT": pd.Series(["Week 1", "Week 2"] * 24, dtype="str"),
            "BASE": np.repeat(rng.normal(20, 4, 24), 2),
            "CHG": rng.normal(size=48),
        }
    )
    rows.loc[rows["USUBJID"] == "1", ["BASE", "CHG"]] = np.nan
    rows.loc[rows["USUBJID"] == "2", "CHG"] = np.nan
    rows.loc[[4, 7], "CHG"] = np.nan
    facts, sets, _ = fitted(rows, adsl, visits=["Week 1", "Week 2"], at={})
    for visit in ("Week 1", "Week 2"):
        where = {"group2_level": visit}
        assert stat(facts, "N", **where) == 25
        assert stat(facts, "entered", **where) == 22
        assert members(facts, sets, "left_out", variable_level="no baseline value", **where) == ("adsl", [0])
        assert members(facts, sets, "left_out", variable_level="no post-baseline value", **where) == ("adsl", [1, 24])
        assert stat(facts, "n", **where) == 21
        assert stat(facts, "n_missing", **where) == 4
    declared = facts[facts["context"].isna()]
    assert len(members(declared, sets, "lsmean", group2_level="Week 1")[1]) == 42


def test_a_missing_covariate_leaves_the_subject_out_with_the_reason():
    adsl = ADSL.assign(AGE=[np.nan, *np.linspace(20, 70, 59)])
    facts, sets, _ = fitted(adsl=adsl, covariates=["AGE"])
    without = members(facts, sets, "left_out", variable_level="no value of AGE", group2_level="Week 1")
    assert without == ("adsl", [0])


def test_the_structure_that_is_used_and_why_not_the_declared_one_is_told():
    # Nobody has both the second and the third visit, as in a rotating design.
    rows = ADRS[ADRS["AVISIT"].isin(LABELS[:3])].reset_index(drop=True)
    half = rows["USUBJID"].isin(PEOPLE[:30])
    rows = rows[~((half & (rows["AVISIT"] == "Week 2")) | (~half & (rows["AVISIT"] == "Week 4")))]
    facts, _, _ = fitted(rows.reset_index(drop=True), visits=LABELS[:3])
    assert text(facts, "structure") == "heterogeneous Toeplitz"
    assert text(facts, "errors") == "the empirical sandwich"
    assert text(facts, "earlier") == "unstructured: no subject has both Week 2 and Week 4"
    used = facts[(facts["stat_name"] == "lsmean") & facts["context"].isna()]
    assert used["warning"].eq("covariance: heterogeneous Toeplitz").all() and used["stat"].notna().all()


def test_the_declared_structure_leaves_no_warning():
    facts, _, _ = fitted()
    assert (text(facts, "structure"), text(facts, "earlier")) == ("unstructured", "none")
    assert facts["warning"].isna().all() and facts["error"].isna().all()
    assert stat(facts, "gradient") < 1e-10


@pytest.mark.req("URS-ARD-16")
def test_without_fallback_a_failure_is_an_error_and_not_another_method():
    rows = ADRS[ADRS["USUBJID"].isin(PEOPLE[:5])].reset_index(drop=True)
    facts, _, _ = fitted(rows, fallback=[])
    means = facts[facts["stat_name"] == "lsmean"]
    assert means["stat"].isna().all() and means["error"].str.startswith("unstructured: ").all()
    assert (text(facts, "structure"), text(facts, "converged")) == ("none", "no")
    assert facts.loc[facts["stat_name"] == "aic", "stat"].isna().all()


@pytest.mark.req("URS-ARD-16")
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (ADRS.iloc[:0], "no value to analyse"),
        (ADRS[ADRS["USUBJID"] == "PPP-001"], "too few|one subject"),
        (ADRS[(ADRS["AVISIT"] != "Week 12") | (ADRS["USUBJID"] == "PPP-001")], "not of full rank: BASE, Week 12"),
    ],
)
def test_data_that_hold_no_model_are_an_error_row(rows, reason):
    facts, _, _ = fitted(rows.reset_index(drop=True), baseline_by_visit=True)
    means = facts[facts["stat_name"] == "lsmean"]
    assert len(means) == 5 and means["stat"].isna().all()
    assert means["error"].str.contains(reason).all()
    assert stat(facts, "N", group2_level="Week 12") == 60


@pytest.mark.req("URS-ARD-16")
def test_a_visit_without_values_is_an_error_and_the_others_are_estimated():
    facts, _, _ = fitted(ADRS[ADRS["AVISIT"] != "Week 8"].reset_index(drop=True))
    last = facts[(facts["stat_name"] == "lsmean") & (facts["group2_level"] == "Week 8")]
    assert last["error"].tolist() == ["no value at this visit"]
    assert stat(facts, "lsmean", group2_level="Week 12", context=None) < -5


def test_several_parameters_are_several_models():
    both = pd.concat([ADRS.assign(PARAM="One"), ADRS.assign(PARAM="Two", CHG=2 * ADRS["CHG"])], ignore_index=True)
    facts, _, _ = run(
        mmrm,
        {"dataset": "adrs", "by": ["PARAM"], "options": OPTIONS},
        {"adsl": ADSL, "adrs": both.astype({"PARAM": "str"})},
    )
    one, two = (stat(facts, "se", group2_level=p, group3_level="Week 12", context=None) for p in ("One", "Two"))
    assert two == pytest.approx(2 * one, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"structure": "spatial"}, "covariance structure"),
        ({"df": "residual"}, "`df` is one of satterthwaite, kenward-roger"),
        ({"errors": "robust"}, "`errors` is one of"),
        ({"visits": None}, "names its visits"),
        ({"visits": ["Week 1"]}, "does not list"),
        ({"visit": "VISITNAME"}, "not a variable"),
        ({"covariates": ["HEIGHT"]}, "neither the rows nor ADSL"),
        ({"covariates": ["AVISIT"]}, "changes within a subject"),
        ({"level": 95}, "between 0 and 1"),
        ({"seed": 1}, "not an option"),
    ],
)
def test_what_is_not_an_option_is_refused(change, message):
    with pytest.raises(Cause, match=message):
        fitted(**change)


def test_two_values_at_one_visit_are_refused():
    with pytest.raises(Cause, match="two values at one visit"):
        fitted(pd.concat([ADRS, ADRS.iloc[:1]], ignore_index=True))


def test_several_arms_without_a_reference_are_refused():
    with pytest.raises(Cause, match="names its reference arm"):
        fev(reference=None)


@pytest.mark.req("URS-SCL-01")
def test_ten_thousand_subjects_are_practical():
    rng = np.random.default_rng(0)
    n = 10_000
    base = rng.normal(25, 8, n)
    change = rng.normal(size=(n, 5)) @ np.linalg.cholesky(ORACLE["main"]["Sigma"]).T - 0.3 * (base - 25)[:, None]
    gone = (rng.random((n, 5)) < 0.08) | (np.arange(5) >= rng.integers(2, 12, n)[:, None])
    person, visit = np.nonzero(~gone)
    names = pd.Series(np.arange(n).astype(str), dtype="str")
    rows = pd.DataFrame(
        {
            "USUBJID": names.take(person).reset_index(drop=True),
            "AVISIT": pd.Series(np.array(LABELS)[visit], dtype="str"),
            "BASE": base[person],
            "CHG": change[person, visit],
        }
    )
    adsl = pd.DataFrame({"USUBJID": names, "TRT01P": pd.Series(["A"] * n, dtype="str")})
    began = time.perf_counter()
    facts, _, _ = fitted(rows, adsl, baseline_by_visit=True, at={})
    assert time.perf_counter() - began < 30
    assert stat(facts, "converged") == 1
    assert stat(facts, "sigma", variable_level="Week 12, Week 12") == pytest.approx(
        ORACLE["main"]["Sigma"][4][4], rel=0.1
    )
