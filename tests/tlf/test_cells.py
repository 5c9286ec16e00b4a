import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import _cells
from tests.tlf._shelf import people, shelf

pytestmark = pytest.mark.req("URS-TLF-01")


def facts(n_yes, n=4):
    adsl = people(n, SEX=["F"] * n_yes + ["M"] * (n - n_yes))
    spec = {"id": "x", "method": "counts", "dataset": "adsl", "variable": "SEX", "options": {"levels": {"SEX": ["F"]}}}
    made = shelf([spec], {"adsl": adsl}).facts
    return made[made["variable_level"] == "F"]


def text(parts):
    return "".join(part["t"] for part in parts)


def test_a_count_stands_with_its_percentage():
    assert text(_cells.fill("{n}[ ({p})]", facts(1), "x")) == "1 (25.0)"


def test_zero_stands_alone():
    assert text(_cells.fill("{n}[ ({p})]", facts(0), "x")) == "0"


def test_every_number_is_bound_to_its_fact():
    parts = _cells.fill("{n}[ ({p})]", facts(1), "x")
    assert [("f" in part) for part in parts] == [True, False, True, False]


def test_a_token_without_exactly_one_fact_is_refused():
    with pytest.raises(Cause, match="0 facts"):
        _cells.fill("{median}", facts(1), "x")


def test_the_header_names_the_denominator():
    spec = {"id": "x", "method": "counts", "dataset": "adsl", "variable": "SEX"}
    made = shelf([spec], {"adsl": people(4, SEX=["F"] * 4)})
    head = _cells.headers({"analysis": "x"}, made, "x", ["Drug"])
    assert text(head[0]["n"]) == "N = 4"
    assert "f" in head[0]["n"][1]


def test_denominators_that_differ_within_a_column_are_refused():
    spec = {
        "id": "x",
        "method": "counts",
        "dataset": "adsl",
        "variables": ["SEX", "RACE"],
        "options": {"denominator": "observed"},
    }
    made = shelf([spec], {"adsl": people(2, SEX=["F", "F"], RACE=["ASIAN", None])})
    with pytest.raises(Cause, match="denominators"):
        _cells.headers({"analysis": "x"}, made, "x", ["Drug"])


def test_statistics_are_spread_under_each_arm():
    spread = _cells.spread([{"label": "n"}, {"label": "p"}], [{"label": "Drug"}, {"label": "Placebo"}])
    assert [c["label"] for c in spread["columns"]] == ["n", "p", "n", "p"]
    assert [(s["label"], s["span"]) for s in spread["spanners"][0]] == [("Drug", 2), ("Placebo", 2)]
