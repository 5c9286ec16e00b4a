"""What goes with a lock so that a difference has a name: every fact of the ARD, and every cell that a display prints.

``lock/facts.csv`` holds id, value (all digits), text and a hash of the rest (method, options, format, warning ...).
``lock/cells.csv`` holds display, place and text; rows of listings, figures and narratives, which may be of one subject,
are held as hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import io, results
from crf2csr.listings import read_displays

FACTS = ["id", "value", "text", "rest"]
CELLS = ["display", "place", "text"]
REST = ["method", "dataset", "population", "unit", "format", "options", "reference", "warning", "error"]
DIGITS = results.DIGITS  # in which numbers of two processors must agree
MOST = 15  # a float holds no more for certain
NAMED = 5
# How a search for an optimum ended, by the last two parts of a name: its steps, and what is left of the gradient.
SEARCH = r"^(?P<of>.*)\|(?P<stat>iterations|gradient)\|(?P<context>(?:[^|\\]|\\.)*)$"
FLAT = 1e-6  # a gradient below it is 0 but for the noise of floats, and the search has ended


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def facts(study: Path) -> pd.DataFrame:
    """Every fact of the study's results, by id; all columns are text."""
    parts = [_chapter(file) for file in sorted((study / "results/ard").glob("*.parquet"))]
    return pd.concat(parts, ignore_index=True).sort_values("id", kind="stable", ignore_index=True)


def _chapter(file: Path) -> pd.DataFrame:
    read = io.read_table(file)
    plain = read[REST].astype(object).where(read[REST].notna(), None)
    return pd.DataFrame(
        {
            "id": results.identify(read, file.stem),
            "value": ["" if np.isnan(v) else repr(float(v) + 0.0) for v in read["stat"].to_numpy("float64")],
            "text": read["stat_text"].astype(object).where(read["stat_text"].notna(), "").astype(str),
            "rest": [_hash(row) for row in plain.itertuples(index=False, name=None)],
        }
    )


def cells(study: Path) -> pd.DataFrame:
    """Every cell of every display, by display and place."""
    lines = []
    for file in sorted((study / "results/tlf").glob("*.json")):
        for display in read_displays(file)["displays"]:
            lines += [(display["id"], place, text) for place, text in _printed(display)]
    return pd.DataFrame(lines, columns=CELLS).sort_values(["display", "place"], kind="stable", ignore_index=True)


def _text(body: Any) -> str:
    """The text of a cell: its parts, printed numbers among them, in one."""
    if isinstance(body, list):
        return "".join(map(_text, body))
    if isinstance(body, dict):
        return str(body["t"]) if "t" in body else json.dumps(body, ensure_ascii=False, sort_keys=True)
    return "" if body is None else str(body)


def _bare(body: Any) -> Any:
    """A display without the numbers by which its cells name their facts."""
    if isinstance(body, dict):
        return {key: _bare(value) for key, value in body.items() if key != "f"}
    return [_bare(item) for item in body] if isinstance(body, list) else body


def _printed(display: dict[str, Any]) -> Iterator[tuple[str, str]]:
    open_text = display["kind"] == "table"
    for n, row in enumerate(display.get("rows", []), start=1):
        if not open_text:
            yield f"row {n:05d}", _hash(_bare(row))
            continue
        yield f"row {n:05d}", row["head"]
        yield from ((f"row {n:05d}, column {k:02d}", _text(cell)) for k, cell in enumerate(row["cells"], start=1))
    if "listing" in display:
        held = display["listing"]["values"]
        yield from ((f"row {n:05d}", _hash(row)) for n, row in enumerate(zip(*held, strict=True), start=1))
    for key, value in display.items():
        if key not in ("rows", "listing", "id"):
            short = isinstance(value, str) and key not in ("svg", "analysis")
            yield f"of all: {key}", value if short else _hash(_bare(value))


def write(path: Path, table: pd.DataFrame) -> None:
    """Write one of the two tables."""
    io.write_text(path, table.to_csv(index=False, lineterminator="\n"))


