import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import _criterion, _impute, _rubin, _scores, multiple_imputation
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat

pytestmark = pytest.mark.req("URS-ARD-06")

VISITS = ["Baseline", "Week 1", "Week 2", "Week 4", "Week 8", "Week 12"]
WIDE = data("data/wide_pppasi").rename(columns=dict(zip(["BASE", "W1", "W2", "W4", "W8", "W12"], VISITS, strict=True)))
OPTIONS = {
    "response": {"PARAMCD": "RESP"},
    "open": {"RSPCAT": "MISSING"},
    "visits": VISITS,
    "criterion": {"of": "SCORE", "fall": 50, "decimals": 1},
    "limits": [0, 72],
    "m": 20,
    "iterations": 4,
    "seed": 1,
    "null_rates": [0.3],
    "alpha_one_sided": 0.025,
}


@pytest.fixture(autouse=True)
def _own_draws():
    """No test sees what another one drew, or put in the place of draws."""
    _scores._imputed.cache_clear()
    yield
    _scores._imputed.cache_clear()


def test_analyses_of_the_same_scores_share_their_draws_and_others_do_not():
    datasets = trial()
    plain, _ = impute(datasets)
    shifted, _ = impute(datasets, deltas=[0, 3])
    assert (_scores._imputed.cache_info().misses, _scores._imputed.cache_info().hits) == (1, 1)
    assert stat(shifted[shifted["group2_level"] == "0"], "p") == stat(plain, "p")
    other = WIDE.assign(**{"Week 1": WIDE["Week 1"].mask(WIDE["Week 1"].notna() & (WIDE["Week 1"] < 71), 71.0)})
    for changed, options in ((datasets, {"seed": 2}), (datasets, {"iterations": 5}), (trial(other), {})):
        drawn, _ = impute(changed, **options)
        assert stat(drawn, "imputed_mean") != stat(plain, "imputed_mean")
    assert _scores._imputed.cache_info().misses == 4


def trial(wide=WIDE, composite=(), arms=None):
    """ADSL and ADRS of these scores; whoever is in ``composite`` has an event, no later score and no response."""
    wide = wide.reset_index(drop=True)
    wide.loc[wide["USUBJID"].isin(composite), VISITS[-2:]] = np.nan
    adsl = pd.DataFrame({"USUBJID": wide["USUBJID"].astype("str"), "TRT01P": pd.Series(arms or ["A"] * len(wide))})
    scores = wide.melt("USUBJID", var_name="AVISIT", value_name="AVAL").dropna(subset="AVAL").assign(PARAMCD="SCORE")
    last, base = wide[VISITS[-1]], wide["Baseline"]
    category = pd.Series("OBSERVED", index=wide.index).mask(last.isna(), "MISSING")
    answers = pd.DataFrame(
        {
            "USUBJID": wide["USUBJID"],
            "AVISIT": "Week 12",
            "AVAL": (2 * (last * 10).round() <= (base * 10).round()).astype("float64"),
            "PARAMCD": "RESP",
            "RSPCAT": category.mask(wide["USUBJID"].isin(composite), "COMPOSITE"),
        }
    )
    adrs = pd.concat([scores, answers], ignore_index=True)
    text = ["USUBJID", "AVISIT", "PARAMCD", "RSPCAT"]
    return {"adsl": adsl.astype("str"), "adrs": adrs.astype(dict.fromkeys(text, "str"))}


def impute(datasets, page=None, **options):
    spec = {"method": "multiple_imputation", "dataset": "adrs", "options": OPTIONS | options}
    facts, sets, _ = run(multiple_imputation, spec, datasets, page)
    return facts[facts["context"].isna()].drop(columns="options"), sets


def whole():
    return WIDE[WIDE[VISITS].notna().all(axis=1)]


