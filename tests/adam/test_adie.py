"""ADIE on small tables: what the data say about each criterion, beside what the site says."""

import pandas as pd
import pytest

from crf2csr import specs
from crf2csr.adam import _eligibility, adie, adsl
from crf2csr.errors import Cause

pytestmark = pytest.mark.req("URS-ADA-12")

ANALYTES = {"BILI": {"unit": "umol/L", "units": {"umol/L": {}, "mg/dL": {"times": 17.104}}}}


def _frame(rows, text):
    frame = pd.DataFrame(rows).astype(dict.fromkeys(text, "str"))
    return frame.where(frame != "None")


def _dm(**more):
    person = {
        "USUBJID": "S",
        "SUBJID": "1",
        "RFXSTDTC": "2026-03-01",
        "RFICDTC": "2026-02-01",
        "AGE": 40,
        "AGEU": "YEARS",
        "_REC": "DM:2",
    }
    return _frame([person | more], ["RFXSTDTC", "RFICDTC"])


def _lb(*results, test="ALT", unit="U/L"):
    rows = [
        {
            "USUBJID": "S",
            "LBSEQ": n,
            "LBTESTCD": test,
            "LBORRES": str(v),
            "LBORRESU": unit,
            "LBSTRESN": v,
            "LBSTRESU": unit,
            "LBSTNRHI": hi,
            "LBDTC": on,
            "_REC": f"LB:{n}",
            "_FLD": None,
        }
        for n, (v, on, hi) in enumerate(results, start=1)
    ]
    return _frame(rows, ["LBDTC", "_FLD"]).astype({"LBSTRESN": "float64", "LBSTNRHI": "float64"})


def _met(rule, rows, dm=None):
    result, evidence = _eligibility.check(rule, rows, dm if dm is not None else _dm(), ANALYTES)
    return result.loc["S"], evidence


ALT = {
    "of": "lb",
    "where": {"LBTESTCD": "ALT"},
    "value": "LBSTRESN",
    "at_most": 2,
    "times": "LBSTNRHI",
    "of_limit": "ULN",
}
LIVER = [
    # result, upper limit, answer
    (80.0, 40.0, "Y"),
    (80.1, 40.0, "N"),
    (80.0, None, "U"),
    (None, 40.0, "U"),
]


@pytest.mark.parametrize(("value", "hi", "want"), LIVER)
def test_a_limit_in_multiples_of_the_reference_range(value, hi, want):
    assert _met(ALT, _lb((value, "2026-02-10", hi)))[0]["MET"] == want


def test_the_last_value_on_or_before_the_first_dose_decides():
    row, evidence = _met(ALT, _lb((100.0, "2026-02-01", 40.0), (30.0, "2026-03-01", 40.0), (300.0, "2026-03-02", 40.0)))
    assert row[["MET", "COLLVAL", "LIMIT"]].tolist() == ["Y", "ALT 30.0 U/L", "<= 2 x ULN = 80 U/L"]
    assert evidence[["SEQ", "_REC"]].to_numpy().tolist() == [[2, "LB:2"]]


def test_a_result_that_cannot_be_read_does_not_hide_an_earlier_one():
    assert _met(ALT, _lb((100.0, "2026-02-01", 40.0), (None, "2026-02-20", 40.0)))[0]["MET"] == "N"


def test_a_subject_without_a_value_is_not_known():
    assert _met(ALT, _lb((30.0, "2026-02-10", 40.0)), pd.concat([_dm(USUBJID="T"), _dm()]))[0]["MET"] == "Y"
    result, _ = _eligibility.check(ALT, _lb((30.0, "2026-02-10", 40.0)), _dm(USUBJID="T"), ANALYTES)
    assert result.loc["T", "MET"] == "U"


BILI = {"of": "lb", "where": {"LBTESTCD": "BILI"}, "value": "LBSTRESN", "at_most": 2.0, "unit": "mg/dL"}


