"""SAS transport files of version 5, and reading them back. Two runs give the same bytes."""

from __future__ import annotations

import datetime
import re
import tempfile
from pathlib import Path

import pandas as pd
import pyreadstat

from crf2csr import io
from crf2csr.errors import Cause
from submission.frames import Dataset

STAMP = re.compile(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d")
HEADER_BYTES, STAMPS = 640, 4
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def content(dataset: Dataset, day: datetime.date) -> bytes:
    """Return the bytes of a transport file; the header bears ``day`` (the cut-off of the data), never the clock."""
    formats = {variable.name: "DATE9." for variable in dataset.variables if variable.kind == "date"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.xpt"
        pyreadstat.write_xport(
            dataset.frame,
            str(path),
            file_label=dataset.label,
            column_labels={variable.name: variable.label for variable in dataset.variables},
            table_name=dataset.name,
            file_format_version=5,
            variable_format=formats,
        )
        made = path.read_bytes()
    stamp = f"{day:%d}{MONTHS[day.month - 1]}{day:%y}:00:00:00".encode("ascii")
    header, found = STAMP.subn(stamp, made[:HEADER_BYTES])
    if found != STAMPS:
        raise Cause(f"the header has {found} times, not {STAMPS}", file=f"{dataset.stem}.xpt")
    return header + made[HEADER_BYTES:]


def read(path: Path) -> tuple[pd.DataFrame, str, dict[str, str]]:
    """Return frame, label and the labels of the variables, as a transport file holds them."""
    if not path.exists():
        raise Cause("is missing", file=str(path))
    frame, about = pyreadstat.read_xport(str(path), disable_datetime_conversion=True)
    for name in frame.columns[[str(dtype) not in ("float64", "int64") for dtype in frame.dtypes]]:
        frame[name] = frame[name].fillna("").astype("object")
    numbers = frame.columns[[str(dtype) == "int64" for dtype in frame.dtypes]]
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    return frame, about.file_label or "", {n: label or "" for n, label in about.column_names_to_labels.items()}


def write(path: Path, made: bytes) -> None:
    """Write bytes whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(made)
    part.replace(path)


def sha256(path: Path) -> str:
    """Digest of a file of the package."""
    return io.sha256(path)
