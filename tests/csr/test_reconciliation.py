"""The same subjects on every floor, or a difference that is listed by subject."""

import pandas as pd
import pytest

from crf2csr.ard._facts import Facts
from crf2csr.csr import _reconciliation, _words
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-CSR-06")


def text(*values):
    return pd.Series(list(values), dtype="str")


ADSL = pd.DataFrame({"USUBJID": text("S-1", "S-2", "S-3"), "SUBJID": text("1", "2", "3"), "SAFFL": text("Y", "Y", "N")})
ADAE = pd.DataFrame({"USUBJID": text("S-1", "S-1", "S-2"), "AESER": text("Y", "Y", "N")})
AE = pd.DataFrame({"USUBJID": text("S-1", "S-2", "S-3"), "AESER": text("Y", None, "Y")})
NO_QUERY = pd.DataFrame(
    {name: pd.Series(dtype="str") for name in ("RULE", "FORM", "FIELD", "SUBJID", "REC", "MESSAGE")}
)
SOURCES = [
    {"label": "SDTM", "table": "sdtm/ae", "where": {"AESER": "Y"}},
    {"label": "Table", "analysis": "overview", "level": "Serious", "display": "t-1"},
]


def floors():
    facts = Facts()
    one = {"analysis": "overview", "variable_level": "Serious", "group1_level": "Drug"}
    facts.add("n", 1, "count", facts.set_of("adae", [0, 1]), **one)
    lines = [{"id": "Serious", "where": {"AESER": "Y"}}]
    chapters = {"safety": {"analyses": [{"id": "overview", "where": {"TRTEMFL": "Y"}, "options": {"lines": lines}}]}}
    tables = {"adam/adsl": ADSL, "adam/adae": ADAE, "sdtm/ae": AE}
    return _reconciliation.Floors(tables, facts.frame(), facts.sets(), chapters)


def compare(queries=NO_QUERY, printed=frozenset({0}), **entry):
    plan = [{"concept": "Serious event", "sources": SOURCES, **entry}]
    return _reconciliation.compare(plan, floors(), queries, {"t-1": set(printed)})[0]


def test_subjects_are_compared_and_not_only_their_number():
    found = compare()
    assert [("".join(p["t"] for p in s["n"]), s["lacks"]) for s in found["sources"]] == [("2", 0), ("1", 1)]
    assert found["sources"][1]["n"] == [{"t": "1", "f": 0}]
    assert not found["agree"]


def test_a_subject_in_one_source_alone_is_listed_and_without_a_reason_said_so():
    (difference,) = compare()["differences"]
    assert (difference["subject"], difference["present"], difference["absent"]) == ("3", ["SDTM"], ["Table"])
    assert difference["why"] == [_reconciliation.UNEXPLAINED]
    assert not difference["explained"]


def test_a_declared_reason_and_a_query_stand_beside_the_subject():
    query = {"RULE": "P38", "FORM": "AE", "FIELD": "AESER", "SUBJID": "3", "REC": "AE:7", "MESSAGE": "Is it serious?"}
    queries = pd.DataFrame([query, query | {"SUBJID": "1"}, query | {"FIELD": "AETERM"}]).astype("str")
    explained = [{"table": "adam/adsl", "where": {"SAFFL": {"not": "Y"}}, "why": "Not treated."}]
    (difference,) = compare(queries, explained=explained, fields=["AE.AESER"])["differences"]
    assert difference["why"] == ["Not treated.", "Query P38 (AE:7, AESER): Is it serious?"]
    assert difference["explained"]


def test_sources_with_the_same_subjects_agree():
    same = [SOURCES[1], {"label": "SDTM", "table": "sdtm/ae", "where": {"USUBJID": "S-1"}}]
    found = compare(sources=same)
    assert found["agree"]
    assert found["differences"] == []
    assert found["sources"][0]["condition"] == "TRTEMFL = Y; AESER = Y"


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (SOURCES[1] | {"level": "Fatal"}, "no analysis counts this line"),
        ({"label": "DS", "table": "sdtm/ds"}, "this run has no such table"),
    ],
)
def test_a_source_that_is_not_there_is_named(source, named):
    with pytest.raises(Cause, match=named):
        compare(sources=[SOURCES[0], source])


def test_a_row_that_its_table_does_not_print_is_refused():
    with pytest.raises(Cause, match="does not print"):
        compare(printed=())


def test_a_choice_of_conditions_is_said_in_words():
    assert _words.condition({"any": [{"AESER": "Y"}, {"AEOUT": "FATAL"}]}) == "AESER = Y or AEOUT = FATAL"
