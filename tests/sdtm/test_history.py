"""CM, MH, SU, FA, MK, DV, IE: history and log forms as rows of their domains."""

import pandas as pd
import pytest

from crf2csr.sdtm import _mapping, cm, su, sv
from tests.sdtm.rooms import asked, context, records

pytestmark = pytest.mark.req("URS-SDT-07")

CODING = pd.DataFrame(
    [
        ("CM", "泰诺林", "PARACETAMOL", "", "N02BE", "Anilides"),
        ("MH", "高血压", "Hypertension", "Vascular disorders", "", ""),
    ],
    columns=["DOMAIN", "VERBATIM", "DECOD", "BODSYS", "CLASCD", "CLAS"],
    dtype="str",
)


def medication(*rows, prior=({},)):
    usual = {"CMTRT": "泰诺林", "CMSTDAT": "2026-02-10", "CMENDAT": "2026-02-12", "CMONGO": "N"}
    forms = {"CM": records("CM", *[usual | row for row in rows]), "PRTX": records("PRTX", *prior)}
    return cm.tabulate(context("cm", forms, tables={"coding": CODING}, derivations=cm.DERIVATIONS))


def test_a_coded_drug_has_its_name_and_class_and_an_uncoded_one_stays_and_is_asked():
    made = medication({}, {"CMTRT": "偏方"})
    found = made.data.set_index("CMTRT")[["CMDECOD", "CMCLASCD"]]
    assert found.loc["泰诺林"].tolist() == ["PARACETAMOL", "N02BE"]
    assert found.loc["偏方"].isna().all()
    assert [q[0] for q in asked(made)] == ["P39"]


def test_a_dose_that_is_no_number_is_kept_as_text():
    made = medication({"CMDOSE": "1片半"}, {"CMDOSE": "0.5"})
    assert made.data["CMDOSE"].tolist()[1:] == [0.5] or made.data["CMDOSE"].dropna().tolist() == [0.5]
    assert made.data["CMDOSTXT"].dropna().tolist() == ["1片半"]


def test_an_ongoing_drug_with_an_end_date_and_one_that_ends_before_it_starts_are_asked():
    made = medication({"CMONGO": "Y"}, {"CMSTDAT": "2026-03", "CMENDAT": "2026-02-27"})
    assert asked(made) == [["P37", "CM:2", "CMENDAT"], ["P37", "CM:3", "CMENDAT"]]
    assert made.data["CMENTPT"].dropna().tolist() == ["2026-05-20"]


def test_dates_that_may_agree_within_their_month_are_not_asked():
    assert asked(medication({"CMSTDAT": "2026-03", "CMENDAT": "2026-03-02"})) == []


def test_prior_drugs_are_in_cm_with_their_class_and_prior_phototherapy_is_not():
    prior = (
        {"CMTRT": "泰诺林", "PTCAT": "MTX", "PTSTOP": "INTOL", "CMSTDAT": "2021", "CMENDAT": "2022"},
        {"CMTRT": "光疗", "PTCAT": "PHOTO"},
    )
    made = medication({}, prior=prior)
    rows = made.data[made.data["CMCAT"] == "PRIOR PPP THERAPY"]
    assert rows[["CMSCAT", "PTSTOP", "CMSTDTC"]].values.tolist() == [["METHOTREXATE", "INTOLERANCE", "2021"]]


def history(mh=(), ppphx=(), sero=()):
    forms = {
        "MH": records("MH", *mh or ({},)),
        "PPPHX": records("PPPHX", *ppphx or ({},)),
        "SERO": records("SERO", *sero or ({},)),
    }
    return _mapping.tabulate(context("mh", forms, tables={"coding": CODING}))


def test_a_condition_that_everyone_is_asked_about_has_an_occurrence_its_own_code_and_no_coding_query():
    made = history(ppphx=({"PPPAO": "U"},), sero=({"CANDSYS": "N"},))
    asked_of_all = made.data[made.data["MHPRESP"] == "Y"]
    assert asked_of_all[["MHTERM", "MHOCCUR", "MHDECOD"]].values.tolist() == [
        ["SYSTEMIC CANDIDIASIS", "N", "Systemic candida"],
        ["PUSTULOTIC ARTHRO-OSTEITIS / SAPHO", "U", "SAPHO syndrome"],
    ]
    assert asked(made) == []


