import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import flow, forest, incidence, km, tipping, trend
from tests.tlf._shelf import TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-04")

SVG = "{http://www.w3.org/2000/svg}"
ADTTE = pd.DataFrame(
    {
        "USUBJID": pd.Series(list("12345678"), dtype="str"),
        "AVAL": [8.0, 15, 15, 29, 57, 60, 85, 85],
        "CNSR": [0, 0, 1, 0, 1, 0, 1, 0],
    }
)
ADRS = pd.DataFrame(
    {
        "USUBJID": pd.Series(list("12341234"), dtype="str"),
        "AVISIT": pd.Series(["Week 1"] * 4 + ["Week 2"] * 4, dtype="str"),
        "AVAL": [1.0, 0, 0, 0, 1, 1, 0, 1],
    }
)
GRID = {"Day 0": 0, "Day 29": 29, "Day 85": 85}


def km_figure(arms=None, page=None, **more):
    made = shelf(
        [{"id": "tte", "method": "survival", "dataset": "adtte", "options": {"grid": GRID}}],
        {"adsl": people(8, arms), "adtte": ADTTE},
        page,
    )
    spec = {
        "id": "f-1.2",
        "title": "Time <to> response & more",
        "analysis": "tte",
        "columns": [{"label": "At risk", "show": "{at_risk}"}],
    }
    return km.display(spec | more, made, {})


INTERVALS = ADTTE.assign(LBOUND=[1.0, 8, 15, 15, 57, 29, 85, 57], RBOUND=ADTTE["AVAL"].where(ADTTE["CNSR"] == 0))
COMPETING = ADTTE.assign(CMPAVAL=ADTTE["AVAL"], CMPSTAT=[1, 1, 0, 2, 2, 1, 0, 1])


def km_over_figure(arms=None, page=None):
    analyses = [
        {"id": "tte", "method": "survival", "dataset": "adtte", "options": {"grid": GRID, "landmarks": GRID}},
        {"id": "between", "method": "npmle", "dataset": "adtte", "options": {"landmarks": GRID}},
    ]
    made = shelf(analyses, {"adsl": people(8, arms), "adtte": INTERVALS}, page)
    columns = [
        {"label": "At risk", "show": "{at_risk}"},
        {"label": "Between", "analysis": "between", "show": "{cum_range}"},
    ]
    spec = {"id": "f-1.3", "title": "Both", "analysis": "tte", "curve": "cum", "columns": columns, "visits": True}
    return km.display(spec | {"over": {"analysis": "between", "label": "NPMLE"}}, made, {})


def incidence_figure(arms=None, page=None, **more):
    options = {"causes": {"Response": 1, "Stopped": 2}, "grid": GRID, "landmarks": GRID}
    made = shelf(
        [{"id": "cif", "method": "cumulative_incidence", "dataset": "adtte", "options": options}],
        {"adsl": people(8, arms), "adtte": COMPETING},
        page,
    )
    columns = [
        {"label": "At risk", "show": "{at_risk}"},
        {"label": "Response", "show": "{cif}", "group2_level": "Response"},
    ]
    return incidence.display({"id": "f-1.4", "title": "Both", "analysis": "cif", "columns": columns} | more, made, {})


def trend_figure():
    made = shelf(
        [{"id": "r", "method": "proportion", "dataset": "adrs", "by": ["AVISIT"]}], {"adsl": people(4), "adrs": ADRS}
    )
    spec = {
        "id": "f-2",
        "title": "Response",
        "analysis": "r",
        "x": {"Week 1": 1, "Week 2": 2},
        "series": [{"label": "All", "analysis": "r"}],
    }
    return trend.display(spec | {"columns": [{"label": "n", "show": "{n}"}]}, made, {})


def change_figure():
    rows = pd.DataFrame(
        {
            "USUBJID": pd.Series(np.repeat(list("12345678"), 2), dtype="str"),
            "AVISIT": pd.Series(["Week 1", "Week 2"] * 8, dtype="str"),
            "CHG": np.cos(np.arange(16.0)) - 3,
        }
    )
    options = {"visits": ["Week 1", "Week 2"], "baseline": None, "decimals": 1}
    made = shelf(
        [{"id": "m", "method": "mmrm", "dataset": "adrs", "options": options}], {"adsl": people(8), "adrs": rows}
    )
    spec = {
        "id": "f-5",
        "title": "Change",
        "analysis": "m",
        "estimate": "lsmean",
        "interval": "lsmean",
        "y_label": "LS mean change",
        "x": {"Week 1": 1, "Week 2": 2},
        "series": [{"label": "All"}],
    }
    return trend.display(spec | {"columns": [{"label": "LS mean", "show": "{lsmean}"}]}, made, {})


