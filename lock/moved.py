"""What moved between two locks: inputs, packages, results, facts and printed cells, and the records behind them."""

from __future__ import annotations

import io as stream
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compare.__main__ import compare as compare_cuts
from compare.__main__ import told
from compare.__main__ import write as write_comparison
from compare.cut import open_cut
from crf2csr.errors import Cause
from crf2csr.sealed import LOCK
from lock import checkout, manifest, values, verdict
from lock.manifest import CELLS, FACTS, Manifest


@dataclass
class Side:
    """One lock: its manifest, and the study folder that it lies in where that is at hand."""

    name: str
    manifest: Manifest
    folder: Path | None

    def table(self, path: str) -> pd.DataFrame | None:
        """The facts or the cells that go with the lock; missing where they are not at hand or not the lock's."""
        if self.folder is None or not (self.folder / path).is_file():
            return None
        if path not in {a.path for a in self.manifest.artefacts if a.kind == "values"}:
            return None
        return values.read(self.folder / path)


def side(name: str, study: Path, stack: ExitStack) -> Side:
    """Open a lock by a manifest, a study folder, or a revision of git (then ``study`` says which study)."""
    given = Path(name)
    if given.is_dir():
        return Side(name, manifest.read(given), given)
    if given.is_file():
        home = given.resolve().parent.parent
        folder = home if (home / LOCK).resolve() == given.resolve() else None
        return Side(name, manifest.parsed(given.read_bytes(), name), folder)
    if name.startswith("-"):
        raise Cause("is no lock, no study folder and no revision of git", value=name)
    # A revision: what it holds of the study is unpacked beside, so that nothing is checked out.
    packed = checkout.git(study, "archive", "--format=tar", name)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crf2csr-diff-")))
    with tarfile.open(fileobj=stream.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return Side(name, manifest.read(folder), folder)


def main(old: str, new: str, study: Path, out: Path | None, say: Callable[[str], None]) -> int:
    """Say what moved; 0 when nothing did, 1 otherwise."""
    with ExitStack() as stack:
        before, after = side(old, study, stack), side(new, study, stack)
        if before.manifest.study["id"] != after.manifest.study["id"]:
            ids = (before.manifest.study["id"], after.manifest.study["id"])
            raise Cause(f"the two locks are of two studies, {ids[0]} and {ids[1]}", file=new)
        count = _files(before.manifest, after.manifest, say)
        for path, name in ((FACTS, "facts"), (CELLS, "cells")):
            tables = [one.table(path) for one in (before, after)]
            if tables[0] is None or tables[1] is None:
                say(f"\nThe {name} of the two locks are not both at hand ({path}): they were not compared.")
                continue
            found = values.compare(tables[0], tables[1], name)
            say(f"\n{name.capitalize()}: {len(found.lines)} moved")
            for file, lines in found.files.items():
                say(f"  {file}: {len(lines)}")
                for line in values.shortened(lines):
                    say(f"    {line}")
        _records(before, after, out, say)
    return 1 if count else 0


def _files(old: Manifest, new: Manifest, say: Callable[[str], None]) -> int:
    say(f"{old.id} -> {new.id}" if old.id != new.id else f"Both are of the same inputs: {old.id}")
    if old.study["cutoff"] != new.study["cutoff"]:
        say(f"data cut-off {old.study['cutoff']} -> {new.study['cutoff']}")
    if old.signer != new.signer:
        say(f"signer {old.signer or 'none'} -> {new.signer or 'none'}")
    lines = [line for line in verdict.compare(old.artefacts, new.artefacts) if line.verdict != "identical"]
    words = {"differs": "changed", "missing": "removed", "extra": "added"}
    for line in lines:
        line.verdict = words[line.verdict]
        say(str(line))
    versions = [{p["name"]: p["version"] for p in one.packages} for one in (old, new)]
    bumped = [n for n in sorted(versions[0].keys() | versions[1].keys()) if versions[0].get(n) != versions[1].get(n)]
    for name in bumped:
        say(
            f"{'changed':10} {'package':14} {name}   {versions[0].get(name, 'none')} -> {versions[1].get(name, 'none')}"
        )
    had = {tool["name"]: tool["version"] for tool in old.tools}
    for tool in new.tools:
        if had.get(tool["name"]) != tool["version"]:
            say(f"{'changed':10} {'tool':14} {tool['name']}   {had.get(tool['name'], 'none')} -> {tool['version']}")
    kinds = pd.Series([line.kind for line in lines], dtype="str").value_counts().sort_index()
    said = ", ".join(f"{n} of {kind}" for kind, n in kinds.items()) or "none"
    say(f"-- {len(lines)} files moved: {said}; {len(bumped)} packages")
    return len(lines) + len(bumped)


def _records(old: Side, new: Side, out: Path | None, say: Callable[[str], None]) -> None:
    """The raw records that differ, by the program that compares two cuts, where both study folders are at hand."""
    if old.manifest.id == new.manifest.id:
        return  # the same raw files
    folders = (old.folder, new.folder)
    if folders[0] is None or folders[1] is None:
        say("\nThe records were not compared: both study folders are needed for that (config/ and raw data).")
        return
    try:
        found = compare_cuts(open_cut("old", folders[0]), open_cut("new", folders[1]))
    except Cause as cause:
        say(f"\nThe records could not be compared: {cause}")
        return
    if out is not None:
        write_comparison(found, out)
    cells = found.forms.cells
    say("\nRecords:\n" + told(found))
    if len(cells):
        say(cells.head(20).to_string(index=False))
