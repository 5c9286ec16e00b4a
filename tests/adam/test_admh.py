"""ADMH on small tables."""

import pandas as pd
import pytest

from crf2csr import dates, specs
from crf2csr.adam import admh

pytestmark = pytest.mark.req("URS-ADA-11")

GROUPS = [
    {"id": "HT", "label": "Hypertension", "contains": ["hypertension"], "verbatim": ["高血压"]},
    {"id": "TH", "label": "Thyroid", "categories": ["THYROID DISEASE"]},
]
COLUMNS = ["MHTERM", "MHDECOD", "MHBODSYS", "MHCAT", "MHOCCUR", "MHSTDTC", "MHENDTC", "MHENRTPT"]


def _made(*conditions):
    day = dates.to_day(pd.Series(["2026-03-15", "2026-07-01"], dtype="str"))
    adsl = pd.DataFrame(
        {
            "USUBJID": ["S"],
            "SAFFL": ["Y"],
            "TRTSDT": day[:1].to_numpy(),
            "LSTCNDT": day[1:].to_numpy(),
            "DTHDT": [pd.NA],
        }
    )
    adsl = adsl.astype(dict.fromkeys(["TRTSDT", "LSTCNDT", "DTHDT"], "Int64"))
    rows = pd.DataFrame([dict.fromkeys(COLUMNS) | {"MHTERM": "x"} | c for c in conditions], columns=COLUMNS).astype(
        "str"
    )
    rows = rows.where(rows != "None").assign(USUBJID="S", MHSEQ=range(1, len(conditions) + 1))
    return admh.derive(
        adsl, rows, spec={"variables": {"SAFFL": {}}}, page={"study": {}}, lists={"comorbidities": {"groups": GROUPS}}
    )


def test_a_condition_that_was_asked_about_and_denied_is_counted_and_left_out():
    made = _made({"MHOCCUR": "Y"}, {"MHOCCUR": "N"}, {"MHOCCUR": "U"}, {})
    assert made.data["MHSEQ"].tolist() == [1, 4]
    assert made.ledger.frame()["ROWS_LOST"].tolist() == [0, 2]


def test_history_never_starts_with_the_first_dose():
    made = _made({"MHSTDTC": "2026"}, {"MHSTDTC": None})
    assert dates.to_iso(made.data["ASTDT"]).fillna("").tolist() == ["2026-01-01", ""]
    assert made.data["ASTDTF"].fillna("").tolist() == ["M", ""]


@pytest.mark.req("URS-ADA-13")
def test_a_condition_belongs_to_a_group_by_code_category_or_the_verbatim_of_what_is_not_coded():
    rows = _made(
        {"MHDECOD": "Hypertension"},
        {"MHTERM": "高血压病2级"},
        {"MHCAT": "THYROID DISEASE", "MHDECOD": "Goitre"},
        {"MHDECOD": "Gastritis", "MHTERM": "高血压"},
    ).data
    assert rows["MHGRP"].fillna("").tolist() == ["Hypertension", "Hypertension", "Thyroid", ""]
    assert rows["AOCCGFL"].fillna("").tolist() == ["Y", "", "Y", ""]


def test_a_condition_continues_when_it_is_ongoing_or_ended_after_the_first_dose():
    rows = _made({"MHENRTPT": "ONGOING"}, {"MHENDTC": "2026-03-15"}, {"MHENDTC": "2026-03-14"}, {}).data
    assert rows["CONTFL"].fillna("").tolist() == ["Y", "Y", "", ""]


@pytest.mark.req("URS-ADA-13")
def test_the_groups_of_the_study_take_its_categories():
    groups = specs.read_yaml("config/comorbidities.yaml")["groups"]
    listed = {category for group in groups for category in group.get("categories", [])}
    mapped = set(specs.read_yaml("config/codelists.yaml")["MHCAT"].values())
    assert listed <= mapped
    assert mapped - listed == {"GENERAL", "METABOLIC DISEASE"}
