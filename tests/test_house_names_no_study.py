"""A study is data: the house under ``workflow/`` names no study, no drug and no column of an export."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crf2csr.specs import read_yaml
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-CFG-02")

STUDIES = [ROOT / "config", *sorted(ROOT.glob("studies/*/config"))]
HOUSE = [
    ROOT / "Snakefile",
    *sorted(p for p in (ROOT / "workflow").rglob("*") if p.is_file() and p.suffix not in (".pyc", ".csv")),
]
# Drugs, sponsors' codes and diseases of the studies at hand, in any case.
WORDS = [
    "NCT07270003",
    "ivarmacitinib",
    "SHR0302",
    "IVA4",
    "CDISCPILOT",
    "xanomeline",
    "Xan_",
    "alzheimer",
    "upadacitinib",
    "omalizumab",
    "PPP-CASE",
    "UPA15",
]


def pages() -> list[dict]:
    return [read_yaml(config / "config.yaml") for config in STUDIES]


def names_of_studies() -> set[str]:
    """Ids of studies, and codes and labels of their treated arms (a placebo is nobody's own)."""
    arms = [arm for page in pages() for arm in page["arms"] if arm.get("treated", True)]
    found = {page["study"]["id"] for page in pages()} | {arm[k] for arm in arms for k in ("code", "label")}
    return {name for name in found if not re.fullmatch("placebo|pbo", name, flags=re.IGNORECASE)}


def columns_of_exports() -> set[str]:
    """Columns that bear another name than the field or key of the contract that they stand for.

    A field itself is named in the words of the standard (SDTM, CDASH), which the house may speak.
    """
    own: set[str] = set()
    for config in STUDIES:
        for file in (config / "crf").glob("*.yaml"):
            form = read_yaml(file)
            own |= {f["column"] for name, f in form["fields"].items() if f.get("column", name) != name}
            own |= {column for key, column in (form.get("keys") or {}).items() if column != key}
    return own


def lines_with(pattern: str, flags: int = 0) -> list[str]:
    """Every line of the house that matches, as file:line: text."""
    found = re.compile(pattern, flags)
    return [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in HOUSE
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if found.search(line)
    ]


def alternatives(words: set[str]) -> str:
    return r"(?<![\w.])(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")(?![\w.])"


def test_the_house_has_files_and_the_studies_have_names():
    assert len(HOUSE) > 50 and len(STUDIES) >= 3
    assert {"NCT07270003", "CDISCPILOT01", "PPP-CASE-01"} <= names_of_studies()
    assert {"PATNUM", "IT.AESTDAT", "FOLDER", "INSTANCE", "CASE_ID"} <= columns_of_exports()


@pytest.mark.parametrize("word", WORDS)
def test_no_word_of_a_study_stands_in_the_house(word):
    assert lines_with(re.escape(word), re.IGNORECASE) == []


def test_no_id_or_arm_of_a_study_stands_in_the_house():
    assert lines_with(alternatives(names_of_studies()), re.IGNORECASE) == []


def test_no_column_of_an_export_stands_in_the_house():
    named = "|".join(sorted(map(re.escape, columns_of_exports())))
    assert lines_with(rf"""["']({named})["']""") == []
    assert lines_with(r"PATNUM|\bIT\.[A-Z]") == []


def test_a_named_study_would_be_found(tmp_path: Path, monkeypatch):
    guilty = tmp_path / "room.py"
    guilty.write_text('if study == "CDISCPILOT01" and "PATNUM" in rows:\n', encoding="utf-8")
    monkeypatch.setattr("tests.test_house_names_no_study.HOUSE", [guilty])
    monkeypatch.setattr("tests.test_house_names_no_study.ROOT", tmp_path)
    assert len(lines_with("cdiscpilot", re.IGNORECASE)) == 1
    assert len(lines_with(alternatives({"PATNUM"}))) == 1
