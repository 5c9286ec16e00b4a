"""The reporting event keeps to ARS 1.0, its references lead somewhere, and it says what the configuration says."""

from __future__ import annotations

import copy
import json

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.specs import read_yaml
from submission.ars import check, event, ledger
from submission.ars.conditions import body, conditions
from tests.climb import SHARED

pytestmark = pytest.mark.req("URS-PKG-06")

PAGE = {
    "study": {"id": "S1", "title": "A study", "notice": "", "cutoff": "2026-10-15"},
    "arms": [{"code": "A", "label": "Active"}, {"code": "B", "label": "Placebo"}],
}
CARD = {"name": "Proportion", "formulas": {"": "Exact", "p": "n / N"}, "references": ["A paper"], "r": {"p": "mean(x)"}}


def fact(**more):
    empty = "group2 group2_level group3 group3_level variable_level stat_text unit context warning error"
    held = dict.fromkeys(empty.split())
    held |= {"chapter": "c", "analysis": "rate", "method": "proportion", "dataset": "adrs", "group1": "TRT01P"}
    return (
        held | {"group1_level": "Active", "variable": "AVAL", "stat": 0.5, "format": "percent", "member_set": 1} | more
    )


FACTS = [
    fact(stat_name="n", stat=3.0, format="count"),
    fact(stat_name="p", stat=1 / 3),
    fact(stat_name="N", stat=9.0, format="count"),
    fact(stat_name="p", stat=0.25, context="another default"),
    fact(stat_name="p", variable="CHG", group1_level="All subjects", group2="PARAM", group2_level="Score"),
    fact(stat_name="p", variable="line", variable_level="Line 1", group1="SPLIT", group1_level="with"),
    fact(stat_name="verdict", stat=1.0, stat_text="rejected", format="text", warning="few subjects"),
    fact(stat_name="p", analysis="other", stat=float("nan"), variable=None),
]
SPEC = {
    "rate": {
        "label": "Rate",
        "sap": "4",
        "estimand": "main",
        "population": {"FASFL": "Y"},
        "where": {"AVAL": {"ge": 1}},
    },
    "other": {"label": "Other"},
}


@pytest.fixture
def declared():
    return event.Declared(
        page=PAGE,
        analyses={("c", k): {"id": k, "method": "proportion", "dataset": "adrs"} | v for k, v in SPEC.items()},
        variables={"ADSL": {"TRT01P": "Treatment"}, "ADRS": {"AVAL": "Value", "CHG": "Change", "PARAM": "Parameter"}},
        roles={"main": "primary"},
        sections=[{"number": "1", "title": "Efficacy", "displays": ["t-1"]}],
        facts=pd.DataFrame(FACTS),
        displays={"c": [{"id": "t-1", "title": "Rates", "rows": [{"cells": [[{"f": 1, "t": "33.3"}]]}]}]},
        drawn={"t-1": []},
        cards={"proportion": CARD},
        listed={("c", "rows"): 7},
    )


@pytest.fixture
def made(declared):
    return event.document(declared, {"t-1": "rtf/t-1.rtf"})


def by_id(held):
    return {one["id"]: one for one in held}


def test_it_keeps_to_the_schema_and_reads_back(made):
    assert check.faults(made) == []
    assert json.loads(event.checked(made, "ars.json")) == made


def test_an_analysis_has_one_variable_its_set_its_subset_and_its_purpose(made):
    found = by_id(made["analyses"])
    assert list(found) == ["AN.c.rate.AVAL", "AN.c.rate.CHG", "AN.c.rate", "AN.c.other"]
    rate = found["AN.c.rate.AVAL"]
    assert rate["purpose"] == {"controlledTerm": "PRIMARY OUTCOME MEASURE"} and rate["variable"] == "AVAL"
    assert by_id(made["analysisSets"])[rate["analysisSetId"]]["name"] == "ADSL.FASFL EQ Y"
    assert by_id(made["dataSubsets"])[rate["dataSubsetId"]]["condition"]["comparator"] == "GE"
    assert "variable" not in found["AN.c.other"] and found["AN.c.other"]["reason"]["controlledTerm"] == "NOT STATED"


