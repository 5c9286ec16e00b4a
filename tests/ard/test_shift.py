import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import shift
from crf2csr.errors import Cause
from tests.ard._tables import data, members, oracle, run, stat

pytestmark = pytest.mark.req("URS-ARD-02")

LEVELS = ["LOW", "NORMAL", "HIGH"]
OPTIONS = {"levels": LEVELS, "baseline": {"ABLFL": "Y"}, "post": {"ABLFL": {"not": "Y"}}, "order": ["ADT"]}


def long(table):
    before = table[["USUBJID", "PARAMCD"]].assign(ANRIND=table["BNRIND"], ABLFL="Y", ADT=1)
    after = table[["USUBJID", "PARAMCD"]].assign(ANRIND=table["WORST"], ABLFL="N", ADT=2)
    return pd.concat([before, after], ignore_index=True).astype({"ANRIND": "str", "ABLFL": "str"})


@pytest.mark.parametrize("code", list(oracle("04_mcnemar_2x2")["shift"]))
def test_the_shift_table_agrees_with_r(code):
    want = oracle("04_mcnemar_2x2")["shift"][code]
    table = data("data/lab_shift").query("PARAMCD == @code")
    adsl = pd.DataFrame({"USUBJID": table["USUBJID"], "TRT01P": "A"})
    facts, _, _ = run(
        shift, {"dataset": "adlb", "variable": "ANRIND", "options": OPTIONS}, {"adsl": adsl, "adlb": long(table)}
    )
    levels = [*LEVELS, "Missing"]
    got = [[stat(facts, "n", group3_level=r, variable_level=c) for c in levels] for r in levels]
    assert got == want["counts"]


def rows(*cells):
    return pd.DataFrame(list(cells), columns=["USUBJID", "ABLFL", "ADT", "ANRIND"]).astype(
        {"USUBJID": "str", "ABLFL": "str", "ANRIND": "str"}
    )


def facts_of(table, n=3, **options):
    adsl = pd.DataFrame({"USUBJID": [str(i) for i in range(1, n + 1)], "TRT01P": "A"}).astype("str")
    return run(
        shift, {"dataset": "adlb", "variable": "ANRIND", "options": OPTIONS | options}, {"adsl": adsl, "adlb": table}
    )


def test_every_subject_stands_in_one_cell_and_missing_is_shown():
    table = rows(("1", "Y", 1, "NORMAL"), ("1", "N", 2, "HIGH"), ("2", "N", 2, "LOW"))
    facts, sets, _ = facts_of(table)
    assert stat(facts, "n", group3_level="NORMAL", variable_level="HIGH") == 1
    assert stat(facts, "n", group3_level="Missing", variable_level="LOW") == 1
    assert stat(facts, "n", group3_level="Missing", variable_level="Missing") == 1
    assert stat(facts, "n", group3_level="Total", variable_level="Total") == 3
    assert members(facts, sets, "n", group3_level="NORMAL", variable_level="HIGH") == ("adlb", [0, 1])
    assert members(facts, sets, "n", group3_level="Missing", variable_level="Missing") == ("adsl", [2])


def test_the_worst_or_the_last_of_several_is_taken():
    table = rows(("1", "Y", 1, "NORMAL"), ("1", "N", 2, "HIGH"), ("1", "N", 3, "NORMAL"), ("1", "N", 4, np.nan))
    worst, _, _ = facts_of(table, 1, pick="worst", severity=["NORMAL", "LOW", "HIGH"])
    last, _, _ = facts_of(table, 1)
    assert stat(worst, "n", group3_level="NORMAL", variable_level="HIGH") == 1
    assert stat(last, "n", group3_level="NORMAL", variable_level="NORMAL") == 1


def test_a_category_that_is_not_listed_is_refused():
    with pytest.raises(Cause, match="does not list"):
        facts_of(rows(("1", "N", 2, "ABNORMAL")))


def test_a_record_without_a_day_is_not_used_and_is_counted():
    table = rows(("1", "Y", 1, "NORMAL"), ("1", "N", None, "HIGH"), ("1", "N", 5, "NORMAL")).astype({"ADT": "Int64"})
    facts, sets, _ = facts_of(table, 1, post={"ABLFL": {"not": "Y"}, "ADT": {"gt": 1, "missing": "drop"}})
    assert stat(facts, "n", group3_level="NORMAL", variable_level="NORMAL") == 1
    assert stat(facts, "records_unused") == 1
    assert members(facts, sets, "records_unused") == ("adlb", [1])
