"""What a display prints, and which displays are proven by a check."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from crf2csr.listings import read_displays

PROVEN: dict[str, list[Callable[[Display], None]]] = {}


def proves(*displays: str):
    """Run a check on each of these displays, handed over as ``display``, and note that they are proven."""

    def mark(check):
        for display in displays:
            PROVEN.setdefault(display, []).append(check)
        return pytest.mark.parametrize("display", displays, indirect=True)(check)

    return mark


def text(parts: list[dict]) -> str:
    return "".join(part["t"] for part in parts)


class Display:
    """One display as it is printed: rows are the heads from the outermost in, and the texts of the cells."""

    def __init__(self, made: dict) -> None:
        self.made = made
        self.id = made["id"]
        self.rows: list[tuple[tuple[str, ...], list[str]]] = []
        path: list[str] = []
        for row in made.get("rows", []):
            path = [*path[: row["level"]], row["head"]]
            if row["cells"]:
                self.rows.append((tuple(path), [text(cell) for cell in row["cells"]]))

    @property
    def flat(self) -> dict[str, list[str]]:
        """Cells by the innermost head, where each stands once."""
        found = {path[-1]: cells for path, cells in self.rows}
        assert len(found) == len(self.rows), "heads stand more than once"
        return found

    @property
    def deep(self) -> dict[tuple[str, ...], list[str]]:
        """Cells by the heads from the outermost in."""
        found = dict(self.rows)
        assert len(found) == len(self.rows), "heads stand more than once"
        return found

    @property
    def heads(self) -> list[str]:
        """What stands under the heads of the columns, such as N = 60."""
        columns = [c for line in self.made.get("spanners", []) for c in line] + self.made["columns"]
        return [c["n"] if isinstance(c["n"], str) else text(c["n"]) for c in columns if c.get("n")]

    @property
    def columns(self) -> dict[str, list]:
        """Values of a listing by the label of the column."""
        labels = [c["label"] for c in self.made["columns"]]
        return dict(zip(labels, self.made["listing"]["values"], strict=True))

    @property
    def records(self) -> list[dict[str, object]]:
        """Rows of a listing; of two columns with one label the first counts."""
        labels = [c["label"] for c in self.made["columns"]]
        rows = zip(*self.made["listing"]["values"], strict=True)
        return [dict(reversed(list(zip(labels, row, strict=True)))) for row in rows]


@cache
def displays(study: Path) -> dict[str, dict]:
    files = sorted((study / "results/tlf").glob("*.json"))
    return {d["id"]: d for file in files for d in read_displays(file)["displays"]}