def test_values_are_raw_and_shown_and_one_of_another_default_is_an_operation_of_its_own(made):
    analyses, operations = by_id(made["analyses"]), by_id(made["methods"][0]["operations"])
    held = [
        (one["operationId"], one.get("rawValue"), one["formattedValue"])
        for one in analyses["AN.c.rate.AVAL"]["results"]
    ]
    assert held == [
        ("OP.proportion.n", "3", "3"),
        ("OP.proportion.p", "0.3333333333333333", "33.3"),
        ("OP.proportion.N", "9", "9"),
        ("OP.proportion.p.2", "0.25", "25.0"),
        ("OP.proportion.verdict", "1", "rejected"),
    ]
    assert "another default" in operations["OP.proportion.p.2"]["label"]
    assert operations["OP.proportion.p"]["description"] == "n / N. In R: mean(x)."
    assert analyses["AN.c.other"]["results"][0] == {
        "operationId": "OP.proportion.p",
        "formattedValue": "NE",
        "resultGroups": [{"groupingId": "GF.ADSL.TRT01P", "groupId": "G.ADSL.TRT01P.1"}],
    }


def test_a_share_says_what_it_is_made_of(made):
    p = by_id(made["methods"][0]["operations"])["OP.proportion.p"]
    roles = {
        one["referencedOperationRole"]["controlledTerm"]: one["operationId"]
        for one in p["referencedOperationRelationships"]
    }
    assert roles == {"NUMERATOR": "OP.proportion.n", "DENOMINATOR": "OP.proportion.N"}


def test_arms_are_declared_groups_and_other_levels_come_from_the_data(made):
    arms = by_id(made["analysisGroupings"])["GF.ADSL.TRT01P"]
    assert [group["name"] for group in arms["groups"]] == ["Active", "Placebo", "All subjects"]
    analyses = by_id(made["analyses"])
    assert analyses["AN.c.rate.CHG"]["results"][0]["resultGroups"] == [
        {"groupingId": "GF.ADSL.TRT01P", "groupId": "G.ADSL.TRT01P.3"},
        {"groupingId": "GF.ADRS.PARAM", "groupValue": "Score"},
    ]
    assert [group["groupValue"] for group in analyses["AN.c.rate"]["results"][0]["resultGroups"]] == [
        "with",
        "line",
        "Line 1",
    ]


def test_contents_lead_from_sections_over_displays_to_analyses(made):
    first, rest = made["mainListOfContents"]["contentsList"]["listItems"]
    (output,) = first["sublist"]["listItems"]
    assert output["outputId"] == "OUT.t-1" and output["sublist"]["listItems"][0]["analysisId"] == "AN.c.rate.AVAL"
    assert made["outputs"][0]["fileSpecifications"][0]["location"] == "rtf/t-1.rtf"
    assert len(rest["sublist"]["listItems"]) == 3


def test_what_has_no_place_in_the_standard_is_told(declared, made):
    left = ledger.left_out(declared, made)
    told = left.set_index("what")["rows"]
    assert told["rows of a listing"] == 7 and told["warning: few subjects"] == 1
    assert told["records that a result counts"].sum() == len(FACTS)
    del made["analyses"][0]["results"][0]
    with pytest.raises(Cause, match="8 results were found and 7 written"):
        ledger.left_out(declared, made)


