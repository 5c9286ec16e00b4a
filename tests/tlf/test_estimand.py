"""The tables of estimands and of intercurrent events."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import estimand
from tests.ard.test_estimand import EVENTS, PAGE, VISIT, adice, ends
from tests.tlf._shelf import ONE, TWO, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-03")

SHOWN = [{"label": "n (%)", "show": "{n}[ ({p})]"}, {"label": "By the end", "show": "{n_by}[ ({p_by})]"}]
TABLE = {"id": "t", "analysis": "events", "about": "events", "any": "Any", "none": "None", "columns": SHOWN}
BLOCKS = {
    "id": "t",
    "analysis": "estimands",
    "about": "estimands",
    "stub": "Attribute",
    "value": "As declared",
    "head": "{label} ({role})",
    "rows": [
        {"label": "Population", "show": "{population}; n = {N}"},
        {"label": "Events, {strategy}", "events": True},
        {"label": "Summary", "show": "{summary}"},
    ],
}


def made(spec: dict, arms: dict = ONE) -> dict:
    labels = [arm["label"] for arm in arms["arms"]]
    adsl = people(4, labels, TRTSDT=pd.array([1000] * 4, dtype="Int64"), FASFL=pd.Series(["Y"] * 4, dtype="str"))
    data = {"adsl": adsl, "adice": adice(("1", "RESCUE", 10), ("2", "PAUSE", 90)), "adrs": ends(s1=85)}
    specs = [
        EVENTS | {"id": "events", "method": "estimand", "beside": VISIT},
        {"id": "estimands", "method": "estimand", "dataset": "adice", "options": {"about": "estimands"}},
    ]
    return estimand.display(spec, shelf(specs, data, PAGE | arms), {})


def test_each_strategy_heads_its_events():
    rows = texts(made(TABLE))
    assert rows == {
        "Any": ["2 (50.0)", "1 (25.0)"],
        "Composite": ["1 (25.0)", "1 (25.0)"],
        "Rescue medication": ["1 (25.0)", "1 (25.0)"],
        "Death": ["0", "0"],
        "Treatment policy": ["1 (25.0)", "0"],
        "Pause": ["1 (25.0)", "0"],
        "None": ["2 (50.0)", ""],
    }
    assert unbound(made(TABLE)) == []


def test_each_arm_has_its_columns_and_a_strategy_may_be_called_otherwise():
    rows = texts(made(TABLE | {"words": {"composite": "Counts as non-response"}}, TWO))
    assert rows["Counts as non-response"] == ["1 (50.0)", "1 (50.0)", "0", "0"]


def test_an_estimand_is_a_block_of_its_attributes_and_only_its_number_is_bound():
    table = made(BLOCKS)
    assert [row["head"] for row in table["rows"]] == [
        "Response (primary)",
        "Population",
        "Events, composite",
        "Events, treatment policy",
        "Summary",
    ]
    assert texts(table)["Population"] == ["Adults; n = 4"]
    assert texts(table)["Events, composite"] == ["Rescue medication; Death"]
    assert [p["t"] for row in table["rows"] for cell in row["cells"] for p in cell if "f" in p] == ["4"]


def test_a_table_about_something_else_is_refused():
    with pytest.raises(Cause, match="value 'all': `about` is estimands or events"):
        made(TABLE | {"about": "all"})
