"""Values of single subjects: each row is a point that leads to it; who has none is counted; too many are not drawn."""

import pandas as pd
import pytest

from crf2csr.ard import points
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-17")

ROWS = pd.DataFrame({"USUBJID": ["1", "1", "2"], "ADY": [8.0, 15.0, 8.0], "PCHG": [-10.0, -50.0, None]}).assign(
    WHY=pd.Series(["Observed", "Observed", "Missing"], dtype="str"), SAID=pd.Series(["N", "Y", None], dtype="str")
)


def analysed(n=3, **options):
    rows = ROWS.astype({"USUBJID": "str"})
    return run(points, {"dataset": "adrs", "options": options}, {"adsl": subjects(n), "adrs": rows})


def test_each_row_with_a_value_is_a_point_that_leads_to_it():
    facts, sets, _ = analysed(x="ADY", y="PCHG")
    assert stat(facts, "y", group3_level="1", variable_level="1") == -50
    assert members(facts, sets, "x", group3_level="1", variable_level="1") == ("adrs", [1])
    assert len(facts[facts["stat_name"] == "y"]) == 2


def test_subjects_without_a_value_are_counted():
    facts, sets, _ = analysed(y="PCHG")
    assert stat(facts, "n") == 1 and members(facts, sets, "n_missing") == ("adsl", [1, 2])
    assert members(facts, sets, "records_missing") == ("adrs", [2])


def test_a_mark_joins_the_texts_of_its_variables():
    facts, _, _ = analysed(x="ADY", mark=["WHY", "SAID"])
    assert facts.loc[facts["stat_name"] == "mark", "stat_text"].tolist() == ["Observed: N", "Observed: Y", "Missing"]


def test_more_subjects_than_can_be_seen_are_not_drawn_and_the_fact_says_so():
    facts, _, _ = analysed(x="ADY", at_most=1)
    assert stat(facts, "drawn") == 0
    assert facts.loc[facts["stat_name"] == "drawn", "warning"].str.contains("more than 1").all()
    assert "x" not in set(facts["stat_name"])


def test_an_unknown_variable_is_refused():
    with pytest.raises(Cause, match="not a variable"):
        analysed(x="AVAL2")