def test_diagnosis_and_onset_of_the_disease_are_two_events():
    made = history(ppphx=({"PPDIADAT": "2020-09", "PPONSDAT": "2019"},))
    rows = made.data[made.data["MHCAT"] == "PRIMARY DIAGNOSIS"]
    assert dict(zip(rows["MHEVDTYP"], rows["MHSTDTC"], strict=True)) == {
        "DIAGNOSIS": "2020-09",
        "SYMPTOM ONSET": "2019",
    }


def test_a_form_without_history_is_counted():
    made = history(mh=({"MHYN": "N"}, {"MHYN": "Y", "MHTERM": "高血压", "MHONGO": "Y"}))
    line = made.ledger.frame().query("STEP == 'MH: history'").iloc[0]
    assert (line["ROWS_IN"], line["ROWS_OUT"], line["ROWS_LOST"]) == (2, 1, 1)
    row = made.data[made.data["MHTERM"] == "高血压"].iloc[0]
    assert (row["MHDECOD"], row["MHBODSYS"], row["MHENRTPT"]) == ("Hypertension", "Vascular disorders", "ONGOING")


def test_smoking_has_occurrence_amount_duration_and_relation_to_the_visit():
    rows = records(
        "SU",
        {"SUTRT": "TOBACCO", "SUNCF": "FORMER", "SUDOSE": "20", "SUDUR": "25", "SUENDAT": "2017"},
        {"SUTRT": "ALCOHOL", "SUNCF": "NEVER"},
        {"SUTRT": "TOBACCO", "SUNCF": "CURRENT", "SUDUR": "about 10"},
    )
    made = _mapping.tabulate(context("su", {"SU": rows}, derivations=su.DERIVATIONS))
    by_record = made.data.set_index("REC")
    columns = ["SUOCCUR", "SUDOSU", "SUDUR", "SUENRTPT", "SUENDTC", "SUNCF"]
    assert by_record.loc["SU:2", columns].tolist() == ["Y", "CIGARETTE", "P25Y", "BEFORE", "2017", "FORMER"]
    assert by_record.loc["SU:3", "SUOCCUR"] == "N" and by_record.loc["SU:3", columns[1:5]].isna().all()
    assert pd.isna(by_record.loc["SU:4", "SUDUR"]) and by_record.loc["SU:4", "SUENRTPT"] == "ONGOING"


def test_each_focal_condition_is_a_finding_about_it_and_flares_have_an_interval():
    rows = records("PPPHX", {"PPTYPE": "A", "PPFOCAL": "1|4", "PPFLARE": "5", "PPFAMHX": "U"})
    made = _mapping.tabulate(context("fa", {"PPPHX": rows}))
    focal = made.data[made.data["FACAT"] == "FOCAL INFECTION OR METAL ALLERGY"]
    assert focal[["FAOBJ", "FATESTCD", "FASTRESC"]].values.tolist() == [
        ["CHRONIC TONSILLITIS", "OCCUR", "Y"],
        ["METAL ALLERGY", "OCCUR", "Y"],
    ]
    flares = made.data[made.data["FATESTCD"] == "EPSDNUM"].iloc[0]
    assert (flares["FASTRESN"], flares["FAEVLINT"]) == (5, "-P12M")
    assert made.data.loc[made.data["FACAT"] == "FAMILY HISTORY", "FASTRESC"].tolist() == ["U"]


def test_each_site_with_symptoms_is_a_row_and_the_counts_are_numbers():
    rows = records("JOINT", {"EVENT": "BL", "JTSITE": "SCJ|SIJ", "TJC": "5", "SJC": "0"})
    made = _mapping.tabulate(context("mk", {"JOINT": rows}))
    assert made.data[["MKTESTCD", "MKLOC"]].fillna("").values.tolist() == [
        ["SJC", ""],
        ["SYMPIND", "SACROILIAC JOINT"],
        ["SYMPIND", "STERNOCLAVICULAR JOINT"],
        ["TJC", ""],
    ]
    assert made.data["MKSTRESN"].dropna().tolist() == [0, 5]


