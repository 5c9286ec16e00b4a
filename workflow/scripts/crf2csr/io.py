"""The only module that opens a file. Every write is whole or absent, and byte-stable."""

from __future__ import annotations

import csv
import hashlib
import io as stream
import json
import os
import shutil
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crf2csr import safe
from crf2csr.errors import Cause

MISSING = "is missing: an earlier step did not write it"
PIECE = 200_000  # rows read at once, where not all are wanted
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


@cache
def _content(path: str, _inode: int, _size: int, _changed: int) -> str:
    return sha256(path)


def content(path: str | Path) -> str:
    """SHA-256 of a file that many jobs read: hashed again only when the file is another, or was written to.

    Of a folder it is that of the names and hashes of all its files.
    """
    if Path(path).is_dir():
        held = {
            file.relative_to(path).as_posix(): content(file) for file in sorted(Path(path).rglob("*")) if file.is_file()
        }
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
    try:
        about = Path(path).stat()
    except OSError as error:
        raise Cause(f"cannot be read ({error.strerror})", file=str(path)) from None
    return _content(str(path), about.st_ino, about.st_size, about.st_mtime_ns)


def second_name(path: str | Path, name: str | Path) -> bool:
    """Give a file a second name, under which it outlives the removal of the first; tell whether that could be done."""
    try:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        os.link(path, name)
    except OSError:
        return False
    return True


def move(source: str | Path, path: str | Path) -> None:
    """Put a file in the place of another."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(source).replace(path)


def remove_folder(folder: str | Path) -> None:
    """Remove a folder and all that is in it, if it is there."""
    if Path(folder).exists():
        shutil.rmtree(folder)


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
        table = pq.ParquetFile(path).read(columns=columns, use_threads=False)
    except FileNotFoundError:
        raise Cause(MISSING, file=str(path)) from None
    return as_frame(table if columns is None else table.select(columns))


def as_frame(table: pa.Table) -> pd.DataFrame:
    """A frame as every floor has it: text as Arrow strings, whole numbers as ``Int64``."""
    types = {pa.string(): TEXT, pa.large_string(): TEXT, pa.int64(): pd.Int64Dtype()}
    return table.to_pandas(types_mapper=types.get, use_threads=False)


def read_dictionaries(path: str | Path, columns: list[str] | None = None, rows: np.ndarray | None = None) -> pa.Table:
    """Read one Parquet table with every text once, and codes in its place: a few bytes for each cell.

    With ``rows`` (positions in order) it is read piece by piece, and no other row stays in memory.
    """
    try:
        schema = pq.read_schema(path)
        texts = [f.name for f in schema if pa.types.is_string(f.type)]
        file = pq.ParquetFile(path, read_dictionary=texts)
    except FileNotFoundError:
        raise Cause(MISSING, file=str(path)) from None
    if rows is None:
        table = file.read(columns=columns, use_threads=False)
    else:
        pieces, begin = [], 0
        for piece in file.iter_batches(PIECE, columns=columns, use_threads=False):
            first, last = np.searchsorted(rows, [begin, begin + len(piece)])
            if first < last:
                pieces.append(piece.take(pa.array(rows[first:last] - begin)))
            begin += len(piece)
        held = file.schema_arrow if columns is None else pa.schema([file.schema_arrow.field(c) for c in columns])
        table = pa.Table.from_batches(pieces, pieces[0].schema if pieces else held)
    return table.unify_dictionaries().combine_chunks()


def read_first(path: str | Path, rows: int) -> pd.DataFrame:
    """Read the first rows of one Parquet table, and no more of the file than they need."""
    file = pq.ParquetFile(path)
    return as_frame(pa.Table.from_batches(list(islice(file.iter_batches(rows), 1)), file.schema_arrow))


def columns(path: str | Path) -> list[str]:
    """Names of the columns of one Parquet table."""
    return _footer(path).schema.to_arrow_schema().names


def rows(path: str | Path) -> int:
    """Number of rows of one Parquet table, of which none is read."""
    return _footer(path).num_rows


def _footer(path: str | Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except FileNotFoundError:
        raise Cause(MISSING, file=str(path)) from None


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
    clear(folder)
    for name, frame in frames.items():
        _replace(Path(folder) / name, sheet(frame))


def clear(folder: str | Path) -> None:
    """Make a folder that holds no file of an earlier run."""
    target = Path(folder)
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)


def empty(columns: list[str]) -> pd.DataFrame:
    """A table of text columns without rows."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
