import numpy as np
import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import baseline, cross, lines, listing, shift, summary, terms, visits
from crf2csr.tlf._cells import notes
from tests.tlf._shelf import TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-03")

ADRS = pd.DataFrame(
    {
        "USUBJID": pd.Series(["1", "2", "1", "2"], dtype="str"),
        "PARAM": pd.Series(["Score"] * 4, dtype="str"),
        "AVISIT": pd.Series(["Week 1", "Week 1", "Week 2", "Week 2"], dtype="str"),
        "AVAL": [1.0, 0.0, 1.0, 1.0],
        "BASIS": pd.Series(["Observed", "Missing", "Observed", "Observed"], dtype="str"),
    }
)
RATE = {"id": "rate", "method": "proportion", "dataset": "adrs", "by": ["PARAM", "AVISIT"]}
ALL = {"id": "all", "method": "proportion", "dataset": "adrs", "where": {"AVISIT": "Week 2"}}
COLUMNS = [{"label": "n/N", "show": "{n}/{N}"}, {"label": "%", "show": "{p}"}]


def test_summary_has_a_row_per_line_and_a_column_per_arm():
    spec = {
        "id": "t",
        "analysis": "all",
        "rows": [{"label": "Responders", "show": "{n}/{N}"}, {"label": "%", "show": "{p}"}],
    }
    made = summary.display(spec, shelf([ALL], {"adsl": people(2, ["Drug", "Placebo"]), "adrs": ADRS}, TWO), {})
    assert [c["label"] for c in made["columns"]] == ["Drug", "Placebo"]
    assert texts(made) == {"Responders": ["1/1", "1/1"], "%": ["100", "100"]}
    assert unbound(made) == []


def test_lines_show_one_analysis_each():
    spec = {"id": "t", "analysis": "all", "columns": COLUMNS, "rows": [{"label": "Week 2", "analysis": "all"}]}
    assert texts(lines.display(spec, shelf([ALL], {"adsl": people(4), "adrs": ADRS}), {})) == {
        "Week 2": ["2/4", "50.0"]
    }


def test_lines_can_give_each_arm_a_row_of_its_own():
    spec = {"id": "t", "analysis": "all", "arms": "rows", "columns": COLUMNS, "rows": [{"label": "Week 2"}]}
    made = lines.display(spec, shelf([ALL], {"adsl": people(2, ["Drug", "Placebo"]), "adrs": ADRS}, TWO), {})
    assert [(row["head"], row["level"]) for row in made["rows"]] == [("Week 2", 0), ("Drug", 1), ("Placebo", 1)]
    assert texts(made) == {"Week 2": [], "Drug": ["1/1", "100"], "Placebo": ["1/1", "100"]}
    assert [c["label"] for c in made["columns"]] == ["n/N", "%"] and "spanners" not in made


def test_visits_stand_in_their_order_under_their_parameter():
    spec = {"id": "t", "analysis": "rate", "columns": COLUMNS, "blocks": [{"analysis": "rate"}]}
    made = visits.display(spec, shelf([RATE], {"adsl": people(4), "adrs": ADRS}), {})
    assert [row["head"] for row in made["rows"]] == ["Score", "Week 1", "Week 2"]
    assert texts(made)["Week 1"] == ["1/4", "25.0"]


def test_visits_can_be_skipped():
    spec = {"id": "t", "analysis": "rate", "columns": COLUMNS, "blocks": [{"analysis": "rate", "skip": ["Week 1"]}]}
    assert "Week 1" not in texts(visits.display(spec, shelf([RATE], {"adsl": people(4), "adrs": ADRS}), {}))


def test_cross_has_levels_in_rows_and_visits_in_columns():
    counts = {"id": "basis", "method": "counts", "dataset": "adrs", "by": ["AVISIT"], "variable": "BASIS"}
    made = cross.display({"id": "t", "analysis": "basis"}, shelf([counts], {"adsl": people(4), "adrs": ADRS}), {})
    assert [c["label"] for c in made["columns"]] == ["Week 1", "Week 2"]
    assert texts(made) == {"Missing": ["1 (25.0)", "0"], "Observed": ["1 (25.0)", "2 (50.0)"]}


