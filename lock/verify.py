"""Verify a lock: its signature, the tree, every input, what lies here, and a whole run from the raw files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crf2csr.errors import Cause
from crf2csr.sealed import INPUTS, LOCK, ROOT, Artefact, artefact
from lock import build, checkout, environment, manifest, signature, values, verdict
from lock.manifest import CELLS, FACTS, SIGNATURE, SIGNERS, Manifest
from lock.study import Opened, open_study
from lock.verdict import Line

IDENTICAL, DIFFERENT, REFUSED, CLOSE = 0, 1, 2, 3
# What may differ in its bytes where only the last digits of numbers do: facts, how methods fared, displays, the report
# and what is behind it.
NUMBERS = ("results/ard/", "results/tlf/", "results/csr/", "reports/csr-appendix")
WHOLE = ("results/ard/_trace/",)


@dataclass
class Asked:
    """What to verify, and how."""

    folder: Path
    signers: Path | None = None
    expected: str = ""
    cores: int = 4
    rerun: bool = True
    brief: bool = False
    level: str = "bytes"
    keep: Path | None = None


@dataclass
class Found:
    """Lines by section, and the level of identity that was reached."""

    lines: list[Line] = field(default_factory=list)
    level: str = ""

    def of(self, verdict: str) -> int:
        """Number of lines with a verdict."""
        return sum(line.verdict == verdict for line in self.lines)

    @property
    def same(self) -> bool:
        """Every artefact is identical."""
        return self.of("identical") == len(self.lines)


def verify(asked: Asked, say: Callable[[str], None]) -> int:
    """Verify, say one line per artefact, and return 0 (identical), 1 (different) or 3 (values to some digits)."""
    checkout.clean(ROOT)
    if asked.folder.resolve() != ROOT.resolve():
        checkout.clean(asked.folder)
    locked = manifest.read(asked.folder)
    say(f"Lock {locked.id} of {locked.study['id']}, data cut-off {locked.study['cutoff']}")
    _signed(asked, locked, say)
    if asked.expected and asked.expected != locked.id:
        raise Cause(f"is another lock than the one asked for ({asked.expected})", file=LOCK, value=locked.id)
    study = open_study(asked.folder)
    inputs = _inputs(locked, study)
    _told(inputs, asked, say)
    versions = {tool["name"]: tool["version"] for tool in locked.tools}
    for tool in environment.tools():
        if versions.get(tool["name"]) != tool["version"]:
            say(f"{'note':10} {'tool':14} {tool['name']}   {tool['version']}, locked with {versions.get(tool['name'])}")
    made = [a for a in locked.artefacts if a.kind in build.KIND.values()]
    at_hand = build.outputs(asked.folder)
    here = Found(verdict.compare(made, at_hand)) if at_hand else Found()
    if at_hand:
        say(f"\nWhat lies in results/ and reports/ of {asked.folder}:")
        _told(here, asked, say)
    if others := build.unlocked(asked.folder):
        say(f"\nNot of the lock, so nothing is said of them; make them again: {', '.join(others)}")
    if not inputs.same:
        say("\nDIFFERENT: the inputs are not those of the lock, so nothing was run.")
        return DIFFERENT
    if not here.same:
        say("\nDIFFERENT: what lies here is not what the lock names; in a fresh clone nothing lies here.")
        return DIFFERENT
    if not asked.rerun:
        say("\nThe inputs are those of the lock. NOT RUN AGAIN, so nothing is said of what they give.")
        return IDENTICAL
    return _again(asked, locked, study, say)


def _signed(asked: Asked, locked: Manifest, say: Callable[[str], None]) -> None:
    file, sealed = asked.folder / LOCK, asked.folder / SIGNATURE
    if locked.signer:
        signers = asked.signers or asked.folder / SIGNERS
        name = signature.verified(file, sealed, signers, locked.signer)
        say(f"Good signature of {name}, key {locked.signer}, by {signers}")
        if asked.signers is None:
            say("That file comes with the checkout: compare the key with one that reached you on another way.")
    elif sealed.exists():
        raise Cause("is a signature of a lock that names no signer", file=str(sealed))
    elif asked.signers is not None:
        raise Cause("is not signed, and a signature was asked for (SIGNERS)", file=str(file))
    elif not asked.expected:
        say("The lock is not signed: whoever can write here can write another. LOCK=<id> asks for the one you know.")


def _inputs(locked: Manifest, study: Opened) -> Found:
    """Every input, program beside them, package and table of values, against the lock."""
    values_here = [artefact("values", study.folder, p) for p in (CELLS, FACTS) if (study.folder / p).is_file()]
    here = study.inputs + checkout.beside(study.folder, study.raw, study.inputs) + values_here
    kinds = (*INPUTS, "beside", "values")
    lines = verdict.compare([a for a in locked.artefacts if a.kind in kinds], here, study.bytes_of)
    if study.about != locked.study:
        lines.append(Line("differs", "study", study.about["id"], f"data cut-off {study.about['cutoff']}"))
    return Found(lines + _packages(locked))


def _packages(locked: Manifest) -> list[Line]:
    required = environment.packages(ROOT / "requirements.lock")
    old = {(p["name"], p["version"]): p for p in locked.packages}
    new = {(p["name"], p["version"]): p for p in required}
    here = {name: version for name, _, version in environment.installed(required)}
    lines = []
    for name, version in sorted(old.keys() | new.keys()):
        path = f"{name} {version}"
        if (name, version) not in new:
            lines.append(Line("missing", "package", path, "not in requirements.lock"))
        elif (name, version) not in old:
            lines.append(Line("extra", "package", path, "not in the lock"))
        elif old[name, version] != new[name, version]:
            lines.append(Line("differs", "package", path, "other files are allowed for it"))
        elif name in here and here[name] != version and (name, here[name]) not in new:
            lines.append(Line("differs", "package", path, f"installed: {here[name] or 'none'}"))
        else:
            lines.append(Line("identical", "package", path))
    return lines


def _told(found: Found, asked: Asked, say: Callable[[str], None]) -> None:
    for line in found.lines:
        if not asked.brief or line.verdict != "identical":
            say(str(line))
    counted = ", ".join(f"{n} {word}" for word in ("identical", "differs", "missing", "extra") if (n := found.of(word)))
    say(f"-- {len(found.lines)} artefacts: {counted}")


def _again(asked: Asked, locked: Manifest, study: Opened, say: Callable[[str], None]) -> int:
    """Run from the raw files in a clean folder and compare every file that it makes."""
    with tempfile.TemporaryDirectory(prefix="crf2csr-verify-") as temporary:
        clean = asked.keep or Path(temporary)
        if clean.exists() and any(clean.iterdir()):
            raise Cause("is not empty, and the run wants a clean folder", file=str(clean))
        say(f"\nRunning from the raw files in a clean folder, {asked.cores} cores ...")
        place = build.lay_out(asked.folder, study.raw, study.inputs, clean)
        build.sign(place, locked.id, locked.signer)
        build.run(place, asked.cores)
        found = judged(locked.artefacts, place.study, asked.folder)
    _told(found, asked, say)
    if found.same:
        say("\nIDENTICAL: every artefact of the lock, to the byte. LEVEL: bytes.")
        return IDENTICAL
    if found.level:
        say(f"\nLEVEL: {found.level}. Raw, SDTM and ADaM data are identical to the byte, and so is every printed cell.")
        return IDENTICAL if asked.level == "values" else CLOSE
    say("\nDIFFERENT: the same inputs gave other results.")
    return DIFFERENT


def judged(artefacts: Iterable[Artefact], made: Path, study: Path) -> Found:
    """Compare the files of a run with those that a lock names, and where they differ say which facts and cells do."""
    locked = [a for a in artefacts if a.kind in build.KIND.values()]
    found = Found(verdict.compare(locked, build.outputs(made)))
    if found.same or not (study / FACTS).is_file():
        return found
    facts = values.compare(values.read(study / FACTS), values.facts(made), "facts")
    cells = values.compare(values.read(study / CELLS), values.cells(made), "cells")
    # A listing stands in the file of its chapter and in the table of its lines: the last one that differs is named.
    moved = sorted((line.path for line in found.lines if line.verdict == "differs"), key=lambda path: path.count("/"))
    displays = {f"display {d}": path for path in moved for d in _displays(made, path)}
    by_file = dict(facts.files)
    for display, lines in cells.files.items():
        by_file.setdefault(displays.get(display, ""), []).extend(lines)
    for line in found.lines:
        if line.verdict == "differs" and line.path in by_file:
            line.said += "".join(f"\n{'':12}{text}" for text in values.shortened(by_file[line.path]))
    others = [
        line.path
        for line in found.lines
        if line.verdict in ("missing", "extra")
        or (line.verdict == "differs" and (not line.path.startswith(NUMBERS) or line.path.startswith(WHOLE)))
    ]
    if not others and facts.numbers_only and cells.numbers_only and facts.digits >= values.DIGITS:
        found.level = f"values to {values.DIGITS} significant digits (the least agreement is {facts.digits})"
        if facts.searches:
            found.level += f", but for {facts.searches} facts that say how a search ended (steps, last gradient)"
    return found


def _displays(made: Path, path: str) -> list[str]:
    """Ids of the displays that a file of the tlf floor holds, or whose lines a table of the ard floor holds."""
    from crf2csr import io

    floor, name = path.split("/")[1:3] if path.count("/") > 1 else ("", "")
    table = floor == "ard" and path.count("/") == 3
    file = made / (f"results/tlf/{name}.json" if table else path)
    if not (table or (floor == "tlf" and path.count("/") == 2)) or not file.is_file():
        return []
    shown = io.read_json(file)["displays"]
    return [one["id"] for one in shown if not table or one.get("listing", {}).get("table") == path]
