"""VS: one row per measurement; a wrong unit is asked, never repaired."""

import pandas as pd
import pytest

from crf2csr.sdtm import _mapping
from tests.sdtm.small import asked, context

pytestmark = pytest.mark.req("URS-SDT-06")

VISIT = {"EVENT": "SCR", "VSPERF": "Y", "VSDAT": "2026-01-19", "SYSBP": "120", "DIABP": "80"}


def make(*records):
    return _mapping.tabulate(
        context(
            "vs", {"VS": [VISIT | r for r in records], "SV": [{"EVENT": "SCR", "VISYN": "Y", "VISDAT": "2026-01-19"}]}
        )
    )


def test_each_answered_field_is_a_row_with_its_unit_and_blanks_are_counted():
    made = make({"WEIGHT": "45.1"})
    rows = made.data.set_index("VSTESTCD")
    assert rows["VSSTRESN"].to_dict() == {"DIABP": 80, "SYSBP": 120, "WEIGHT": 45.1}
    assert rows["VSSTRESU"].to_dict() == {"DIABP": "mmHg", "SYSBP": "mmHg", "WEIGHT": "kg"}
    assert made.ledger.frame().query("REASON == 'item is blank'")["ROWS_LOST"].item() == 4


def test_a_form_that_says_not_done_becomes_one_row_not_done():
    made = make({"VSPERF": "N", "SYSBP": "", "DIABP": ""})
    row = made.data.iloc[0]
    assert len(made.data) == 1 and (row["VSTESTCD"], row["VSSTAT"]) == ("VSALL", "NOT DONE") and pd.isna(row["VSORRES"])


@pytest.mark.parametrize(("field", "entered"), [("HEIGHT", "1.48"), ("WEIGHT", "65000")])
def test_a_measurement_outside_what_the_form_allows_is_kept_without_a_standard_value(field, entered):
    row = make({field: entered}).data.set_index("VSTESTCD").loc[field]
    assert row["VSORRES"] == entered and pd.isna(row["VSSTRESN"])


def test_two_blood_pressures_of_one_visit_are_both_kept_and_only_what_differs_is_asked():
    made = make({"SYSBP": "129"}, {"SYSBP": "145"})
    assert len(made.data) == 4
    assert asked(made, "P07") == [("VS:2", "SYSBP", "129"), ("VS:3", "SYSBP", "145")]


def test_the_same_answers_under_another_number_of_the_visit_are_asked_and_kept():
    made = make({"SYSBP": "129"}, {"SYSBP": "129", "EVENTREP": "2"})
    told = made.query_table()
    assert len(made.data) == 4 and set(told.loc[told["RULE"] == "P07", "SEVERITY"]) == {"minor"}
    assert made.query_table()["MESSAGE"].str.contains("entered twice").any()


def test_full_width_digits_are_read_and_two_numbers_in_one_field_are_not():
    made = make({"WEIGHT": "７３．５", "SYSBP": "120/80"})
    rows = made.data.set_index("VSTESTCD")
    assert rows.loc["WEIGHT", "VSSTRESN"] == 73.5 and rows.loc["WEIGHT", "VSORRES"] == "７３．５"
    assert pd.isna(rows.loc["SYSBP", "VSSTRESN"]) and rows.loc["SYSBP", "VSORRES"] == "120/80"
