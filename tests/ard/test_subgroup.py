import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import _binomial, subgroup
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-12")

SPEC = {"method": "subgroup", "dataset": "adrs"}
ADSL = subjects(
    6,
    AGEGR1=pd.Series(["<45", ">=65", "<45", None, "45-<65", ">=65"], dtype=object),
    RAREFL=pd.Series(["Y", "N", "N", "N", "N", "Y"], dtype=object),
)
ADRS = pd.DataFrame({"USUBJID": pd.Series(list("12345"), dtype="str"), "AVAL": [1.0, 0, 1, 1, 0]})
AGE = {"variable": "AGEGR1", "levels": ["<45", "45-<65", ">=65"]}
RARE = {"variable": "RAREFL", "levels": ["Y", "N"], "needs": "Y"}


def made(*planned, adsl=ADSL, adrs=ADRS, page=None, **options):
    return run(
        subgroup, SPEC | {"options": {"subgroups": list(planned), **options}}, {"adsl": adsl, "adrs": adrs}, page
    )


def test_each_level_has_counts_a_proportion_and_its_exact_interval():
    facts, sets, _ = made(AGE)
    young = facts[facts["group2_level"] == "<45"]
    assert (stat(young, "n"), stat(young, "N"), stat(young, "p")) == (2, 2, 1)
    ends = stat(young, "clopper_pearson_low"), stat(young, "clopper_pearson_high")
    assert ends == _binomial.clopper_pearson(2, 2, 0.95)
    assert members(facts, sets, "n", group2_level="<45") == ("adrs", [0, 2])
    assert members(facts, sets, "N", group2_level="<45") == ("adsl", [0, 2])


def test_levels_stand_as_declared_with_missing_at_the_end():
    facts, sets, _ = made(AGE)
    assert list(facts["group2_level"].dropna().unique()) == ["<45", "45-<65", ">=65", "Missing"]
    assert members(facts, sets, "N", group2_level="Missing") == ("adsl", [3])
    assert stat(facts, "n", group2_level="Missing") == 1


def test_without_a_missing_level_there_is_no_such_row_and_an_unlisted_level_is_not_lost():
    facts, _, _ = made({"variable": "RAREFL", "levels": ["Y"]})
    assert list(facts["group2_level"].dropna().unique()) == ["Y", "N"]


def test_a_declared_level_without_subjects_is_there_and_not_estimable():
    facts, _, _ = made({"variable": "RAREFL", "levels": ["Y", "N", "U"]})
    none = facts[facts["group2_level"] == "U"]
    assert (stat(none, "n"), stat(none, "N")) == (0, 0)
    assert none.loc[none["stat_name"] == "p", "warning"].eq("no subject in the denominator").all()
    assert stat(facts, "subgroups") == 2


def test_a_subject_without_a_row_counts_as_nonresponse_or_is_left_out():
    facts, _, _ = made(AGE)
    old = facts[facts["group2_level"] == ">=65"]
    assert (stat(old, "n"), stat(old, "n_not"), stat(old, "n_missing"), stat(old, "N")) == (0, 1, 1, 2)
    facts, _, _ = made(AGE, missing="exclude")
    assert stat(facts, "N", group2_level=">=65") == 1


@pytest.mark.parametrize(("least", "shown"), [(2, True), (3, False)])
def test_a_variable_with_fewer_subjects_than_it_needs_is_named_with_their_number(least, shown):
    facts, sets, _ = made(AGE, RARE, min_subjects=least)
    assert ("Y" in set(facts["group2_level"])) == shown
    assert stat(facts, "looks") == 1 + shown
    assert stat(facts, "subgroups") == 4 + 2 * shown
    if not shown:
        assert members(facts, sets, "too_few", variable="RAREFL") == ("adsl", [0, 5])


def test_the_rule_looks_at_all_arms_and_each_arm_has_its_rows():
    adsl = ADSL.assign(TRT01P=pd.Series(["A", "B"] * 3, dtype="str"))
    facts, _, _ = made(AGE, RARE, adsl=adsl, page={"arms": [{"label": "A"}, {"label": "B"}]}, min_subjects=3)
    assert [stat(facts, "too_few", group1_level=arm) for arm in "AB"] == [1, 1]
    assert [stat(facts, "N", group1_level=arm, group2_level="<45") for arm in "AB"] == [2, 0]


@given(st.lists(st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from([0, 1])), min_size=1, max_size=25))
@settings(max_examples=25, derandomize=True, deadline=None)
def test_the_subgroups_of_a_variable_add_up_to_all_subjects(cells):
    adsl = subjects(len(cells), G=pd.Series([level for level, _ in cells], dtype=object))
    adrs = pd.DataFrame({"USUBJID": adsl["USUBJID"], "AVAL": [float(value) for _, value in cells]})
    facts, _, _ = made({"variable": "G"}, adsl=adsl, adrs=adrs)
    total = facts[facts["group2_level"].notna()].groupby("stat_name")["stat"].sum()
    assert (total["n"], total["N"]) == (sum(value for _, value in cells), len(cells))


@pytest.mark.parametrize(
    ("planned", "options", "words"),
    [
        ([AGE, AGE], {}, "twice"),
        ([{"variable": "SEX"}], {}, "not a variable of ADSL"),
        ([AGE | {"shown": 1}], {}, "not known here"),
        ([AGE], {"intervals": ["exact"]}, "not an interval"),
        ([AGE], {"sort": "n"}, "not an option"),
        ([RARE], {}, "min_subjects"),
        ([{"variable": "AGEGR1", "levels": ["Missing"]}], {}, "without a level"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(planned, options, words):
    with pytest.raises(Cause, match=words):
        made(*planned, **options)
