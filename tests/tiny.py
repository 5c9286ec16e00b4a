"""The tiny study: a dozen treated subjects, made by the generator with the shipped configuration."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import synthetic
from crf2csr.specs import read_yaml
from tests.climb import ROOT, copy_config

TREATED, SEED = 12, 20260101


def make(folder: Path, *, problems: bool = False, treated: int = TREATED) -> Path:
    """Write the tiny study into ``folder``: config/ and data/raw/."""
    copy_config(ROOT, folder)
    forms, truth = synthetic.generate(treated, SEED, problems=problems)
    synthetic.write(forms, truth, folder / "data/raw", folder / "data/truth", {"subjects": treated, "seed": SEED})
    return folder


def seal(folder: Path, name: str) -> None:
    """Name the present content of a raw file in the manifest."""
    manifest = folder / "data/raw/manifest.yaml"
    old = next(e["sha256"] for e in read_yaml(manifest)["files"] if e["name"] == name)
    new = hashlib.sha256((folder / "data/raw" / name).read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def snakemake(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow on a study folder as a user does."""
    command = [
        str(Path(sys.executable).with_name("snakemake")),
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--directory",
        str(folder),
        "--cores",
        "2",
        *arguments,
    ]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, encoding="utf-8"
    )


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that a run makes, by its path in the study."""
    made = [p for top in ("results", "reports") for p in sorted((folder / top).rglob("*")) if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in made}
