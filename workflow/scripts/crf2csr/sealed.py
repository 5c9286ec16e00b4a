"""What a result is made of: every file that enters a run, its hash, and one id over them all.

The programs of ``lock/`` write and verify locks; the house only asks whether a lock that lies in the study is of the
inputs of this run, so that the report can name it. The id says nothing of outputs: a report cannot hold its own hash.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crf2csr import io, privacy
from crf2csr.errors import Cause
from crf2csr.jobs import HOUSE
from crf2csr.specs import Study, digest

ROOT = HOUSE.parents[2]
CODE = ("Snakefile", "workflow", "profiles")
ENVIRONMENT = "requirements.lock"
AGREEMENT = "qc/agreement.csv"
LOCK = "lock/manifest.json"
# What Snakemake leaves in a folder that a job made: nothing of the study.
MARK = ".snakemake_timestamp"
INPUTS = ("agreement", "code", "configuration", "environment", "raw")


@dataclass(frozen=True, order=True)
class Artefact:
    """One file: its kind, its path within what it belongs to, its hash, size and mode.

    ``mode`` is ``file``, ``executable`` or ``symlink`` (also when a folder on the way to it is one).
    """

    kind: str
    path: str
    sha256: str
    bytes: int
    mode: str

    def as_dict(self) -> dict[str, Any]:
        """The artefact as a manifest writes it."""
        return asdict(self)


def artefact(kind: str, base: Path, path: str, sha256: Callable[[str], str] = io.sha256) -> Artefact:
    """Describe the file ``path`` below ``base``."""
    file = base / path
    found = sha256(str(file))
    linked = file.resolve() != base.resolve() / path
    state = file.stat()
    mode = "symlink" if linked else "executable" if state.st_mode & 0o100 else "file"
    return Artefact(kind, path, found, state.st_size, mode)


def below(base: Path, top: str) -> Iterator[str]:
    """Paths of all files in ``base/top`` (or of that file), in order.

    What Python compiled is left out, and hidden folders, where tools keep what they found: nothing is read from there.
    """
    if (base / top).is_file():
        yield top
        return
    found = []
    for folder, folders, files in os.walk(base / top, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        found += [(Path(folder) / name).relative_to(base).as_posix() for name in files if name != MARK]
    yield from sorted(found)


def inputs(
    home: Path, page: dict[str, Any], named: set[str], sha256: Callable[[str], str] = io.sha256
) -> list[Artefact]:
    """Every file that enters a run: code, requirements, configuration, raw files, and what R agreed to.

    Paths of code and requirements are relative to the checkout, those of raw files to the folder of raw data, all
    others to the study.

    Parameters
    ----------
    home : path
        The study folder; the working folder must be the same.
    page : dict
        The study's page.
    named : set of str
        Raw files that its manifest names; one that is not there is left out.
    sha256 : callable
        Digest of a raw file by its path.
    """
    raw, manifest = Path(page["raw"]["dir"]), Path(page["raw"]["manifest"])
    found = [artefact("code", ROOT, path) for top in CODE for path in below(ROOT, top)]
    found += [artefact("environment", ROOT, path) for path in below(ROOT, ENVIRONMENT)]
    found += [artefact("configuration", home, path) for path in below(home, "config")]
    found += [artefact("agreement", home, path) for path in below(home, AGREEMENT)]
    if not raw.is_absolute() and ".." not in raw.parts:
        # A folder of the study: all that lies in it was received, also what the manifest does not name.
        named = named | set(below(raw, "."))
    elif manifest.parent == raw:
        named = named | {manifest.name}
    return sorted(found + [artefact("raw", raw, path, sha256) for path in named if (raw / path).is_file()])


def about(page: dict[str, Any]) -> dict[str, str]:
    """What a lock says of the study: ``id`` and ``cutoff``; where no date may be shown, it says that instead."""
    shown = privacy.rule(page) is None
    return {"id": str(page["study"]["id"]), "cutoff": str(page["study"]["cutoff"]) if shown else "withheld"}


def identity(found: list[Artefact], study: dict[str, str]) -> str:
    """The id of a lock: one hash over all inputs, the id of the study and its data cut-off."""
    rows = [[a.kind, a.path, a.sha256] for a in sorted(found) if a.kind in INPUTS]
    return digest(rows, {key: study[key] for key in ("id", "cutoff")})


def lock_of(study: Study, sha256: Callable[[str], str] = io.sha256) -> dict[str, str] | None:
    """``id`` and ``fingerprint`` (blank: not signed) of the lock that lies in the study, if it is of these inputs."""
    file = study.config.parent / LOCK
    if not file.exists():
        return None
    try:
        held = io.read_json(file)
        named, signer = held["id"], held["signer"] or ""
    except (ValueError, KeyError, TypeError):
        raise Cause("is not a lock (see: make lock)", file=str(file)) from None
    files = {file["name"] for file in study.manifest["files"]}
    if named != identity(inputs(study.config.parent, study.page, files, sha256), about(study.page)):
        return None
    return {"id": named, "fingerprint": signer}
