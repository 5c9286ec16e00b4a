"""Percentages are n over N, counts do not exceed N, and N does not exceed the population."""

import pytest

from crf2csr.ard import _registry
from crf2csr.ard._facts import Facts
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ARD-01")

CELL = {"analysis": "a", "group1_level": "Drug"}


def facts(*rows):
    made = Facts()
    for name, value, where in rows:
        made.add(name, value, "percent" if name == "p" else "count", **CELL | where)
    return made.frame()


def test_a_percentage_that_is_n_over_n_passes():
    _registry.verify(facts(("N", 60, {}), ("n", 15, {}), ("p", 0.25, {})), set(), "chapter x")


def test_a_percentage_of_another_denominator_is_refused():
    with pytest.raises(Cause, match="not its n over its N"):
        _registry.verify(facts(("N", 60, {}), ("n", 15, {}), ("p", 15 / 59, {})), set(), "chapter x")


def test_a_count_beyond_its_denominator_is_refused():
    with pytest.raises(Cause, match="61 of 60"):
        _registry.verify(facts(("N", 60, {}), ("n", 61, {}), ("p", 61 / 60, {})), set(), "chapter x")


def test_a_line_takes_the_denominator_of_the_wider_cell():
    rows = [("N", 60, {}), ("n", 6, {"group2_level": "Skin"}), ("p", 0.2, {"group2_level": "Skin"})]
    with pytest.raises(Cause, match="6 of 60"):
        _registry.verify(facts(*rows), set(), "chapter x")


def test_an_analysis_whose_share_is_another_is_left_alone():
    _registry.verify(facts(("N", 60, {}), ("n", 15, {}), ("p", 0.5, {})), {"a"}, "chapter x")


def test_a_denominator_larger_than_the_population_is_refused():
    table = facts(("N", 61, {}))
    with pytest.raises(Cause, match="more than the population"):
        _registry.populations(table, {("a", "Drug"): 60}, "chapter x")
    _registry.populations(table, {("a", "Drug"): 61}, "chapter x")