def test_the_stored_imputations_of_r_give_the_pooled_result_of_r(monkeypatch):
    stored = data("data/imputed_m20")
    gaps = np.flatnonzero(WIDE["Week 12"].isna())
    values = stored["W12"].to_numpy("float64").reshape(20, len(WIDE))[:, gaps]

    def theirs(scores, **_):
        # The room hands over its subjects in the order of ADSL, which is that of the stored sets.
        return _impute.Imputed(gaps, np.full(len(gaps), 5), values, np.full((1, 20, 6), np.nan))

    monkeypatch.setattr(_scores._impute, "impute", theirs)
    facts, _ = impute(trial(), criterion=OPTIONS["criterion"] | {"decimals": 6})
    want = oracle("11_missing_data")["pooled_by_delta"][0]
    assert stat(facts, "n") == pytest.approx(np.mean(want["x"]), rel=1e-12)
    for name, value in zip(("p", "pooled_low", "pooled_high"), want["logit_backtransformed"], strict=True):
        assert stat(facts, name) == pytest.approx(value, rel=1e-8)
    for name, theirs_name in (
        ("within", "ubar"),
        ("between", "b"),
        ("total", "total_var"),
        ("share", "lambda"),
        ("increase", "riv"),
        ("df", "df_barnard_rubin"),
    ):
        assert stat(facts, name) == pytest.approx(want["logit"][theirs_name], rel=1e-8)


def test_without_a_missing_response_the_result_is_the_observed_one_and_no_information_is_missing():
    datasets = trial(whole())
    facts, _ = impute(datasets)
    yes = (datasets["adrs"]["PARAMCD"] == "RESP") & (datasets["adrs"]["AVAL"] == 1)
    n = len(whole())
    assert (stat(facts, "n"), stat(facts, "N"), stat(facts, "p")) == (yes.sum(), n, yes.sum() / n)
    assert (stat(facts, "missing_information"), stat(facts, "between"), stat(facts, "mcse")) == (0, 0, 0)
    assert stat(facts, "n_imputed") == 0
    want = _rubin.on_logit(np.full(3, yes.sum()), n, 0.95)
    assert (stat(facts, "pooled_low"), stat(facts, "pooled_high")) == (float(want.low), float(want.high))
    assert facts.loc[facts["stat_name"] == "r_hat_max", "warning"].tolist() == ["nothing to impute"]


def test_a_subject_with_a_composite_event_stays_a_nonresponder_in_every_imputation():
    gone = WIDE.loc[WIDE["Week 12"].isna(), "USUBJID"].tolist()
    facts, sets = impute(trial(composite=gone))
    assert (stat(facts, "n_kept"), stat(facts, "n_imputed"), stat(facts, "between")) == (len(gone), 0, 0)
    some, _ = impute(trial(composite=gone[:5]))
    assert (stat(some, "n_kept"), stat(some, "n_imputed")) == (5, len(gone) - 5)
    # Even were every open response one, these five would stay without.
    assert stat(some, "n") <= stat(facts, "n") + len(gone) - 5
    assert members(facts, sets, "n_kept")[1] == WIDE.index[WIDE["Week 12"].isna()].tolist()


def test_one_seed_gives_the_same_bits():
    one, two = impute(trial())[0], impute(trial())[0]
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert stat(impute(trial(), seed=2)[0], "n") != stat(one, "n")


def test_row_order_and_the_names_of_subjects_change_no_bit():
    plain = impute(trial(composite=["PPP-007"]))[0]
    rng = np.random.default_rng(4)
    datasets = trial(composite=["PPP-007"])
    mixed = {name: frame.sample(frac=1, random_state=3).reset_index(drop=True) for name, frame in datasets.items()}
    named = dict(zip(WIDE["USUBJID"], rng.permutation(WIDE["USUBJID"]), strict=True))
    renamed = {name: frame.assign(USUBJID=frame["USUBJID"].map(named).astype("str")) for name, frame in mixed.items()}
    for other in (mixed, renamed):
        same = impute(other)[0]
        pd.testing.assert_series_equal(same["stat"], plain["stat"], check_exact=True)
        pd.testing.assert_series_equal(same["stat_text"], plain["stat_text"])


