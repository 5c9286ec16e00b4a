"""The lines of listings: a chapter of displays says where they lie, and a reader that shows them brings them in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crf2csr import io
from crf2csr.jobs import Job

# Roles of the tables that hold lines: a job that shows lines reads them by the displays that name them.
ROLE = "ard/_lines/"


@dataclass(frozen=True)
class Lines:
    """The table of a listing on the ard floor: its path in the study, its columns, how many lines it has."""

    path: str
    columns: list[str]
    count: int


def of(path: str) -> Lines:
    """Look at the table of a listing without reading its lines."""
    return Lines(path, io.columns(path), io.length(path))


def read_displays(path: str | Path, *, filled: bool = True) -> dict[str, Any]:
    """Read a chapter of displays, and bring in the lines of its listings.

    A listing gets ``values`` (texts by column, ``None`` where missing) and ``row``: the position, in the data set,
    of the row behind each line. Without ``filled`` it keeps only ``table`` and ``lines``.

    Parameters
    ----------
    path : path
        ``results/tlf/<chapter>.json`` of a study; tables lie relative to the study.
    """
    chapter: dict[str, Any] = io.read_json(path)
    study = Path(path).parents[2]
    for display in chapter["displays"] if filled else []:
        if display.get("kind") == "listing" and display.get("listing", {}).get("table"):
            names = [column["name"] for column in display["columns"]]
            table = io.read_table(study / display["listing"]["table"], list(dict.fromkeys(["_ROW", *names])))
            texts = [table[name].astype(object) for name in names]
            display["listing"] |= {
                "row": table["_ROW"].astype("int64").tolist(),
                "values": [text.where(text.notna(), None).tolist() for text in texts],
            }
    return chapter


def tables(displays: dict[str, Job]) -> dict[str, str]:
    """Inputs of a job that shows the listings of these chapters: the table of each, by chapter and analysis."""
    return {
        f"{ROLE}{chapter}/{name}": path
        for chapter, job in displays.items()
        for name, path in job.inputs.items()
        if name != "facts"
    }
