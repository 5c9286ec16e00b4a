"""Figures of adverse events: the order of the terms, the words of the key, and the numbers beneath."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.tlf import dots, onset, stacked
from tests.tlf._shelf import ONE, TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-04")

SVG = "{http://www.w3.org/2000/svg}"
ROWS = pd.DataFrame(
    [
        ("1", "Skin", "Acne", 2, 3.0),
        ("2", "Skin", "Acne", 1, 9.0),
        ("3", "Infections", "Acne", 1, 9.0),
        ("1", "Infections", "Cold", 1, 20.0),
        ("2", "Infections", "Cold", 3, 20.0),
        ("3", "Infections", "Cold", 1, 20.0),
    ],
    columns=["USUBJID", "SOC", "PT", "GRADE", "DAY"],
).astype({"USUBJID": "str", "SOC": "str", "PT": "str"})
GRADES = [{"label": f"Grade {n}", "level": n} for n in (1, 2, 3)]


def made(arms, page, **options):
    terms = {"terms": ["SOC", "PT"], "order": "frequency", **options}
    spec = {"id": "ae", "method": "terms", "dataset": "adae", "options": terms}
    return shelf([spec], {"adsl": people(4, arms), "adae": ROWS}, page)


def shares(arms=None, page=ONE, **more):
    return dots.display({"id": "f-1", "title": "Terms", "analysis": "ae"} | more, made(arms, page), {})


def grades(arms=None, page=ONE, **more):
    spec = {"id": "f-2", "title": "Grades", "analysis": "ae", "grades": GRADES}
    return stacked.display(spec | more, made(arms, page, worst="GRADE", grades=[1, 2, 3]), {})


def days(arms=None, page=ONE, **change):
    rows = ROWS.assign(KIND=ROWS["GRADE"].astype("str"), **change)
    spec = {"id": "on", "method": "points", "dataset": "adae", "by": ["SOC"], "options": {"x": "DAY", "mark": "KIND"}}
    shown = shelf([spec], {"adsl": people(4, arms), "adae": rows}, page)
    return onset.display(
        {"id": "f-3", "title": "Onset", "analysis": "on", "marks": {"1": "Grade 1"}, "header": "none"}, shown, {}
    )


FIGURES = {"dots": shares, "stacked": grades, "onset": days}


def drawn(display):
    return [element.text for element in ElementTree.fromstring(display["svg"]).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("arms", [None, ["Drug", "Placebo"]])
def test_a_figure_of_events_is_the_same_each_time_without_inline_style_and_its_numbers_are_bound(name, arms):
    page = TWO if arms else ONE
    first, second = FIGURES[name](arms, page), FIGURES[name](arms, page)
    assert first["svg"] == second["svg"] and first["rows"] and unbound(first) == []
    assert all("style" not in e.attrib for e in ElementTree.fromstring(first["svg"]).iter())


@pytest.mark.parametrize("figure", [shares, grades])
def test_the_most_frequent_term_is_on_top_and_one_name_in_two_groups_says_its_group(figure):
    assert list(texts(figure())) == ["Cold", "Acne (Skin)", "Acne (Infections)"]
    assert list(texts(figure(at_most=2))) == ["Cold", "Acne"]


def test_beneath_the_bars_stands_each_grade():
    assert texts(grades())["Cold"] == ["2 (50.0)", "0", "1 (25.0)"]
    assert {"Grade 1", "Grade 2", "Grade 3"} <= set(drawn(grades()))


def test_onset_names_the_kinds_and_puts_the_fullest_group_first():
    assert {"Grade 1", "Other"} <= set(drawn(days()))
    assert texts(days()) == {"Infections": ["3", "0"], "Skin": ["2", "0"]}


def test_an_event_without_a_day_is_counted_beneath_the_onset_and_its_group_stays():
    assert texts(days(DAY=[None, None, 9.0, 20.0, 20.0, 20.0])) == {"Infections": ["3", "0"], "Skin": ["0", "2"]}
