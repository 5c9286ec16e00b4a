"""Performance qualification: the shipped study, run here from its raw files, gives the numbers that were published.

Published are two files of the study, both renewed only when a number changes, and held to the code by tests:

* ``qc/agreement.csv``: every single result at full precision. Results must agree in ``lock.values.DIGITS``
  significant digits, the rule of ``make verify``; no digest of numbers could ask for that, since a value that lies at
  the edge of two roundings has two digests.
* ``qc/published.csv``: one line for each table of SDTM and ADaM (columns and values) and each chapter of displays
  (every number that is printed, in its order), with a hash. Words around the numbers, code and libraries may change.

So neither goes stale with a commit that moves no number, as a lock does. ``python -m validate publish`` renews the
second, ``make qc`` the first.
"""

from __future__ import annotations

import csv
import hashlib
import io as text_io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.listings import read_displays
from crf2csr.sealed import AGREEMENT
from lock import build, values
from lock.study import open_study
from validate.requirements import ROOT
from validate.verdict import FAILED, PASSED, worst

PUBLISHED = "qc/published.csv"
COLUMNS = ["file", "rows", "sha256"]
SHOWN = 20


@dataclass(frozen=True)
class Line:
    """One table, chapter of results or chapter of displays: how much it holds, the verdict, and what differs."""

    file: str
    rows: int
    verdict: str
    said: str = ""


@dataclass(frozen=True)
class Performance:
    """The study, a line for each file, and in how many significant digits all results agree at least."""

    study: str
    cutoff: str
    lines: list[Line]
    digits: int

    @property
    def verdict(self) -> str:
        """The worst of all."""
        return worst(line.verdict for line in self.lines)


def qualified(cores: int, study: Path = ROOT) -> Performance:
    """Run the study from its raw files in a clean folder, and compare what it gives with what is published."""
    opened = open_study(study)
    with tempfile.TemporaryDirectory(prefix="crf2csr-validate-") as folder:
        place = build.lay_out(study, opened.raw, opened.inputs, Path(folder))
        build.run(place, cores)
        lines = compare(read(study), published(place.study))
        results, digits = compare_results(study, place.study)
    return Performance(opened.about["id"], opened.about["cutoff"], lines + results, digits)


def published(study: Path) -> pd.DataFrame:
    """What ``qc/published.csv`` says of the results that lie in a study: file, rows, sha256."""
    files = [f for floor in ("sdtm", "adam") for f in sorted((study / "results" / floor).glob("*.parquet"))]
    rows = [(f"results/{f.parent.name}/{f.name}", *table_digest(io.read_table(f))) for f in files]
    for file in sorted((study / "results/tlf").glob("*.json")):
        numbers = [pair for display in read_displays(file)["displays"] for pair in printed(display)]
        rows.append((f"results/tlf/{file.name}", len(numbers), _sha256(json.dumps(numbers, ensure_ascii=False))))
    if not rows:
        raise Cause("holds no results: make report writes them", file=str(study))
    return pd.DataFrame(rows, columns=COLUMNS)


def table_digest(table: pd.DataFrame) -> tuple[int, str]:
    """Rows of a table, and a hash over its columns and values; numbers count in as many digits as results do."""
    plain = table.copy()
    for name in plain.select_dtypes("object").columns:
        held = plain[name]
        if held.map(lambda value: isinstance(value, list | tuple | np.ndarray)).any():
            plain[name] = held.map(lambda value: json.dumps(list(value)) if value is not None else None)
    text = plain.to_csv(index=False, lineterminator="\n", float_format=f"%.{values.DIGITS}g")
    return len(table), _sha256(text)


def printed(display: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every number that a display prints and every value of a listing, by the id of the display, in their order."""
    yield from ((display["id"], text) for text in _bound(display))


def _bound(body: Any) -> Iterator[str]:
    """Texts that are bound to a fact, wherever they stand."""
    if isinstance(body, dict):
        if "t" in body and "f" in body:
            yield str(body["t"])
        elif isinstance(body.get("values"), list):
            yield from (json.dumps(column, ensure_ascii=False) for column in body["values"])
        else:
            for key in sorted(body):
                yield from _bound(body[key])
    elif isinstance(body, list):
        for item in body:
            yield from _bound(item)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(study: Path) -> pd.DataFrame:
    """Read what a study has published."""
    file = study / PUBLISHED
    if not file.is_file():
        raise Cause("is not there: python -m validate publish writes it", file=str(file))
    table = pd.read_csv(file, dtype={"file": "str", "rows": "int64", "sha256": "str"}, encoding="utf-8")
    if list(table.columns) != COLUMNS:
        raise Cause(f"has exactly the columns {', '.join(COLUMNS)}", file=str(file))
    return table


def write(study: Path) -> int:
    """Publish the results that lie in a study; return the number of lines."""
    table = published(study)
    out = text_io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(table.itertuples(index=False, name=None))
    io.write_text(study / PUBLISHED, out.getvalue())
    return len(table)


def compare(was: pd.DataFrame, now: pd.DataFrame) -> list[Line]:
    """Lay two tables of ``published`` beside each other: a line for each file of either."""
    both = was.merge(now, on="file", how="outer", suffixes=("_was", "_now"), sort=True)
    lines = []
    for row in both.to_dict("records"):
        before, after = row["rows_was"], row["rows_now"]
        if pd.isna(after):
            lines.append(Line(row["file"], 0, FAILED, "is not made here"))
        elif pd.isna(before):
            lines.append(Line(row["file"], int(after), FAILED, "was not published"))
        elif row["sha256_was"] == row["sha256_now"]:
            lines.append(Line(row["file"], int(after), PASSED))
        else:
            said = f"{int(before)} -> {int(after)} rows" if before != after else "other values"
            lines.append(Line(row["file"], int(after), FAILED, said))
    return lines


def compare_results(study: Path, made: Path) -> tuple[list[Line], int]:
    """Compare the results of a run with those that the study published: a line for each chapter, and the digits."""
    file = study / AGREEMENT
    if not file.is_file():
        raise Cause("is not there: make qc writes it", file=str(file))
    was = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8", usecols=["id", "python"])
    now = values.facts(made)
    held = now["value"].where(now["value"] != "", now["text"])
    old, new = _split(was["id"], was["python"]), _split(now["id"], held)
    found = values.compare(old, new, "facts")
    close = found.numbers_only and found.digits >= values.DIGITS
    counted = new["id"].str.split("|").str[0].value_counts().to_dict()
    chapters = sorted(set(counted) | {Path(name).stem for name in found.files})
    lines = []
    for chapter in chapters:
        path = f"results/ard/{chapter}.parquet"
        differ = found.files.get(path, [])
        said = values.shortened(differ) if differ and not close else []
        lines.append(Line(path, counted.get(chapter, 0), FAILED if said else PASSED, "; ".join(said[:SHOWN])))
    return lines, found.digits


def _split(ids: pd.Series, held: pd.Series) -> pd.DataFrame:
    """Results as the lock compares them: numbers in one spelling, all else as text."""
    number = pd.to_numeric(held, errors="coerce")
    spelled = number.map(lambda value: "" if pd.isna(value) else repr(float(value) + 0.0))
    return pd.DataFrame({"id": ids, "value": spelled, "text": held.where(number.isna(), ""), "rest": ""})
