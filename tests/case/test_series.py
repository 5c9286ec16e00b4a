"""A case series is the same study with more rows: nothing of the configuration changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.case.world import day, display, from_onset, printed, raw

pytestmark = pytest.mark.req("URS-STU-04")


def test_every_patient_stands_in_every_display(three: Path):
    assert [head for head, _ in printed(display(three, "t-1"))] == ["C01", "C02", "C03"]
    heads = [row["head"] for row in display(three, "t-2")["rows"] if row.get("section")]
    assert [head.rpartition("-")[2] for head in heads] == ["C01", "C02", "C03"]
    assert len(printed(display(three, "t-2"))) == len(raw(three, "tx")) == 13
    assert all(f"Patient 01-C0{n}" in display(three, "f-1")["svg"] for n in (1, 2, 3))
    assert len(display(three, "front-result")["sentences"]) == 3


def test_the_days_of_each_patient_run_from_her_own_onset(three: Path):
    onset = {row["CASE_ID"]: day(row["ONSET"]) for row in raw(three, "pat")}
    shown = display(three, "l-4")
    names = [c["name"] for c in shown["columns"]]
    pairs = zip(*(shown["listing"]["values"][names.index(n)] for n in ("SUBJID", "ADYON")), strict=True)
    wanted = [(r["CASE_ID"], str(from_onset(r["DATE"], onset[r["CASE_ID"]]))) for r in raw(three, "lab")]
    assert sorted(pairs) == sorted(wanted)


def test_a_milestone_that_a_patient_has_not_as_a_column_is_a_dash(three: Path):
    rows = display(three, "t-3")["rows"]
    columns = [c["label"] for c in display(three, "t-3")["columns"]]
    second = next(n for n, row in enumerate(rows) if row.get("section") and row["head"].endswith("C02"))
    cells = ["".join(p["t"] for p in parts) for parts in rows[second + 1]["cells"]]
    assert cells[columns.index("Omalizumab")] == "-"
    assert cells[columns.index("Upadacitinib")].startswith("day ")


def test_the_gate_of_the_series_is_open(three: Path):
    assert "every ledger balances" in (three / "results/gate.txt").read_text(encoding="utf-8")