def forest_figure():
    analyses = [
        {"id": week, "method": "proportion", "dataset": "adrs", "where": {"AVISIT": week}}
        for week in ("Week 1", "Week 2")
    ]
    made = shelf(analyses, {"adsl": people(4), "adrs": ADRS})
    spec = {
        "id": "f-3",
        "title": "All",
        "analysis": "Week 1",
        "marks": [0.3],
        "columns": [{"label": "n", "show": "{n}"}],
    }
    return forest.display(spec | {"rows": [{"label": w, "analysis": w} for w in ("Week 1", "Week 2")]}, made, {})


def flow_figure(arms=None, page=None, **box):
    adsl = people(
        6,
        arms,
        SAFFL=["Y", "Y", "Y", "Y", "Y", "N"],
        WHY=pd.Series([np.nan, "DEATH", np.nan, np.nan, "DEATH", "X"], dtype="str"),
    )
    boxes = [
        {"id": "in"},
        {"id": "out", "where": {"SAFFL": "N"}, "of": "in", "by": "WHY"},
        {"id": "done", "where": {"SAFFL": "Y"}, "of": "in", **box},
    ]
    made = shelf(
        [{"id": "flow", "method": "flow", "dataset": "adsl", "options": {"boxes": boxes}}], {"adsl": adsl}, page
    )
    plan = [
        {"id": "in", "label": "Entered"},
        {"id": "out", "label": "Left", "side": True},
        {"id": "done", "label": "Treated"},
    ]
    return flow.display({"id": "f-4", "title": "Flow", "analysis": "flow", "boxes": plan}, made, {})


def tipping_figure(arms=None, page=None, null_rates=(0.2, 0.3, 0.9)):
    kinds = [("OBSERVED", 1.0)] * 8 + [("MISSING", 0.0)] * 4 + [("OBSERVED", 0.0)] * 10
    adrs = pd.DataFrame(kinds, columns=["RSPCAT", "AVAL"]).astype({"RSPCAT": "str"})
    adrs["USUBJID"] = [str(i) for i in range(1, len(kinds) + 1)]
    o = {"open": {"RSPCAT": "MISSING"}, "null_rates": list(null_rates), "alpha_one_sided": 0.025}
    made = shelf(
        [{"id": "tip", "method": "tipping", "dataset": "adrs", "options": o}],
        {"adsl": people(len(kinds), arms), "adrs": adrs.astype({"USUBJID": "str"})},
        page,
    )
    spec = {"id": "f-5", "title": "Tipping", "analysis": "tip", "columns": [{"label": "n/N", "show": "{n}/{N}"}]}
    rows = [{"label": "k", "each": "group2_level"}, {"label": "Turn", "show": [f"{{tipping@{null_rates[0]:g}}}"]}]
    return tipping.display(spec | {"rows": rows}, made, {})


