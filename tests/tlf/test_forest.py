from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import forest, lines
from tests.tlf._shelf import TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-04")

SVG = "{http://www.w3.org/2000/svg}"
ADRS = pd.DataFrame(
    {"USUBJID": pd.Series(list("12345678"), dtype="str"), "AVAL": [1.0, 0, 1, 0, 1, 1, 0, 0]},
)
SEX = pd.Series([*list("FFFFMMM"), None], dtype=object)
RARE = pd.Series(["Y"] + ["N"] * 7, dtype=object)
ALL = {"id": "all", "method": "proportion", "dataset": "adrs"}
GROUPS = {
    "id": "groups",
    "method": "subgroup",
    "dataset": "adrs",
    "options": {
        "min_subjects": 2,
        "subgroups": [{"variable": "SEX", "levels": ["F", "M", "U"]}, {"variable": "RARE", "needs": "Y"}],
    },
}
ODDS = {
    "id": "odds",
    "method": "firth",
    "dataset": "adrs",
    "options": {"models": [{"id": "sex", "covariates": [{"variable": "SEX", "reference": "F"}]}]},
}
BY_SEX = {"label": "Sex", "variable": "SEX", "each": "group2_level", "words": {"F": "Female", "M": "Male"}}
RATE = {
    "id": "f-1",
    "title": "Rates",
    "analysis": "groups",
    "header": "all",
    "columns": [{"label": "n/N", "show": "{n}/{N}"}, {"label": "%", "show": "{p}"}],
    "rows": [{"label": "All", "analysis": "all"}, BY_SEX],
}
RATIO = {
    "id": "f-2",
    "title": "Odds ratios",
    "analysis": "odds",
    "header": "none",
    "estimate": "or",
    "interval": "or",
    "scale": "log",
    "columns": [{"label": "Odds ratio", "show": "{or}", "absent": "reference"}],
    "texts": [{"label": "Odds ratio (95 % CI)", "show": "{or} ({or_low}, {or_high})"}],
    "rows": [{"label": "Sex", "variable": "SEX", "each": "variable_level", "having": "or"}],
}


def results(arms=None, page=None):
    return shelf([ALL, GROUPS, ODDS], {"adsl": people(8, arms, SEX=SEX, RARE=RARE), "adrs": ADRS}, page)


def drawn(made):
    return [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]


def shapes(made):
    return sum(1 for _ in ElementTree.fromstring(made["svg"]).iter(f"{SVG}use"))


def test_a_row_for_each_level_stands_under_a_heading_in_the_figure_and_beneath_it():
    made = forest.display(RATE, results(), {})
    assert [row["head"] for row in made["rows"]] == ["All", "Sex", "Female", "Male", "U", "Missing"]
    assert made["rows"][1]["section"] and [row["level"] for row in made["rows"][2:]] == [1, 1, 1, 1]
    assert {"Sex", "Female", "Male", "Missing"} <= set(drawn(made))
    assert texts(made)["Female"] == ["2/4", "50.0"]
    assert unbound(made) == []


def test_a_level_without_subjects_is_named_and_has_no_interval():
    whole, known = (
        forest.display(RATE | {"rows": [{"label": level, "variable": "SEX", "group2_level": level}]}, results(), {})
        for level in ("U", "F")
    )
    assert "0/0, NE (NE, NE)" in drawn(whole)
    assert shapes(known) == shapes(whole) + 1


def test_a_vertical_marks_the_value_of_a_statistic_and_a_note_stands_under_the_axis():
    spec = RATE | {
        "marks": [{"analysis": "all", "show": "p", "label": "All: {p} %"}],
        "note": {"variable": "AVAL", "show": "{looks} look at {subgroups} subgroups"},
    }
    assert {"All: 50.0 %", "1 look at 3 subgroups"} <= set(drawn(forest.display(spec, results(), {})))


def test_ratios_stand_on_a_logarithmic_axis_and_an_interval_beyond_it_ends_in_an_arrow():
    wide = forest.display(RATIO | {"limits": [0.001, 1000], "ticks": [0.1, 1, 10]}, results(), {})
    narrow = forest.display(RATIO | {"limits": [0.09, 11], "ticks": [0.1, 1, 10]}, results(), {})
    assert {"0.1", "1", "10"} <= set(drawn(wide))
    beyond = list(results().of("odds", "x").query("stat_name in ['or_low', 'or_high']")["stat"])
    assert beyond[0] > 0.09 and beyond[1] > 11
    assert shapes(narrow) == shapes(wide) + 1


def test_a_point_beyond_the_axis_is_not_drawn_inside_it():
    inside = forest.display(RATIO | {"limits": [0.1, 1000], "ticks": [1]}, results(), {})
    beyond = forest.display(RATIO | {"limits": [5, 1000], "ticks": [10]}, results(), {})
    assert shapes(beyond) == shapes(inside)  # one arrow more and one point less


def test_arms_stand_below_one_another_in_each_level():
    made = forest.display(RATE, results(["Drug", "Placebo"], TWO), {})
    assert {"Female, Drug", "Female, Placebo"} <= set(drawn(made))
    assert texts(made)["Female"] == ["2/2", "100", "0/2", "0"]


def test_labels_numbers_and_plot_have_their_own_columns():
    made = forest.display(RATE, results(), {})
    at = {e.text: e for e in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")}
    x = {text: float(e.get("x", "nan")) for text, e in at.items() if e.get("x")}
    assert x["Sex"] < x["Female"] < x["2/4, 50.0 (6.8, 93.2)"] < float(made["svg"].split('width="')[1].split('"')[0])


def test_a_row_that_the_analysis_may_leave_out_is_optional():
    rare = {"label": "Rare", "variable": "RARE", "each": "group2_level"}
    assert "Rare" not in texts(lines.display(RATE | {"rows": [rare | {"optional": True}]}, results(), {}))
    with pytest.raises(Cause, match="no fact stands for this row"):
        lines.display(RATE | {"rows": [rare]}, results(), {})


def test_what_was_left_out_is_listed_with_its_count():
    rows = [
        {
            "label": "Too few",
            "each": "variable",
            "having": "too_few",
            "show": ["{too_few}", ""],
            "words": {"RARE": "Rare"},
        }
    ]
    assert texts(lines.display(RATE | {"rows": rows}, results(), {})) == {"Too few": [], "Rare": ["1", ""]}


def test_a_heading_can_bear_numbers_and_a_row_without_a_statistic_a_word():
    rows = [{"label": "Sex", "variable": "SEX", "each": "variable_level", "having": "subjects", "head": ["{joint_p}"]}]
    made = lines.display(RATIO | {"rows": rows}, results(), {})
    assert made["rows"][0]["section"] and len(texts(made)["Sex"]) == 1
    assert texts(made)["F"] == ["reference"]
    assert unbound(made) == []


def test_a_row_with_too_few_texts_is_refused():
    rows = [{"label": "All", "analysis": "all", "show": ["{n}"]}]
    with pytest.raises(Cause, match="one text per column"):
        lines.display(RATE | {"rows": rows}, results(), {})


def test_a_point_that_stands_for_no_fact_is_refused():
    with pytest.raises(Cause, match="0 facts stand for one point"):
        forest.display(RATE | {"estimate": "mean"}, results(), {})
