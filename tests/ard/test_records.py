"""Statistics of records: several of a subject count each, and those without a value are told."""

import pandas as pd
import pytest

from crf2csr.ard import records
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-17")

ROWS = pd.DataFrame({"USUBJID": ["1", "1", "2", "2"], "ADURN": [3.0, 5.0, 10.0, None], "KIND": ["a", "b", "a", "a"]})


def analysed(**options):
    spec = {"dataset": "adae", "options": {"variable": "ADURN", "lines": [{"id": "Any"}], **options}}
    return run(records, spec, {"adsl": subjects(3), "adae": ROWS.astype({"USUBJID": "str", "KIND": "str"})})


def test_every_record_counts_and_every_subject_once():
    facts, sets, _ = analysed()
    assert [stat(facts, s) for s in ("n", "subjects", "n_missing", "median", "mean")] == [3, 2, 1, 5, 6]
    assert members(facts, sets, "n_missing") == ("adae", [3])


def test_a_line_takes_the_records_that_meet_its_condition():
    facts, _, _ = analysed(lines=[{"id": "b", "where": {"KIND": "b"}}, {"id": "c", "where": {"KIND": "c"}}])
    assert stat(facts, "mean", variable_level="b") == 5
    assert stat(facts, "n", variable_level="c") == 0
    assert facts.loc[facts["variable_level"].eq("c") & facts["stat_name"].eq("mean"), "warning"].tolist() == [
        "no value"
    ]


def test_an_unknown_variable_is_refused():
    with pytest.raises(Cause, match="not a variable"):
        analysed(variable="NOSUCH")
