"""R, asked now: a program on data frames, its answer as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd


def ask(folder: Path, program: str, **frames: pd.DataFrame) -> Any:
    """Run ``program`` beside ``<name>.csv`` of each frame; it assigns ``out``, which is returned at full precision."""
    found = shutil.which("Rscript")
    assert found, (
        "the live comparison needs R: apt-get install --no-install-recommends r-base-core r-cran-jsonlite "
        "r-cran-survival r-cran-cmprsk"
    )
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    ends = 'writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "out.json")'
    (folder / "program.R").write_text(f"{program}\n{ends}\n", encoding="utf-8")
    done = subprocess.run([found, "--vanilla", "program.R"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"R with survival, cmprsk and jsonlite is needed; it said: {done.stderr}"
    return json.loads((folder / "out.json").read_text(encoding="utf-8"))
