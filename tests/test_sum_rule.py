"""Rows in are accounted for: in every study that ships, for every form, the records of the export are all somewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.climb import ROOT, SHARED, climb, copy_config

pytestmark = pytest.mark.req("URS-ACC-01")

CHARACTERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
RAW = {
    "shipped": ROOT / "data/raw",
    "case": ROOT / "studies/upadacitinib-case/data/raw",
    "pilot": SHARED / "data/cdiscpilot/raw",
}


@pytest.fixture(scope="session")
def case(once) -> Path:
    """The case report after the floors that account for its records."""

    def make(folder: Path) -> None:
        copy_config(ROOT / "studies/upadacitinib-case", folder)
        (folder / "data").symlink_to(ROOT / "studies/upadacitinib-case/data")
        climb(folder, ("raw", "sdtm"))

    return once("case_accounted", make)


def records(study: Path, raw: Path) -> dict[str, int]:
    """Records of each form that stands alone in a delimited file, by the reader of the standard library."""
    named = yaml.safe_load((study / "config/config.yaml").read_text(encoding="utf-8"))["raw"]["manifest"]
    places = [study / named, raw / Path(named).name]
    manifest = yaml.safe_load(next(p for p in places if p.exists()).read_text(encoding="utf-8"))
    found = {}
    for entry in manifest["files"]:
        if entry.get("adapter", "delimited") == "delimited" and "form" in entry:
            mark = entry.get("delimiter", ",")
            above = ("labels" in entry) + bool(entry.get("separator_line"))  # lines beside names and records
            with (raw / entry["name"]).open(encoding=entry["encoding"], newline="") as file:
                rows = csv.reader(file, delimiter=CHARACTERS.get(mark, mark))
                found[entry["form"]] = sum(1 for cells in rows if cells) - 1 - above
    return found


@pytest.mark.parametrize("name", ["shipped", "pilot", "case"])
def test_every_record_of_every_form_became_a_row_or_left_for_a_reason(request, name):
    study: Path = request.getfixturevalue(name)
    ledger = pd.read_parquet(study / "results/sdtm/_ledger/_forms.parquet")
    forms = {yaml.safe_load(p.read_text(encoding="utf-8"))["name"] for p in (study / "config/crf").glob("*.yaml")}
    assert set(ledger["SOURCE"]) == forms and forms
    by = ledger.groupby("SOURCE")
    assert (by[["ROWS_IN", "ROWS_OUT"]].nunique() == 1).all(axis=None)
    table = by.agg(n=("ROWS_IN", "first"), out=("ROWS_OUT", "first"), lost=("ROWS_LOST", "sum"))
    assert (table["n"] == table["out"] + table["lost"]).all()
    assert not ledger["REASON"].eq("not accounted for").any()
    assert (ledger.loc[ledger["ROWS_LOST"] > 0, "REASON"] != "").all()
    paths = {form: study / f"results/raw/{form.lower()}.parquet" for form in forms}
    staged = {form: len(pd.read_parquet(path, columns=["LINE"])) for form, path in paths.items()}
    assert table["n"].to_dict() == staged
    counted = {form: n for form, n in records(study, RAW[name]).items() if form in forms}
    told = pd.concat([pd.read_parquet(p) for p in (study / "results/raw/_queries").glob("*.parquet")])
    aside = told.loc[(told["RULE"] == "P19") & (told["FIELD"] == "*"), "FORM"].value_counts()
    assert counted
    for form, n in counted.items():
        assert staged[form] == n - aside.get(form, 0), form