def test_a_larger_delta_never_gives_more_responders():
    deltas = [-20, -3, 0, 0.5, 3, 20, 80]
    facts, _ = impute(trial(), deltas=deltas)
    n = [stat(facts, "n", group2_level=f"{delta:g}") for delta in deltas]
    assert n == sorted(n, reverse=True)
    assert n[0] > n[-1]
    plain = impute(trial())[0]
    for name in ("n", "p", "pooled_low", "df", "mcse", "imputed_mean"):
        assert stat(facts, name, group2_level="0") == stat(plain, name)
    # At the end of the scale no imputed score is a response, and the result is that of non-responder imputation.
    observed = stat(plain, "n_observed")
    yes = trial()["adrs"].query("PARAMCD == 'RESP' and AVAL == 1")
    assert (n[-1], stat(facts, "between", group2_level="80")) == (len(yes), 0)
    assert observed == WIDE["Week 12"].notna().sum()


def test_imputed_scores_stay_within_the_limits_and_moving_them_there_changes_no_response():
    facts, _ = impute(trial(), deltas=[-500, 500])
    assert stat(facts, "imputed_mean", group2_level="-500") == 0
    assert stat(facts, "imputed_mean", group2_level="500") == 72
    held, free = impute(trial())[0], impute(trial(), limits=[-1e9, 1e9])[0]
    assert stat(held, "outside") > 0 == stat(free, "outside")
    assert stat(held, "imputed_mean") > stat(free, "imputed_mean")
    assert stat(held, "n") == stat(free, "n")


def test_the_response_is_derived_from_the_score_as_collected():
    # 15.94 of 31.9 is above half, but it is collected as 15.9, which is below 15.95.
    base, post = np.array([31.9]), np.array([[15.94], [15.96]])
    met = _criterion.met(_criterion.units(base, 1), _criterion.units(post, 1), OPTIONS["criterion"])
    assert met.ravel().tolist() == [True, False]


@pytest.mark.parametrize("gone", ["Week 12", VISITS[1:]])
def test_when_no_score_is_observed_the_result_is_an_error_that_says_so(gone):
    wide = WIDE.copy()
    wide[gone] = np.nan
    facts, _ = impute(trial(wide))
    first = facts[facts["stat_name"] == "p"].iloc[0]
    assert np.isnan(first["stat"])
    assert "0 observed scores for 6 coefficients" in first["error"]
    assert np.isnan(stat(facts, "p_value"))
    assert stat(facts, "N") == len(WIDE)


def test_one_subject_with_a_response_has_the_interval_of_its_one_proportion():
    facts, _ = impute(trial(whole().head(1)))
    assert stat(facts, "N") == 1
    assert stat(facts, "p") in (0, 1)
    assert facts.loc[facts["stat_name"] == "interval", "stat_text"].tolist() == ["Lott-Reiter"]
    missing, _ = impute(trial(WIDE[WIDE["Week 12"].isna()].head(1)))
    assert np.isnan(stat(missing, "p"))


def test_a_proportion_of_1_is_pooled_by_the_score_interval_and_named():
    wide = WIDE.assign(**{"Week 12": WIDE["Week 12"].where(WIDE["Week 12"].isna(), 0.0)})
    facts, _ = impute(trial(wide))
    assert facts.loc[facts["stat_name"] == "interval", "stat_text"].tolist() == ["Lott-Reiter"]
    assert stat(facts, "pooled_low") == stat(facts, "wilson_low")
    assert "score interval" in facts.loc[facts["stat_name"] == "p", "warning"].iloc[0]


