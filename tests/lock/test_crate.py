"""The crate describes the run that the lock names, file by file, and no other run."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from crf2csr.errors import Cause
from lock import __main__, crate, manifest
from tests.lock.locked import commit

pytestmark = pytest.mark.req("URS-LCK-04")


@pytest.fixture
def written(delivered, monkeypatch):
    """``written()`` writes the crate of the delivered checkout and returns its entities by id."""
    for module in ("crf2csr.sealed", "lock.checkout", "lock.study", "lock.crate"):
        monkeypatch.setattr(sys.modules[module], "ROOT", delivered)
    monkeypatch.chdir(delivered)

    def write() -> dict[str, dict]:
        file = crate.write(Path(), lambda line: None)
        graph = json.loads(file.read_text(encoding="utf-8"))["@graph"]
        found = {entity["@id"]: entity for entity in graph}
        assert len(found) == len(graph)
        return found

    return write


def ids(value) -> list[str]:
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def test_every_file_of_the_lock_is_there_by_its_hash_and_lies_where_the_crate_says(written, delivered):
    entities = written()
    files = {name: e for name, e in entities.items() if "File" in e["@type"]}
    locked = manifest.read(delivered).artefacts
    assert sorted(e["sha256"] for e in files.values()) == sorted(a.sha256 for a in locked)
    for name, entity in files.items():
        content = (delivered / unquote(name)).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entity["sha256"] and str(len(content)) == entity["contentSize"]


def test_the_run_names_what_entered_and_what_was_made(written, delivered):
    entities = written()
    run, root = entities["#run"], entities["./"]
    locked = manifest.read(delivered).artefacts
    kinds = {kind: sum(a.kind == kind for a in locked) for kind in crate.WORDS}
    assert run["@type"] == "CreateAction" and ids(run["instrument"]) == ids(root["mainEntity"]) == ["Snakefile"]
    assert len(ids(run["object"])) == kinds["raw"] + kinds["configuration"] and "data/raw/VS.csv" in ids(run["object"])
    assert len(ids(run["result"])) == kinds["result"] + kinds["report"]
    assert "reports/csr-appendix.html" in ids(run["result"])
    assert set(crate.PROFILES) <= set(ids(root["conformsTo"]))


def test_every_parameter_and_every_reference_leads_to_an_entity(written):
    entities = written()
    workflow = entities["Snakefile"]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(workflow["@type"])
    for name in ids(workflow["input"]) + ids(workflow["output"]):
        assert entities[name]["@type"] == "FormalParameter" and entities[name]["additionalType"] == "File"
        assert all(ids(entities[file]["exampleOfWork"]) == [name] for file in ids(entities[name]["workExample"]))
    referred = set(re.findall(r'\{"@id": "([^"]+)"\}', json.dumps(list(entities.values()))))
    assert {name for name in referred if "://" not in name} <= entities.keys()


def test_the_same_run_has_the_same_crate_with_no_clock_in_it(written, delivered):
    first = written()
    text = (delivered / crate.FILE).read_text(encoding="utf-8")
    assert written() == first and (delivered / crate.FILE).read_text(encoding="utf-8") == text
    assert not re.search(r"\d{2}:\d{2}:\d{2}", text) and str(delivered) not in text


def test_another_run_than_the_locked_one_is_not_described(written, delivered):
    report = delivered / "reports/csr-appendix.html"
    report.write_bytes(report.read_bytes() + b"\n")
    with pytest.raises(Cause, match=r"not what the lock names .*differs reports/csr-appendix\.html"):
        written()
    assert not (delivered / crate.FILE).exists()


def test_a_lock_of_other_inputs_is_not_described(written, delivered):
    with (delivered / "config/tlf/disposition.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    commit(delivered)
    with pytest.raises(Cause, match="the lock is of other inputs"):
        written()


def test_without_its_library_the_way_to_it_is_named(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "lock.crate")
    monkeypatch.delattr("lock.crate")
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    assert __main__.main(["crate"]) == 2
    assert "make crate installs requirements-crate.lock" in capsys.readouterr().err


def test_git_does_not_see_the_crate(written, delivered):
    written()
    run = subprocess.run(["git", "status", "--porcelain"], cwd=delivered, capture_output=True, text=True, check=True)
    assert run.stdout == ""