def read(path: Path) -> pd.DataFrame:
    """Read one of the two tables; every cell is text."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")


@dataclass
class Difference:
    """How the facts and cells of two runs differ.

    Attributes
    ----------
    lines : list of str
        Each difference in words.
    files : dict
        Lines by the file that they are about.
    digits : int
        Significant digits in which all numbers agree (15: all of them, or none differs).
    searches : int
        Facts that say how a search ended, not what it found, and differ: two processors may take another last step.
    numbers_only : bool
        All else than the last digits of numbers is the same: texts, methods, and every printed cell.
    """

    files: dict[str, list[str]] = field(default_factory=dict)
    digits: int = MOST
    searches: int = 0
    numbers_only: bool = True

    @property
    def lines(self) -> list[str]:
        """All differences."""
        return [line for lines in self.files.values() for line in lines]


def agree(old: pd.Series, new: pd.Series) -> np.ndarray:
    """Significant digits in which two numbers agree, 15 at most; missing in one of them is 0."""
    a, b = (pd.to_numeric(s.replace("", None), errors="coerce").to_numpy("float64") for s in (old, new))
    largest = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = np.floor(-np.log10(np.abs(a - b) / largest))
    digits = np.where((a == b) | (np.isnan(a) & np.isnan(b)) | (largest < results.NOTHING), MOST, digits)
    return np.clip(np.nan_to_num(digits, nan=0.0), 0, MOST).astype("int64")


def _ended(both: pd.DataFrame) -> np.ndarray:
    """Facts that say how a search ended, where it ended on flat ground in both runs; no other steps and gradients."""
    parts = both["id"].str.extract(SEARCH)
    name = parts["of"] + "|" + parts["context"]
    sizes = [pd.to_numeric(both[f"value_{side}"].replace("", None), errors="coerce").abs() for side in ("old", "new")]
    flat = parts["stat"].eq("gradient") & sizes[0].lt(FLAT) & sizes[1].lt(FLAT)
    ended: np.ndarray = (flat | (parts["stat"].eq("iterations") & name.isin(set(name[flat])))).to_numpy()
    return ended


def compare(old: pd.DataFrame, new: pd.DataFrame, name: str) -> Difference:
    """Compare two tables of facts (``name`` is ``facts``) or of cells."""
    keys = ["id"] if name == "facts" else ["display", "place"]
    both = old.merge(new, on=keys, how="outer", suffixes=("_old", "_new"), indicator="found", sort=True)
    found = Difference()
    columns = [c for c in old.columns if c not in keys]
    one = both["found"] != "both"
    moved = ~one & np.logical_or.reduce([(both[f"{c}_old"] != both[f"{c}_new"]).to_numpy() for c in columns])
    changed = both[one | moved]
    if name == "facts":
        text = both["text_old"].ne(both["text_new"]) | both["rest_old"].ne(both["rest_new"])
        digits = agree(both["value_old"], both["value_new"])
        ended = _ended(both)
        found.searches = int((moved & ended).sum())
        digits = np.where(ended, MOST, digits)
        found.numbers_only = not (one | text).any()
        found.digits = int(digits[~one].min(initial=MOST))
        where = "results/ard/" + changed["id"].str.split("|").str[0] + ".parquet"
    else:
        # The ink of a figure follows its numbers to the last digit, which nobody sees; its rows are compared.
        ink = both["place"].isin(["of all: svg", "of all: sheets"])
        found.numbers_only = not ((one | moved) & ~ink).any()
        where = "display " + changed["display"]
    named = changed[keys].agg(", ".join, axis=1) if len(changed) else changed.get("id", pd.Series(dtype="str"))
    for file, at, line in zip(where, named, changed.itertuples(), strict=True):
        if line.found != "both":
            said = "only in the lock" if line.found == "left_only" else "not in the lock"
        else:
            pairs = [(c, getattr(line, f"{c}_old"), getattr(line, f"{c}_new")) for c in columns]
            said = "; ".join(f"{c} {o or 'none'} -> {n or 'none'}" for c, o, n in pairs if o != n)
        found.files.setdefault(str(file), []).append(f"{at}: {said}")
    return found


def shortened(lines: list[str]) -> list[str]:
    """The first differences, and how many there are beside them."""
    rest = len(lines) - NAMED
    return lines if rest <= 0 else [*lines[:NAMED], f"and {rest} more"]
