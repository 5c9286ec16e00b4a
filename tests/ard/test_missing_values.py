"""No table method loses a record because a value is missing: what goes in is counted or reported as not known.

Records without a day, a grade, an end, a term or a seriousness are planted; for each method the records reported add
up to the records given.
"""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.ard import counts, events, mean_cumulative, rates, records, terms
from crf2csr.errors import Cause
from tests.ard._tables import members, run, stat, subjects

pytestmark = pytest.mark.req("URS-ACC-08")

PEOPLE = 6
SAFETY = subjects(
    PEOPLE,
    TRTSDT=pd.array([100, 100, 100, 100, 100, None], dtype="Int64"),
    TRTEDT=pd.array([184, 184, 184, 120, None, None], dtype="Int64"),
    LSTCNDT=pd.array([200, 200, 200, 140, 150, 130], dtype="Int64"),
)
# Subject, start, end, grade, serious, term. The third is what is missing, in turn, of each kind.
PLANTED = [
    ("1", 110, 115, 1, "N", "Headache"),
    ("1", 112, 113, None, "N", "Headache"),  # no grade, beside an event with one
    ("2", None, 130, 3, "Y", "Nausea"),  # no day
    ("2", 120, None, 2, "N", "Nausea"),  # no end
    ("3", None, None, None, None, None),  # nothing but that it happened
    ("4", 90, 95, 2, "N", "Acne"),  # before the first dose
    ("5", 101, 102, 3, "N", None),  # no term, of a subject without a last dose
    ("6", 105, 106, 5, "Y", "Stroke"),  # of a subject who was never treated
]


def adae(rows):
    frame = pd.DataFrame(rows, columns=["USUBJID", "ASTDT", "AENDT", "ATOXGRN", "AESER", "ADECOD"])
    frame = frame.astype({"ASTDT": "Int64", "AENDT": "Int64", "ATOXGRN": "Int64"})
    frame["ADURN"] = frame["AENDT"] - frame["ASTDT"] + 1
    text = ["USUBJID", "AESER", "ADECOD"]
    frame[text] = frame[text].astype("str").where(frame[text].notna())
    frame["ABODSYS"] = frame["ADECOD"].map({"Headache": "Nervous", "Stroke": "Nervous", "Nausea": "Gut"}).astype("str")
    return frame


def result(room, rows, **options):
    spec = {"dataset": "adae", "options": options}
    return run(room, spec | options.pop("spec", {}), {"adsl": SAFETY, "adae": adae(rows)})


GRADES = [
    {"id": "severe", "where": {"ATOXGRN": {"ge": 3, "missing": "drop"}}},
    {"id": "mild", "where": {"ATOXGRN": {"lt": 3, "missing": "drop"}}},
    {"id": "unknown", "where": {"ATOXGRN": {"present": False}}},
]
SERIOUSNESS = [
    {"id": "serious", "where": {"AESER": "Y"}},
    {"id": "not", "where": {"AESER": "N"}},
    {"id": "unknown", "where": {"AESER": {"present": False}}},
]
WHEN = [
    {"id": "early", "where": {"ASTDT": {"le": 110, "missing": "drop"}}},
    {"id": "late", "where": {"ASTDT": {"gt": 110, "missing": "drop"}}},
    {"id": "unknown", "where": {"ASTDT": {"present": False}}},
]
PARTS = [GRADES, SERIOUSNESS, WHEN]


def events_add_up(rows):
    for lines in PARTS:
        facts, _, _ = result(events, rows, lines=lines)
        assert sum(stat(facts, "events", variable_level=line["id"]) for line in lines) == len(rows)
        unknown = stat(facts, "events", variable_level="unknown")
        assert stat(facts, "events_unknown", variable_level=lines[0]["id"]) == unknown


def terms_add_up(rows):
    facts, _, _ = result(terms, rows, terms=["ABODSYS", "ADECOD"], worst="ATOXGRN", grades=[1, 2, 3, 4, 5])
    counted = facts[facts["stat_name"] == "events"]
    any_event = counted["group2_level"] == terms.ANY
    assert counted.loc[any_event, "stat"].sum() == len(rows)
    assert counted.loc[counted["group3_level"].isna() & ~any_event, "stat"].sum() == len(rows)
    assert counted.loc[counted["group3_level"].notna(), "stat"].sum() == len(rows)
    # Each subject stands at one worst grade, "Missing" being one.
    people = facts[(facts["stat_name"] == "n") & (facts["group2_level"] == terms.ANY)]
    graded = people["variable_level"].notna()
    assert people.loc[graded, "stat"].sum() == people.loc[~graded, "stat"].sum() == len({row[0] for row in rows})


