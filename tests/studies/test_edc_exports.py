"""Public exports of real systems: REDCap twice over, OpenClinica, Viedoc."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.raw import delimited, odm, redcap
from tests.climb import SHARED

EDC = SHARED / "data/edc"
UTF8 = {"encoding": "UTF-8", "name": "export"}
# Forms of the OpenClinica study whose item groups repeat differently: each group is a form of its own.
APART = {
    "F_MEDICALHISTO_V10": ["IG_MEDIC_G1", "IG_MEDIC_G2"],
    "F_VITALSIGNS_V10": ["IG_VITAL_BPLOG", "IG_VITAL_VITALS"],
    "F_EATINGHABITS_V10": ["IG_EATIN_HABITS", "IG_EATIN_VITAMINLOG"],
}
pytestmark = [
    pytest.mark.req("URS-RAW-10"),
    pytest.mark.skipif(not EDC.is_dir(), reason=f"the public exports are not at {EDC}"),
]
PROJECTS = ["checkboxes-1", "longitudinal", "repeating-instruments", "decimal-comma", "clinical-trial-1"]


def project(name: str) -> tuple[bytes, bytes, bytes, list[str]]:
    """Table, dictionary and ODM document of a REDCap project, and its instruments."""
    folder = EDC / "redcap" / name
    (dictionary,) = folder.glob("diction*y.csv")
    with dictionary.open(encoding="utf-8-sig", newline="") as lines:
        forms = list(dict.fromkeys(row["Form Name"] for row in csv.DictReader(lines)))
    return (folder / "data.csv").read_bytes(), dictionary.read_bytes(), (folder / "project.xml").read_bytes(), forms


def spaced(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """The records with one blank for every space: an attribute of XML holds no line break, and the CSV had them cut."""
    return sorted(tuple(" ".join(cell.split()) for cell in row) for row in frame.itertuples(index=False, name=None))


@pytest.mark.parametrize("name", PROJECTS)
def test_a_redcap_project_gives_the_same_values_as_csv_and_as_odm(name):
    table, dictionary, document, forms = project(name)
    filled = 0
    for form in forms:
        one = redcap.stage(table, UTF8 | {"part": form}, "csv", None, {"dictionary": (dictionary, UTF8)})
        other = odm.stage(document, UTF8 | {"part": f"Form.{form}"}, "xml")
        # The names of study and form are REDCap's in one and the document's in the other.
        shared = [column for column in one if column in other and column not in ("LINE", "STUDYID", "FORM")]
        items = set(shared) - {"SITEID", "SUBJID", "EVENT", "EVENTREP", "FORMREP", "GRPREP", "FORMSTAT", "LASTMOD"}
        assert items and len(one)
        assert spaced(one[shared]) == spaced(other[shared])
        filled += int((one[sorted(items)] != "").sum().sum())
    assert filled > 10


def test_a_box_of_a_form_that_nobody_opened_is_no_answer():
    table, dictionary, document, _ = project("checkboxes-1")
    entry = UTF8 | {"part": "form_2"}
    made = redcap.stage(table, entry, "csv", None, {"dictionary": (dictionary, UTF8)})
    assert made[["SUBJID", "check_one", "check_two"]].to_numpy().tolist() == [
        ["1", "1", "a|c"],
        ["2", "", "b|d"],
        ["3", "1|2|3|4", ""],
    ]
    assert odm.stage(document, UTF8 | {"part": "Form.form_2"}, "xml")["SUBJID"].tolist() == ["1", "2", "3"]


def test_a_survey_that_exists_only_as_unticked_boxes_gives_no_record():
    content = (EDC / "redcap/russian/project.xml").read_bytes()
    screening = odm.stage(content, UTF8 | {"part": "Form.screening"}, "xml")
    assert len(screening) == 3 and "от сотрудницы" in set(screening["recruitment_other"])
    part = "Form.survey_114_questions_about_counselling_and_testing"
    assert len(odm.stage(content, UTF8 | {"part": part}, "xml")) == 0


def test_a_decimal_comma_stays_what_was_typed():
    table, dictionary, _, _ = project("decimal-comma")
    made = redcap.stage(table, UTF8 | {"part": "demographics"}, "csv", None, {"dictionary": (dictionary, UTF8)})
    assert made["height"].tolist() == ["1,54", "1,84", "1,95", "1,61"]


def test_every_item_of_an_openclinica_extract_is_staged_once():
    (path,) = (EDC / "openclinica").glob("*.xml")
    content = path.read_bytes()
    space = "{http://www.cdisc.org/ns/odm/v1.3}"
    truth: Counter[tuple[str, ...]] = Counter()
    for subject in ElementTree.fromstring(content).iter(f"{space}SubjectData"):
        who = subject.get("{http://www.openclinica.org/ns/odm_ext_v130/v3.1}StudySubjectID")
        for event in subject.iter(f"{space}StudyEventData"):
            for form in event.iter(f"{space}FormData"):
                for item in form.iter(f"{space}ItemData"):
                    where = (event.get("StudyEventOID"), form.get("FormOID"), item.get("ItemOID"))
                    truth[(who, *where, item.get("Value"))] += 1
    assert sum(truth.values()) == 3908 and len({key[0] for key in truth}) == 22
    forms = sorted({key[2] for key in truth})
    assert len(forms) == 19
    staged: Counter[tuple[str, ...]] = Counter()
    for form in forms:
        entry = UTF8 | {"part": form}
        if form in APART:
            with pytest.raises(Cause, match="repeat differently"):
                odm.stage(content, entry, "xml")
            tables = [odm.stage(content, entry | {"groups": [group]}, "xml") for group in APART[form]]
            assert all(table.attrs["told"][0].rule == "R-PART" for table in tables)
        else:
            tables = [odm.stage(content, entry, "xml")]
        for table in tables:
            items = [c for c in table if c.startswith("I_") and not c.endswith("_UNIT")]
            long = table.melt(["SUBJID", "EVENT", "FORM"], items, "item")
            staged.update(long[["SUBJID", "EVENT", "FORM", "item", "value"]].itertuples(index=False, name=None))
    filled = Counter({key: n for key, n in truth.items() if key[-1]})
    assert Counter({key: n for key, n in staged.items() if key[-1]}) == filled


def test_units_status_and_time_of_change_come_with_an_openclinica_record():
    (path,) = (EDC / "openclinica").glob("*.xml")
    made = odm.stage(path.read_bytes(), UTF8 | {"part": "F_PHYSICALEXAM_ENGLISH", "columns": "name"}, "xml")
    first = made.iloc[0]
    assert (first["SUBJID"], first["FORMSTAT"]) == ("101-001", "data entry complete")
    assert (first["HEIGHT"], first["HEIGHT_UNIT"], first["WEIGHT_UNIT"]) == ("67", "in", "lb")
    assert first["LASTMOD"] == "2015-08-21T20:38:50"


@pytest.mark.parametrize("path", sorted((EDC / "viedoc").glob("*.csv")), ids=lambda path: path.stem.split("_", 4)[-1])
def test_a_viedoc_export_has_its_labels_above_its_names(path: Path):
    made = delimited.stage(path.read_bytes(), UTF8 | {"labels": "above"}, path.name)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        labels, names, *rows = csv.reader(lines)
    assert made.columns[1:].tolist() == names and list(made.attrs["labels"].values()) == labels
    assert made[names].to_numpy().tolist() == rows
    assert made["LINE"].iloc[0] == 3
