import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crf2csr.ard import ancova
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-07")

VISITS, PEOPLE, WIDE = data("data/visits"), data("data/subjects"), data("data/wide_pppasi")
WEEK_12 = VISITS.query("AVISITN == 12").reset_index(drop=True)
ADSL = pd.DataFrame({"USUBJID": PEOPLE["USUBJID"].astype("str"), "TRT01P": pd.Series(["A"] * 60, dtype="str")})
THREE = {"arms": [{"label": name, "treated": True} for name in ("CURRENT", "FORMER", "NEVER")]}
BY_SMOKING = ADSL.assign(TRT01P=PEOPLE["SMOKE"].astype("str"), SEX=PEOPLE["SEX"].astype("str"), AGE=PEOPLE["AGE"])
FEW = settings(max_examples=15, derandomize=True, deadline=None)


def rows(frame=WEEK_12):
    return frame[["USUBJID", "BASE", "CHG"]].astype({"USUBJID": "str"})


def fitted(adrs=None, adsl=ADSL, page=None, **options):
    spec = {"dataset": "adrs", "variable": "CHG", "options": options}
    return run(ancova, spec, {"adsl": adsl, "adrs": rows() if adrs is None else adrs}, page)


def test_one_arm_is_the_mean_at_the_centre_of_baseline_as_in_r():
    reference = oracle("09_mmrm")
    want = reference["ancova_w12"]
    facts, _, _ = fitted(at={"BASE": reference["base_mean"]})
    for name, key in {
        "lsmean": "emmean",
        "se": "se",
        "df": "df",
        "lsmean_low": "lower",
        "lsmean_high": "upper",
        "p_value": "p",
    }.items():
        assert stat(facts, name) == pytest.approx(want[key], rel=1e-10)
    assert stat(facts, "estimate", variable_level="BASE") == pytest.approx(want["coef"][1], rel=1e-10)


def test_several_covariates_agree_with_r():
    want = oracle("11_missing_data")["ols_w12"]
    wide = WIDE.astype({"USUBJID": "str"})
    spec = {
        "dataset": "adrs",
        "variable": "W12",
        "options": {"covariates": ["W1", "W2", "W4", "W8"]},
    }
    facts, _, _ = run(ancova, spec, {"adsl": ADSL, "adrs": wide})
    for name, coefficient in zip(["BASE", "W1", "W2", "W4", "W8"], want["coef"][1:], strict=True):
        assert stat(facts, "estimate", variable_level=name) == pytest.approx(coefficient, rel=1e-9)
    assert stat(facts, "root_mse") == pytest.approx(want["sigma"], rel=1e-10)
    assert stat(facts, "df") == want["df"]


def test_the_mean_over_imputed_sets_agrees_with_r():
    want = oracle("11_missing_data")["pooled_lm"]
    sets = data("data/imputed_m20").assign(CHG=lambda d: d["W12"] - d["BASE"]).astype({"USUBJID": "str"})
    slopes, variances = [], []
    for _, one in sets.groupby("imputation"):
        facts, _, _ = fitted(one[["USUBJID", "BASE", "CHG"]].reset_index(drop=True))
        slopes.append(stat(facts, "estimate", variable_level="BASE"))
        variances.append(stat(facts, "estimate_se", variable_level="BASE") ** 2)
    assert np.mean(slopes) == pytest.approx(want["est"][1], rel=1e-10)
    total = np.mean(variances) + (1 + 1 / len(slopes)) * np.var(slopes, ddof=1)
    assert np.sqrt(total) == pytest.approx(want["se"][1], rel=1e-10)


R_CODE = """
suppressPackageStartupMessages(library(jsonlite))
d <- read.csv("rows.csv", stringsAsFactors = TRUE)
f <- lm(CHG ~ ARM + BASE + AGE + SEX, d); K <- coef(f); V <- vcov(f)
at <- function(arm) { l <- setNames(numeric(length(K)), names(K)); l["(Intercept)"] <- 1
  l["BASE"] <- mean(d$BASE); l["AGE"] <- mean(d$AGE); l["SEXM"] <- 1 / 2
  if (arm != "CURRENT") l[paste0("ARM", arm)] <- 1; l }
said <- function(l) { e <- sum(l * K); s <- sqrt(drop(t(l) %*% V %*% l)); n <- f$df.residual
  list(value = e, se = s, df = n, low = e - qt(.975, n) * s, high = e + qt(.975, n) * s, p = 2 * pt(-abs(e / s), n)) }
a <- drop1(f, test = "F"); terms <- c(arm = "ARM", BASE = "BASE", AGE = "AGE", SEX = "SEX")
writeLines(toJSON(list(CURRENT = said(at("CURRENT")), FORMER = said(at("FORMER")), NEVER = said(at("NEVER")),
  diff_FORMER = said(at("FORMER") - at("CURRENT")), diff_NEVER = said(at("NEVER") - at("CURRENT")),
  f = as.list(sapply(terms, function(n) a[n, "F value"])), f_p = as.list(sapply(terms, function(n) a[n, "Pr(>F)"])),
  sigma = summary(f)$sigma), digits = NA, auto_unbox = TRUE), "result.json")
"""


