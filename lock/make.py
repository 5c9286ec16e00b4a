"""Write a lock: run the study from its raw files in a clean folder, and say of every file what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.sealed import LOCK, ROOT, artefact
from lock import build, checkout, environment, manifest, signature, values, verdict
from lock.manifest import CELLS, FACTS, SIGNATURE, WRITTEN, Manifest
from lock.study import Opened, open_study


def linked(study: Opened) -> None:
    """Refuse symbolic links among the inputs: what they lead to can change behind a lock."""
    for found in study.inputs:
        if found.mode == "symlink":
            raise Cause("is a symbolic link, whose content can change behind a lock", file=found.path)


def make(folder: Path, key: Path | None, cores: int, say: Callable[[str], None]) -> Manifest:
    """Write ``lock/`` of a study; a dirty tree, a symbolic link or a run that fails is a cause."""
    checkout.clean(ROOT, () if folder.resolve() != ROOT.resolve() else WRITTEN)
    if folder.resolve() != ROOT.resolve():
        checkout.clean(folder, WRITTEN)
    study = open_study(folder)
    linked(study)
    fingerprint = signature.fingerprint(key) if key else ""
    wrong = [f"{n} {here or 'missing'}, locked {v}" for n, v, here in _installed() if here != v]
    if wrong:
        raise Cause("the installed libraries are not those of requirements.lock: " + "; ".join(wrong[:5]))
    say(f"Lock {study.id}: {len(study.inputs)} inputs; running from the raw files in a clean folder ...")
    with tempfile.TemporaryDirectory(prefix="crf2csr-lock-") as clean:
        place = build.lay_out(folder, study.raw, study.inputs, Path(clean))
        build.sign(place, study.id, fingerprint)
        build.run(place, cores)
        made = build.outputs(place.study)
        if study.private:
            for path in (FACTS, CELLS):
                (folder / path).unlink(missing_ok=True)
            say("No date of this study may be shown: no values go with its lock, only the hashes of its files.")
        else:
            values.write(folder / FACTS, values.facts(place.study))
            values.write(folder / CELLS, values.cells(place.study))
    rows = study.inputs + checkout.beside(folder, study.raw, study.inputs) + made
    rows += [artefact("values", folder, path) for path in (FACTS, CELLS) if not study.private]
    found = Manifest(study.id, fingerprint, study.about, rows, _packages(), environment.tools())
    io.write_text(folder / LOCK, manifest.text_of(found))
    (folder / SIGNATURE).unlink(missing_ok=True)
    if key:
        signature.sign(folder / LOCK, key)
    say(f"Written: {folder / LOCK}" + (f", signed with {fingerprint}" if key else ", not signed (KEY=<file> signs it)"))
    at_hand = build.outputs(folder)
    stale = [line for line in verdict.compare(made, at_hand) if line.verdict != "identical"] if at_hand else []
    if stale:
        say(f"What lies in results/ and reports/ here is of another run ({len(stale)} files differ): make report.")
    return found


def _packages() -> list[dict[str, str]]:
    return environment.packages(ROOT / "requirements.lock")


def _installed() -> list[tuple[str, str, str]]:
    return environment.installed(_packages())
