"""What stands on the card of a number: other defaults of the same statistic, and who entered its cell."""

import pandas as pd
import pytest

from crf2csr.ard._facts import Facts
from crf2csr.csr import _card, appendix
from tests.csr import small
from tests.csr.test_appendix import payload

pytestmark = pytest.mark.req("URS-CSR-04")

CELL = {"analysis": "time", "variable": "AVAL", "group1_level": "A"}


def facts() -> pd.DataFrame:
    made = Facts()
    made.add("median", 57, "d1", **CELL)
    made.add("median", 50, "d1", **CELL, context="R default: log")
    made.add("q1", 29, "d1", **CELL, context="R default: log")
    made.add("entered", 60, "count", **CELL)
    made.add("left_out", 1, "count", **CELL, variable_level="no date")
    made.add("entered", 58, "count", **CELL | {"group1_level": "B"})
    made.add("median", 44, "d1", **CELL | {"analysis": "other"}, context="R default: log")
    return made.frame().assign(chapter="efficacy")


def test_beside_a_shown_statistic_stand_other_defaults_of_it_and_who_entered_its_cell():
    table = facts()
    found = _card.beside(table, table.iloc[[0]])
    assert found.index.tolist() == [0, 1, 3, 4]


def test_what_no_shown_number_needs_is_left_out():
    table = facts()
    assert _card.beside(table, table.iloc[[5]]).index.tolist() == [5]


def test_the_page_embeds_the_formula_and_the_sources_of_each_method():
    data = payload(appendix.assemble(small.read(), small.part()))
    card = data["methods"]["proportion"]
    assert card["formulas"]["p"] == "x / n" and "Clopper and Pearson" in card["references"][0]
