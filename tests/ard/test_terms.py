import numpy as np
import pandas as pd
import pytest

from crf2csr.ard import terms
from crf2csr.errors import Cause
from tests.ard._tables import run, stat, subjects

pytestmark = pytest.mark.req("URS-ARD-01")

ADAE = pd.DataFrame(
    {
        "USUBJID": pd.Series(["1", "1", "2", "3", "3", "4"], dtype="str"),
        "AEBODSYS": pd.Series(["Skin", "Skin", "Skin", "Nerves", "Nerves", np.nan], dtype="str"),
        "AEDECOD": pd.Series(["Rash", "Rash", "Itch", "Headache", "Headache", np.nan], dtype="str"),
        "ATOXGRN": pd.array([1, 3, 2, None, 1, None], dtype="Int64"),
    }
)


def facts_of(**options):
    spec = {"dataset": "adae", "options": {"terms": ["AEBODSYS", "AEDECOD"]} | options}
    return run(terms, spec, {"adsl": subjects(10), "adae": ADAE})[0]


def order(facts):
    n = facts[(facts["stat_name"] == "n") & facts["variable"].isna()]
    return [
        (group, None if pd.isna(term) else term)
        for group, term in zip(n["group2_level"], n["group3_level"], strict=True)
    ]


def test_a_subject_counts_once_per_row_and_its_events_each():
    facts = facts_of()
    assert (stat(facts, "n", group3_level="Rash"), stat(facts, "events", group3_level="Rash")) == (1, 2)
    assert stat(facts, "n", group2_level="Skin", group3_level=None) == 2
    assert (stat(facts, "n", group2_level="Any event"), stat(facts, "events", group2_level="Any event")) == (4, 6)


def test_an_event_without_a_term_is_counted_as_not_coded():
    assert stat(facts_of(), "n", group3_level="Not coded") == 1


def test_rows_are_sorted_by_frequency_or_by_alphabet():
    assert [g for g, t in order(facts_of()) if t is None] == ["Any event", "Skin", "Nerves", "Not coded"]
    assert [g for g, t in order(facts_of(order="alphabet")) if t is None] == [
        "Any event",
        "Nerves",
        "Not coded",
        "Skin",
    ]


def test_the_worst_grade_counts_each_subject_once_and_a_missing_grade_is_shown():
    facts = facts_of(worst="ATOXGRN", grades=[1, 2, 3, 4, 5])
    graded = facts[(facts["group2_level"] == "Any event") & (facts["variable"] == "ATOXGRN")]
    by_grade = graded[graded["stat_name"] == "n"].set_index("variable_level")["stat"].to_dict()
    assert by_grade == {"1": 1, "2": 1, "3": 1, "4": 0, "5": 0, "Missing": 1}


def test_a_grade_that_is_not_declared_is_refused():
    with pytest.raises(Cause, match="grades"):
        facts_of(worst="ATOXGRN", grades=[1, 2])


def test_rare_terms_are_left_out_by_share_and_their_number_is_a_fact():
    facts = facts_of(at_least=0.2)
    assert [t for _, t in order(facts) if t] == []
    assert stat(facts, "terms_left_out") == 4