def characteristics():
    adsl = people(
        4, AGE=pd.array([40, 50, 60, None], dtype="Int64"), SEX=pd.Series(["F", "M", np.nan, "F"], dtype="str")
    )
    specs = [
        {"id": "cat", "method": "counts", "dataset": "adsl", "variable": "SEX"},
        {"id": "num", "method": "continuous", "dataset": "adsl", "variable": "AGE"},
    ]
    return shelf(specs, {"adsl": adsl})


def test_baseline_shows_measured_values_and_categories_and_who_has_none():
    spec = {
        "id": "t",
        "analysis": "cat",
        "rows": [
            {"label": "Age", "analysis": "num", "variable": "AGE"},
            {"label": "Sex", "variable": "SEX", "words": {"F": "Female"}},
        ],
    }
    made = baseline.display(spec, characteristics(), {})
    heads = [(row["head"], ["".join(p["t"] for p in cell) for cell in row["cells"]]) for row in made["rows"]]
    assert ("Mean (SD)", ["50.0 (10.00)"]) in heads
    assert ("Female", ["2 (50.0)"]) in heads
    assert [cells for head, cells in heads if head == "Missing"] == [["1"], ["1 (25.0)"]]
    assert unbound(made) == []


def test_baseline_refuses_a_variable_without_facts():
    with pytest.raises(Cause, match="has this variable"):
        baseline.display(
            {"id": "t", "analysis": "cat", "rows": [{"label": "Race", "variable": "RACE"}]}, characteristics(), {}
        )


ADAE = pd.DataFrame(
    {
        "USUBJID": pd.Series(["1", "1", "2"], dtype="str"),
        "SOC": pd.Series(["Skin"] * 3, dtype="str"),
        "PT": pd.Series(["Rash", "Itch", "Rash"], dtype="str"),
        "GRADE": pd.array([1, None, 3], dtype="Int64"),
    }
)
TERMS = {
    "id": "ae",
    "method": "terms",
    "dataset": "adae",
    "options": {"terms": ["SOC", "PT"], "worst": "GRADE", "grades": [1, 2, 3]},
}


def test_terms_are_indented_under_their_class_with_subjects_and_events():
    made = terms.display({"id": "t", "analysis": "ae"}, shelf([TERMS], {"adsl": people(4), "adae": ADAE}), {})
    assert [(row["head"], row["level"]) for row in made["rows"]] == [
        ("Any event", 0),
        ("Skin", 0),
        ("Rash", 1),
        ("Itch", 1),
    ]
    assert texts(made)["Rash"] == ["2 (50.0)", "2"]


def test_a_missing_grade_has_its_own_column():
    spec = {
        "id": "t",
        "analysis": "ae",
        "grades": [{"label": "1", "level": 1}, {"label": "3", "level": 3}, {"label": "Missing", "level": "Missing"}],
    }
    made = terms.display(spec, shelf([TERMS], {"adsl": people(4), "adae": ADAE}), {})
    assert texts(made)["Itch"] == ["1 (25.0)", "0", "0", "1 (25.0)"]


def test_a_shift_table_says_what_it_leaves_out():
    adlb = pd.DataFrame(
        {
            "USUBJID": pd.Series(["1", "1", "1"], dtype="str"),
            "ABLFL": pd.Series(["Y", "N", "N"], dtype="str"),
            "ADT": pd.array([1, 2, None], dtype="Int64"),
            "ASEQ": [1, 2, 3],
            "ANRIND": pd.Series(["LOW", "HIGH", "LOW"], dtype="str"),
        }
    )
    spec = {
        "id": "lab",
        "method": "shift",
        "dataset": "adlb",
        "variable": "ANRIND",
        "options": {
            "levels": ["LOW", "HIGH"],
            "baseline": {"ABLFL": "Y"},
            "post": {"ADT": {"gt": 1, "missing": "drop"}},
        },
    }
    made = shift.display(
        {"id": "t", "analysis": "lab", "words": {"LOW": "Low"}}, shelf([spec], {"adsl": people(2), "adlb": adlb}), {}
    )
    assert [c["label"] for c in made["columns"]] == ["Low", "HIGH", "Missing", "Total"]
    assert texts(made)["Low"] == ["0", "1", "0", "1"]
    assert made["footnotes"][0]["parts"][0]["t"] == "1"