def test_deviations_come_from_the_log_from_waivers_and_from_the_monitors_box():
    forms = {
        "PD": records("PD", {"DVTERM": "W4访视缺失", "DVCAT": "VISIT", "DVMAJ": "MINOR", "DVSTDAT": "2026-03-01"}),
        "IE": records("IE", {"IETESTCD": "IN03", "IEWAIV": "Y"}, {"IEWAIV": "N"}),
        "CM": records("CM", {"CMTRT": "Acitretin", "CMPROH": "Y", "CMSTDAT": "2026-03-02"}, {"CMPROH": "N"}),
    }
    made = _mapping.tabulate(context("dv", forms))
    assert sorted(made.data[["DVTERM", "DVCAT", "DVSCAT"]].values.tolist()) == [
        ["Prohibited medication according to the monitor: Acitretin", "PROHIBITED TREATMENT", "MAJOR"],
        ["W4访视缺失", "VISIT", "MINOR"],
        ["Waiver granted for criterion IN03", "ELIGIBILITY", "MAJOR"],
    ]


def test_a_criterion_not_met_and_the_physicians_no_are_rows_with_their_text():
    rows = records(
        "IE",
        {"IEYN": "N", "IETESTCD": "EX01", "IEORRES": "Y", "IEPHYS": "N"},
        {"IEYN": "Y", "IEPHYS": "Y"},
        {"IEYN": "N", "IETESTCD": "IN04", "IEORRES": "N", "IEPHYS": "N"},
    )
    made = _mapping.tabulate(context("ie", {"IE": rows}))
    assert made.data[["REC", "IETESTCD", "IECAT", "IESTRESC"]].sort_values(["REC", "IETESTCD"]).values.tolist() == [
        ["IE:2", "EX01", "EXCLUSION", "Y"],
        ["IE:2", "IN04", "INCLUSION", "N"],
        ["IE:4", "IN04", "INCLUSION", "N"],
    ]
    assert made.data["IETEST"].notna().all()


def test_a_missed_visit_is_a_row_without_date_and_an_unscheduled_one_says_why():
    rows = records(
        "SV",
        {"EVENT": "BL", "VISYN": "Y", "VISDAT": "2026-02-03", "VISTYP": "SITE"},
        {"EVENT": "W1", "VISYN": "N", "VISREAS": "失访"},
        {"EVENT": "UNS", "VISYN": "Y", "VISDAT": "2026-02-08", "VISTYP": "PHONE", "VISREAS": "皮疹加重就诊"},
    )
    made = sv.tabulate(context("sv", {"SV": rows}, visits=rows))
    by_visit = made.data.set_index("VISITNUM")
    assert by_visit.loc[3.0, ["SVOCCUR", "SVREASOC"]].tolist() == ["N", "失访"] and pd.isna(
        by_visit.loc[3.0, "SVSTDTC"]
    )
    unscheduled = by_visit.loc[2.1]
    assert (unscheduled["SVCNTMOD"], unscheduled["SVUPDES"]) == ("TELEPHONE CALL", "皮疹加重就诊")
    assert pd.isna(unscheduled["SVPRESP"]) and pd.isna(unscheduled["SVOCCUR"])


def test_a_second_record_of_a_visit_on_its_day_joins_the_first_and_is_asked():
    rows = records(
        "SV",
        {"EVENT": "BL", "VISYN": "Y", "VISDAT": "2026-02-03", "VISTYP": "SITE"},
        {"EVENT": "BL", "VISYN": "Y", "VISDAT": "2026-02-03", "VISTYP": "PHONE"},
    )
    made = sv.tabulate(context("sv", {"SV": rows}, visits=rows))
    assert made.data[["SVCNTMOD", "_REC"]].values.tolist() == [["IN PERSON", "SV:2 SV:3"]]
    assert asked(made) == [["P07", "SV:3", "VISDAT"]]
