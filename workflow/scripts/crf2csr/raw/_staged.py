"""What every adapter hands over: text cells in named columns, the place of each record, and what must be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause


class Told(NamedTuple):
    """A fact about the export that becomes a data query: the door adds form and record."""

    line: int
    rule: str
    field: str
    value: str
    message: str
    severity: str = "info"


def text_frame(columns: Mapping[str, Sequence[str]], lines: Sequence[int]) -> pd.DataFrame:
    """A table of text columns and ``LINE``, the place of each record in its file."""
    frame = pd.DataFrame({name: pd.Series(cells, dtype=io.TEXT) for name, cells in columns.items()})
    frame.insert(0, "LINE", pd.Series(lines, dtype="int64"))
    return frame


def check_names(header: Sequence[str], file: str, line: int | None = 1) -> None:
    """Refuse a column that stands twice, and the name that the house keeps for itself."""
    seen: set[str] = set()
    for name in header:
        if name in seen:
            raise Cause("this column stands twice", file=file, line=line, field=name)
        if name == "LINE":
            raise Cause("this name is reserved for the line of a record", file=file, line=line, field=name)
        seen.add(name)


def tell(frame: pd.DataFrame, told: Sequence[Told], understood: Sequence[str] = ()) -> pd.DataFrame:
    """Attach what must be told, and the columns that the adapter itself has made or put to use."""
    frame.attrs["told"] = list(told)
    frame.attrs["understood"] = list(understood)
    return frame


def unread(entry: dict[str, Any], present: Sequence[str], kind: str) -> list[Told]:
    """Tell the parts of a file that no form of the manifest reads; the file's first form speaks for all."""
    return [
        Told(1, "R-PART", "*", part, f"The {kind} is in the file and no form of the manifest reads it.")
        for part in present
        if part not in entry.get("parts", present)
    ]


def chosen(entry: dict[str, Any], present: Sequence[str], kind: str, file: str) -> str:
    """The part of the file that the entry names; the only one where it names none."""
    part = entry.get("part")
    if part is None and len(present) == 1:
        return present[0]
    if part not in present:
        found = ", ".join(present[:40]) or "none"
        rule = f"there is no such {kind} in the file" if part else f"the manifest must say which {kind} this form is"
        raise Cause(f"{rule}; it has: {found}", file=file, field="part", value=part)
    return str(part)
