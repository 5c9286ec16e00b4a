"""Installation qualification: every package against the locks, every installed file against its package, every tool.

A lock names the hashes of archives. pip compares them before it unpacks (``.ci/venv`` asks it to, and leaves a stamp
that bears the hash of the lock); an installed package keeps no archive. What it keeps is a list with the hash of each
of its files, and that is compared here with the files as they lie on disk.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from lock import environment
from validate.requirements import ROOT
from validate.verdict import FAILED, INCOMPLETE, PASSED, worst

LOCKS = {
    "requirements.lock": ".lock",
    "requirements-package.lock": ".package-lock",
    "requirements-paper.lock": ".paper-lock",
    "requirements-crate.lock": ".crate-lock",
    "requirements-slurm.lock": ".slurm-lock",
    "requirements-test.lock": ".test-lock",
}
# What tests and checks call beside Python: a name, the programs that may be it, and the word that asks for the version.
TOOLS = {
    "git": (("git",), "--version"),
    "OpenSSH": (("ssh",), "-V"),
    "R": (("Rscript",), "--version"),
    "Chromium": (("chromium", "chromium-browser", "google-chrome"), "--version"),
    "Firefox": (("firefox-esr", "firefox"), "--version"),
}
R_PACKAGES = ("jsonlite", "survival", "nlme", "cmprsk", "mice")
VERSION = re.compile(r"\d+(?:\.\d+)+\S*")


@dataclass(frozen=True)
class Package:
    """A locked package: its locks, both versions, one hash over the archives allowed, and its files on disk."""

    name: str
    locks: tuple[str, ...]
    locked: str
    installed: str
    archives: str
    files: int
    changed: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class Tool:
    """A tool beside Python; a blank version: it is not on this machine."""

    name: str
    version: str
    verdict: str


@dataclass(frozen=True)
class Stamp:
    """A lock, its hash, and whether ``.ci/venv`` says that this environment was installed from it."""

    lock: str
    sha256: str
    verdict: str


@dataclass
class Installation:
    """Everything that was found out about the installation; ``others`` are packages that no lock names."""

    packages: list[Package]
    stamps: list[Stamp]
    tools: list[Tool]
    others: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst of all."""
        return worst(
            [
                *(package.verdict for package in self.packages),
                *(stamp.verdict for stamp in self.stamps),
                *(tool.verdict for tool in self.tools),
            ]
        )


def qualified(root: Path = ROOT, prefix: Path = Path(sys.prefix)) -> Installation:
    """Look at the environment that runs this, and at the tools of the machine."""
    found = packages(root)
    named = {package.name for package in found}
    others = {re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower() for d in metadata.distributions()} - named
    return Installation(found, stamps(root, prefix), tools(), sorted(others))


def packages(root: Path) -> list[Package]:
    """Every package of every lock that this Python needs, by name."""
    entries: dict[str, tuple[list[str], dict[str, str]]] = {}
    for lock in LOCKS:
        locked = environment.packages(root / lock)
        here = {(name, version) for name, version, _ in environment.installed(locked)}
        for entry in locked:
            if (entry["name"], entry["version"]) in here:
                entries.setdefault(entry["name"], ([], entry))[0].append(lock)
    found = []
    for name, (locks, entry) in sorted(entries.items()):
        ((_, _, installed),) = environment.installed([entry | {"marker": ""}])
        files, changed = recorded(metadata.distribution(name)) if installed else (0, [])
        sound = installed == entry["version"] and files and not changed
        verdict = PASSED if sound else FAILED
        found.append(
            Package(name, tuple(locks), entry["version"], installed, entry["sha256"], files, tuple(changed), verdict)
        )
    return found


def recorded(package: metadata.Distribution) -> tuple[int, list[str]]:
    """Number of files whose hash the package recorded, and the names of those that differ or are gone."""
    files, changed = 0, []
    for file in package.files or []:
        if file.hash is None:
            continue
        files += 1
        place = Path(str(file.locate()))
        if not place.is_file() or _digest(place, file.hash.mode) != file.hash.value:
            changed.append(str(file))
    return files, sorted(changed)


def _digest(file: Path, kind: str) -> str:
    with file.open("rb") as content:
        raw = hashlib.file_digest(content, kind).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def stamps(root: Path, prefix: Path) -> list[Stamp]:
    """The stamp of each lock in the environment."""
    python = "{}.{}".format(*sys.version_info[:2])
    found = []
    for lock, stem in LOCKS.items():
        sha256 = hashlib.sha256((root / lock).read_bytes()).hexdigest()
        there = (prefix / f"{stem}-{python}-{sha256[:16]}").exists()
        found.append(Stamp(lock, sha256, PASSED if there else INCOMPLETE))
    return found


def tools() -> list[Tool]:
    """Python, its platform, and what the tests call beside it."""
    found = [Tool(tool["name"], tool["version"], PASSED) for tool in environment.tools()]
    for name, (programs, word) in TOOLS.items():
        said = next(filter(None, (_said([program, word]) for program in programs)), "")
        version = VERSION.search(said)
        found.append(Tool(name, version[0] if version else said, PASSED if said else FAILED))
    asked = "for (p in c({})) cat(p, as.character(packageVersion(p)), '\\n')"
    for name in R_PACKAGES:
        words = _said(["Rscript", "--vanilla", "-e", asked.format(f"'{name}'")]).split()
        right = len(words) == 2 and words[0] == name
        found.append(Tool(f"R package {name}", words[1] if right else "", PASSED if right else FAILED))
    return found


def _said(command: list[str]) -> str:
    """The first line that a command says, or nothing where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (run.stdout + run.stderr).strip().splitlines()
    return lines[0] if lines else ""
