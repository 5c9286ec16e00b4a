"""Liver tests in quadrants and box plots: what is drawn, what is not, and the numbers beneath."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from crf2csr.tlf import boxplot, edish
from tests.tlf._shelf import ONE, TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-04")

SVG = "{http://www.w3.org/2000/svg}"


def liver(arms=None, page=None):
    rows = pd.DataFrame(
        [(str(i), code, value, "no limit") for i in range(1, 5) for code, value in (("X", i * 1.0), ("Y", i * 0.8))],
        columns=["USUBJID", "PARAMCD", "AVAL", "AREAS"],
    ).astype({"USUBJID": "str", "PARAMCD": "str", "AREAS": "str"})
    rows.loc[rows["USUBJID"].eq("4") & rows["PARAMCD"].eq("Y"), "AVAL"] = np.nan
    options = {"x": {"PARAMCD": "X"}, "y": {"PARAMCD": "Y"}, "reason": "AREAS"}
    made = shelf(
        [
            {"id": "peaks", "method": "pairs", "dataset": "adlb", "options": options},
            {"id": "high", "method": "events", "dataset": "adlb", "options": {"lines": [{"id": "Any"}]}},
        ],
        {"adsl": people(5, arms), "adlb": rows},
        page or ONE,
    )
    spec = {
        "id": "f-5",
        "title": "Liver",
        "analysis": "peaks",
        "x_mark": 3,
        "y_mark": 2,
        "corners": ["both"],
        "columns": [{"label": "n", "show": "{n}"}],
        "rows": [{"label": "Any", "analysis": "high", "variable_level": "Any"}],
    }
    return edish.display(spec, made, {})


def boxes(arms=None, page=None):
    rows = pd.DataFrame(
        {
            "USUBJID": pd.Series([str(1 + i % 8) for i in range(16)], dtype="str"),
            "PARAM": pd.Series(["ALT"] * 16, dtype="str"),
            "AVISIT": pd.Series(["Baseline"] * 8 + ["Week 12"] * 8, dtype="str"),
            "AVAL": [float(v) for v in (1, 2, 3, 4, 5, 6, 7, 40, 2, 3, 4, 5, 6, 7, 8, 9)],
        }
    )
    made = shelf(
        [{"id": "box", "method": "boxes", "dataset": "adlb", "by": ["PARAM", "AVISIT"]}],
        {"adsl": people(8, arms), "adlb": rows},
        page or ONE,
    )
    columns = [{"label": "Median", "show": "{median}"}, {"label": "Beyond", "show": "{outliers}"}]
    return boxplot.display(
        {"id": "f-6", "title": "Labs", "analysis": "box", "columns": columns, "header": "none"}, made, {}
    )


def drawn(made):
    return [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]


def test_every_subject_with_both_values_is_a_point_and_the_others_are_told_by_reason():
    made = liver()
    told = texts(made)
    assert told["Any"] == ["4"]
    assert told["Not plotted"] == ["2"] and told["no limit"] == ["1"] and told["No record"] == ["1"]
    assert "both" in drawn(made)


def test_the_boxes_stand_beneath_in_numbers_with_what_lies_beyond():
    made = boxes()
    assert texts(made)["Baseline"] == ["4.5", "1"] and texts(made)["Week 12"] == ["5.5", "0"]
    assert {"ALT", "Baseline", "Week 12"} <= set(drawn(made))


@pytest.mark.parametrize("figure", [liver, boxes])
def test_two_arms_are_told_apart_and_every_number_is_bound(figure):
    made = figure(["Drug", "Placebo"], TWO)
    assert any("Placebo" in (text or "") for text in drawn(made))
    assert unbound(made) == []
    assert figure()["svg"] == figure()["svg"]
