"""Analysis sets, values of a subject and its groups."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import _sets, _subject
from crf2csr.errors import Cause
from crf2csr.specs import read_yaml

pytestmark = pytest.mark.req("URS-ADA-01")

SETS = read_yaml("config/config.yaml")["analysis_sets"]
GROUPS = {rule["variable"]: rule for rule in read_yaml("config/adam/adsl.yaml")["subject"]["groups"]}


def subject(**changed: object) -> dict[str, object]:
    """Facts of one subject who belongs to every set."""
    return {
        "RFICDT": 1,
        "DCSREAS": None,
        "TRTSDT": 5,
        "PPBASE": 20.0,
        "IMPDVFL": "N",
        "COMPL": 98.0,
        "ENDPINFL": "Y",
        "JNTBLFL": "Y",
        "EMPBLFL": "Y",
    } | changed


def sets(**changed: object) -> pd.Series:
    rows = pd.DataFrame([subject(**changed)]).astype(
        {"COMPL": "float64", "PPBASE": "float64", "TRTSDT": "Int64", "RFICDT": "Int64", "DCSREAS": "str"}
    )
    return _sets.derive(rows, SETS).iloc[0]


FLAGS = ["SCRNFL", "ENRLFL", "SAFFL", "FASFL", "PPROTFL", "JNTFL", "EMPFL"]


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({}, "YYYYYYY"),
        ({"DCSREAS": "SCREEN FAILURE", "TRTSDT": None, "PPBASE": None}, "YNNNNNN"),
        ({"PPBASE": 0.0}, "YYYNNNN"),
        ({"PPBASE": None}, "YYYNNNN"),
        ({"IMPDVFL": "Y"}, "YYYYNYY"),
        ({"COMPL": 79.9}, "YYYYNYY"),
        ({"COMPL": 80.0}, "YYYYYYY"),
        ({"COMPL": 120.0}, "YYYYYYY"),
        ({"COMPL": 120.1}, "YYYYNYY"),
        ({"COMPL": None}, "YYYYNYY"),
        ({"ENDPINFL": "N"}, "YYYYNYY"),
        ({"JNTBLFL": "N", "EMPBLFL": "N"}, "YYYYYNN"),
    ],
)
def test_the_sets_are_those_of_the_analysis_plan(changed, flags):
    assert "".join(sets(**changed)[FLAGS]) == flags


def test_each_reason_not_to_belong_is_named():
    made = sets(IMPDVFL="Y", COMPL=10.0)
    assert made["PPSXRS"] == "Important protocol deviation; Compliance outside 80-120 %"
    assert made[["PPSX1FL", "PPSX2FL", "PPSX3FL", "PPSX4FL"]].tolist() == ["Y", "N", "Y", "N"]


def test_who_is_outside_the_wider_set_has_no_reason_for_the_narrower():
    made = sets(TRTSDT=None)
    assert pd.isna(made["FASXRS"]) and pd.isna(made["FASX1FL"])


@pytest.mark.parametrize(
    ("group", "values", "labels"),
    [
        ("AGEGR1", [44, 45, 64, 65], ["<45", "45-<65", "45-<65", ">=65"]),
        ("BMIGR1", [23.9, 24, 27.9, 28], ["<24", "24-<28", "24-<28", ">=28"]),
        ("DURGR1", [1.9, 2, 4.9, 5], ["<2 years", "2-<5 years", "2-<5 years", ">=5 years"]),
        ("PPBGR1", [11.9, 12], ["<12", ">=12"]),
        ("PPBGR2", [20.9, 21, 30.9, 31], ["<21", "21-<31", "21-<31", ">=31"]),
        ("SYSGR1", [1, 2, 3, 7], ["1", "2", ">=3", ">=3"]),
    ],
)
def test_the_bounds_of_the_subgroups(group, values, labels):
    text, number = _subject.grouped(pd.Series([*values, None], dtype="float64"), GROUPS[group])
    assert text.tolist()[:-1] == labels and pd.isna(text.iloc[-1]) and pd.isna(number.iloc[-1])
    assert number.dropna().is_monotonic_increasing


def weights(*rows: tuple[str, str | None, float | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["USUBJID", "VSDTC", "VSSTRESN"]).astype({"VSDTC": "str"})
    return table.assign(VSTESTCD="WEIGHT", VSSEQ=range(1, len(table) + 1))


PEOPLE = pd.DataFrame({"USUBJID": ["A", "B"], "_KEY": ["A", "B"], "TRTSDT": pd.array([20454, None], dtype="Int64")})
WEIGHT = {
    "values": [
        {
            "variable": "W",
            "of": "vs",
            "where": {"VSTESTCD": "WEIGHT"},
            "value": "VSSTRESN",
            "date": "VSDTC",
            "pick": "baseline",
        }
    ]
}


@pytest.mark.req("URS-ADA-03")
def test_a_baseline_value_is_the_last_that_is_not_missing_on_or_before_the_first_dose():
    rows = weights(
        ("A", "2025-12-20", 60),
        ("A", "2026-01-01", 61),
        ("A", "2026-01-01", None),
        ("A", "2026-01-08", 62),
        ("B", "2026-03-01", 70),
    )
    made, edges = _subject.derive(PEOPLE, WEIGHT, {"vs": rows})
    assert made["W"].tolist() == [61, 70]
    assert pd.concat(edges)[["KEY", "SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [["A", "VS", 2], ["B", "VS", 5]]


def test_distinct_therapies_are_counted_by_their_coded_name():
    rows = pd.DataFrame(
        {
            "USUBJID": "A",
            "CMTRT": ["阿维A", "方希", "X"],
            "CMDECOD": ["ACITRETIN", "ACITRETIN", None],
            "CMSEQ": [1, 2, 3],
        }
    )
    made, _ = _subject.derive(
        PEOPLE, {"counts": [{"variable": "N", "of": "cm", "distinct": ["CMDECOD", "CMTRT"]}]}, {"cm": rows}
    )
    assert made["N"].tolist() == [2, 0]


def test_a_flag_at_baseline_asks_the_baseline_record_only():
    rule = {
        "variable": "F",
        "of": "ce",
        "among": {"CETERM": "JOINT"},
        "where": {"CEOCCUR": "Y"},
        "date": "CEDTC",
        "pick": "baseline",
    }
    rows = pd.DataFrame(
        {
            "USUBJID": "A",
            "CETERM": "JOINT",
            "CEOCCUR": ["Y", "N", "Y"],
            "CEDTC": ["2025-12-01", "2026-01-01", "2026-02-01"],
            "CESEQ": [1, 2, 3],
        }
    )
    made, _ = _subject.derive(PEOPLE, {"flags": [rule]}, {"ce": rows})
    assert made["F"].tolist() == ["N", "N"]


def test_a_domain_that_is_no_source_is_refused():
    with pytest.raises(Cause, match="not among the sources"):
        _subject.derive(PEOPLE, WEIGHT, {})