def rates_add_up(rows):
    ends = {"TRTEDT": 28, "LSTCNDT": 0}
    facts, _, _ = result(rates, rows, ends=ends, lines=[{"id": "any"}, *GRADES])
    for name in ("events", "events_no_time"):
        by_line = [stat(facts, name, variable_level=line["id"]) for line in GRADES]
        assert sum(by_line) == stat(facts, name, variable_level="any")
    assert stat(facts, "events", variable_level="any") + stat(facts, "events_no_time", variable_level="any") == len(
        rows
    )
    assert stat(facts, "N") + stat(facts, "n_no_time") == PEOPLE
    at_risk = {row[0] for row in rows} - {"6"}
    assert stat(facts, "n", variable_level="any") == len(at_risk), "an undated event is an event"


def counts_add_up(rows):
    for variable in ("ATOXGRN", "AESER", "ADECOD"):
        facts, _, _ = result(counts, rows, spec={"variable": variable})
        counted = facts.loc[facts["stat_name"] == "events", "stat"].sum()
        assert counted + stat(facts, "events_missing") == len(rows)
        known = {row[0] for row in rows if row[{"ATOXGRN": 3, "AESER": 4, "ADECOD": 5}[variable]] is not None}
        assert stat(facts, "n_missing") == PEOPLE - len(known)


def records_add_up(rows):
    for lines in PARTS:
        facts, _, _ = result(records, rows, variable="ADURN", lines=lines)
        parts = [stat(facts, name, variable_level=line["id"]) for line in lines for name in ("n", "n_missing")]
        assert sum(parts) == len(rows)


def mean_cumulative_adds_up(rows):
    facts, _, _ = result(mean_cumulative, rows, end="LSTCNDT", grid={"week 4": 28})
    names = ("events", "n_undated", "n_outside", "events_no_time")
    assert sum(stat(facts, name) for name in names) == len(rows)
    assert stat(facts, "N") + stat(facts, "n_no_time") == PEOPLE


METHODS = [events_add_up, terms_add_up, rates_add_up, counts_add_up, records_add_up, mean_cumulative_adds_up]


@pytest.mark.parametrize("adds_up", METHODS, ids=lambda method: method.__name__)
def test_the_records_reported_are_the_records_given(adds_up):
    adds_up(PLANTED)


@pytest.mark.parametrize("adds_up", METHODS, ids=lambda method: method.__name__)
def test_this_holds_whatever_is_missing(adds_up):
    day = st.one_of(st.none(), st.integers(80, 210))
    row = st.tuples(
        st.sampled_from([str(n) for n in range(1, PEOPLE + 1)]),
        day,
        day,
        st.one_of(st.none(), st.integers(1, 5)),
        st.sampled_from(["Y", "N", None]),
        st.sampled_from(["Headache", "Nausea", "Acne", "Stroke", None]),
    )

    @settings(max_examples=12, derandomize=True, deadline=None)
    @given(st.lists(row, min_size=1, max_size=12))
    def holds(rows):
        adds_up(rows)

    holds()


def test_each_planted_record_is_the_member_of_what_reports_it():
    facts, sets, _ = result(events, PLANTED, lines=GRADES)
    assert members(facts, sets, "events", variable_level="unknown") == ("adae", [1, 4])
    facts, sets, _ = result(mean_cumulative, PLANTED, end="LSTCNDT")
    assert members(facts, sets, "n_undated") == ("adae", [2, 4])
    assert members(facts, sets, "n_outside") == ("adae", [5])
    assert members(facts, sets, "events_no_time") == ("adae", [7])
    facts, sets, _ = result(counts, PLANTED, spec={"variable": "ATOXGRN"})
    assert members(facts, sets, "events_missing") == ("adae", [1, 4])


@pytest.mark.parametrize("room", [events, records, rates])
def test_a_comparison_that_does_not_say_what_becomes_of_missing_values_is_refused(room):
    lines = [{"id": "late", "where": {"ASTDT": {"gt": 110}}}]
    with pytest.raises(Cause, match="2 values are missing"):
        result(room, PLANTED, lines=lines, variable="ADURN", ends={"LSTCNDT": 0})