@pytest.mark.parametrize(("value", "want"), [(34.208, "Y"), (34.209, "N")])
def test_a_limit_stated_in_another_unit_is_converted_by_the_analyte(value, want):
    row, _ = _met(BILI, _lb((value, "2026-02-10", 21.0), test="BILI", unit="umol/L"))
    assert row[["MET", "LIMIT"]].tolist() == [want, "<= 2 mg/dL = 34.208 umol/L"]


def test_a_limit_in_a_unit_without_a_factor_is_refused():
    with pytest.raises(Cause, match="no factor leads from"):
        _met({**BILI, "unit": "g/L"}, _lb((30.0, "2026-02-10", 21.0), test="BILI", unit="umol/L"))


THERAPY = {
    "of": "cm",
    "asked": {"CMCAT": "PRIOR"},
    "show": ["CMTRT"],
    "any": [
        {"where": {"CMCAT": "PRIOR", "CMSCAT": {"not": ["TOPICAL"]}, "PTSTOP": "INTOLERANCE"}},
        {
            "where": {"CMCAT": "PRIOR", "CMSCAT": {"not": ["TOPICAL"]}, "PTSTOP": "FAILURE"},
            "lasting": {"from": "CMSTDTC", "to": "CMENDTC", "days": 84},
        },
    ],
}
LINES = [
    # class, reason, start, end, answer
    ("MTX", "INTOLERANCE", "2025-01-01", "2025-01-03", "Y"),  # intolerance at any duration
    ("TOPICAL", "INTOLERANCE", "2025-01-01", "2025-01-03", "N"),
    ("MTX", "FAILURE", "2025-01-01", "2025-03-25", "Y"),  # 84 days
    ("MTX", "FAILURE", "2025-01-01", "2025-03-24", "N"),  # 83 days
    ("MTX", "FAILURE", "2025-01", "2025-04", "U"),  # 61 to 120 days
    ("MTX", "FAILURE", "2025-01", "2025-05", "Y"),  # 91 days at least
    ("MTX", "FAILURE", "", "2025-05", "U"),
    ("MTX", "COST", "2024-01-01", "2025-05-01", "N"),
]


@pytest.mark.parametrize(("kind", "reason", "start", "end", "want"), LINES)
def test_partial_dates_prove_a_duration_only_where_every_day_does(kind, reason, start, end, want):
    rows = _frame(
        [
            {
                "USUBJID": "S",
                "CMSEQ": 1,
                "CMCAT": "PRIOR",
                "CMSCAT": kind,
                "PTSTOP": reason,
                "CMTRT": "x",
                "CMSTDTC": start or None,
                "CMENDTC": end or None,
                "_REC": "PRTX:2",
            }
        ],
        ["CMSTDTC", "CMENDTC"],
    )
    assert _met(THERAPY, rows)[0]["MET"] == want


def test_where_nothing_was_asked_nothing_is_known():
    rows = _frame(
        [
            {
                "USUBJID": "T",
                "CMSEQ": 1,
                "CMCAT": "PRIOR",
                "CMSCAT": "MTX",
                "PTSTOP": "COST",
                "CMTRT": "x",
                "CMSTDTC": "2025",
                "CMENDTC": "2025",
                "_REC": "PRTX:2",
            }
        ],
        ["CMSTDTC", "CMENDTC"],
    )
    assert _met(THERAPY, rows)[0]["MET"] == "U"


EXCLUDED = {
    "of": "mh",
    "show": ["MHTERM"],
    "none": [{"where": {"MHTERM": "TB"}}, {"where": {"MHTERM": "IGRA"}, "perhaps": True}],
}


@pytest.mark.parametrize(("term", "want"), [("TB", "N"), ("IGRA", "U"), ("x", "Y")])
def test_an_exclusion_is_met_when_no_record_speaks_against_it(term, want):
    rows = pd.DataFrame([{"USUBJID": "S", "MHSEQ": 1, "MHTERM": term, "_REC": "MH:2"}])
    assert _met(EXCLUDED, rows)[0]["MET"] == want


