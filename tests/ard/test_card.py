"""Every method presents itself, and what another default gives is never shown as the result."""

from importlib import import_module

import pytest

from crf2csr.ard._facts import Facts
from crf2csr.errors import Cause
from crf2csr.jobs import HOUSE
from crf2csr.tlf._cells import Shelf, fill

pytestmark = pytest.mark.req("URS-ARD-16")

METHODS = sorted(p.stem for p in (HOUSE / "ard").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_a_card_with_name_and_formula(name):
    card = import_module(f"crf2csr.ard.{name}").CARD
    assert card.name and all(card.formulas.values())
    assert set(card.about()) == {"name", "formulas", "references", "r"}


def test_a_value_of_another_default_is_not_on_the_shelf_of_the_displays():
    facts = Facts()
    facts.add("median", 57, "d1", analysis="time", group1_level="A")
    facts.add("median", 50, "d1", analysis="time", group1_level="A", context="R default: log")
    facts.add("q1", 50, "d1", analysis="time", group1_level="A", context="R default: log")
    shelf = Shelf(facts.frame()).of("time", "display x")
    assert fill("{median}", shelf, "display x") == [{"t": "57.0", "f": 0}]
    with pytest.raises(Cause, match="0 facts"):
        fill("{q1}", shelf, "display x")