FIGURES = {
    "km": km_figure,
    "km_over": km_over_figure,
    "incidence": incidence_figure,
    "trend": trend_figure,
    "change": change_figure,
    "forest": forest_figure,
    "flow": flow_figure,
    "tipping": tipping_figure,
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_bytes_each_time(name):
    assert FIGURES[name]()["svg"] == FIGURES[name]()["svg"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_can_stand_under_a_policy_without_inline_style(name):
    root = ElementTree.fromstring(FIGURES[name]()["svg"])
    for element in root.iter():
        assert "style" not in element.attrib
        assert element.tag.removeprefix(SVG) not in ("style", "script", "metadata", "image")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_names_itself_to_those_who_cannot_see_it(name):
    root = ElementTree.fromstring(FIGURES[name]()["svg"])
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root.iter() if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(root.get("aria-labelledby").split()) == set(named)
    assert all(named.values())


@pytest.mark.parametrize("name", FIGURES)
def test_ids_are_unique_and_bear_the_display(name):
    made = FIGURES[name]()["svg"]
    ids = re.findall(r'\sid="([^"]+)"', made)
    assert len(ids) == len(set(ids))
    assert all(one.startswith("f-") for one in ids)
    used = set(re.findall(r'href="#([^"]+)"', made)) | set(re.findall(r"url\(#([^)]+)\)", made))
    assert used <= set(ids)


@pytest.mark.parametrize("name", FIGURES)
def test_text_stays_text_and_black_follows_the_page(name):
    made = FIGURES[name]()["svg"]
    assert "<text" in made
    assert "#000000" not in made


@pytest.mark.parametrize("name", FIGURES)
def test_under_each_figure_stand_its_numbers_bound_to_facts(name):
    made = FIGURES[name]()
    assert made["rows"]
    assert unbound(made) == []


def test_an_estimate_that_is_no_proportion_has_an_axis_of_its_own():
    drawn = [element.text for element in ElementTree.fromstring(change_figure()["svg"]).iter(f"{SVG}text")]
    assert "LS mean change" in drawn and "0.0" in drawn and "100" not in drawn
    assert texts(change_figure()).keys() == {"All", "Week 1", "Week 2"}


def test_the_risk_table_is_drawn_and_tabulated():
    made = km_figure()
    assert texts(made) == {"Day 0": ["8"], "Day 29": ["5"], "Day 85": ["2"]}
    drawn = [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]
    assert {"At risk", "Events", "Censored"} <= set(drawn)


def test_two_arms_have_two_curves_a_legend_and_a_risk_table_each():
    made = km_figure(["Drug", "Placebo"], TWO)
    drawn = [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]
    assert drawn.count("Drug") == 2 and drawn.count("Placebo") == 2
    assert [s["label"] for s in made["spanners"][0]] == ["Drug", "Placebo"]


def drawn_by(made):
    return [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]


def test_the_estimate_between_visits_is_drawn_over_the_curve_and_its_range_shown():
    made = km_over_figure()
    assert {"Kaplan-Meier", "NPMLE", "At risk"} <= set(drawn_by(made))
    shown = texts(made)
    # On a day that ends an interval the estimate is one number.
    assert shown["Day 0"] == ["8", "0"] and " to " not in shown["Day 85"][1]
    two = km_over_figure(["Drug", "Placebo"], TWO)
    assert {"Drug, Kaplan-Meier", "Placebo, NPMLE"} <= set(drawn_by(two))


def test_every_cause_has_a_curve_and_a_line_of_the_risk_table():
    made = incidence_figure()
    names = drawn_by(made)
    assert names.count("Response") == 2 and names.count("Stopped") == 2
    assert texts(made)["Day 29"] == ["5", "25.0"]


def test_one_cause_alone_may_be_drawn_of_each_arm():
    names = drawn_by(incidence_figure(["Drug", "Placebo"], TWO, causes=["Response"]))
    # A legend and a heading of the risk table for each arm, both causes counted under each.
    assert [names.count(name) for name in ("Drug", "Placebo", "Response", "Stopped")] == [2, 2, 2, 2]
    with pytest.raises(Cause, match="not a cause"):
        incidence_figure(causes=["Recovered"])


def test_a_figure_without_a_grid_is_refused():
    made = shelf([{"id": "t", "method": "survival", "dataset": "adtte"}], {"adsl": people(8), "adtte": ADTTE})
    with pytest.raises(Cause, match="no `grid`"):
        km.display({"id": "f-9", "title": "T", "analysis": "t", "columns": []}, made, {})


def test_an_unknown_curve_is_refused():
    with pytest.raises(Cause, match="surv or cum"):
        km_figure(curve="hazard")


def test_the_flow_draws_reasons_in_words_and_counts_every_box():
    made = flow_figure()
    drawn = [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]
    assert {"Entered (n = 6)", "Left (n = 1)", "X: 1", "Treated (n = 5)"} <= set(drawn)
    assert texts(made)["Treated"] == ["5", "83.3"]


def test_boxes_of_several_arms_stand_side_by_side():
    made = flow_figure(["Drug", "Placebo"], TWO, per_arm=True)
    drawn = {
        e.text: (float(e.get("x", "nan")) if e.get("x") else e.get("transform"))
        for e in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")
    }
    assert "Treated, Drug (n = 3)" in drawn and "Treated, Placebo (n = 2)" in drawn


def test_the_tipping_figure_names_the_turn_of_each_null_rate_and_tabulates_every_k():
    made = tipping_figure()
    drawn = [element.text for element in ElementTree.fromstring(made["svg"]).iter(f"{SVG}text")]
    assert {"p0 = 20 %: k = 1", "p0 = 30 %: k = 4", "p0 = 90 %: none"} <= set(drawn)
    assert texts(made) | {"k": []} == {
        "k": [],
        "0": ["8/22"],
        "1": ["9/22"],
        "2": ["10/22"],
        "3": ["11/22"],
        "4": ["12/22"],
        "Turn": ["1"],
    }
    arms = tipping_figure(["Drug", "Placebo"], TWO)
    assert {"Drug", "Placebo"} <= {e.text for e in ElementTree.fromstring(arms["svg"]).iter(f"{SVG}text")}
