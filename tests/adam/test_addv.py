"""ADDV on small tables."""

import pandas as pd
import pytest

from crf2csr import dates
from crf2csr.adam import addv

pytestmark = pytest.mark.req("URS-ADA-12")

FIRST = "2026-03-01"
VISITS = [
    {"event": "SCR", "number": 1, "name": "Screening", "from": -28, "to": 1},
    {"event": "W4", "number": 5, "name": "Week 4", "day": 29, "from": 25, "to": 33},
    {"event": "UNS", "name": "Unscheduled", "unscheduled": True},
]
KIND = {"severity": "MINOR", "decod": "x"}
RULES = {
    "match_days": 14,
    "candidates": {"DVDECOD": ["BOX"]},
    "visit_window": KIND | {"rule": "P10", "category": "VISIT", "decod": "OUTSIDE"},
    "visit_missed": KIND | {"rule": "P11", "category": "VISIT", "decod": "MISSED"},
    "consent": {
        "rule": "P27",
        "category": "CONSENT",
        "decod": "CONSENT",
        "severity": "MAJOR",
        "procedures": {"PRCAT": "IMAGING"},
        "consents": {"DSTERM": ["MAIN"]},
        "versions": {"V1": "2026-01-01", "V2": "2026-02-10"},
    },
    "eligibility": {"rule": "P29", "category": "ELIGIBILITY", "decod": "NOT MET", "severity": "MAJOR"},
    "prohibited": {"rule": "P39", "category": "PROHIBITED", "decod": "DRUG", "severity": "MAJOR"},
    "compliance": {"rule": "P30", "category": "DOSING", "decod": "COMPLIANCE", "severity": "MAJOR"},
}


def _day(iso):
    return dates.to_day(pd.Series([iso], dtype="str")).iloc[0]


def _table(rows, columns):
    numbers = {
        "DVSEQ": "Int64",
        "DSSEQ": "Int64",
        "PRSEQ": "Int64",
        "ASEQ": "Int64",
        "ASTDT": "Int64",
        "AVAL": "float64",
    }
    types = {name: numbers.get(name, "str") for name in columns}
    frame = pd.DataFrame(rows, columns=columns).astype(types).assign(USUBJID="S")
    return frame.astype({"USUBJID": "str"})


def _made(dv=(), sv=(), adie=(), adcm=(), adex=(), ds=(), pr=(), signed="2026-02-20"):
    adsl = pd.DataFrame({"USUBJID": ["S"], "SAFFL": ["Y"], "TRTSDT": [_day(FIRST)], "TRTEDT": [_day("2026-05-23")]})
    adsl = adsl.astype({"TRTSDT": "Int64", "TRTEDT": "Int64"}).assign(RFICDT=pd.Series([_day(signed)], dtype="Int64"))
    ds = _table([(n, *row) for n, row in enumerate(ds, start=1)], ["DSSEQ", "DSTERM", "ICFVER", "DSSTDTC"])
    ds = ds.assign(DSDECOD=ds["DSTERM"])
    pr = _table([(n, *row) for n, row in enumerate(pr, start=1)], ["PRSEQ", "PRTRT", "PRCAT", "PRSTDTC"])
    dv = _table(
        [(n, *row) for n, row in enumerate(dv, start=1)], ["DVSEQ", "DVTERM", "DVDECOD", "DVCAT", "DVSCAT", "DVSTDTC"]
    )
    sv = _table(list(sv), ["VISIT", "SVOCCUR", "SVSTDTC"])
    adie = _table([(n, *row) for n, row in enumerate(adie, start=1)], ["ASEQ", "IETESTCD", "IETEST", "MET", "COLLVAL"])
    adcm = _table([(n, *row) for n, row in enumerate(adcm, start=1)], ["ASEQ", "CMTRT", "PROHFL", "PROHDESC", "ASTDT"])
    adex = _table([(n, *row) for n, row in enumerate(adex, start=1)], ["ASEQ", "PARAMCD", "CRIT1FL", "AVAL"])
    return addv.derive(
        adsl,
        dv,
        sv,
        ds,
        pr,
        adie,
        adcm,
        adex,
        spec={"variables": {"SAFFL": {}}},
        page={"visits": VISITS, "derived_deviations": RULES},
        lists={},
    )


WINDOWS = [
    # visit, date, derived
    ("Week 4", "2026-03-25", []),
    ("Week 4", "2026-04-02", []),
    ("Week 4", "2026-03-24", ["Week 4 on day 24, window 25 to 33"]),
    ("Week 4", "2026-04-03", ["Week 4 on day 34, window 25 to 33"]),
    ("Screening", "2026-01-31", ["Screening on day -29, window -28 to 1"]),
    ("Unscheduled 5.1", "2026-04-20", []),
]


@pytest.mark.parametrize(("visit", "on", "want"), WINDOWS)
def test_a_planned_visit_outside_its_window_is_a_minor_deviation(visit, on, want):
    rows = _made(sv=[(visit, "Y", on)]).data
    assert rows["DVTERM"].tolist() == want
    assert rows[["DVSEV", "DVSRC", "DVRULE"]].to_numpy().tolist() == [["MINOR", "DERIVED", "P10"]] * len(want)