def test_three_arms_with_covariates_agree_with_r_run_now(tmp_path):
    program = shutil.which("Rscript")
    assert program, "the live comparison needs R: apt-get install --no-install-recommends r-base-core r-cran-jsonlite"
    whole = rows().dropna().merge(BY_SMOKING.rename(columns={"TRT01P": "ARM"}), on="USUBJID")
    whole.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "fit.R").write_text(R_CODE, encoding="utf-8")
    done = subprocess.run([program, "--vanilla", "fit.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"R with jsonlite is needed; it said: {done.stderr}"
    want = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    facts, _, _ = fitted(adsl=BY_SMOKING, page=THREE, covariates=["AGE", "SEX"], reference="CURRENT")
    mean = ("lsmean", "se", "df", "lsmean_low", "lsmean_high", "p_value")
    apart = ("diff", "diff_se", "diff_df", "diff_low", "diff_high", "diff_p")
    for arm in ("CURRENT", "FORMER", "NEVER"):
        for names, key in ((mean, arm), (apart, f"diff_{arm}")):
            if key in want:
                got = [stat(facts, name, group1_level=arm) for name in names]
                np.testing.assert_allclose(got, list(want[key].values()), rtol=1e-9)
    for name in ("arm", "BASE", "AGE", "SEX"):
        assert stat(facts, "f", variable_level=name) == pytest.approx(want["f"][name], rel=1e-9)
        assert stat(facts, "f_p", variable_level=name) == pytest.approx(want["f_p"][name], rel=1e-9)
    assert stat(facts, "root_mse") == pytest.approx(want["sigma"], rel=1e-12)


@FEW
@given(st.integers(0, 10_000), st.integers(4, 30))
def test_without_covariates_two_arms_are_a_t_test_with_one_variance(seed, n):
    rng = np.random.default_rng(seed)
    value = rng.normal(size=2 * n)
    adsl = subjects(2 * n, ARM2=None).assign(TRT01P=["A", "B"] * n)
    adrs = pd.DataFrame({"USUBJID": adsl["USUBJID"], "CHG": value})
    page = {"arms": [{"label": "A", "treated": True}, {"label": "B", "treated": True}]}
    facts, _, _ = fitted(adrs, adsl, page, baseline=None, reference="A")
    want = stats.ttest_ind(value[1::2], value[::2])
    assert stat(facts, "diff_t") == pytest.approx(want.statistic, rel=1e-9)
    assert stat(facts, "diff_p") == pytest.approx(want.pvalue, rel=1e-9)
    assert stat(facts, "f", variable_level="arm") == pytest.approx(want.statistic**2, rel=1e-9)
    assert stat(facts, "diff_low") < stat(facts, "diff") < stat(facts, "diff_high")


def test_one_arm_without_covariates_is_a_one_sample_t_test():
    value = rows()["CHG"].dropna()
    facts, _, _ = fitted(baseline=None)
    want = stats.ttest_1samp(value, 0)
    assert (stat(facts, "lsmean"), stat(facts, "df")) == (pytest.approx(value.mean()), len(value) - 1)
    assert stat(facts, "p_value") == pytest.approx(want.pvalue, rel=1e-10)


def test_who_did_not_enter_is_told_with_the_reason():
    facts, sets, _ = fitted()
    absent = set(WEEK_12.loc[WEEK_12["CHG"].isna(), "USUBJID"]) | (set(PEOPLE["USUBJID"]) - set(WEEK_12["USUBJID"]))
    where = members(facts, sets, "left_out", variable_level="no value")
    assert {ADSL["USUBJID"][row] for row in where[1]} == absent
    assert stat(facts, "entered") == stat(facts, "n") == 60 - len(absent)


@pytest.mark.req("URS-ARD-16")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.iloc[:0], "no value to analyse"),
        (lambda d: d.dropna().iloc[:2], "too few"),
        (lambda d: d.assign(BASE=20.0), "not of full rank"),
        (lambda d: d.assign(CHG=d["BASE"] / 2), "do not vary"),
    ],
)
def test_data_that_hold_no_model_are_an_error_row(change, reason):
    facts, _, _ = fitted(change(rows()).reset_index(drop=True))
    found = facts[facts["stat_name"].isin(["lsmean", "p_value", "root_mse", "f"])]
    assert len(found) >= 3 and found["stat"].isna().all() and found["error"].str.contains(reason).all()


@pytest.mark.req("URS-ARD-16")
def test_an_arm_without_values_is_an_error_and_the_others_are_estimated():
    kept = rows()[~rows()["USUBJID"].isin(BY_SMOKING.loc[BY_SMOKING["TRT01P"] == "NEVER", "USUBJID"])]
    facts, _, _ = fitted(kept.reset_index(drop=True), BY_SMOKING, THREE, reference="CURRENT")
    gone = facts[(facts["group1_level"] == "NEVER") & facts["stat_name"].isin(["lsmean", "diff"])]
    assert sorted(gone["error"]) == ["an arm has no value", "no value in this arm"]
    assert np.isfinite(stat(facts, "diff", group1_level="FORMER"))
    assert stat(facts, "f_df1", variable_level="arm") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"robust": True}, "not an option"), ({"covariates": ["X"]}, "neither the rows nor ADSL")],
)
def test_what_is_not_an_option_is_refused(options, message):
    with pytest.raises(Cause, match=message):
        fitted(**options)


def test_a_subject_with_two_values_is_refused():
    with pytest.raises(Cause, match="more than one row"):
        fitted(pd.concat([rows(), rows().dropna().iloc[:1]], ignore_index=True))
