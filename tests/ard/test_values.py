"""Values of single rows: each is itself, leads to its row, and what a row lacks is no fact."""

import pandas as pd
import pytest

from crf2csr.ard import values
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-17")

ROWS = pd.DataFrame(
    {
        "USUBJID": ["2", "1", "1"],
        "ORD": [1, 2, 1],
        "AVAL": [3.25, None, 1.5],
        "ADT": pd.array([0, 31, 59], dtype="Int64"),
    }
)


def analysed(**options):
    rows = ROWS.astype({"USUBJID": "str"}).assign(WORD=pd.Series(["a", None, "b"], dtype="str"))
    return run(values, {"dataset": "adcc", "options": options}, {"adsl": subjects(3), "adcc": rows})


def test_each_value_is_a_fact_that_leads_to_its_row():
    facts, sets, _ = analysed(columns={"AVAL": "d1", "WORD": "text"})
    assert stat(facts, "AVAL", group3_level="2", variable_level="0") == 3.25
    assert members(facts, sets, "AVAL", group3_level="1", variable_level="2") == ("adcc", [2])
    assert facts.loc[facts["stat_name"] == "WORD", "stat_text"].tolist() == ["b", "a"]
    assert set(facts.loc[facts["stat_name"] == "AVAL", "format"]) == {"d1"}


def test_what_a_row_lacks_is_no_fact():
    facts, _, _ = analysed(columns={"AVAL": "d1", "WORD": "text"})
    assert set(facts.loc[facts["variable_level"].notna(), "variable_level"]) == {"0", "2"}
    assert stat(facts, "rows") == 3 and stat(facts, "n") == 2 and stat(facts, "N") == 3


def test_rows_come_in_the_order_that_is_asked_for():
    facts, _, _ = analysed(columns={"ORD": "d0"}, sort=["USUBJID", "ORD"])
    assert facts.loc[facts["stat_name"] == "ORD", "variable_level"].tolist() == ["2", "1", "0"]


def test_a_date_as_text_is_iso():
    facts, _, _ = analysed(columns={"ADT": "text"})
    assert facts.loc[facts["stat_name"] == "ADT", "stat_text"].tolist() == ["1970-02-01", "1970-03-01", "1970-01-01"]


def test_a_variable_that_does_not_exist_is_refused():
    with pytest.raises(Cause, match="is not a variable of these rows"):
        analysed(columns={"CHG": "d1"})