def test_a_subject_without_a_baseline_is_not_imputed_and_named():
    wide = WIDE.copy()
    first = wide.index[wide["Week 12"].isna()][0]
    wide.loc[first, "Baseline"] = np.nan
    facts, sets = impute(trial(wide))
    assert (stat(facts, "left_out"), stat(facts, "entered")) == (1, len(wide) - 1)
    assert members(facts, sets, "left_out")[1] == [first]
    assert stat(facts, "n_imputed") == wide["Week 12"].isna().sum() - 1


def test_each_arm_is_imputed_alone_and_from_draws_of_its_own():
    both = pd.concat([WIDE, WIDE.assign(USUBJID=WIDE["USUBJID"] + "b")], ignore_index=True)
    page = {"arms": [{"label": "A", "treated": True}, {"label": "B", "treated": True}]}
    facts, _ = impute(trial(both, arms=["A"] * len(WIDE) + ["B"] * len(WIDE)), page)
    assert stat(facts, "n", group1_level="A") == stat(impute(trial())[0], "n")
    assert stat(facts, "n", group1_level="A") != stat(facts, "n", group1_level="B")


def test_chains_that_have_not_mixed_are_doubted_and_long_ones_are_not():
    short, long = (impute(trial(), m=60, iterations=i)[0] for i in (4, 150))
    assert stat(short, "r_hat_max") > 1.1 > stat(long, "r_hat_max")
    said = [f.loc[f["stat_name"] == "r_hat_max", "warning"].iloc[0] for f in (short, long)]
    assert said[0] == "chains not shown to have converged"
    assert pd.isna(said[1])
    visits = long.loc[long["stat_name"] == "r_hat", "variable_level"].tolist()
    assert visits == [v for v in VISITS if WIDE[v].isna().any()]


def test_few_imputations_are_doubted_for_their_monte_carlo_error():
    few, many = (impute(trial(), m=m)[0] for m in (5, 200))
    assert "raise m" in few.loc[few["stat_name"] == "mcse", "warning"].iloc[0]
    assert pd.isna(many.loc[many["stat_name"] == "mcse", "warning"].iloc[0])
    assert stat(few, "mcse") > stat(many, "mcse")


def test_what_other_defaults_give_stands_aside():
    spec = {"method": "multiple_imputation", "dataset": "adrs", "options": OPTIONS}
    facts, _, _ = run(multiple_imputation, spec, trial())
    aside = facts[facts["context"].notna()]
    assert aside["context"].nunique() == 2
    five = aside[aside["context"].str.startswith("m = 5")]
    only = impute(trial(), m=5)[0]
    for name in ("p", "pooled_low", "pooled_high"):
        assert stat(five, name) == stat(only, name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"draws": 5}, "not an option"),
        ({"m": 1}, "at least 2"),
        ({"m": 10.5}, "at least 2"),
        ({"seed": -1}, "at least 0"),
        ({"imputer": "mean"}, "known: normal, matching"),
        ({"visits": ["Baseline"]}, "two or more visits"),
        ({"visits": VISITS[:-1]}, "is not the one visit"),
        ({"visits": VISITS[:3] + VISITS[4:]}, "not among the visits"),
        ({"criterion": {"of": "SCORE", "fall": 75, "decimals": 1}}, "is this its criterion"),
        ({"criterion": {"of": "OTHER", "fall": 50, "decimals": 1}}, "neither the response nor the score"),
        ({"criterion": {"of": "SCORE", "fall": 50}}, "more decimals"),
        ({"limits": [0, 20]}, "beyond its limits"),
        ({"open": {"RSPCAT": "OBSERVED"}}, "is this its criterion"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    with pytest.raises(Cause, match=words):
        impute(trial(), **change)


def test_an_option_that_is_lacking_is_named():
    spec = {"method": "multiple_imputation", "dataset": "adrs"}
    with pytest.raises(Cause, match="needs the option"):
        run(
            multiple_imputation,
            spec | {"options": {k: v for k, v in OPTIONS.items() if k != "seed"}},
            trial(),
        )
