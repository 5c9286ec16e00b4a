"""A field with several choices becomes one record per ticked option."""

import pandas as pd
import pytest

from crf2csr.sdtm._mapping import each_option
from crf2csr.trace import Made

pytestmark = pytest.mark.req("URS-SDT-06")


def test_each_ticked_option_is_a_record_and_records_without_one_are_counted():
    made = Made(pd.DataFrame())
    records = pd.DataFrame({"REC": ["F:2", "F:3", "F:4"], "SITES": ["SCJ|SPINE", "", " SIJ "]}, dtype="str")
    out = each_option(records, "SITES", "F", "spec", made)
    assert out[["REC", "SITES"]].values.tolist() == [["F:2", "SCJ"], ["F:2", "SPINE"], ["F:4", "SIJ"]]
    line = made.ledger.frame().iloc[0]
    assert (line["ROWS_IN"], line["ROWS_OUT"], line["ROWS_LOST"], line["REASON"]) == (3, 2, 1, "no option is ticked")
