import pandas as pd
import pytest

from crf2csr.tlf import levels
from tests.tlf._shelf import people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-03")

ADTTE = pd.DataFrame(
    {
        "USUBJID": pd.Series(list("1234"), dtype="str"),
        "LBOUND": [1.0, 8, 8, 29],
        "RBOUND": [8.0, 15, 15, float("nan")],
    }
)
SPEC = {
    "id": "t-1",
    "title": "Time",
    "analysis": "between",
    "columns": [{"label": "Mass"}, {"label": "Cumulative"}],
    "blocks": [
        {"label": "Subjects", "rows": [{"label": "Seen", "show": ["", "{n_between}"]}]},
        {"label": "Intervals", "group": "interval", "show": ["{mass}", "{cum}"]},
        {"label": "Days", "rows": [{"label": "Day 10", "variable_level": "Day 10", "show": ["", "{cum_range}"]}]},
    ],
}


def made():
    analysis = {"id": "between", "method": "npmle", "dataset": "adtte", "options": {"landmarks": {"Day 10": 10}}}
    return levels.display(SPEC, shelf([analysis], {"adsl": people(4), "adtte": ADTTE}), {})


def test_a_block_has_a_row_per_level_of_the_results_and_planned_rows_beside():
    assert texts(made()) == {
        "Subjects": [],
        "Seen": ["", "3"],
        "Intervals": [],
        "(1, 8]": ["25.0", "25.0"],
        "(8, 15]": ["50.0", "75.0"],
        "after 29": ["25.0", "100"],
        "Days": [],
        "Day 10": ["", "25.0 to 75.0"],
    }


@pytest.mark.req("URS-TLF-01")
def test_every_number_is_bound_to_a_fact_and_columns_stand_under_the_arm():
    table = made()
    assert unbound(table) == []
    assert [column["label"] for column in table["columns"]] == ["Mass", "Cumulative"]
    assert table["spanners"][0][0]["label"] == "Drug"
