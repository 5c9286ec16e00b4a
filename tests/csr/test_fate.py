"""The fate of records: a count leads to its records only where the queries name exactly as many."""

import pandas as pd
import pytest

from crf2csr.csr import _integrity
from crf2csr.ledger import Ledger
from crf2csr.sdtm import _screen

pytestmark = pytest.mark.req("URS-CSR-06")

BAD = "quarantined: subject id is malformed"


def forms(*records: str, n: int = 2):
    ledger = Ledger()
    ledger.enter("form", "VS", 10, 10 - n - 1, {BAD: n, "not submitted: not done": 1})
    rows = [("P16", "VS", "VS:3"), *(("P23", "VS", one) for one in records), ("P23", "AE", "AE:9")]
    queries = pd.DataFrame(rows, columns=["RULE", "FORM", "REC"], dtype="str")
    return _integrity.forms({"sdtm/_ledger/_forms": ledger.frame()}, queries)[0]["lost"]


def test_each_record_that_left_is_named_by_its_query_once():
    assert forms("VS:4", "VS:7", "VS:7") == [
        {"reason": BAD, "n": 2, "asked": [1, 2]},
        {"reason": "not submitted: not done", "n": 1},
    ]


@pytest.mark.parametrize("records", [(), ("VS:4",), ("VS:4", "VS:5", "VS:6")])
def test_a_count_that_the_queries_do_not_bear_out_leads_nowhere(records):
    assert "asked" not in forms(*records)[0]


@pytest.mark.req("URS-ACC-01")
def test_every_reason_of_the_screen_has_its_query():
    assert set(_integrity.ASKED_AS) == set(_screen.REASONS.values())
