"""Tables and listings as RTF documents, set anew from the results that the package is made of: none can be stale.

Figures stay with the report: they need an engine that draws.
"""

from __future__ import annotations

from pathlib import Path

from crf2csr import io, paper
from crf2csr.csr import rtf
from crf2csr.listings import read_displays
from crf2csr.specs import read_yaml


def documents(study: Path) -> dict[str, str]:
    """Each numbered table and listing of a study as RTF, by the id of its display, as `make rtf` sets it."""
    ard, tlf = (_chapters(study / "config" / floor) for floor in ("ard", "tlf"))
    estimands = study / "config/estimands.yaml"
    part = paper.words(
        read_yaml(study / "config/csr.yaml"),
        read_yaml(study / "config/config.yaml"),
        ard,
        tlf,
        read_yaml(estimands)["estimands"] if estimands.exists() else [],
    )
    chapters = {name: read_displays(study / f"results/tlf/{name}.json") for name in tlf}
    hashes = {name: io.sha256(study / f"results/ard/{name}.parquet") for name in ard}
    return rtf.documents(chapters, part, hashes, set(paper.numbered(tlf, drawn=False)))


def _chapters(folder: Path) -> dict[str, dict]:
    return {path.stem: read_yaml(path) for path in sorted(folder.glob("*.yaml"))}
