"""ADVS on small tables."""

import pandas as pd
import pytest

from crf2csr import dates
from crf2csr.adam import advs

pytestmark = pytest.mark.req("URS-ADA-11")

SPEC = {
    "name": "ADVS",
    "windows": "all",
    "variables": {"SAFFL": {}},
    "parameters": [{"code": c, "label": c, "category": "X"} for c in ("PULSE", "HEIGHT", "WEIGHT", "BMI")],
}
PAGE = {
    "windows": {
        "all": [
            {"visit": "Week 1", "number": 1, "from": 2, "to": 11, "target": 8},
            {"visit": "Week 2", "number": 2, "from": 12, "to": 22, "target": 15},
        ]
    },
    "visits": [{"event": "W1", "number": 3, "name": "Week 1", "day": 8, "from": 6, "to": 10}],
    "after_treatment_days": 14,
}


def _made(*measurements):
    day = dates.to_day(pd.Series(["2026-03-01", "2026-03-28"], dtype="str"))
    adsl = pd.DataFrame({"USUBJID": ["S"], "SAFFL": ["Y"], "TRTSDT": day[:1].to_numpy(), "TRTEDT": day[1:].to_numpy()})
    rows = [
        {
            "USUBJID": who,
            "VSSEQ": n,
            "VSTESTCD": test,
            "VSSTRESN": value,
            "VSSTRESU": "u",
            "VSDTC": on,
            "VSSTAT": None,
            "VISIT": "v",
            "VISITNUM": 1.0,
        }
        for n, (test, value, on, *rest) in enumerate(measurements, start=1)
        for who in (rest or ["S"])
    ]
    frame = pd.DataFrame(rows).astype({"VSSTRESN": "float64", "VSDTC": "str", "VSSTAT": "str"})
    frame["VSSTAT"] = frame["VSSTAT"].where(frame["VSTESTCD"] != "VSALL", "NOT DONE").where(lambda s: s != "None")
    return advs.derive(adsl.astype({"TRTSDT": "Int64", "TRTEDT": "Int64"}), frame, spec=SPEC, page=PAGE, lists={})


def test_baseline_change_and_window():
    rows = _made(("PULSE", 60, "2026-02-20"), ("PULSE", 70, "2026-03-01"), ("PULSE", 84, "2026-03-08")).data
    assert rows["ABLFL"].fillna("").tolist() == ["", "Y", ""]
    assert rows.loc[2, ["BASE", "CHG", "PCHG", "AVISIT", "AWTDIFF"]].tolist() == [70, 14, 20, "Week 1", 0]


def test_body_mass_index_takes_the_weight_of_the_visit_and_the_height_of_screening():
    made = _made(("HEIGHT", 160, "2026-02-20"), ("WEIGHT", 64, "2026-02-20"), ("WEIGHT", 60.8, "2026-03-08"))
    index = made.data[made.data["PARAMCD"] == "BMI"]
    assert index["AVAL"].round(9).tolist() == [25, 23.75] and index["AVALU"].tolist() == ["kg/m2", "kg/m2"]
    assert index["ABLFL"].fillna("").tolist() == ["Y", ""] and index["SRCSEQ"].isna().all()
    edges = made.edges.merge(index[["_KEY", "VISIT"]], left_on="KEY", right_on="_KEY")
    assert sorted(edges["SRCSEQ"]) == [1, 1, 2, 3] and set(edges["SRCDOM"]) == {"VS"}


def test_without_height_there_is_no_index():
    assert set(_made(("WEIGHT", 64, "2026-02-20")).data["PARAMCD"]) == {"WEIGHT"}


def test_of_two_records_in_a_window_the_nearer_is_analysed():
    rows = _made(("PULSE", 70, "2026-03-01"), ("PULSE", 80, "2026-03-03"), ("PULSE", 90, "2026-03-09")).data
    assert rows["ANL01FL"].fillna("").tolist() == ["Y", "", "Y"]
    assert rows.loc[1, "AREAS"] == "Another record of the window is nearer its target"


def test_what_leaves_is_counted():
    made = _made(("PULSE", 70, "2026-03-01"), ("VSALL", None, "2026-03-08"), ("PULSE", 70, "2026-03-01", "T"))
    assert made.ledger.frame()["ROWS_LOST"].tolist() == [1, 0, 1] and len(made.data) == 1


def test_a_value_out_of_bounds_stays_without_a_value_and_says_why():
    row = _made(("PULSE", None, "2026-03-08")).data.iloc[0]
    assert pd.isna(row["AVAL"]) and row["AREAS"] == "Result is not a number in its bounds"
