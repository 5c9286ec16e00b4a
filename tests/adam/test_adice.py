"""Intercurrent events, and what counts as prohibited treatment."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import _prohibited, adice
from crf2csr.specs import read_yaml

pytestmark = pytest.mark.req("URS-ADA-05")

TABLE = read_yaml("config/prohibited.yaml")
FIRST = 20454  # 2026-01-01


def drugs(*rows: tuple[str, str | None, str | None, str | None]) -> pd.DataFrame:
    """Rows of CM as (name, ATC class, indication, route)."""
    return pd.DataFrame(rows, columns=["CMTRT", "CMCLASCD", "CMINDC", "CMROUTE"]).astype("str")


@pytest.mark.parametrize(
    ("name", "atc", "indication", "route", "rule"),
    [
        ("甲氨蝶呤片", "L04AX", "掌跖脓疱病", "ORAL", "SYSTEMIC"),
        ("ＭＥＴＨＯＴＲＥＸＡＴＥ", None, None, None, "SYSTEMIC"),
        ("卤米松乳膏", "D07AC", "掌跖脓疱病", "TOPICAL", "TOPICAL"),
        ("多西环素", "J01AA", "掌跖脓疱病", "ORAL", "SYSTEMIC-ROUTE"),
        ("卤米松乳膏", "D07AC", "湿疹", "TOPICAL", None),
        ("泼尼松", "H02AB", "哮喘", "ORAL", None),
        ("尿素乳膏", "D02A", "掌跖脓疱病", "TOPICAL", None),
        ("多西环素", "J01AA", None, "ORAL", None),
        ("Paracetamol", "N02BE", "感冒症状", "ORAL", None),
    ],
)
def test_class_name_route_and_indication_decide(name, atc, indication, route, rule):
    found = _prohibited.match(drugs((name, atc, indication, route)), "cm", TABLE)["PROHRULE"].iloc[0]
    assert pd.isna(found) if rule is None else found == rule


def test_phototherapy_is_found_among_procedures_and_a_tooth_is_not():
    rows = pd.DataFrame({"PRTRT": ["NB-UVB 光疗", "308nm准分子光（手足）", "拔牙", "胃镜检查"]}, dtype="str")
    assert _prohibited.match(rows, "pr", TABLE)["PROHRULE"].notna().tolist() == [True, True, False, False]


def test_therapy_before_the_study_is_history():
    rows = drugs(("甲氨蝶呤", "L04AX", None, None)).assign(CMCAT="PRIOR PPP THERAPY")
    assert _prohibited.match(rows, "cm", TABLE)["PROHRULE"].isna().all()


def found(declared: list[dict], **domains: pd.DataFrame) -> pd.DataFrame:
    adsl = pd.DataFrame(
        {
            "USUBJID": ["A", "B"],
            "SAFFL": ["Y", "N"],
            "TRTSDT": [FIRST, None],
            "TRTEDT": [FIRST + 80, None],
            "LSTCNDT": FIRST + 110,
        }
    )
    adsl = adsl.astype(dict.fromkeys(("TRTSDT", "TRTEDT", "LSTCNDT"), "Int64"))
    page = {"study": {"cutoff": "2026-10-15"}, "intercurrent_events": declared}
    spec = {"variables": {"ICECD": {}, "ICESTRAT": {"estimand": "main"}, "ICESTCHG": {"estimand": "change"}}}
    events = {event["id"]: "composite" for event in declared}
    estimands = [
        {"id": "main", "events": events},
        {"id": "change", "events": dict.fromkeys(events, "hypothetical")},
    ]
    lists = {"prohibited": TABLE, "estimands": {"estimands": estimands}}
    return adice.derive(adsl, **domains, spec=spec, page=page, lists=lists).data


def ec(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["ECSTDTC", "ECOCCUR", "ECDOSE", "ECDOSFRQ"])
    return table.assign(USUBJID="A", ECSEQ=range(1, len(table) + 1), ECADJ="OTHER")


DOSE = {
    "id": "DOSE",
    "label": "Change",
    "sources": [
        {
            "of": "ec",
            "where": {"ECOCCUR": "Y"},
            "rule": "changed",
            "variables": ["ECDOSE", "ECDOSFRQ"],
            "date": "ECSTDTC",
        }
    ],
}
PAUSE = {
    "id": "INTERRUPT",
    "label": "Pause",
    "sources": [{"of": "ec", "where": {"ECOCCUR": "N"}, "date": "ECSTDTC"}],
}
RESCUE = {
    "id": "PROHIB",
    "label": "Rescue",
    "sources": [{"of": "cm", "rule": "prohibited", "date": "CMSTDTC", "end": "CMENDTC", "text": "CMTRT"}],
}


def test_a_new_dose_or_frequency_is_a_change_and_going_on_after_a_pause_is_not():
    rows = ec(
        ("2026-01-01", "Y", 4, "QD"),
        ("2026-02-01", "N", 4, "QD"),
        ("2026-02-05", "Y", 4, "QD"),
        ("2026-03-01", "Y", 4, "QOD"),
    )
    made = found([DOSE, PAUSE], ec=rows)
    assert made[["ICECD", "SRCSEQ", "ASTDY"]].to_numpy().tolist() == [["DOSE", 4, 60], ["INTERRUPT", 2, 32]]


def cm(**changed: object) -> pd.DataFrame:
    row = {
        "USUBJID": "A",
        "CMSEQ": 7,
        "CMTRT": "甲氨蝶呤",
        "CMCLASCD": "L04AX",
        "CMINDC": "掌跖脓疱病",
        "CMSTDTC": "2026-02-10",
        "CMENDTC": None,
    }
    return pd.DataFrame([row | changed]).astype(dict.fromkeys(("CMSTDTC", "CMENDTC"), "str"))


@pytest.mark.req("URS-ADA-08")
@pytest.mark.parametrize(
    ("start", "end", "day", "flag"),
    [
        ("2026-02-10", None, 41, None),
        ("2026-02", None, 32, "D"),
        ("2026-01", None, 1, "D"),
        ("2026", None, 1, "M"),
        (None, None, 1, "Y"),
    ],
)
def test_a_partial_start_is_imputed_and_flagged(start, end, day, flag):
    row = found([RESCUE], cm=cm(CMSTDTC=start, CMENDTC=end)).iloc[0]
    assert row["ASTDY"] == day and (pd.isna(row["ASTDTF"]) if flag is None else row["ASTDTF"] == flag)


def test_treatment_from_before_the_first_dose_is_no_event():
    assert found([RESCUE], cm=cm(CMSTDTC="2025-12-31")).empty
    assert found([RESCUE], cm=cm(USUBJID="B")).empty


def test_an_event_says_the_strategy_of_each_estimand_and_the_record_that_shows_it():
    row = found([RESCUE], cm=cm()).iloc[0]
    assert (row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"]) == ("CM", "CMSTDTC", 7)
    assert (row["ICESTRAT"], row["ICESTCHG"]) == ("composite", "hypothetical")
    assert row["ICEDESC"] == "Systemic drug for PPP: 甲氨蝶呤"