def test_a_listing_names_the_table_of_its_lines_and_carries_none():
    spec = {
        "id": "l",
        "method": "select",
        "dataset": "adae",
        "options": {"columns": [{"variable": "USUBJID"}, {"variable": "GRADE"}]},
    }
    lines = listing.Lines("results/ard/safety/l.parquet", ["_ROW", "USUBJID", "GRADE"], 2)
    plan = {"id": "t", "analysis": "l", "columns": [{"variable": "GRADE", "label": "Grade"}], "footnotes": ["Note"]}
    made = listing.display(plan, shelf([spec], {"adsl": people(4), "adae": ADAE}), {}, listing=lines)
    assert made["columns"] == [{"label": "Grade", "name": "GRADE"}]
    assert made["listing"] == {"dataset": "adae", "table": "results/ard/safety/l.parquet", "lines": 2}
    assert "".join(p["t"] for p in made["footnotes"][0]["parts"]).startswith("3 rows of 2 of 4 subjects")


def test_a_listing_refuses_a_column_that_was_not_selected():
    spec = {"id": "l", "method": "select", "dataset": "adae", "options": {"columns": [{"variable": "USUBJID"}]}}
    plan = {"id": "t", "analysis": "l", "columns": [{"variable": "PT", "label": "Term"}]}
    lines = listing.Lines("l.parquet", ["_ROW", "USUBJID"], 3)
    with pytest.raises(Cause, match="lists no such column"):
        listing.display(plan, shelf([spec], {"adsl": people(4), "adae": ADAE}), {}, listing=lines)


CHANGE = pd.DataFrame(
    {
        "USUBJID": pd.Series(np.repeat([str(i) for i in range(1, 13)], 2), dtype="str"),
        "AVISIT": pd.Series(["Week 1", "Week 2"] * 12, dtype="str"),
        "BASE": np.repeat(np.arange(12.0), 2),
        "CHG": np.cos(np.arange(24.0)),
    }
)
MODEL = {
    "id": "model",
    "method": "mmrm",
    "dataset": "adrs",
    "options": {"visits": ["Week 1", "Week 2"], "reference": "Placebo", "decimals": 1},
}


def test_a_column_that_an_arm_does_not_have_says_so():
    made = shelf([MODEL], {"adsl": people(12, ["Drug", "Placebo"]), "adrs": CHANGE}, TWO)
    spec = {
        "id": "t",
        "analysis": "model",
        "blocks": [{}],
        "columns": [
            {"label": "LS mean", "show": "{lsmean} ({se})"},
            {"label": "Difference", "show": "{diff}", "absent": "reference"},
        ],
    }
    shown = visits.display(spec, made, {})
    assert [head["label"] for head in shown["spanners"][0]] == ["Drug", "Placebo"]
    assert [texts(shown)[week][3] for week in ("Week 1", "Week 2")] == ["reference"] * 2
    assert "reference" not in texts(shown)["Week 1"][1]


def test_a_column_without_the_word_for_absence_is_refused():
    made = shelf([MODEL], {"adsl": people(12, ["Drug", "Placebo"]), "adrs": CHANGE}, TWO)
    spec = {"id": "t", "analysis": "model", "blocks": [{}], "columns": [{"label": "Difference", "show": "{diff}"}]}
    with pytest.raises(Cause, match="0 facts"):
        visits.display(spec, made, {})


def test_a_footnote_shows_what_was_fitted_bound_to_its_fact():
    made = shelf([MODEL], {"adsl": people(12, ["Drug", "Placebo"]), "adrs": CHANGE}, TWO)
    spec = {"id": "t", "analysis": "model", "footnotes": ["Plain.", {"show": "Covariance: {structure}."}]}
    plain, bound = notes(spec, made)
    assert plain == "Plain."
    assert [part["t"] for part in bound["parts"]] == ["Covariance: ", "unstructured", "."]
    assert "f" in bound["parts"][1]
