"""What is installed: each package and each of its files against what is locked and recorded."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata

import pytest

from tests.climb import ROOT
from validate import installation
from validate.installation import Installation, Package, Stamp, Tool

pytestmark = pytest.mark.req("URS-VAL-03")


@pytest.fixture
def package(tmp_path) -> metadata.Distribution:
    """A package of two files, its list of them, and one that has no hash."""
    (tmp_path / "thing").mkdir()
    rows = []
    for name in ("a.py", "b.py"):
        (tmp_path / "thing" / name).write_text(name, encoding="utf-8")
        sha = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"thing/{name},sha256={sha},4")
    home = tmp_path / "thing-1.0.dist-info"
    home.mkdir()
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n", encoding="utf-8")
    (home / "RECORD").write_text("\n".join([*rows, "thing-1.0.dist-info/RECORD,,", ""]), encoding="utf-8")
    return metadata.PathDistribution(home)


def test_a_package_as_it_was_unpacked_has_no_file_that_differs(package):
    assert installation.recorded(package) == (2, [])


def test_a_file_that_was_changed_and_one_that_is_gone_are_named(package, tmp_path):
    (tmp_path / "thing/a.py").write_text("A.py", encoding="utf-8")
    (tmp_path / "thing/b.py").unlink()
    assert installation.recorded(package) == (2, ["thing/a.py", "thing/b.py"])


def test_another_version_a_missing_package_and_a_sound_one_are_told_apart(tmp_path):
    here = metadata.version("pluggy")
    lines = [f"pluggy=={here}", "iniconfig==0.0.1", "no-such-thing-at-all==1.0", 'iniconfig==9 ; python_version < "3"']
    hashes = " \\\n    --hash=sha256:" + "0" * 64
    for lock in installation.LOCKS:
        (tmp_path / lock).write_text("# a comment\n", encoding="utf-8")
    (tmp_path / "requirements.lock").write_text("".join(f"{line}{hashes}\n" for line in lines), encoding="utf-8")
    found = {p.name: (p.locked, p.installed, p.verdict) for p in installation.packages(tmp_path)}
    assert found == {
        "pluggy": (here, here, "passed"),
        "iniconfig": ("0.0.1", metadata.version("iniconfig"), "failed"),
        "no-such-thing-at-all": ("1.0", "", "failed"),
    }


def test_every_lock_of_the_checkout_is_looked_at_under_the_stamp_that_its_installation_leaves():
    assert set(installation.LOCKS) == {file.name for file in ROOT.glob("requirements*.lock")}
    script = (ROOT / ".ci/venv").read_text(encoding="utf-8")
    assert [stem for stem in installation.LOCKS.values() if f".venv/{stem}-$" not in script] == []


def test_a_stamp_of_another_lock_does_not_say_that_this_one_was_installed(tmp_path):
    for lock in installation.LOCKS:
        (tmp_path / lock).write_text(lock, encoding="utf-8")
    assert {stamp.verdict for stamp in installation.stamps(tmp_path, tmp_path)} == {"incomplete"}
    first = installation.stamps(tmp_path, tmp_path)[0]
    python = "{}.{}".format(*installation.sys.version_info[:2])
    (tmp_path / f".lock-{python}-{first.sha256[:16]}").touch()
    assert [stamp.verdict for stamp in installation.stamps(tmp_path, tmp_path)][:2] == ["passed", "incomplete"]


def test_a_tool_that_is_not_there_fails_and_python_is_named(monkeypatch):
    monkeypatch.setattr(installation.shutil, "which", lambda name: None)
    found = {tool.name: tool for tool in installation.tools()}
    assert found["R"] == Tool("R", "", "failed") and found["R package mice"].verdict == "failed"
    assert found["python"].version and found["python"].verdict == "passed"


@pytest.mark.parametrize("spoilt, verdict", [("", "passed"), ("package", "failed"), ("stamp", "incomplete")])
def test_the_verdict_is_that_of_the_worst_part(spoilt, verdict):
    package = Package("a", ("l",), "1", "1", "h", 3, (), "failed" if spoilt == "package" else "passed")
    stamp = Stamp("l", "h", "incomplete" if spoilt == "stamp" else "passed")
    assert Installation([package], [stamp], [Tool("python", "3", "passed")]).verdict == verdict
