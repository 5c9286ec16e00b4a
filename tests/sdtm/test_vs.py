"""VS: one row per measurement; a wrong unit is asked, never repaired."""

import pandas as pd
import pytest
from tests.sdtm.small import asked, context

from crf2csr.sdtm import _mapping

VISIT = {"EVENT": "SCR", "VSPERF": "Y", "VSDAT": "2026-01-19", "SYSBP": "120", "DIABP": "80"}


def make(*records):
    return _mapping.tabulate(context("vs", {"VS": [VISIT | r for r in records], "SV": [{"EVENT": "SCR", "VISYN": "Y", "VISDAT": "2026-01-19"}]}))


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


@pytest.mark.parametrize(("field", "entered", "unit"), [("HEIGHT", "1.48", "m"), ("WEIGHT", "65000", "g")])
def test_a_measurement_in_another_unit_is_asked_and_kept_as_entered(field, entered, unit):
    made = make({field: entered})
    row = made.data.set_index("VSTESTCD").loc[field]
    assert row["VSORRES"] == entered
    assert asked(made, "P12") == [("VS:2", field, entered)]
    assert f"is the unit {unit}?" in made.query_table()["MESSAGE"].item()


def test_a_weight_in_jin_is_found_against_the_persons_other_weights():
    made = make({"WEIGHT": "45.1"}, {"WEIGHT": "90.2", "EVENT": "W4", "VSDAT": "2026-03-02"}, {"WEIGHT": "45.5", "EVENT": "W8", "VSDAT": "2026-03-30"})
    assert asked(made, "P12") == [("VS:3", "WEIGHT", "90.2")]
    assert made.data.query("VSTESTCD == 'WEIGHT'")["VSSTRESN"].tolist() == [45.1, 90.2, 45.5]


def test_full_width_digits_are_read_and_two_numbers_in_one_field_are_not():
    made = make({"WEIGHT": "７３．５", "SYSBP": "120/80"})
    rows = made.data.set_index("VSTESTCD")
    assert rows.loc["WEIGHT", "VSSTRESN"] == 73.5 and rows.loc["WEIGHT", "VSORRES"] == "７３．５"
    assert pd.isna(rows.loc["SYSBP", "VSSTRESN"]) and rows.loc["SYSBP", "VSORRES"] == "120/80"
