"""Differences between arms against R, against published intervals, and against their own laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crf2csr.ard import _strata, _two_proportions, difference
from crf2csr.errors import Cause
from tests.ard._tables import REFERENCE, data, members, oracle, run, stat

pytestmark = pytest.mark.req("URS-ARD-04")

PUBLISHED = pd.read_csv(REFERENCE / "published_ci_difference.csv")
R = oracle("04_mcnemar_2x2")


@pytest.mark.parametrize("row", list(PUBLISHED.itertuples()), ids=lambda r: f"{r.Index}-{r.method}-{r.x1}-{r.x2}")
def test_each_published_interval_is_reproduced_to_the_digits_printed(row):
    ends = _two_proportions.INTERVALS[row.method](row.x1, row.n1, row.x2, row.n2, row.level)
    np.testing.assert_allclose(
        np.array(ends) * row.scale, [row.lo_published, row.hi_published], atol=0.5001 * 10.0**-row.decimals, rtol=0
    )


# R 4.2.2: z(t) = (d - t) / sqrt((p1(1-p1)/n1 + p0(1-p0)/n0) N/(N-1)), p1 and p0 by uniroot on the slope of the
# likelihood (tol 1e-16), the ends by uniroot on z (tol 1e-14).
MIETTINEN_NURMINEN = [
    ((56, 70, 48, 80), (0.05282971324584, 0.33817294001587)),
    ((9, 10, 3, 10), (0.1700250164244, 0.8406495439433)),
    ((6, 7, 2, 7), (0.03417554508436, 0.85340525989742)),
    ((5, 56, 0, 29), (-0.03259656174351, 0.19333097669088)),
    ((0, 10, 0, 20), (-0.1657602275422, 0.2843813395344)),
    ((0, 10, 0, 10), (-0.287933941282, 0.287933941282)),
    ((10, 10, 0, 20), (0.7156186604656, 1.0)),
    ((36, 154, 12, 77), (-0.03606525818442, 0.17749512868042)),
    ((62, 84, 29, 86), (0.2556573032384, 0.5284473210993)),
]


@pytest.mark.parametrize(("table", "want"), MIETTINEN_NURMINEN)
def test_the_interval_of_miettinen_and_nurminen_agrees_with_r(table, want):
    np.testing.assert_allclose(_two_proportions.miettinen_nurminen(*table, 0.95), want, rtol=1e-11)


@pytest.mark.parametrize("case", ["sub_sex", "sub_smoke", "sub_bio"])
def test_fishers_test_and_both_odds_ratios_agree_with_r(case):
    a, c, b, d = R[case]["n"]
    table = (a, a + b, c, c + d)
    assert _two_proportions.fisher(*table) == pytest.approx(R[case]["fisher_p"], rel=1e-12)
    np.testing.assert_allclose(_two_proportions.exact_odds_ratio(*table, 0.95), R[case]["fisher_tight"], rtol=1e-11)
    np.testing.assert_allclose(_two_proportions.exact_odds_ratio(*table, 0.95)[1:], R[case]["fisher_ci"], rtol=2e-4)
    np.testing.assert_allclose(_two_proportions.odds_ratio(*table, 0.95), R[case]["or_wald"], rtol=1e-12)
    assert _two_proportions.chi_square(*table, False) == pytest.approx(R[case]["chi2_p"], rel=1e-12)


TABLES = {"tea": (3, 4, 1, 4), "twins": (2, 17, 10, 13)}


@pytest.mark.parametrize("name", TABLES)
def test_fishers_test_of_published_tables_agrees_with_r(name):
    want, table = R["published"][name], TABLES[name]
    assert _two_proportions.fisher(*table) == pytest.approx(want.get("p_two", want.get("p")), rel=1e-12)
    estimate, *interval = _two_proportions.exact_odds_ratio(*table, 0.95)
    # The search of fisher.test stops early: 621.9 for 626.2 as upper limit of the tea. The tails decide.
    np.testing.assert_allclose([estimate, *interval], [want["or"], *want["ci"]], rtol=1e-2)
    x1, n1, x0, n0 = table
    margins = (n1 + n0, n1, x1 + x0)
    assert stats.nchypergeom_fisher.sf(x1 - 1, *margins, interval[0]) == pytest.approx(0.025, rel=1e-8)
    assert stats.nchypergeom_fisher.cdf(x1, *margins, interval[1]) == pytest.approx(0.025, rel=1e-8)
    assert stats.nchypergeom_fisher.mean(*margins, estimate) == pytest.approx(x1, rel=1e-8)


# R 4.2.2, prop.test with and without correction: interval, p, p.
PROP_TEST = [
    ((56, 70, 48, 80), (0.04411204200618, 0.3558879579938201, 0.0134094751786689, 0.0080450813681966)),
    ((5, 56, 0, 29), (-0.011569710296324, 0.190141138867753, 0.240999114196343, 0.097186568170580)),
    ((62, 84, 29, 86), (0.25192009066436, 0.54985178087495, 3.6601374745004e-07, 1.6090636056239e-07)),
]


@pytest.mark.parametrize(("table", "want"), PROP_TEST)
def test_what_r_gives_by_default_is_what_r_gives(table, want):
    got = (*_two_proportions.wald_cc(*table, 0.95), *(_two_proportions.chi_square(*table, c) for c in (True, False)))
    np.testing.assert_allclose(got, want, rtol=1e-12)


# The admissions to Berkeley (UCBAdmissions of R): men and women by department.
UCB = tuple(
    np.array(counts)
    for counts in (
        [512, 353, 120, 138, 53, 22],
        [825, 560, 325, 417, 191, 373],
        [89, 17, 202, 131, 94, 24],
        [108, 25, 593, 375, 393, 341],
    )
)


def test_the_stratified_test_and_the_common_odds_ratio_agree_with_r():
    want = R["published"]["ucb"]
    assert _strata.cochran_mantel_haenszel(*UCB, correct=True)[0] == pytest.approx(want["chi2"], rel=1e-12)
    np.testing.assert_allclose(
        _strata.cochran_mantel_haenszel(*UCB, correct=False), (1.5246066604434, 0.21692369705552), rtol=1e-12
    )
    np.testing.assert_allclose(_strata.odds_ratio(*UCB, 0.95), [want["or"], *want["ci"]], rtol=1e-12)


def test_the_common_difference_agrees_with_r():
    # metafor 3.8-1: rma.mh(measure = "RD") on UCBAdmissions: estimate, standard error, interval
    want = (-0.0184251961908525, 0.0148253944383109, -0.0474824353465422, 0.0106320429648372)
    np.testing.assert_allclose(_strata.difference(*UCB, 0.95), want, rtol=1e-12)


def test_of_one_stratum_the_common_difference_is_the_difference():
    one = tuple(np.array([v]) for v in (56, 70, 48, 80))
    assert _strata.difference(*one, 0.95)[0] == pytest.approx(56 / 70 - 48 / 80, rel=1e-14)
    assert _strata.odds_ratio(*one, 0.95)[0] == pytest.approx(56 * 32 / (14 * 48), rel=1e-14)


def test_a_stratum_that_cannot_inform_changes_nothing():
    more = tuple(np.append(v, extra) for v, extra in zip(UCB, (3, 3, 0, 0), strict=True))
    for function in (_strata.odds_ratio, _strata.difference):
        np.testing.assert_array_equal(function(*more, 0.95), function(*UCB, 0.95))


def test_without_an_informative_stratum_nothing_is_defined():
    empty = tuple(np.array([v]) for v in (3, 3, 0, 0))
    assert np.isnan(_strata.cochran_mantel_haenszel(*empty, correct=False)).all()
    assert np.isnan(_strata.odds_ratio(*empty, 0.95)).all() and np.isnan(_strata.difference(*empty, 0.95)).all()


@st.composite
def tables(draw):
    n1, n0 = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n0)), n0


PROPERTIES = settings(max_examples=40, derandomize=True, deadline=None)


@pytest.mark.parametrize("name", _two_proportions.INTERVALS)
@PROPERTIES
@given(tables())
def test_an_interval_mirrors_when_arms_or_outcomes_are_swapped(name, table):
    x1, n1, x0, n0 = table
    interval = _two_proportions.INTERVALS[name]
    lower, upper = interval(*table, 0.95)
    np.testing.assert_allclose(interval(x0, n0, x1, n1, 0.95), (-upper, -lower), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(interval(n1 - x1, n1, n0 - x0, n0, 0.95), (-upper, -lower), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", sorted(set(_two_proportions.INTERVALS) - {"agresti_caffo"}))
@PROPERTIES
@given(tables())
def test_an_interval_holds_the_difference_and_shrinks_with_more_subjects(name, table):
    x1, n1, x0, n0 = table
    lower, upper = _two_proportions.INTERVALS[name](*table, 0.95)
    assert lower - 1e-12 <= x1 / n1 - x0 / n0 <= upper + 1e-12
    fourfold = _two_proportions.INTERVALS[name](*(4 * v for v in table), 0.95)
    assert fourfold[1] - fourfold[0] <= upper - lower + 1e-12


@PROPERTIES
@given(tables())
def test_the_exact_odds_ratio_lies_in_its_interval_and_turns_over_with_the_arms(table):
    x1, n1, x0, n0 = table
    estimate, lower, upper = _two_proportions.exact_odds_ratio(*table, 0.95)
    if np.isnan(estimate):
        assert x1 + x0 in (0, n1 + n0)
        return
    assert lower <= estimate <= upper
    turned = _two_proportions.exact_odds_ratio(x0, n0, x1, n1, 0.95)
    for ours, theirs in zip((estimate, lower, upper), (turned[0], turned[2], turned[1]), strict=True):
        assert ours == pytest.approx(np.inf if theirs == 0 else 1 / theirs, rel=1e-8)


@PROPERTIES
@given(tables(), st.floats(-0.95, 0.95))
def test_the_restricted_pair_is_more_likely_than_its_neighbours(table, difference_):
    x1, n1, x0, n0 = table
    p1, p0 = _two_proportions.restricted(difference_, *table)
    assert p1 - p0 == pytest.approx(difference_, abs=1e-12) and 0 <= p0 <= 1 and 0 <= p1 <= 1

    def loglik(p):
        q = p + difference_
        parts = ((x1, q), (n1 - x1, 1 - q), (x0, p), (n0 - x0, 1 - p))
        return sum(count * np.log(share) if share > 0 else -np.inf for count, share in parts if count)

    low, high = max(0, -difference_), min(1, 1 - difference_)
    for near in (p0 - 1e-4, p0 + 1e-4):
        if low < near < high:
            assert loglik(near) <= loglik(p0) + 1e-9


# Arms of the trial in the reference data: women against men, strata are regions, response at week 12.
PAGE = {"arms": [{"label": "M", "treated": True}, {"label": "F", "treated": True}]}


def trial():
    people, visits = data("data/subjects"), data("data/visits")
    adsl = people.assign(TRT01P=people["SEX"])[["USUBJID", "TRT01P", "REGION"]]
    return {"adsl": adsl, "adrs": visits[visits["AVISITN"] == 12].reset_index(drop=True)}


OPTIONS = {"reference": "M", "intervals": ["miettinen_nurminen", "newcombe"], "strata": ["REGION"], "compare": True}
SPEC = {"method": "difference", "dataset": "adrs", "variable": "RESP50", "options": OPTIONS}


def test_arms_are_compared_by_stratum_as_r_does():
    facts, sets, _ = run(difference, SPEC, trial(), PAGE)
    declared = facts[facts["context"].isna()]
    assert set(facts["group1_level"]) == {"F"}
    assert [stat(declared, s) for s in ("n", "N", "reference_n", "reference_N", "strata")] == [20, 42, 6, 18, 2]
    assert stat(declared, "difference") == pytest.approx(20 / 42 - 6 / 18)
    assert stat(declared, "fisher_p") == pytest.approx(R["sub_sex"]["fisher_p"], rel=1e-12)
    # The stored table has non-response first and men first, so its odds ratio is that of women against men.
    assert stat(declared, "odds_ratio") == pytest.approx(R["sub_sex"]["fisher_tight"][0], rel=1e-11)
    assert stat(declared, "cmh_chisq") == pytest.approx(R["cmh"]["chi2"], rel=1e-12)
    assert stat(declared, "cmh_p") == pytest.approx(R["cmh"]["p"], rel=1e-12)
    got = [stat(declared, f"mh_odds_ratio{end}") for end in ("", "_low", "_high")]
    np.testing.assert_allclose(got, [R["cmh"]["or"], *R["cmh"]["ci"]], rtol=1e-12)
    # metafor 3.8-1: rma.mh(measure = "RD")
    got = [stat(declared, f"mh_difference{end}") for end in ("", "_se", "_low", "_high")]
    np.testing.assert_allclose(
        got, (0.133220910623946, 0.135600989368309, -0.132552144805939, 0.398993966053831), 1e-12
    )
    assert stat(facts[facts["context"].notna()], "cmh_chisq") == pytest.approx(R["cmh"]["chi2_cc"], rel=1e-12)
    assert members(declared, sets, "difference")[1] == list(range(60))


def test_who_has_no_stratum_is_left_out_of_the_stratified_test_and_counted():
    datasets = trial()
    datasets["adsl"].loc[3, "REGION"] = np.nan
    facts, sets, _ = run(difference, SPEC, datasets, PAGE)
    assert stat(facts, "left_out", variable_level="No stratum") == 1
    assert members(facts, sets, "left_out") == ("adsl", [3])
    assert stat(facts, "N") + stat(facts, "reference_N") == 60


def test_lines_count_subjects_with_a_row_that_meets_a_condition_once():
    adsl = pd.DataFrame({"USUBJID": list("123456"), "TRT01P": list("MMMFFF")})
    adae = pd.DataFrame({"USUBJID": list("44561"), "AESER": list("YYNNY")})
    lines = [{"id": "any"}, {"id": "serious", "where": {"AESER": "Y"}}]
    spec = {"dataset": "adae", "options": {"reference": "M", "lines": lines}}
    facts, sets, _ = run(difference, spec, {"adsl": adsl, "adae": adae}, PAGE)
    assert [stat(facts, s, variable_level="any") for s in ("n", "reference_n")] == [3, 1]
    assert [stat(facts, s, variable_level="serious") for s in ("n", "reference_n")] == [1, 1]
    assert stat(facts, "difference", variable_level="any") == pytest.approx(2 / 3)
    assert members(facts, sets, "n", variable_level="any") == ("adae", [0, 1, 2, 3])


def test_a_cell_of_0_is_warned_of_and_an_empty_arm_is_undefined():
    adsl = pd.DataFrame({"USUBJID": list("1234"), "TRT01P": list("MMFF")})
    adrs = pd.DataFrame({"USUBJID": list("1234"), "AVAL": [0.0, 0, 1, 1]})
    spec = {"dataset": "adrs", "options": {"reference": "M"}}
    facts, _, _ = run(difference, spec, {"adsl": adsl, "adrs": adrs}, PAGE)
    assert np.isnan(stat(facts, "odds_ratio")) and stat(facts, "odds_ratio_low") > 0
    warnings = facts.set_index("stat_name")["warning"]
    assert warnings["odds_ratio"] == "a cell is 0; infinite" and warnings["odds_ratio_low"] == "a cell is 0"
    spec["options"] = {"reference": "M", "missing": "exclude", "compare": True}
    facts, _, _ = run(difference, spec, {"adsl": adsl, "adrs": adrs[2:]}, PAGE)
    undefined = facts[facts["stat_name"].isin(["difference", "newcombe_low", "fisher_p", "odds_ratio"])]
    assert undefined["stat"].isna().all() and (undefined["warning"] == "no subject in one of the arms").all()
    assert facts["context"].isna().all()


def by_term(**options):
    """Twelve subjects, six in each arm; a term of one name in two classes, one that is missing, one that is rare."""
    adsl = pd.DataFrame({"USUBJID": list("abcdefghijkl"), "TRT01P": ["M"] * 6 + ["F"] * 6})
    events = [("a", "S", "Ache"), ("a", "S", "Ache"), ("b", "S", "Ache"), ("g", "S", "Ache"), ("h", "T", "Ache")]
    events += [("c", "T", None), ("d", "T", None), ("e", "T", "Rare"), ("i", "T", "Ache")]
    adae = pd.DataFrame(events, columns=["USUBJID", "SOC", "PT"]).astype("str")
    adae["PT"] = adae["PT"].where(adae["PT"] != "None")
    o = {"reference": "F", "terms": ["SOC", "PT"], "intervals": ["newcombe"], **options}
    return run(difference, {"dataset": "adae", "options": o}, {"adsl": adsl, "adae": adae}, PAGE)


def test_each_term_is_compared_by_its_subjects_once_each_and_a_missing_term_is_one():
    facts, sets, _ = by_term()
    found = facts[facts["group3_level"].notna()]
    counts = {
        (soc, pt): [stat(one, name) for name in ("n", "N", "reference_n", "reference_N")]
        for (soc, pt), one in found.groupby(["group2_level", "group3_level"])
    }
    assert counts == {
        ("S", "Ache"): [2, 6, 1, 6],
        ("T", "Ache"): [0, 6, 2, 6],
        ("T", "Not coded"): [2, 6, 0, 6],
        ("T", "Rare"): [1, 6, 0, 6],
    }
    assert members(found, sets, "n", group2_level="S") == ("adae", [0, 1, 2])
    ends = [stat(found, f"newcombe_{end}", group2_level="S") for end in ("low", "high")]
    np.testing.assert_allclose(ends, _two_proportions.INTERVALS["newcombe"](2, 6, 1, 6, 0.95))
    assert set(facts["group1_level"]) == {"M"} and stat(facts, "terms_left_out") == 0


def test_a_term_is_kept_where_some_arm_reaches_the_share_and_the_others_are_counted():
    facts, _, _ = by_term(at_least=2 / 6)
    kept = facts[["group2_level", "group3_level"]].dropna().drop_duplicates().to_numpy().tolist()
    assert kept == [["S", "Ache"], ["T", "Ache"], ["T", "Not coded"]]
    assert stat(facts, "terms_left_out") == 1
    assert stat(by_term(at_least=0.9)[0], "terms_left_out") == 4


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"lines": [{"id": "any"}]}, "without `lines`"),
        ({"terms": ["SOC", "NONE"]}, "not a variable"),
    ],
)
def test_terms_that_cannot_be_compared_are_refused(more, match):
    with pytest.raises(Cause, match=match):
        by_term(**more)


def test_a_share_without_terms_is_refused():
    with pytest.raises(Cause, match="chooses among"):
        run(difference, SPEC | {"options": OPTIONS | {"at_least": 0.1}}, trial(), PAGE)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"reference": "Placebo"}, "not an arm"),
        ({"intervals": ["mee"]}, "not an interval"),
        ({"odds_ratio": "exact"}, "conditional or sample"),
        ({"strata": ["SITE"]}, "not a variable"),
        ({"missing": "locf"}, "nonresponder or exclude"),
    ],
)
def test_what_it_does_not_know_is_refused(more, match):
    with pytest.raises(Cause, match=match):
        run(difference, SPEC | {"options": OPTIONS | more}, trial(), PAGE)


def test_a_study_of_one_arm_has_no_difference():
    adsl = pd.DataFrame({"USUBJID": ["1"], "TRT01P": ["M"]})
    with pytest.raises(Cause, match="the study has one"):
        run(difference, SPEC, {"adsl": adsl, "adrs": trial()["adrs"]}, {"arms": PAGE["arms"][:1]})


def test_a_total_has_no_difference():
    with pytest.raises(Cause, match="no total"):
        run(difference, SPEC | {"total": "All"}, trial(), PAGE)
