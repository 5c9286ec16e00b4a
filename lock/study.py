"""A study folder as a lock sees it: its id, its cut-off, its raw data and every file that enters its run.

Only the two files that say where the raw data are get read here; whether a study is sound is the pipeline's business.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crf2csr import privacy, sealed
from crf2csr.errors import Cause
from crf2csr.sealed import ROOT, Artefact
from crf2csr.specs import read_yaml
from lock import manifest


@dataclass
class Opened:
    """A study folder, looked at.

    Attributes
    ----------
    about : dict
        ``id`` and ``cutoff``.
    raw : Path
        The folder of raw data, as the study names it.
    private : bool
        No date may be shown, so no values go with its lock.
    """

    folder: Path
    about: dict[str, str]
    raw: Path
    inputs: list[Artefact]
    private: bool = False

    @property
    def id(self) -> str:
        """The id that a lock of these inputs has."""
        return sealed.identity(self.inputs, self.about)

    def bytes_of(self, found: Artefact) -> bytes:
        """The content of a file that is here."""
        homes = {"code": ROOT, "environment": ROOT, "beside": ROOT, "raw": self.folder / self.raw}
        return (homes.get(found.kind, self.folder) / found.path).read_bytes()


def stale(folder: Path) -> bool:
    """Tell whether a lock lies in a study and is of other inputs than lie beside it."""
    return (folder / sealed.LOCK).is_file() and manifest.read(folder).id != open_study(folder).id


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a study's folder: its paths are relative to it."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def open_study(folder: Path) -> Opened:
    """Read where the raw data are, and hash every input."""
    page_file = folder / "config/config.yaml"
    if not page_file.is_file():
        raise Cause("is no study folder: it has no config/config.yaml", file=str(folder))
    page = read_yaml(page_file)
    try:
        about = sealed.about(page)
        raw, manifest = Path(page["raw"]["dir"]), Path(page["raw"]["manifest"])
        named = {str(entry["name"]) for entry in read_yaml(folder / manifest)["files"]}
    except (KeyError, TypeError):
        raise Cause("does not say which study it is and where its raw data are", file=str(page_file)) from None
    with inside(folder):
        return Opened(folder, about, raw, sealed.inputs(Path(), page, named), privacy.rule(page) is not None)
