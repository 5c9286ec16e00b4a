"""Many tables of a run, each read when it is asked for: what a report that does not fit into one file works on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crf2csr import io


class Tables(Mapping[str, pd.DataFrame]):
    """Tables by name (``adam/adlb``): paths of Parquet files, each read anew whenever it is asked for."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = dict(paths)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return io.read_table(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def columns(self, name: str) -> list[str]:
        """Names of the columns of a table."""
        return io.columns(self._paths[name])

    def some(self, name: str, wanted: list[str]) -> pd.DataFrame:
        """These columns of a table, in their order; one that it does not have is left out."""
        present = self.columns(name)
        return io.read_table(self._paths[name], [c for c in wanted if c in present])

    def first(self, name: str, rows: int) -> pd.DataFrame:
        """The first rows of a table."""
        return io.read_first(self._paths[name], rows)

    def stored(self, name: str, wanted: list[str] | None = None, rows: np.ndarray | None = None) -> Stored:
        """A table small in memory, of which rows are taken.

        ``wanted`` are columns, as far as it has them; ``rows`` are positions, in order: no others are held.
        """
        present = None if wanted is None else [c for c in self.columns(name) if c in wanted]
        return Stored(io.read_dictionaries(self._paths[name], present, rows))


class Stored:
    """A table in memory in which each text stands once, and rows have codes: rows are taken by their positions."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self._table.column_names)

    def rows(self, rows: np.ndarray) -> pd.DataFrame:
        """Rows at these positions as a frame, typed as ``io.read_table`` types them; its index counts from 0."""
        part = self._table.take(pa.array(rows))
        fields = [
            pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in part.schema
        ]
        return io.as_frame(part.cast(pa.schema(fields)))

    def column(self, name: str) -> pd.Series:
        """One column of all rows, typed as ``io.read_table`` types it."""
        return Stored(self._table.select([name])).rows(np.arange(len(self)))[name]

    def codes(self, name: str, values: pa.Array) -> np.ndarray:
        """For each row the position of its value among ``values``, -1 where it is none of them."""
        column = self._table.column(name).combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # no rows
            return np.zeros(0, dtype="int64")
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        known = pc.index_in(column.dictionary, value_set=values.cast(column.dictionary.type)).fill_null(-1)
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype("int64")
        found: np.ndarray = np.append(known.to_numpy(zero_copy_only=False).astype("int64"), -1)[codes]
        return found


def release() -> None:
    """Give memory that no table uses any more back to the machine: other jobs run beside this one."""
    pa.default_memory_pool().release_unused()
