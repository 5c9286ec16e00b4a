"""The only module that opens a file. Every write is whole or absent, and byte-stable."""

from __future__ import annotations

import csv
import hashlib
import io as stream
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crf2csr import safe
from crf2csr.errors import Cause

TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))


def read_bytes(path: str | Path) -> bytes:
    """Return the bytes of a file; a missing file is a cause, not a traceback."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Cause(f"cannot be read ({error.strerror})", file=str(path)) from None


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def _replace(path: str | Path, content: bytes) -> None:
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise Cause(f"cannot be written ({error.strerror})", file=str(path)) from None


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a binary document that was made in memory."""
    _replace(path, content)


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8 with line feeds, whatever the platform or locale."""
    _replace(path, text.encode("utf-8"))


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys; a NaN is refused since JSON has none."""
    write_text(path, json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False))


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(read_bytes(path))


def read_records(path: str | Path) -> list[dict[str, str]]:
    """Read a small CSV table in UTF-8 as one mapping per line; all cells are text."""
    return list(csv.DictReader(stream.StringIO(read_bytes(path).decode("utf-8"), newline="")))


def read_table(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read one Parquet table: text as Arrow strings, whole numbers as ``Int64``."""
    try:
        table = pq.read_table(path, columns=columns, use_threads=False)
    except FileNotFoundError:
        raise Cause("is missing: an earlier step did not write it", file=str(path)) from None
    types = {pa.string(): TEXT, pa.large_string(): TEXT, pa.int64(): pd.Int64Dtype()}
    return table.to_pandas(types_mapper=types.get, use_threads=False)


def columns(path: str | Path) -> list[str]:
    """Names of the columns of one Parquet table."""
    return pq.read_schema(path).names


def write_table(path: str | Path, frame: pd.DataFrame) -> None:
    """Write one Parquet table without index, clock or writer-dependent metadata."""
    growing = Growing(path)
    growing.add(frame)
    growing.close()


class Growing:
    """A Parquet table written part by part, each a group of rows; nothing lies at its place before ``close``."""

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._sink = pa.BufferOutputStream()
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Write the next rows; all parts have the same columns."""
        table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        fields = [
            pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) or pa.types.is_null(f.type) else f.type)
            for f in table.schema
        ]
        table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._sink, table.schema, compression="zstd", version="2.6")
        self._writer.write_table(table)
        self.rows += len(frame)

    def close(self) -> None:
        """Put the file at its place."""
        if self._writer is not None:
            self._writer.close()
        _replace(self._path, self._sink.getvalue().to_pybytes())


def sheet(frame: pd.DataFrame) -> bytes:
    """CSV for a spreadsheet: no cell can act there, and a mark of UTF-8 at the start keeps Excel from guessing.

    Lines end as RFC 4180 says; cells of text are shown (``safe.inert``), numbers stay numbers.
    """
    text = frame.select_dtypes(exclude="number").columns
    shown = frame.assign(**{str(name): safe.inert_cells(frame[name]) for name in text})
    shown = shown.rename(columns=lambda name: safe.inert(str(name)))
    return shown.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def write_sheet(path: str | Path, frame: pd.DataFrame) -> None:
    """Write one table as ``sheet`` does."""
    _replace(path, sheet(frame))


def write_sheets(folder: str | Path, frames: dict[str, pd.DataFrame]) -> None:
    """Write one sheet per table into a folder that holds these and no file of an earlier run."""
    target = Path(folder)
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for name, frame in frames.items():
        _replace(target / name, sheet(frame))


def empty(columns: list[str]) -> pd.DataFrame:
    """A table of text columns without rows."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
