"""Displays with the lines of their listings, for those who print them.

A chapter of displays only names the table in which the lines of a listing lie, so that it is as small for ten thousand
subjects as for ten. Who needs no line reads the chapter with ``io.read_json``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause


def read_displays(path: str | Path) -> dict[str, Any]:
    """Read one chapter of ``<study>/results/`` and fill each ``listing`` from the table that it names.

    Returns
    -------
    dict
        The chapter. To each listing are added ``row``, the position of each line's row in its data set, and ``values``,
        by column of the display a list of texts (None is missing).

    Raises
    ------
    Cause
        When a table is missing, or is not the one from which the display was made.
    """
    chapter = io.read_json(path)
    study = next(folder.parent for folder in Path(path).parents if folder.name == "results")
    for display in chapter["displays"]:
        if "listing" in display:
            display["listing"] |= _lines(display, study, str(path))
    return chapter


def _lines(display: dict[str, Any], study: Path, file: str) -> dict[str, Any]:
    about, names = display["listing"], [column["name"] for column in display["columns"]]
    if "table" not in about:
        raise Cause("names no table of lines: another version made it", file=file, field=display["id"])
    table = study / about["table"]
    held, lines = set(io.columns(table)), io.rows(table)
    lacking = [name for name in ("_ROW", *names) if name not in held]
    if lacking:
        raise Cause(f"lacks a column of {display['id']} in {file}", file=str(table), field=lacking[0])
    if lines != about["lines"]:
        raise Cause(
            f"is not of {about['lines']} lines, as {display['id']} in {file} says", file=str(table), value=lines
        )
    frame = io.read_table(table, ["_ROW", *names])
    return {"row": frame["_ROW"].astype("int64").tolist(), "values": [_texts(frame[name]) for name in names]}


def _texts(column: pd.Series) -> list[str | None]:
    """Texts of a column; equal ones are one object, since few texts make up the most of a long listing."""
    codes, texts = pd.factorize(column)
    # The code of a missing value is -1, which takes the last.
    return np.array([*map(str, texts), None], dtype=object)[codes].tolist()
