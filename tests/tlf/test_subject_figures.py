"""Figures of single subjects: who is drawn, in which order, with which words, and the numbers beneath."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.tlf import _subjects, heatmap, spider, swimmer, waterfall
from tests.tlf._shelf import ONE, TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-04")

SVG = "{http://www.w3.org/2000/svg}"
ROWS = pd.DataFrame(
    [
        (s, v, d, f, m)
        for s, fall in (("S-1", 10), ("S-2", 60), ("S-3", -5))
        for v, d, f, m in (
            ("Week 1", 8.0, -fall / 2, "Observed: N"),
            ("Week 2", 15.0, -fall * 1.0, "Observed: Y" if fall >= 50 else "Missing"),
        )
    ],
    columns=["USUBJID", "AVISIT", "ADY", "PCHG", "SAID"],
).astype({"USUBJID": "str", "AVISIT": "str", "SAID": "str"})


def made(arms=None, page=None, **analyses):
    adsl = people(4, arms, TRTDURD=[15.0, 20.0, 5.0, 8.0])
    adsl["USUBJID"] = pd.Series([f"S-{i}" for i in range(1, 5)], dtype="str")
    specs = [{"id": name, "method": "points", "dataset": "adrs", **spec} for name, spec in analyses.items()]
    return shelf(specs, {"adsl": adsl, "adrs": ROWS}, page or ONE)


def fall(arms=None, page=None):
    last = {"where": {"AVISIT": "Week 2"}, "options": {"y": "PCHG", "mark": "SAID"}}
    spec = {"id": "f-1", "title": "Fall", "analysis": "last", "marks": {"Observed: Y": "Response"}, "lines": [-50]}
    return waterfall.display(spec, made(arms, page, last=last), {})


def lines(arms=None, page=None):
    path = {"options": {"x": "ADY", "y": "PCHG"}}
    last = {"where": {"AVISIT": "Week 2"}, "options": {"y": "PCHG", "mark": "SAID"}}
    kinds = {"analysis": "last", "marks": {"Observed: Y": "Response"}}
    spec = {"id": "f-2", "title": "Course", "analysis": "path", "kinds": kinds, "origin": [1, 0]}
    return spider.display(spec, made(arms, page, path=path, last=last), {})


def cells(arms=None, page=None):
    seen = {"by": ["AVISIT"], "options": {"x": "ADY", "mark": "SAID"}}
    marks = [
        {"text": "Observed: Y", "label": "Response", "letter": "R", "level": 4},
        {"text": "Observed: N", "label": "None", "letter": "n", "level": 1},
        {"text": "Missing", "label": "Missing", "letter": "m", "level": 0},
    ]
    spec = {"id": "f-3", "title": "Visits", "analysis": "seen", "marks": marks, "header": "none"}
    return heatmap.display(spec, made(arms, page, seen=seen), {})


def lanes(arms=None, page=None):
    stay = {"dataset": "adsl", "options": {"x": "TRTDURD", "format": "d0"}}
    seen = {"where": {"SAID": "Observed: Y"}, "options": {"x": "ADY"}}
    spec = {"id": "f-4", "title": "Lanes", "analysis": "stay", "events": [{"analysis": "seen", "label": "Response"}]}
    return swimmer.display(spec, made(arms, page, stay=stay, seen=seen), {})


FIGURES = {"waterfall": fall, "spider": lines, "heatmap": cells, "swimmer": lanes}


def drawn(display):
    return [element.text for element in ElementTree.fromstring(display["svg"]).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("arms", [None, ["Drug", "Placebo"]])
def test_a_figure_of_subjects_is_the_same_bytes_each_time_and_its_numbers_are_bound(name, arms):
    page = TWO if arms else ONE
    first, second = FIGURES[name](arms, page), FIGURES[name](arms, page)
    assert first["svg"] == second["svg"]
    assert first["rows"] and unbound(first) == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_subjects_needs_no_inline_style(name):
    assert all("style" not in e.attrib for e in ElementTree.fromstring(FIGURES[name]()["svg"]).iter())


def test_a_waterfall_goes_from_the_largest_rise_to_the_largest_fall_and_counts_who_is_missing():
    told = texts(fall())
    counted = ["Subjects drawn", "Subjects without a value", "Records without a value, not drawn"]
    assert list(told) == [*counted, "S-3", "S-1", "S-2"]
    assert [told[head] for head in counted] == [["3"], ["1"], ["0"]]
    assert told["S-2"] == ["-60.0 (Observed: Y)"]
    assert "Response" in drawn(fall())


def test_the_kinds_of_lines_are_named():
    assert {"Response", "Other"} <= set(drawn(lines()))


def test_a_heat_map_puts_responders_first_and_letters_each_cell():
    display = cells()
    assert list(texts(display)) == ["S-2", "S-1", "S-3"]
    assert texts(display)["S-1"] == ["Observed: N", "Missing"]
    letters = [text for text in drawn(display) if text in ("R", "n", "m")]
    assert letters.count("R") == 2 and letters.count("m") == 3  # one of each stands in the key


def test_the_longest_lane_is_on_top():
    names = [text for text in drawn(lanes()) if text and text.startswith("S-")]
    assert names == ["S-2", "S-1", "S-4", "S-3"]


FALL = {"layout": waterfall, "options": {"y": "PCHG", "at_most": 2}, "where": {"AVISIT": "Week 2"}}
PATH = {"layout": spider, "options": {"x": "ADY", "y": "PCHG", "at_most": 2}}
SEEN = {"layout": heatmap, "options": {"x": "ADY", "mark": "SAID", "at_most": 2}, "by": ["AVISIT"]}
STAY = {"layout": swimmer, "options": {"x": "TRTDURD", "at_most": 2}, "dataset": "adsl"}


@pytest.mark.parametrize("case", [FALL, PATH, SEEN, STAY], ids=lambda case: case["layout"].__name__.rpartition(".")[2])
def test_more_subjects_than_can_be_seen_are_counted_and_not_drawn(case):
    analysis = {key: value for key, value in case.items() if key != "layout"}
    spec = {"id": "f-5", "title": "Many", "analysis": "many", "marks": [], "events": [], "header": "none"}
    with pytest.raises(_subjects.Withheld, match="more than 2 subjects are not drawn one by one"):
        case["layout"].display(spec, made(many=analysis), {})
    display = _subjects.withheld(spec, made(many=analysis))
    told = texts(display)
    people = ["4"] if case is STAY else ["3"]
    visits = ["Week 1", "Week 2"] if case is SEEN else [None]
    assert told == {f"Subjects with a value, {v}" if v else "Subjects with a value": people for v in visits}
    assert display["svg"] == ""
