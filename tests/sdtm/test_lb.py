"""LB: as printed, in standard units only where nothing is in doubt, ranges by laboratory, sex, age and day."""

import pandas as pd
import pytest

from crf2csr.sdtm import lb
from tests.sdtm.small import asked, context, people

pytestmark = pytest.mark.req("URS-SDT-05")

RESULT = {
    "EVENT": "SCR",
    "LBDAT": "2026-01-20",
    "LBTIM": "08:00",
    "LBFAST": "Y",
    "LBTEST": "肌酐",
    "LBORRES": "70",
    "LBORRESU": "umol/L",
}
VISITS = [
    {"EVENT": "SCR", "VISYN": "Y", "VISDAT": "2026-01-19"},
    {"EVENT": "W12", "VISYN": "Y", "VISDAT": "2026-04-27"},
]
RANGES = [
    {
        "LAB": "L01",
        "LBTEST": "肌酐",
        "SEX": "F",
        "AGELO": "18",
        "AGEHI": "59",
        "VALIDFROM": "2025-01-01",
        "VALIDTO": "",
        "UNIT": "umol/L",
        "LO": "41",
        "HI": "73",
    },
    {
        "LAB": "L01",
        "LBTEST": "肌酐",
        "SEX": "F",
        "AGELO": "60",
        "AGEHI": "",
        "VALIDFROM": "2025-01-01",
        "VALIDTO": "",
        "UNIT": "umol/L",
        "LO": "41",
        "HI": "81",
    },
    {
        "LAB": "L01",
        "LBTEST": "肌酸激酶(CK)",
        "SEX": "ALL",
        "AGELO": "",
        "AGEHI": "",
        "VALIDFROM": "2025-01-01",
        "VALIDTO": "2026-03-31",
        "UNIT": "U/L",
        "LO": "40",
        "HI": "200",
    },
    {
        "LAB": "L01",
        "LBTEST": "肌酸激酶(CK)",
        "SEX": "ALL",
        "AGELO": "",
        "AGEHI": "",
        "VALIDFROM": "2026-04-01",
        "VALIDTO": "",
        "UNIT": "U/L",
        "LO": "26",
        "HI": "140",
    },
    {
        "LAB": "L02",
        "LBTEST": "Creatinine",
        "SEX": "F",
        "AGELO": "18",
        "AGEHI": "",
        "VALIDFROM": "",
        "VALIDTO": "",
        "UNIT": "mg/dL",
        "LO": "0.46",
        "HI": "0.83",
    },
]


def make(*results, ua=(), preg=(), dm=None):
    forms = {
        "LB": [RESULT | r for r in results],
        "UA": [{"EVENT": "SCR"} | r for r in ua],
        "PREG": [{"EVENT": "SCR"} | r for r in preg],
        "SV": VISITS,
    }
    return lb.tabulate(context("lb", forms, dm=dm, tables={"labranges": RANGES}))


def one(**change):
    made = make(change)
    return made.data.iloc[0], made


def test_only_a_plain_number_has_a_numeric_result():
    made = make({"LBORRES": "<15"}, {"LBORRES": "70H", "LBTEST": "尿素", "LBORRESU": "mmol/L"})
    assert made.data.set_index("LBORRES")["LBSTRESN"].fillna(-1).to_dict() == {"<15": -1, "70H": 70}
    assert made.data.set_index("LBORRES")["LBSTRESC"].to_dict() == {"<15": "<15", "70H": "70"}


@pytest.mark.parametrize(
    ("test", "value", "unit", "standard", "loinc"),
    [
        ("Creatinine", "0.80", "mg/dL", (70.72, "umol/L"), "2160-0"),
        ("Hemoglobin", "13.4", "g/dL", (134, "g/L"), "718-7"),
        ("WBC", "5520", "/uL", (5.52, "10^9/L"), "6690-2"),
        ("WBC", "5.52", "×10⁹/L", (5.52, "10^9/L"), "6690-2"),
        ("总胆红素", "11.5", "μmol/L", (11.5, "umol/L"), "14631-6"),
        ("Glucose", "95", "mg/dL", (5.2731, "mmol/L"), "2345-7"),
        ("D-dimer", "204", "ng/mL FEU", (0.204, "mg/L FEU"), "48065-7"),
    ],
)
def test_a_known_unit_is_converted_exactly(test, value, unit, standard, loinc):
    row, _ = one(LBTEST=test, LBORRES=value, LBORRESU=unit)
    assert (row["LBSTRESN"], row["LBSTRESU"], row["LBLOINC"]) == (*standard, loinc)
    assert (row["LBORRES"], row["LBORRESU"]) == (value, unit)


