"""A study of two arms, made of the shipped one: every second subject is said to have had another treatment.

What a study of one arm cannot show (comparisons, columns of arms, totals, options that it does not use) R must find
here as well. The analyses stand in ``two_arms.yaml``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import ard
import pandas as pd
import yaml

from crf2csr import io
from crf2csr.plan import Job
from crf2csr.specs import read_yaml
from tests.climb import inside

OTHER = "Other treatment"


def make(shipped: Path, folder: Path) -> Path:
    """Write configuration, analysis data sets and results into ``folder``."""
    shutil.copytree(shipped / "config/adam", folder / "config/adam")
    page = read_yaml(shipped / "config/config.yaml")
    arm = page["arms"][0]
    page["arms"] = [arm, arm | {"code": "OTHER", "label": OTHER}]
    io.write_text(folder / "config/config.yaml", yaml.safe_dump(page, allow_unicode=True))
    (folder / "config/ard").mkdir()
    shutil.copy(Path(__file__).with_suffix(".yaml"), folder / "config/ard/compared.yaml")
    for path in sorted((shipped / "results/adam").glob("*.parquet")):
        io.write_table(folder / "results/adam" / path.name, _divided(io.read_table(path), arm["label"]))
    spec = read_yaml(folder / "config/ard/compared.yaml")
    outputs = {"facts": "results/ard/compared.parquet", "sets": "results/sets.parquet", "methods": "results/m.json"}
    inputs = {f"adam/{name}": f"results/adam/{name}.parquet" for name in ["adsl", *spec["datasets"]]}
    settings = {key: page[key] for key in ["arms", *spec["settings"]]}
    with inside(folder):
        ard.analyze(Job("compared", inputs, outputs, "", {"spec": spec, "page": settings, "lists": {}}))
    return folder


def _divided(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    odd = frame["USUBJID"].str.slice(-1).isin(list("13579"))
    for name in ("TRT01P", "TRT01A"):
        if name in frame:
            frame[name] = frame[name].mask(odd & (frame[name] == label), OTHER)
    return frame
