"""The manifest: which file is read how, and what it may not say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import raw
import yaml

from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.raw import _memo
from crf2csr.specs import Study, _entries
from tests.climb import ROOT, copy_config, inside

pytestmark = pytest.mark.req("URS-RAW-08")


def study(folder: Path, **more: object) -> Path:
    """The study's configuration with a manifest in which the file of DM says something else."""
    copy_config(ROOT, folder)
    (folder / "data").mkdir()
    (folder / "data/raw").symlink_to(ROOT / "data/raw")
    manifest = yaml.safe_load((ROOT / "data/raw/manifest.yaml").read_text(encoding="utf-8"))
    (entry,) = (file for file in manifest["files"] if file["form"] == "DM")
    entry.update(more)
    if "forms" in more:
        del entry["form"]
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    page = folder / "config/config.yaml"
    text = page.read_text(encoding="utf-8").replace("manifest: data/raw/manifest.yaml", "manifest: manifest.yaml")
    assert "manifest: manifest.yaml" in text
    page.write_text(text, encoding="utf-8")
    return folder


def plan() -> Plan:
    return Plan(Study(".", ROOT / "workflow/schemas", {}))


@pytest.mark.req("URS-SEC-02")
@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "a/../../b.csv", "..", "C:\\x.csv", "a\\..\\b.csv"])
def test_a_name_that_leads_out_of_the_folder_is_refused_before_anything_is_opened(tmp_path, name):
    with inside(study(tmp_path, name=name)), pytest.raises(Cause, match="lead out of its folder") as found:
        plan()
    assert (found.value.file, found.value.field, found.value.value) == ("manifest.yaml", "name", name)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"adapter": "nvivo"}, "adapter"),
        ({"labels": "left"}, "labels"),
        ({"forms": {}}, "forms"),
        ({"surprise": "x"}, None),
    ],
)
def test_what_the_schema_does_not_know_is_refused(tmp_path, more, field):
    with inside(study(tmp_path, **more)), pytest.raises(Cause) as found:
        plan()
    assert found.value.file == "manifest.yaml"
    assert field is None or field in str(found.value.field)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"part": "x"}, "part"),
        ({"catalogue": "CM.csv"}, "catalogue"),
        ({"adapter": "xlsx", "groups": ["G"]}, "delimiter"),
    ],
)
def test_a_key_that_the_adapter_does_not_know_is_refused(tmp_path, more, key):
    with inside(study(tmp_path, **more)):
        job = plan().raw["dm"]
        with pytest.raises(Cause, match="knows no such key") as found:
            raw.stage(job)
    assert found.value.field == key


def test_a_file_beside_the_data_must_be_in_the_manifest_and_unchanged(tmp_path):
    with inside(study(tmp_path, adapter="redcap", dictionary="nowhere.csv")), pytest.raises(Cause) as found:
        plan()
    assert (found.value.field, found.value.value) == ("dictionary", "nowhere.csv")


def test_a_file_beside_the_data_is_an_input_of_the_job_and_its_content_is_checked(tmp_path):
    with inside(study(tmp_path, adapter="redcap", dictionary="coding.csv")):
        job = plan().raw["dm"]
        assert job.inputs == {"file": "data/raw/DM.csv", "dictionary": "data/raw/coding.csv"}
        job.slice["beside"]["dictionary"]["sha256"] = "0" * 64
        with pytest.raises(Cause, match="sha256 differs") as found:
            raw.stage(job)
    assert found.value.file == "data/raw/coding.csv"


def test_several_forms_of_one_file_are_one_entry_each_and_the_first_speaks_for_the_file():
    file = {
        "name": "x.xml",
        "forms": {"AE": "F.AE", "VS1": {"part": "F.VS", "groups": ["G1"]}, "VS2": {"part": "F.VS", "groups": ["G2"]}},
    }
    one, two, three = _entries(file)
    assert one == {"name": "x.xml", "form": "AE", "part": "F.AE", "uses": 3, "parts": ["F.AE", "F.VS"]}
    assert two == {
        "name": "x.xml",
        "form": "VS1",
        "part": "F.VS",
        "groups": ["G1"],
        "read_groups": ["G1", "G2"],
        "uses": 3,
    }
    assert three["form"] == "VS2" and "parts" not in three
    assert _entries({"name": "x.csv", "form": "AE"}) == [{"name": "x.csv", "form": "AE"}]


def test_a_file_of_several_forms_is_read_once_and_then_forgotten():
    memo, read = _memo.Memo(), []

    def make() -> str:
        read.append(1)
        return "reading"

    content = b"content"
    assert [memo.get(content, ("a",), 3, make) for _ in range(3)] == ["reading"] * 3 and len(read) == 1
    memo.get(content, ("a",), 3, make)
    assert len(read) == 2
    memo.get(b"other", ("a",), 3, make)
    memo.get(b"other", ("b",), 3, make)
    assert len(read) == 4
    memo.get(content, ("a",), 1, make)
    assert len(read) == 5 and hashlib.sha256(content).hexdigest() not in str(vars(memo))