def _made(ie=(), ds=None, **person):
    empty = pd.DataFrame({"USUBJID": pd.Series(dtype="str")})
    ti = pd.DataFrame({"IETESTCD": ["IN01", "IN09"], "IETEST": ["Adult", "Liver"], "IECAT": ["INCLUSION"] * 2})
    said = pd.DataFrame([(*row, "2026-02-05") for row in ie], columns=["USUBJID", "IETESTCD", "IEDTC"])
    criteria = [
        {
            "code": "IN01",
            "checks": [
                {"of": "dm", "value": "AGE", "at_least": 18, "unit": "years", "unit_in": "AGEU", "field": "BRTHDAT"}
            ],
        },
        {"code": "IN09", "checks": [ALT]},
    ]
    return adie.derive(
        _dm(**person),
        ti,
        said,
        _lb((30.0, "2026-02-10", 40.0)),
        empty,
        empty,
        empty,
        ds=ds,
        spec={},
        page={},
        lists={"eligibility": {"criteria": criteria}, "labs": {"analytes": ANALYTES}},
    )


def test_a_contradiction_is_asked_about_with_the_value_and_its_record():
    made = _made(AGE=17)
    row = made.data.set_index("IETESTCD").loc["IN01"]
    assert row[["MET", "CRITMET", "SITEMET", "CONTRFL", "COLLVAL", "LIMIT"]].tolist() == [
        "N",
        "N",
        "Y",
        "Y",
        "AGE 17",
        ">= 18 years",
    ]
    assert made.query_table()[["RULE", "REC", "FIELD", "VALUE", "SEVERITY"]].to_numpy().tolist() == [
        ["P29", "DM:2", "BRTHDAT", "AGE 17", "major"]
    ]


def test_what_the_site_itself_calls_not_met_is_no_contradiction():
    made = _made(ie=[("S", "IN01")], AGE=17)
    assert made.data["CONTRFL"].isna().all() and made.query_table().empty


@pytest.mark.parametrize(("failed", "want"), [("2026-02-06", "Y"), ("2026-02-04", "N"), ("2026-03-02", "N")])
def test_the_answer_of_a_screening_that_failed_before_the_one_that_led_to_treatment_does_not_count(failed, want):
    ds = _frame([{"USUBJID": "S", "DSDECOD": "SCREEN FAILURE", "DSSTDTC": failed}], [])
    made = _made(ie=[("S", "IN09")], ds=ds).data.set_index("IETESTCD")
    assert made.loc["IN09", "SITEMET"] == want


def test_an_untreated_subject_is_not_asked_about():
    made = _made(AGE=17, RFXSTDTC=None)
    assert made.data["CONTRFL"].fillna("").tolist() == ["Y", ""]
    assert made.query_table().empty


def test_each_check_names_the_rows_that_it_looked_at():
    made = _made()
    assert set(made.edges.loc[made.edges["SRCDOM"] == "LB", "SRCSEQ"]) == {1}
    assert set(made.edges["KEY"]) == set(made.data["_KEY"])


def test_the_criteria_of_the_study_are_those_of_its_codelist():
    criteria = [c["code"] for c in specs.read_yaml("config/eligibility.yaml")["criteria"]]
    assert criteria == list(specs.read_yaml("config/codelists.yaml")["IECRIT"])


def test_a_contradicted_criterion_of_a_treated_subject_is_an_important_deviation():
    found = _made(AGE=17).data.assign(ASEQ=[1, 2])
    people = pd.DataFrame({"USUBJID": ["S", "T"], "TRTSDT": pd.array([20000, 20000], dtype="Int64")})
    page = {"important_deviations": [{"of": "adie", "where": {"MET": "N", "TRTFL": "Y"}, "text": "IETEST"}]}
    edges: list[pd.DataFrame] = []
    rows = adsl._deviations(people, {"adie": found}, page, {}, edges)
    assert rows["IMPDVFL"].tolist() == ["Y", "N"] and rows["IMPDVS"].fillna("").tolist() == ["Adult", ""]
    assert edges[0][["SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [["ADIE", 1]]