@pytest.mark.parametrize("unit", ["", "U", "mmol/mol"])
def test_without_a_known_unit_there_is_no_standard_result_but_a_query(unit):
    row, made = one(LBORRESU=unit)
    assert pd.isna(row["LBSTRESN"]) and pd.isna(row["LBSTRESC"]) and row["LBORRES"] == "70"
    assert asked(made, "P12") == [("LB:2", "LBORRESU", unit)]


@pytest.mark.parametrize(
    ("test", "value", "unit", "proposed"),
    [
        ("肌酐", "0.78", "umol/L", "mg/dL"),
        ("血红蛋白", "13.4", "g/L", "g/dL"),
        ("白细胞计数", "6540", "10^9/L", "/uL"),
        ("血红蛋白", "5", "g/L", "g/dL"),
        ("血红蛋白", "1350", "g/L", "10 times too high"),
    ],
)
def test_an_implausible_value_is_asked_with_a_proposal_and_not_repaired(test, value, unit, proposed):
    row, made = one(LBTEST=test, LBORRES=value, LBORRESU=unit)
    assert row["LBSTRESN"] == float(value)
    assert proposed in made.query_table().query("RULE == 'P12'")["MESSAGE"].item()


def test_a_value_that_another_unit_explains_against_the_persons_own_is_asked():
    made = make(
        {"LBTEST": "尿素", "LBORRES": "4.9", "LBORRESU": "mmol/L"},
        {"LBTEST": "尿素", "LBORRES": "14.6", "LBORRESU": "mmol/L", "EVENT": "W12", "LBDAT": "2026-04-27"},
    )
    assert asked(made, "P12") == [("LB:3", "LBORRESU", "mmol/L")]


def test_a_missing_code_is_a_reason_and_a_blank_without_reason_is_asked():
    made = make(
        {"LBORRES": "未查"},
        {"LBORRES": "", "LBREASND": "标本量不足", "LBTEST": "尿素"},
        {"LBORRES": "", "LBTEST": "葡萄糖"},
    )
    rows = made.data.set_index("_REC")
    assert rows["LBSTAT"].eq("NOT DONE").all() and rows["LBORRES"].isna().all()
    assert rows["LBREASND"].fillna("").to_dict() == {"LB:2": "未查", "LB:3": "标本量不足", "LB:4": ""}
    assert asked(made, "P16") == [("LB:4", "LBORRES", "")]


@pytest.mark.parametrize(("printed", "rule"), [("1,2", "P14"), ("1_000", "P17"), ("120/80", "P16")])
def test_what_cannot_be_read_has_no_standard_result_and_is_asked(printed, rule):
    row, made = one(LBORRES=printed)
    assert row["LBORRES"] == printed and pd.isna(row["LBSTRESN"]) and pd.isna(row["LBSTRESC"])
    assert asked(made, rule) == [("LB:2", "LBORRES", printed)]


def test_the_range_is_that_of_the_laboratory_for_sex_age_and_day():
    made = make(
        {"LBORRES": "75"},
        {"LBORRES": "75", "SUBJID": "01-0002"},
        {"LBTEST": "肌酸激酶(CK)", "LBORRES": "150", "LBORRESU": "U/L", "LBDAT": "2026-03-31"},
        {"LBTEST": "肌酸激酶(CK)", "LBORRES": "150", "LBORRESU": "U/L", "LBDAT": "2026-04-01", "EVENT": "W12"},
        dm=people({}, {"BRTHDTC": "1960-01-01"}),
    )
    rows = made.data.set_index("_REC")
    assert rows["LBSTNRHI"].to_dict() == {"LB:2": 73, "LB:3": 81, "LB:4": 200, "LB:5": 140}
    assert rows["LBNRIND"].to_dict() == {"LB:2": "HIGH", "LB:3": "NORMAL", "LB:4": "NORMAL", "LB:5": "HIGH"}
    assert set(rows["LBNAM"]) == {"L01"}


def test_a_range_is_converted_with_its_value():
    row, _ = one(LBTEST="Creatinine", LBORRES="0.90", LBORRESU="mg/dL")
    assert (row["LBORNRLO"], row["LBORNRHI"]) == ("0.46", "0.83")
    assert (row["LBSTNRLO"], row["LBSTNRHI"], row["LBNRIND"], row["LBNAM"]) == (40.664, 73.372, "HIGH", "L02")


@pytest.mark.parametrize(
    ("low", "high", "standard"),
    [
        ("41", "73", (41, 73)),
        ("0-80", "", (0, 80)),
        ("", "<80", (None, 80)),
        ("≥40", "", (40, None)),
        ("", "41~73", (41, 73)),
    ],
)
def test_a_printed_range_comes_before_the_table_in_whatever_shape(low, high, standard):
    row, made = one(LBORNRLO=low, LBORNRHI=high)
    assert tuple(None if pd.isna(v) else v for v in (row["LBSTNRLO"], row["LBSTNRHI"])) == standard
    assert row["LBNRIND"] == "NORMAL" and made.query_table().empty