def test_the_visit_of_a_screening_that_failed_is_no_deviation_of_the_treated_subject():
    visits = [("Screening", "Y", "2026-01-10"), ("Screening", "Y", "2026-02-20")]
    assert _made(sv=visits).data["DVTERM"].tolist() == ["Screening on day -50, window -28 to 1"]
    assert _made(sv=visits, ds=[("SCREEN FAILURE", None, "2026-01-12")]).data.empty


def test_a_missed_visit_is_dated_by_its_planned_day():
    row = _made(sv=[("Week 4", "N", None)]).data.iloc[0]
    assert row[["DVDECOD", "ASTDY", "DVTERM"]].tolist() == ["MISSED", 29, "Week 4 did not take place"]


def test_what_the_site_reported_within_14_days_counts_once():
    rows = _made(
        dv=[("late", "VISIT", "VISIT", "MINOR", "2026-04-05")],
        sv=[("Week 4", "Y", "2026-04-05"), ("Screening", "Y", "2026-01-01")],
    ).data
    rows = rows.set_index("DVTERM")
    assert rows["MATCHFL"].fillna("").to_dict() == {
        "late": "",
        "Week 4 on day 36, window 25 to 33": "Y",
        "Screening on day -59, window -28 to 1": "",
    }
    assert rows["ANL01FL"].fillna("").tolist() == ["Y", "", "Y"]


def test_a_box_of_the_monitor_is_not_counted_beside_the_report_of_the_site():
    rows = _made(
        dv=[
            ("site", "DRUG", "PROHIBITED", "MAJOR", "2026-04-01"),
            ("box", "BOX", "PROHIBITED", "MAJOR", "2026-04-02"),
            ("box alone", "BOX", "PROHIBITED", "MAJOR", "2026-05-20"),
        ]
    ).data.set_index("DVTERM")
    assert rows["ANL01FL"].fillna("").to_dict() == {"site": "Y", "box": "", "box alone": "Y"}


def test_a_contradicted_criterion_is_one_major_deviation_on_the_day_of_the_first_dose():
    rows = _made(
        adie=[("IN09", "Liver", "N", "ALT 127 U/L"), ("IN09", "Liver", "N", "AST 99 U/L"), ("IN01", "Adult", "U", None)]
    ).data
    assert rows[["DVTERM", "DVSEV", "ASTDY", "SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [
        ["IN09 Liver: ALT 127 U/L", "MAJOR", 1, "ADIE", 1]
    ]


def test_prohibited_treatment_begun_earlier_deviates_from_the_first_dose():
    rows = _made(adcm=[("MTX", "Y", "Systemic", _day("2026-01-01")), ("water", None, None, _day("2026-01-01"))]).data
    assert rows[["DVTERM", "ASTDY"]].to_numpy().tolist() == [["Systemic: MTX", 1]]


def test_compliance_outside_its_limits_is_a_deviation_at_the_last_dose():
    rows = _made(adex=[("COMPL", "N", 52.44), ("TDUR", None, 84.0)]).data
    assert rows[["DVTERM", "ASTDY", "SRCDOM"]].to_numpy().tolist() == [["Compliance 52.4 %", 84, "ADEX"]]


def test_each_deviation_leads_to_what_shows_it():
    made = _made(dv=[("late", "VISIT", "VISIT", "MINOR", "2026-06")], sv=[("Week 4", "Y", "2026-04-05")])
    rows = made.data.set_index("DVSRC")
    assert rows.loc["REPORTED", ["SRCDOM", "SRCSEQ"]].tolist() == ["DV", 1] and pd.isna(rows.loc["DERIVED", "SRCSEQ"])
    assert made.edges[["KEY", "SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [[rows.loc["DERIVED", "_KEY"], "SV", 0]]


CONSENTS = [
    # consents on a version and day, procedures with their category and day, deviations
    ([("MAIN", "V2", "2026-02-20")], [("X-RAY", "IMAGING", "2026-02-20")], []),
    ([("MAIN", "V1", "2026-02-20")], [], ["Consent on version V1, version V2 was in force"]),
    ([("MAIN", "V1", "2026-02-09"), ("PHOTO", "V1", "2026-02-20")], [], []),
    ([], [("X-RAY", "IMAGING", "2026-02-19")], ["X-RAY before informed consent"]),
    ([], [("PUVA", "PRIOR", "2019-02"), ("X-RAY", "IMAGING", "2026-02")], []),
]


@pytest.mark.parametrize(("ds", "pr", "want"), CONSENTS)
def test_a_procedure_before_consent_and_an_outdated_form_are_major_deviations(ds, pr, want):
    rows = _made(ds=ds, pr=pr).data
    assert rows["DVTERM"].tolist() == want
    assert rows[["DVSEV", "DVRULE"]].to_numpy().tolist() == [["MAJOR", "P27"]] * len(want)


def test_who_was_treated_without_a_record_of_consent_has_a_major_deviation_from_the_first_dose_on():
    rows = _made(signed=None, pr=[("X-RAY", "IMAGING", "2026-02-19")]).data
    assert rows[["DVTERM", "DVSEV", "DVRULE", "ASTDY"]].to_numpy().tolist() == [
        ["Treated without a record of informed consent", "MAJOR", "P27", 1]
    ]
