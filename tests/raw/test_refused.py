"""An export that must not be used stops the run with one line: where and why; what can be set aside is told."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import raw
import sdtm

from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from synthetic import corrupt
from tests.climb import ROOT, copy_config, inside

pytestmark = pytest.mark.req("URS-RAW-03")

# Corruption: the line of the file that the cause names (None: no line can be named), the field, words of the rule.
STOPS = {
    "undecodable_byte": (3, None, r"byte ff at offset \d+ is not UTF-8"),
    "wrong_encoding": (2, None, r"byte 81.* at offset \d+ is not GB18030"),
    "utf16": (1, None, r"byte ff at offset 0 is not UTF-8"),
    "nul": (2, None, "NUL"),
    "ragged_row": (5, None, r"ragged row: \d+ cells where the header has \d+"),
    "short_row": (5, None, r"ragged row: \d+ cells where the header has \d+"),
    "unbalanced_quote": (4, None, "quote"),
    "separator_line": (1, None, "sep="),
    "duplicate_column": (1, "WEIGHT", "stands twice"),
    "missing_column": (1, "PGASC", "column of the contract is missing"),
    "renamed_column": (1, "PGASC", "column of the contract is missing"),
    "label_row": (2, "SUBJID", "row of labels"),
    "damaged_subject": (2, "SUBJID", "subject id does not match"),
}


def study(folder: Path, name: str, **more: object) -> tuple[Path, str]:
    """The study's configuration beside a corrupted copy of its export, and the form that is wrong."""
    copy_config(ROOT, folder)
    (folder / "data").mkdir()
    corrupt.corrupt(name, ROOT / "data/raw", folder / "data/raw", **more)
    return folder, corrupt.CORRUPTIONS[name][1].lower()


def plan() -> Plan:
    return Plan(Study(".", ROOT / "workflow/schemas", {}))


def test_every_corruption_of_the_generator_has_its_reaction_here():
    set_aside = {"total_line", "byte_order_mark", "damaged_subject_elsewhere"}
    assert set(corrupt.CORRUPTIONS) == set(STOPS) | set_aside


@pytest.mark.parametrize("name", STOPS)
def test_a_corrupted_export_stops_the_run_and_names_the_place(tmp_path, name):
    line, field, words = STOPS[name]
    folder, form = study(tmp_path, name)
    with inside(folder), pytest.raises(Cause) as found:
        raw.stage(plan().raw[form])
    assert found.value.file == f"data/raw/{form.upper()}.csv"
    assert (found.value.line, found.value.field) == (line, field)
    assert re.search(words, found.value.rule), found.value.rule


def test_a_file_that_is_not_the_one_of_the_manifest_stops_the_run(tmp_path):
    folder, form = study(tmp_path, "byte_order_mark", seal=False)
    with inside(folder), pytest.raises(Cause, match="sha256 differs"):
        raw.stage(plan().raw[form])


def test_two_files_for_one_form_stop_the_run_and_are_both_named(tmp_path):
    copy_config(ROOT, tmp_path)
    (tmp_path / "data").mkdir()
    corrupt.second_file(ROOT / "data/raw", tmp_path / "data/raw")
    with inside(tmp_path), pytest.raises(Cause) as found:
        plan()
    assert found.value.field == "VS" and found.value.value == "VS.csv, VS_20260901.csv"


def test_a_byte_order_mark_is_no_data(tmp_path):
    folder, form = study(tmp_path, "byte_order_mark")
    with inside(folder):
        job = plan().raw[form]
        raw.stage(job)
        staged = pd.read_parquet(job.outputs["data"])
    assert staged.columns[:2].tolist() == ["LINE", "STUDYID"] and len(staged) == 72


def test_a_line_that_counts_the_records_is_set_aside_and_told(tmp_path):
    folder, form = study(tmp_path, "total_line")
    with inside(folder):
        job = plan().raw[form]
        raw.stage(job)
        staged, told = pd.read_parquet(job.outputs["data"]), pd.read_parquet(job.outputs["queries"])
    lines = len((ROOT / "data/raw/DA.csv").read_text(encoding="utf-8").splitlines())
    assert len(staged) == lines - 1
    assert told[["RULE", "REC", "VALUE"]].to_numpy().tolist() == [
        ["P19", f"DA:{lines + 1}", f"Total records: {lines - 1}"]
    ]


def test_a_damaged_subject_id_elsewhere_goes_to_quarantine_with_a_blocker(tmp_path):
    folder, form = study(tmp_path, "damaged_subject_elsewhere")
    with inside(folder):
        made = plan()
        for name in ("dm", "icf", "ds", form):
            raw.stage(made.raw[name])
        sdtm.tabulate(made.sdtm["register"])
        from crf2csr.sdtm import _screen

        page = made.study.page
        screened = _screen.screen(
            pd.read_parquet(made.raw[form].outputs["data"]),
            made.study.crf[form],
            pd.read_parquet("results/sdtm/register.parquet"),
            page["subjects"]["pattern"],
            page["visits"],
        )
    told = screened.query_table()
    bad = told[told["RULE"] == "P23"]
    assert bad[["REC", "FIELD", "SEVERITY"]].to_numpy().tolist() == [["AE:2", "SUBJID", "blocker"]]
    assert "AE:2" not in set(screened.data["REC"])
    assert "quarantined: subject id is malformed" in set(screened.ledger.frame()["REASON"])
