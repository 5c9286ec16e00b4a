"""Transport files and Dataset-JSON give back the submission frame cell for cell, and two runs the same bytes."""

import datetime
import time

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.errors import Cause
from submission import dataset_json, package, transport
from submission.frames import prepare, sealed
from tests.submission import small

pytestmark = pytest.mark.req("URS-PKG-01")

DAY = datetime.date(2026, 10, 15)


@pytest.fixture
def mixed():
    kinds = {"USUBJID": "text", "AVALC": "text", "AVAL": "float", "ASEQ": "integer", "ADT": "date", "NOTE": "text"}
    gone = float("nan")
    rows = [
        ("1", "a", 0.1, 1, 20487.0, None),
        ("2", " b", 1 / 3, 2, gone, None),
        ("3", None, gone, gone, -9000.0, None),
    ]
    return small.dataset("ADX", kinds, rows, keys=["USUBJID", "ASEQ"])


def test_a_transport_file_gives_back_the_frame(mixed, tmp_path):
    transport.write(tmp_path / "adx.xpt", transport.content(mixed, DAY))
    frame, label, labels = transport.read(tmp_path / "adx.xpt")
    pd.testing.assert_frame_equal(frame, mixed.frame, check_exact=True)
    assert label == "ADX"
    assert labels == {variable.name: variable.label for variable in mixed.variables}


def test_a_value_of_200_bytes_and_labels_of_40_come_back_whole(tmp_path):
    long = {"about": {"AVALC": {"label": "L" * 40}}}
    made = small.dataset("ADLONGNM", {"USUBJID": "text", "AVALC": "text"}, [("1", "v" * 200), ("2", "w")], **long)
    transport.write(tmp_path / "x.xpt", transport.content(made, DAY))
    frame, _, labels = transport.read(tmp_path / "x.xpt")
    assert frame["AVALC"].str.len().tolist() == [200, 1]
    assert labels["AVALC"] == "L" * 40


@pytest.mark.req("URS-REP-01")
def test_the_clock_leaves_no_mark_in_a_transport_file(mixed):
    first = transport.content(mixed, DAY)
    time.sleep(1.1)
    assert transport.content(mixed, DAY) == first
    assert first.count(b"15OCT26:00:00:00") == 4


def test_dataset_json_gives_back_the_frame(mixed, tmp_path):
    made = dataset_json.document(mixed, "S1", DAY)
    assert dataset_json.faults(made) == []
    io.write_text(tmp_path / "adx.json", dataset_json.text(made))
    pd.testing.assert_frame_equal(dataset_json.read(tmp_path / "adx.json"), mixed.frame, check_exact=True)
    assert made["rows"][0] == ["1", "a", 0.1, 1, "2026-02-03", None]


@pytest.mark.parametrize(
    "spoil, fault",
    [
        (lambda m: m.pop("records"), "'records' is a required property"),
        (lambda m: m.update(author="x"), "Additional properties"),
        (lambda m: m.update(datasetJSONVersion="1.0"), "datasetJSONVersion"),
        (lambda m: m.update(records=9), "9 are announced, 3 there"),
        (lambda m: m["columns"][0].update(dataType="word"), "is not one of"),
        (lambda m: m["rows"][1].__setitem__(3, 2.5), "ASEQ: a value is no integer"),
        (lambda m: m["rows"][1].__setitem__(1, "too long"), "AVALC: a value is longer than 2"),
    ],
)
def test_every_planted_fault_of_a_document_is_found(mixed, spoil, fault):
    made = dataset_json.document(mixed, "S1", DAY)
    spoil(made)
    assert any(fault in one for one in dataset_json.faults(made))


def test_a_name_that_authorities_refuse_is_refused(tmp_path):
    io.write_text(tmp_path / "Data_Set.v2.xpt", "x")
    with pytest.raises(Cause, match="small letters"):
        package._checksums(tmp_path)


def test_an_sdtm_domain_goes_through_both(tmp_path):
    made = sealed(prepare(small.ae("头昏", "Rash"), small.AE, "sdtm")[0])
    transport.write(tmp_path / "ae.xpt", transport.content(made, DAY))
    pd.testing.assert_frame_equal(transport.read(tmp_path / "ae.xpt")[0], made.frame, check_exact=True)
    assert dataset_json.document(made, "S1", DAY)["columns"][2]["keySequence"] == 3
