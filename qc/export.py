"""What R is given: the data sets as CSV, the declarations as JSON, imputed scores. Never a result.

R enumerates arms, levels and rows by itself, so it must find what Python found without having seen it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from crf2csr import io
from crf2csr.ard import _facts, _scores
from crf2csr.errors import Cause
from crf2csr.specs import read_yaml

TYPES = {"i": "integer", "f": "float"}


def export(study: Path, folder: Path) -> None:
    """Write ``adam/<name>.csv``, ``imputed/<chapter>.<analysis>.csv`` and ``declared.json`` of a study."""
    page = read_yaml(study / "config/config.yaml")
    chapters = {path.stem: read_yaml(path) for path in sorted((study / "config/ard").glob("*.yaml"))}
    specifications = {path.stem: read_yaml(path) for path in sorted((study / "config/adam").glob("*.yaml"))}
    types: dict[str, dict[str, str]] = {}
    data: dict[str, pd.DataFrame] = {}
    for name in specifications:
        path = study / f"results/adam/{name}.parquet"
        if not path.exists():
            raise Cause("is missing: run the pipeline first", file=str(path))
        frame = io.read_table(path)
        types[name] = {column: TYPES.get(frame[column].dtype.kind, "text") for column in frame}
        _refuse(frame, name)
        io.write_text(folder / f"adam/{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        data[name] = frame
    for chapter, spec in chapters.items():
        for analysis in spec["analyses"]:
            if analysis["method"] == "multiple_imputation":
                table = imputed(_facts.choose(analysis, data, page))
                io.write_text(folder / f"imputed/{chapter}.{analysis['id']}.csv", table.to_csv(index=False))
    lists = {name for spec in chapters.values() for name in spec.get("lists", [])}
    declared: dict[str, Any] = {
        "chapters": chapters,
        "page": page,
        "lists": {name: read_yaml(study / f"config/{name}.yaml") for name in sorted(lists)},
        "types": types,
        "parameters": {name: spec["parameters"] for name, spec in specifications.items() if "parameters" in spec},
    }
    io.write_text(folder / "declared.json", json.dumps(declared, ensure_ascii=False, allow_nan=False))


def _refuse(frame: pd.DataFrame, name: str) -> None:
    """A blank text could not be told from a missing value in the CSV."""
    for column in frame.columns[[dtype.kind not in "if" for dtype in frame.dtypes]]:
        if (frame[column] == "").fillna(False).any():
            raise Cause("holds a blank text, which CSV cannot tell from a missing value", file=name, field=column)


def imputed(analysis: _facts.Analysis) -> pd.DataFrame:
    """Return the scores that the house imputes for an analysis: arm, imputation (from 1), USUBJID, value.

    They are random: R takes these for its pooling, and what they are is proven elsewhere.
    """
    parts = []
    for arm, (where, rows, people) in enumerate(analysis.groups()):
        material = _scores.material_of(analysis, rows, people, analysis.options)
        values = _scores.draw(material, analysis.options, arm).values
        who = people["USUBJID"][material.gaps].to_numpy()
        part = pd.DataFrame(values, columns=who).assign(imputation=range(1, len(values) + 1))
        part = part.melt("imputation", var_name="USUBJID").assign(arm=where["group1_level"])
        parts.append(part[["arm", "imputation", "USUBJID", "value"]])
    return pd.concat(parts, ignore_index=True)
