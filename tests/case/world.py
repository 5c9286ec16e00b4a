"""The case report as a study, made anew by its generator, and what its page embeds."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from crf2csr.listings import read_displays
from crf2csr.specs import read_yaml
from synthetic import case
from tests.climb import ROOT, climb, copy_config

STUDY = ROOT / "studies/upadacitinib-case"
SEED = 1476584


def make(folder: Path, patients: int = 1) -> Path:
    """Write configuration and raw data of the study into ``folder``."""
    copy_config(STUDY, folder)
    case.write(case.generate(patients, SEED), folder / "data/raw", {"patients": patients, "seed": SEED})
    return folder


def changed(folder: Path, name: str, change: Any) -> Path:
    """Change one file of the configuration: ``change`` gets its content and alters it in place."""
    path = folder / "config" / name
    content = read_yaml(path)
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return folder


def run(folder: Path) -> Path:
    """Climb all floors."""
    climb(folder)
    return folder


def page(folder: Path) -> str:
    return (folder / "reports/csr-appendix.html").read_text(encoding="utf-8")


def payload(text: str) -> Any:
    """The rows that a page embeds."""
    found = re.search(r'<script type="text/plain" id="payload"[^>]*>([^<]*)</script>', text)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def cells(table: dict[str, Any], name: str) -> list[Any]:
    """One column of an embedded table."""
    column = next(c for c in table["columns"] if c["name"] == name)
    codes = column.get("i", range(len(column["d"])))
    if "r" in column:  # one code for a run of rows
        codes = [code for code, length in zip(codes, column["r"], strict=True) for _ in range(length)]
    return [None if code < 0 else column["d"][code] for code in codes]


def raw(folder: Path, form: str) -> list[dict[str, str]]:
    with (folder / f"data/raw/{form}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def day(text: str) -> date:
    year, month, dom = text.split("/")
    return date(int(year), int(month), int(dom))


def from_onset(text: str, onset: date) -> int:
    """The day from the onset: the onset is day 1, the day before it is day -1."""
    gap = (day(text) - onset).days
    return gap + 1 if gap >= 0 else gap


def display(folder: Path, ident: str) -> dict[str, Any]:
    for file in sorted((folder / "results/tlf").glob("*.json")):
        for one in read_displays(file)["displays"]:
            if one["id"] == ident:
                return one
    raise AssertionError(f"no display {ident}")


def printed(shown: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Head and cells of each row, as printed."""
    rows = [(row["head"], row["cells"]) for row in shown["rows"] if row["cells"]]
    return [(head, ["".join(p["t"] for p in parts) for parts in row]) for head, row in rows]
