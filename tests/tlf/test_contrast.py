"""Differences by term: the order of the terms, the arms side by side, the numbers beside the marks."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import contrast
from crf2csr.tlf._cells import Nothing
from tests.tlf._shelf import people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-03")

ARMS = ["Placebo", "Low", "High"]
PAGE = {"arms": [{"label": label, "treated": True} for label in ARMS]}
# Subjects 1, 4, 7, 10 are on placebo, 2, 5, 8, 11 on the low dose, 3, 6, 9, 12 on the high one.
HAD = {"Rash": [1, 2, 5, 3, 6, 9], "Cold": [1, 4, 7, 2, 3], "Itch": [8, 11, 2], "Ache": [12]}
SVG = "{http://www.w3.org/2000/svg}"


def made(had: dict[str, list[int]] | None = None, **more: Any) -> dict[str, Any]:
    rows = [(str(who), "Class", term) for term, some in (HAD if had is None else had).items() for who in some]
    adae = pd.DataFrame(rows, columns=["USUBJID", "SOC", "PT"]).astype("str")
    options = {"reference": "Placebo", "terms": ["SOC", "PT"], "intervals": ["newcombe"]}
    spec = {"id": "by", "method": "difference", "dataset": "adae", "options": options}
    found = shelf([spec], {"adsl": people(12, ARMS), "adae": adae}, PAGE)
    plan = {"id": "f-1", "title": "Terms", "kind": "figure", "analysis": "by", "interval": "newcombe"}
    return contrast.display(plan | more, found, PAGE)


def test_the_largest_difference_of_an_arm_stands_first():
    assert list(texts(made())) == ["Itch", "Rash", "Ache", "Cold"]
    assert list(texts(made(sort_by="High"))) == ["Rash", "Ache", "Itch", "Cold"]
    assert list(texts(made(sort="frequency"))) == ["Cold", "Itch", "Rash", "Ache"]
    assert list(texts(made(sort="alphabet"))) == ["Ache", "Cold", "Itch", "Rash"]
    assert list(texts(made(at_most=2))) == ["Itch", "Rash"]


def test_each_arm_stands_beside_the_reference_with_the_difference_and_its_interval():
    display = made()
    assert [head["label"] for head in display["spanners"][0]] == ["Low", "High"]
    low, reference, difference = texts(display)["Itch"][:3]
    assert (low, reference) == ("3 (75.0)", "0")
    assert difference.startswith("75.0 (") and difference.endswith(")")
    assert texts(display)["Cold"][5].startswith("-50.0 (")
    assert unbound(display) == []


def test_a_table_has_the_numbers_and_no_picture():
    table = made(kind="table")
    assert "svg" not in table and table["rows"] == made()["rows"]


@pytest.mark.req("URS-TLF-04")
def test_the_figure_names_the_arms_and_terms_and_is_the_same_each_time():
    svg = made()["svg"]
    drawn = {element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert {*ARMS, *HAD, "Subjects (%)"} <= drawn
    assert svg == made()["svg"]


def test_what_cannot_be_sorted_is_refused_and_no_term_is_nothing():
    with pytest.raises(Cause, match="`sort` is one of"):
        made(sort="size")
    with pytest.raises(Cause, match="not an arm that is compared"):
        made(sort_by="Placebo")
    with pytest.raises(Nothing):
        made({})