FAULTS = {
    "a key that the standard does not know": (("analyses", 0), {"colour": "red"}, "colour"),
    "a raw value that is a number": (("analyses", 0, "results", 4), {"rawValue": 1}, "1 is not of type 'string'"),
    "a purpose outside its list": (("analyses", 0, "purpose"), {"controlledTerm": "FUN"}, "is not valid under any"),
    "a missing method": (("analyses", 0), {"methodId": "MTH.none"}, "names MTH.none, which is not defined"),
    "a missing set": (("analyses", 0), {"analysisSetId": "AS.9"}, "names AS.9, which is not defined"),
    "a missing subset": (("analyses", 0), {"dataSubsetId": "DS.9"}, "names DS.9, which is not defined"),
    "a missing category": (("outputs", 0), {"categoryIds": ["CAT.z"]}, "names CAT.z, which is no category"),
    "a missing document": (("analyses", 0, "documentRefs", 0), {"referenceDocumentId": "D"}, "names D, which is not"),
    "a missing sponsor's term": (("analyses", 3, "reason"), {"sponsorTermId": "T"}, "names T, which is not defined"),
    "a missing grouping": (("analyses", 0, "orderedGroupings", 0), {"groupingId": "GF.Z"}, "names GF.Z, which is not"),
    "a missing output": (("mainListOfContents", "contentsList", "listItems", 0, "sublist", "listItems", 0),
                         {"outputId": "OUT.z"}, "names OUT.z, which is not defined"),
    "a missing analysis": (("mainListOfContents", "contentsList", "listItems", 1, "sublist", "listItems", 0),
                           {"analysisId": "AN.z"}, "names AN.z, which is not defined"),
    "an operation of no method": (("analyses", 0, "results", 0), {"operationId": "OP.z"}, "OP.z is no operation of"),
    "a group that is not declared": (("analyses", 0, "results", 0, "resultGroups", 0),
                                     {"groupId": "G.z"}, "G.z is no group"),
    "a group of a grouping that the analysis lacks": (("analyses", 0, "results", 0, "resultGroups", 0),
                                                      {"groupingId": "GF.ADRS.PARAM"}, "is no grouping of the"),
    "a result that stands twice": (("analyses", 0, "results", 3), {"operationId": "OP.proportion.p"}, "stands twice"),
    "a condition with too few values": (("analysisSets", 0, "condition"), {"comparator": "IN"}, "AS.1: IN with 1"),
    "an operation that a share is made of": (
        ("methods", 0, "operations", 1, "referencedOperationRelationships", 0), {"operationId": "OP.z"}, "names OP.z"),
    "an id that stands twice": (("analyses", 1), {"id": "AN.c.rate"}, "the id AN.c.rate stands 2 times"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(made, fault):
    path, change, said = FAULTS[fault]
    spoilt = copy.deepcopy(made)
    held = spoilt
    for step in path:
        held = held[step]
    held |= change
    assert any(said in one for one in check.faults(spoilt)), check.faults(spoilt)
    with pytest.raises(Cause, match=r"breaks ARS 1\.0"):
        event.checked(spoilt, "ars.json")


@pytest.mark.parametrize(
    "where, said",
    [
        ({"A": "Y"}, "ADRS.A EQ Y"),
        ({"A": ["x", "y"]}, "ADRS.A IN (x, y)"),
        ({"A": ["x"], "B": 2}, "ADRS.A EQ x AND ADRS.B EQ 2"),
        ({"A": {"present": True}}, "ADRS.A NE missing"),
        ({"A": {"present": False}}, "ADRS.A EQ missing"),
        ({"A": {"not": "x"}}, "ADRS.A NE x"),
        ({"A": {"not": ["x", "y"]}}, "ADRS.A NOTIN (x, y)"),
        ({"A": {"ge": 1, "lt": 5, "missing": "drop"}}, "ADRS.A GE 1 AND ADRS.A LT 5 AND ADRS.A NE missing"),
        ({"A": {"le": 1.5, "missing": "keep"}}, "ADRS.A LE 1.5 OR ADRS.A EQ missing"),
        ({"any": [{"A": "x", "B": "y"}, {"C": "z"}]}, "(ADRS.A EQ x AND ADRS.B EQ y) OR ADRS.C EQ z"),
        ({}, ""),
    ],
)
def test_a_condition_says_what_it_says_in_the_configuration(where, said):
    node = conditions(where, "ADRS")
    assert event._words(node) == said


def test_a_clause_stands_one_level_below_its_expression():
    made = body(conditions({"A": "x", "any": [{"B": "y"}, {"C": "z"}]}, "ADRS"))["compoundExpression"]
    first, second = made["whereClauses"]
    assert made["logicalOperator"] == "AND"
    assert [first["level"], first["order"], first["condition"]["variable"]] == [2, 1, "A"]
    assert second["compoundExpression"]["logicalOperator"] == "OR" and second["order"] == 2
    assert [one["level"] for one in second["compoundExpression"]["whereClauses"]] == [3, 3]


def test_the_schema_is_the_published_one():
    published = SHARED / "reference/schemas/ars_ldm.schema.json"
    if not published.exists():
        pytest.skip(f"the published schema is not at {published}")

    def bare(held, names=False):
        if isinstance(held, dict):
            told = {k: bare(v, k in ("properties", "$defs") and not names) for k, v in held.items()}
            return {
                k: v for k, v in told.items() if names or not (k in ("description", "title") and isinstance(v, str))
            }
        return [bare(one) for one in held] if isinstance(held, list) else held

    wanted = bare(json.loads(published.read_text(encoding="utf-8")))
    assert read_yaml(check.SCHEMA) == {k: v for k, v in wanted.items() if k not in ("metamodel_version", "version")}
