"""ADLB on small tables."""

import pandas as pd
import pytest

from crf2csr import dates, io, specs
from crf2csr.adam import adlb

pytestmark = pytest.mark.req("URS-ADA-09")

FIRST, LAST = "2026-03-01", "2026-05-23"  # days 1 and 84
SPEC = {
    "name": "ADLB",
    "windows": "late",
    "variables": {"SAFFL": {}},
    "parameters": [
        {"code": "ALT", "label": "ALT (U/L)", "category": "CHEMISTRY"},
        {"code": "UREA", "label": "Urea (mmol/L)", "category": "CHEMISTRY", "tests": ["UREA", "UREAN"]},
        {"code": "CRP", "label": "CRP (mg/L)", "category": "CHEMISTRY"},
        {"code": "HGB", "label": "Hemoglobin (g/L)", "category": "HEMATOLOGY"},
    ],
}
PAGE = {
    "labs": {
        "grading": "ctcae",
        "censored": {"below": {"times": 0.5, "dtype": "HALFLLOQ"}, "above": {"times": 1, "dtype": "ULOQ"}},
    },
    "windows": {"late": [{"visit": "Week 12", "number": 12, "from": 57, "to": 98, "target": 85}]},
    "visits": [{"event": "W12", "number": 7, "name": "Week 12", "day": 85, "from": 78, "to": 92}],
    "after_treatment_days": 14,
    "treatment_emergent_days": 28,
}
LISTS = {
    "ctcae": io.read_records("workflow/standards/ctcae_v5_labs.csv"),
    "labs": {
        "analytes": {"HGB": {"conventional": {"unit": "g/dL", "over": 10}}, "ALT": {"conventional": {"unit": "U/L"}}}
    },
}
UNITS = {"ALT": "U/L", "HGB": "g/L", "CRP": "mg/L", "UREA": "mmol/L", "UREAN": "mmol/L"}


def _lb(*results):
    rows = []
    for n, r in enumerate(results, start=1):
        test = r.get("test", "ALT")
        number = r["value"] if isinstance(r.get("value"), int | float) else float("nan")
        rows.append(
            {
                "USUBJID": "S",
                "LBSEQ": n,
                "LBCAT": r.get("cat", "HEMATOLOGY" if test == "HGB" else "CHEMISTRY"),
                "LBTESTCD": test,
                "LBSTRESC": str(r["value"]) if "value" in r else None,
                "LBSTRESN": number,
                "LBSTRESU": UNITS.get(test),
                "LBSTNRLO": r.get("lo", 7.0),
                "LBSTNRHI": r.get("hi", 40.0),
                "LBNRIND": r.get("ind", "NORMAL"),
                "LBSTAT": r.get("stat"),
                "LBDTC": r["on"],
                "VISIT": r.get("visit", "Week 12"),
                "VISITNUM": 7.0,
                "LBCLSIG": None,
            }
        )
    text = ["LBCAT", "LBTESTCD", "LBSTRESC", "LBSTRESU", "LBNRIND", "LBSTAT", "LBDTC"]
    frame = pd.DataFrame(rows).astype({"LBSTNRLO": "float64", "LBSTNRHI": "float64"} | dict.fromkeys(text, "str"))
    return frame.where(frame != "None")


def _made(*results, page=None):
    day = dates.to_day(pd.Series([FIRST, LAST], dtype="str"))
    adsl = pd.DataFrame({"USUBJID": ["S"], "SAFFL": ["Y"], "TRTSDT": day[:1].to_numpy(), "TRTEDT": day[1:].to_numpy()})
    adsl = adsl.astype({"TRTSDT": "Int64", "TRTEDT": "Int64"})
    return adlb.derive(adsl, _lb(*results), spec=SPEC, page=PAGE | (page or {}), lists=LISTS)


BASE, POST = "2026-02-20", "2026-05-24"


@pytest.mark.req("URS-ADA-11")
def test_baseline_change_and_both_units():
    rows = _made(
        {"test": "HGB", "value": 140.0, "on": BASE, "lo": 115, "hi": 150},
        {"test": "HGB", "value": 121.0, "on": POST, "lo": 115, "hi": 150},
    ).data
    assert rows["ABLFL"].fillna("").tolist() == ["Y", ""]
    assert rows.loc[1, ["BASE", "CHG", "AVALCV", "BASECV"]].tolist() == [140, -19, 12.1, 14.0]
    assert rows.loc[1, "CONVU"] == "g/dL" and rows.loc[1, "AVISIT"] == "Week 12"


CENSORED = [("<0.5", 0.25, "HALFLLOQ"), ("<=0.8", 0.4, "HALFLLOQ"), (">1000", 1000, "ULOQ")]


