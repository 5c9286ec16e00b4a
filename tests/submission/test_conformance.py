"""Each conformance rule finds the fault that is planted for it, and nothing in data without fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from submission import against_define, conformance, define, package, transport
from submission.frames import Submission, empty_changes, sealed
from tests.submission import small
from tests.submission.test_define import PAGE, TERMS

pytestmark = pytest.mark.req("URS-PKG-03")

GONE = float("nan")


def study() -> dict:
    """Data sets of two subjects without any fault."""
    keys = ["USUBJID"]
    dm = small.dataset("DM", {"USUBJID": "text", "SEX": "text"}, [("1", "M"), ("2", "F")], "sdtm", keys=keys)
    vs = small.dataset(
        "VS", {"USUBJID": "text", "VSSEQ": "integer", "VSORRES": "text"},
        [("1", 1, "50"), ("1", 2, "60"), ("2", 1, "70")], "sdtm", keys=["USUBJID", "VSSEQ"],
    )  # fmt: skip
    supp = dict.fromkeys(["RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG"], "text")
    suppvs = small.dataset(
        "SUPPVS",
        supp,
        [("VS", "1", "VSSEQ", "2", "ARMPOS", "Arm", "LEFT", "Collected")],
        "sdtm",
        keys=["USUBJID", "QNAM"],
    )
    names = ["STUDYID", "USUBJID", "SUBJID", "SITEID", "AGEU", "SEX", "RACE", "ARM", "TRT01P", "SAFFL"]
    rows = [
        ("S", "1", "1", "9", "YEARS", "M", "X", "A", "A", "Y", 40),
        ("S", "2", "2", "9", "YEARS", "F", "X", "A", "A", "N", 50),
    ]
    adsl = small.dataset(
        "ADSL", dict.fromkeys(names, "text") | {"AGE": "integer"}, rows, keys=keys,
        **{"class": "SUBJECT LEVEL ANALYSIS DATASET"},
    )  # fmt: skip
    kinds = {
        "STUDYID": "text", "USUBJID": "text", "SEX": "text", "PARAM": "text", "PARAMCD": "text", "PARAMN": "integer",
        "AVAL": "float", "AVALC": "text", "BASE": "float", "CHG": "float", "PCHG": "float", "ABLFL": "text",
        "ANL01FL": "text", "DTYPE": "text", "SRCDOM": "text", "SRCVAR": "text", "SRCSEQ": "integer",
    }  # fmt: skip
    rows = [
        ("S", "1", "M", "Weight", "WT", 1, 50, "50", 50, GONE, GONE, "Y", None, None, "VS", "VSORRES", 1),
        ("S", "1", "M", "Weight", "WT", 1, 60, "60", 50, 10, 20, None, "Y", None, "VS", "ARMPOS", 2),
        ("S", "2", "F", "Height", "HT", 2, 70, None, GONE, GONE, GONE, None, "Y", None, "VS", "VSORRES", 1),
    ]  # fmt: skip
    advs = small.dataset("ADVS", kinds, rows, keys=["USUBJID", "PARAMCD", "SRCSEQ"])
    return {one.name: one for one in (dm, vs, suppvs, adsl, advs)}


def submission(datasets) -> Submission:
    return Submission(PAGE, tuple(datasets.values()), empty_changes(), {})


def planted(name, row, column, value):
    datasets = study()
    frame = datasets[name].frame.copy()
    frame.loc[row, column] = value
    datasets[name] = sealed(replace(datasets[name], frame=frame))
    return submission(datasets)


def test_data_without_fault_have_no_finding():
    assert conformance.check(submission(study())).empty


@pytest.mark.parametrize(
    "rule, name, row, column, value",
    [
        ("KEY", "VS", 1, "VSSEQ", 1),
        ("DM", "DM", 1, "USUBJID", "1"),
        ("DM", "VS", 2, "USUBJID", "3"),
        ("SUPP", "SUPPVS", 0, "IDVARVAL", "7"),
        ("SUPP", "SUPPVS", 0, "RDOMAIN", "LB"),
        ("AD-REQ", "ADVS", 0, "PARAMCD", ""),
        ("AD-ADSL", "ADSL", 1, "USUBJID", "1"),
        ("AD-ADSL", "ADVS", 2, "USUBJID", "3"),
        ("AD-COPY", "ADVS", 0, "SEX", "F"),
        ("AD-BASE", "ADVS", 1, "CHG", 11),
        ("AD-BASE", "ADVS", 1, "PCHG", 21),
        ("AD-BASE", "ADVS", 1, "BASE", 51),
        ("AD-BASE", "ADVS", 2, "BASE", 70),
        ("AD-BASE", "ADVS", 1, "ABLFL", "Y"),
        ("AD-FLAG", "ADSL", 0, "SAFFL", "yes"),
        ("AD-FLAG", "ADVS", 0, "ANL01FL", "N"),
        ("AD-SRC", "ADVS", 0, "SRCDOM", "XX"),
        ("AD-SRC", "ADVS", 0, "SRCVAR", "VSNONE"),
        ("AD-SRC", "ADVS", 0, "SRCSEQ", 9),
        ("AD-PARAM", "ADVS", 1, "PARAM", "Mass"),
        ("AD-PARAM", "ADVS", 2, "PARAMN", 1),
        ("AD-PARAM", "ADVS", 2, "PARAMCD", "1HT"),
        ("AD-AVALC", "ADVS", 1, "AVALC", "50"),
    ],
)
def test_every_planted_fault_is_found(rule, name, row, column, value):
    found = conformance.check(planted(name, row, column, value))
    assert rule in set(found["rule"])
    assert name in set(found.loc[found["rule"] == rule, "dataset"])
    assert found["explanation"].eq("").all()


def test_a_required_variable_that_is_missing_is_found():
    datasets = study()
    adsl = datasets["ADSL"]
    kept = tuple(v for v in adsl.variables if v.name != "AGE")
    datasets["ADSL"] = replace(adsl, variables=kept, frame=adsl.frame.drop(columns="AGE"))
    found = conformance.check(submission(datasets))
    assert found[["rule", "variable"]].to_numpy().tolist() == [["AD-REQ", "AGE"]]


def test_a_value_that_stands_for_a_limit_is_explained_by_its_dtype():
    datasets = study()
    frame = datasets["ADVS"].frame.copy()
    frame.loc[1, ["AVAL", "AVALC", "CHG", "PCHG", "DTYPE"]] = [50.0, "<100", 0.0, 0.0, "HALFLLOQ"]
    datasets["ADVS"] = sealed(replace(datasets["ADVS"], frame=frame))
    found = conformance.check(submission(datasets))
    assert set(found["rule"]) == {"AD-AVALC"}
    assert found["explanation"].ne("").all()


@pytest.fixture
def folder(tmp_path):
    made = submission({"DM": small.dataset(
        "DM", {"USUBJID": "text", "SEX": "text", "AGE": "integer", "DTHFL": "text"}, [("1", "M", 40, "Y")], "sdtm",
        keys=["USUBJID"], about={"DTHFL": {"codelist": "NY"}}, **{"class": "SPECIAL PURPOSE"},
    )})  # fmt: skip
    transport.write(tmp_path / "dm.xpt", transport.content(made["DM"], package.cut_off(made)))
    transport.write(tmp_path / "define.xml", define.xml(made, "sdtm", TERMS))
    return tmp_path, made["DM"], package.cut_off(made)


def test_files_as_define_says_have_no_finding(folder):
    assert against_define.check(folder[0]).empty


@pytest.mark.parametrize(
    "rule, message, spoil",
    [
        (
            "DEF",
            "the variables are",
            lambda d: replace(d, variables=d.variables[:2], frame=d.frame[["USUBJID", "SEX"]]),
        ),
        ("DEF", "is longer than stated", lambda d: replace(d, frame=d.frame.assign(SEX="MALE"))),
        ("DEF", "the type is not integer", lambda d: replace(d, frame=d.frame.assign(AGE="forty"))),
        ("DEF", "the label differs", lambda d: replace(d, label="Another")),
        ("CT", "is no term of NY", lambda d: replace(d, frame=d.frame.assign(DTHFL="X"))),
    ],
)
def test_a_file_that_is_not_as_define_says_is_found(folder, rule, message, spoil):
    place, dataset, day = folder
    transport.write(place / "dm.xpt", transport.content(spoil(dataset), day))
    found = against_define.check(place)
    assert rule in set(found["rule"])
    assert found["message"].str.contains(message).any()


def test_a_file_that_is_missing_or_not_named_is_found(folder):
    (folder[0] / "dm.xpt").rename(folder[0] / "dn.xpt")
    assert against_define.check(folder[0])["message"].tolist() == [
        "there is no file of this data set",
        "the file is not in define.xml",
    ]


def test_every_rule_has_a_planted_fault():
    marks = test_every_planted_fault_is_found.pytestmark[0].args[1]
    assert {mark[0] for mark in marks} == set(conformance.RULES)
