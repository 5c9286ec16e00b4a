"""Corrupted copies for tests of refusal: one file changes, the manifest follows unless asked not to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

import synthetic
from synthetic.corrupt import CORRUPTIONS, corrupt, second_file

pytestmark = pytest.mark.req("URS-VER-05")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("export")
    forms, truth = synthetic.generate(12, 5)
    synthetic.write(forms, truth, out / "raw")
    return out


def fingerprints(folder: Path) -> dict:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_a_corruption_changes_one_file_and_the_manifest_follows(tmp_path, folder, name):
    path = corrupt(name, folder / "raw", tmp_path / "bad")
    before, after = fingerprints(folder / "raw"), fingerprints(tmp_path / "bad")
    assert {k for k in before if before[k] != after[k]} == {path.name, "manifest.yaml"}
    manifest = yaml.safe_load((tmp_path / "bad" / "manifest.yaml").read_text(encoding="utf-8"))
    assert next(f for f in manifest["files"] if f["name"] == path.name)["sha256"] == after[path.name]


def test_an_unsealed_corruption_leaves_the_manifest_as_it_was(tmp_path, folder):
    corrupt("nul", folder / "raw", tmp_path / "bad", seal=False)
    assert (tmp_path / "bad" / "manifest.yaml").read_bytes() == (folder / "raw" / "manifest.yaml").read_bytes()


def test_a_second_file_for_one_form_is_listed(tmp_path, folder):
    older = second_file(folder / "raw", tmp_path / "bad")
    manifest = yaml.safe_load((tmp_path / "bad" / "manifest.yaml").read_text(encoding="utf-8"))
    assert [f["form"] for f in manifest["files"]].count("VS") == 2 and older.exists()