@pytest.mark.parametrize(("text", "value", "dtype"), CENSORED)
def test_a_result_printed_as_a_limit_is_analysed_by_the_rule_and_says_so(text, value, dtype):
    row = _made({"test": "CRP", "value": text, "on": BASE}).data.iloc[0]
    assert row[["AVAL", "AVALC", "DTYPE", "SRCVAR"]].tolist() == [value, text, dtype, "LBSTRESC"]


def test_a_word_has_no_value_and_says_why():
    row = _made({"test": "CRP", "value": "POSITIVE", "on": POST}).data.iloc[0]
    assert pd.isna(row["AVAL"]) and pd.isna(row["DTYPE"]) and row["AREAS"] == "Result is not a number"


def test_urine_that_shares_a_short_name_with_blood_is_not_a_parameter():
    made = _made(
        {"value": 20.0, "on": BASE}, {"value": 1.0, "on": BASE, "cat": "URINALYSIS"}, {"on": POST, "stat": "NOT DONE"}
    )
    assert made.data["LBSEQ"].tolist() == [1]
    assert made.ledger.frame()["ROWS_LOST"].tolist() == [1, 1, 0]


def test_two_names_of_one_quantity_are_one_parameter():
    rows = _made({"test": "UREA", "value": 5.0, "on": BASE}, {"test": "UREAN", "value": 6.0, "on": POST}).data
    assert rows["PARAMCD"].tolist() == ["UREA", "UREA"] and rows.loc[1, "CHG"] == 1


@pytest.mark.req("URS-ADA-03")
def test_an_unscheduled_record_nearer_the_target_is_analysed():
    rows = _made(
        {"value": 20.0, "on": BASE},
        {"value": 30.0, "on": "2026-05-10"},
        {"value": 35.0, "on": "2026-05-23", "visit": "Unscheduled 6.1"},
    ).data
    assert rows["ANL01FL"].fillna("").tolist() == ["Y", "", "Y"]


def test_shift_and_grade_from_a_normal_baseline():
    row = _made({"value": 20.0, "on": BASE}, {"value": 130.0, "on": POST, "ind": "HIGH"}).data.iloc[1]
    assert row[["SHIFT1", "SHIFT2", "ATOXGRH", "BTOXGRH", "ATOXGR"]].tolist() == [
        "NORMAL to HIGH",
        "0 to 2",
        "2",
        "0",
        "2",
    ]
    assert pd.isna(row["SHIFT3"]) and row["R2A1HI"] == 3.25


def test_after_an_abnormal_baseline_the_grade_counts_from_the_baseline():
    rows = _made({"value": 100.0, "on": BASE, "ind": "HIGH"}, {"value": 130.0, "on": POST, "ind": "HIGH"}).data
    assert rows["ATOXGRH"].tolist() == ["1", "0"] and rows.loc[1, "SHIFT2"] == "1 to 0"


def test_a_missing_range_leaves_the_grade_missing_and_the_subject_in_the_shift():
    row = _made({"value": 20.0, "on": BASE}, {"value": 50.0, "on": POST, "hi": None, "ind": None}).data.iloc[1]
    assert pd.isna(row["ATOXGRH"]) and row["ATOXREAS"] == "Limit of the reference range is missing"
    assert row[["SHIFT1", "SHIFT2"]].tolist() == ["NORMAL to MISSING", "0 to MISSING"]


def test_the_worst_grade_is_sought_up_to_28_days_after_the_last_dose_and_the_first_of_equals_is_flagged():
    rows = _made(
        {"value": 20.0, "on": BASE},
        {"value": 130.0, "on": "2026-04-01"},
        {"value": 130.0, "on": POST},
        {"value": 900.0, "on": "2026-07-30"},
    ).data
    assert rows["WGRHFL"].fillna("").tolist() == ["", "Y", "", ""]
    capless = _made(
        {"value": 130.0, "on": POST}, {"value": 900.0, "on": "2026-07-30"}, page={"treatment_emergent_days": None}
    ).data
    assert capless["WGRHFL"].fillna("").tolist() == ["", "Y"]


def test_the_parameters_of_the_study_are_analytes_in_their_standard_unit():
    spec, analytes = specs.read_yaml("config/adam/adlb.yaml"), specs.read_yaml("config/labs.yaml")["analytes"]
    for parameter in (p for p in spec["parameters"] if "made_by" not in p):
        analyte = analytes[parameter["code"]]
        assert parameter["label"] == f"{analyte['test']} ({analyte['unit']})"
        assert parameter["category"] == analyte["category"]