@pytest.mark.parametrize(("low", "high"), [("0.5", "1.1"), ("Male: 0.6", "1.2")])
def test_a_range_in_another_unit_or_in_words_is_not_used_but_asked(low, high):
    row, made = one(LBORNRLO=low, LBORNRHI=high)
    assert pd.isna(row["LBNRIND"]) and pd.isna(row["LBSTNRHI"]) and row["LBORNRLO"] == low
    assert len(asked(made, "P40")) == 1


@pytest.mark.parametrize(
    ("printed", "indicator"),
    [
        ("<42", None),
        ("<41", "LOW"),
        ("<30", "LOW"),
        (">73", "HIGH"),
        (">60", None),
        ("41", "NORMAL"),
        ("40.9", "LOW"),
        ("73.1", "HIGH"),
    ],
)
def test_a_limit_has_an_indicator_only_where_it_leaves_no_doubt(printed, indicator):
    row, _ = one(LBORRES=printed)
    assert (row["LBNRIND"] if pd.notna(row["LBNRIND"]) else None) == indicator


def test_no_range_no_indicator_but_a_query():
    row, made = one(LBTEST="葡萄糖", LBORRES="5.3", LBORRESU="mmol/L")
    assert pd.isna(row["LBNRIND"]) and asked(made, "P40") == [("LB:2", "LBORRES", "5.3")]


def test_two_values_of_one_visit_are_both_kept_and_asked_but_not_those_of_two_visits():
    made = make({}, {"LBORRES": "82"}, {"EVENT": "W12", "LBDAT": "2026-04-27"})
    assert len(made.data) == 3
    assert [rec for rec, *_ in asked(made, "P07")] == ["LB:2", "LB:3"]


def test_midnight_at_the_end_of_a_day_is_the_next_day():
    row, _ = one(LBTIM="24:00")
    assert row["LBDTC"] == "2026-01-21T00:00"


def test_the_last_value_before_the_first_dose_is_flagged_also_when_it_is_a_limit():
    made = make({}, {"LBORRES": "<15", "EVENT": "BL", "LBDAT": "2026-02-02"}, {"EVENT": "W12", "LBDAT": "2026-04-27"})
    assert made.data.set_index("_REC")["LBLOBXFL"].fillna("").to_dict() == {"LB:2": "", "LB:3": "Y", "LB:4": ""}


def test_an_unknown_analyte_is_kept_under_its_printed_name_with_a_query():
    row, made = one(LBTEST="铁蛋白")
    assert (
        pd.isna(row["LBTESTCD"]) and row["LBTEST"] == "铁蛋白" and asked(made, "P13") == [("LB:2", "LBTEST", "铁蛋白")]
    )


def test_urine_takes_the_date_of_its_visit_and_its_results_are_categories():
    made = make(
        ua=[
            {"UATEST": "蛋白 PRO", "UAORRES": "±"},
            {"UATEST": "沉渣 WBC/HP", "UAORRES": "0-2/HP"},
            {"UATEST": "pH", "UAORRES": "5.0"},
        ]
    )
    rows = made.data.set_index("LBTEST")
    assert rows["LBSTRESC"].to_dict() == {"Protein": "TRACE", "Leukocytes": "0-2", "pH": "5"}
    assert rows["LBDTC"].eq("2026-01-19").all() and rows["LBCAT"].eq("URINALYSIS").all()
    assert rows["_REC"]["pH"] == "UA:4 SV:2" and rows["LBSTRESN"].notna().to_dict() == {
        "Protein": False,
        "Leukocytes": False,
        "pH": True,
    }
    assert (
        rows.loc["Leukocytes", "LBTESTCD"],
        rows.loc["Leukocytes", "LBSPEC"],
        rows.loc["Leukocytes", "LBSTRESU"],
    ) == ("WBC", "URINE SEDIMENT", "/HPF")


def test_a_pregnancy_test_that_does_not_apply_is_not_done_with_the_reason():
    made = make(preg=[{"PREGNR": "POSTMENO"}, {"PREGRES": "NEG", "SUBJID": "01-0002"}], dm=people({}, {}))
    rows = made.data.set_index("_REC")
    assert rows["LBTESTCD"].eq("HCG").all()
    assert rows["LBSTAT"].fillna("").tolist() == ["NOT DONE", ""] and rows["LBREASND"].fillna("").tolist() == [
        "POSTMENOPAUSAL",
        "",
    ]
    assert rows["LBSTRESC"].fillna("").tolist() == ["", "NEGATIVE"] and made.query_table().empty
