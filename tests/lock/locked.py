"""A checkout in miniature: the house, one chapter of the tiny study, its lock, and two keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from lock.manifest import SIGNERS, WRITTEN
from tests import tiny
from tests.climb import ROOT

PARTS = ("workflow", "profiles", "Snakefile", "lock", "compare", "requirements.lock", "Makefile", ".gitignore")
KEPT = "disposition"
# Domains that no analysis of that chapter needs and no blocker asks for, and the data sets that it needs.
LEFT_OUT = ("relrec", "se", "ta", "te", "ts", "tv")
NEEDED = ("adae", "adcm", "addv", "adex", "adie", "adsl")


def git(folder: Path, *arguments: str) -> str:
    """Git, as somebody who exists only here."""
    person = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *person, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout


def commit(folder: Path) -> None:
    """Commit all that lies here, as one does who has nothing to hide."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all that lies here")


def checkout(folder: Path) -> None:
    """Copy the house as it lies here, and make the tiny study with one chapter of its configuration."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if name.split("/")[0] in PARTS and (ROOT / name).is_file() and name not in (*WRITTEN, SIGNERS):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    tiny.make(folder)
    one_chapter(folder / "config")
    git(folder, "init", "--quiet")


def one_chapter(config: Path) -> None:
    """Leave one chapter of analyses and displays, and what the appendix says of it."""
    for floor in ("ard", "tlf"):
        for file in (config / floor).glob("*.yaml"):
            if file.stem != KEPT:
                file.unlink()
    for file in (config / "sdtm").glob("*.yaml"):
        if file.stem in LEFT_OUT or file.stem.startswith("supp"):
            file.unlink()
    for file in (config / "adam").glob("*.yaml"):
        if file.stem not in NEEDED:
            file.unlink()
    (config / "estimands.yaml").unlink()
    shown = {d["id"] for d in yaml.safe_load((config / f"tlf/{KEPT}.yaml").read_text(encoding="utf-8"))["displays"]}
    page = yaml.safe_load((config / "csr.yaml").read_text(encoding="utf-8"))
    page = {key: value for key, value in page.items() if key not in ("front", "profile", "reconciliation")}
    for section in page["sections"]:
        section["displays"] = [d for d in section.get("displays", []) if d in shown]
    (config / "csr.yaml").write_text(yaml.safe_dump(page, sort_keys=False, allow_unicode=True), encoding="utf-8")


def key(folder: Path, name: str, kind: str = "ed25519") -> Path:
    """A key without a passphrase."""
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(file)], check=True)
    return file


def allow(file: Path, *keys: Path) -> Path:
    """A file of allowed signers."""
    lines = [f'{k.name}@example.org namespaces="csr-lock" {k.with_suffix(".pub").read_text()}' for k in keys]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def lock(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m lock`` in a checkout, with the code of that checkout."""
    path = os.pathsep.join(["workflow/scripts", "."])
    return subprocess.run(
        [sys.executable, "-m", "lock", *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"} | environment,
    )


def locked(folder: Path) -> None:
    """``checkout`` (locked, signed, committed), ``keys``, ``again`` (what a verification in a clone said and made)."""
    home, keys, again = folder / "checkout", folder / "keys", folder / "again"
    for place in (home, keys, again):
        place.mkdir()
    checkout(home)
    own, _other = key(keys, "own"), key(keys, "other")
    allow(home / "lock/allowed_signers", own)
    commit(home)
    run = lock(home, "make", "--key", str(own), "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    commit(home)
    git(home, "gc", "--quiet")  # one pack is copied faster than a file for each object
    git(folder, "clone", "--quiet", "checkout", "a clone")
    run = lock(folder / "a clone", "verify", "--cores", "1", "--keep", str(again / "run"), TZ="Asia/Tokyo")
    (again / "said.txt").write_text(f"{run.returncode}\n{run.stdout}{run.stderr}", encoding="utf-8")
