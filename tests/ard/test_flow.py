import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import flow
from crf2csr.errors import Cause
from tests.ard._tables import run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-01")

ADSL = subjects(
    4, SAFFL=["N", "Y", "Y", "Y"], DCSREAS=pd.Series(["SCREEN FAILURE", np.nan, "DEATH", np.nan], dtype="str")
).assign(TRT01P=pd.Series([np.nan, "A", "A", "A"], dtype="str"))


def facts_of(*boxes):
    return run(flow, {"dataset": "adsl", "options": {"boxes": list(boxes)}}, {"adsl": ADSL})[0]


def test_boxes_count_subjects_in_and_out_of_arms_and_percentages_refer_to_their_parent():
    facts = facts_of(
        {"id": "screened"},
        {"id": "treated", "where": {"SAFFL": "Y"}, "of": "screened"},
        {"id": "arm", "where": {"SAFFL": "Y"}, "of": "treated", "per_arm": True},
    )
    assert stat(facts, "n", variable_level="screened") == 4
    assert stat(facts, "p", variable_level="treated") == 0.75
    assert stat(facts, "n", variable_level="arm", group1_level="A") == 3


def test_reasons_divide_a_box_and_a_reason_not_recorded_is_shown():
    facts = facts_of({"id": "all", "by": "DCSREAS"})
    levels = facts[facts["group2_level"].notna()].set_index("group2_level")["stat"].to_dict()
    assert levels == {"Not recorded": 2, "DEATH": 1, "SCREEN FAILURE": 1}


def test_a_parent_must_stand_before():
    with pytest.raises(Cause, match="stands before"):
        facts_of({"id": "treated", "of": "screened"})
