"""Which display and which subject stand in which file of a report of many files."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import io, spread
from crf2csr.csr import _layout
from crf2csr.csr._shares import Shares, of_study
from crf2csr.csr._subjects import Collected
from crf2csr.csr._subjects import lines as lines_of
from crf2csr.csr._subjects import listed as listed_in
from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from crf2csr.tables import Tables
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-CSR-13")


def display(name: str, fact: int) -> dict:
    return {"id": name, "rows": [{"cells": [[{"t": "1", "f": fact}]]}]}


FACTS = pd.DataFrame({"member_set": [0, 1, 2, None]})
SETS = pd.DataFrame(
    {"SET": [0, 1, 2], "DATASET": ["adlb", "adlb", "adae"], "ROWS": [[0, 1, 2], [2, 3], [0, 1, 2, 3, 4]]}
)
SECTIONS = [
    {"number": "14", "title": "Tables", "displays": []},
    {"number": "14.1", "title": "Subjects", "displays": [display("a", 0), display("b", 1), display("c", 3)]},
    {"number": "14.2", "title": "Events", "displays": [display("d", 2), display("e", 0)]},
]


def cut(most: int) -> list[tuple[str, list[str]]]:
    return [(f.stem, [d["id"] for d in f.displays()]) for f in _layout.files(SECTIONS, FACTS, SETS, most)]


def test_rows_of_two_displays_count_once_and_a_display_is_never_cut():
    assert cut(4) == [
        ("sections/14.1", ["a", "b", "c"]),
        ("sections/14.2", ["d"]),
        ("sections/14.2-2", ["e"]),
    ]


def test_a_file_that_is_full_is_followed_by_another_of_the_same_section():
    made = _layout.files(SECTIONS, FACTS, SETS, 3)
    assert cut(3)[:2] == [("sections/14.1", ["a"]), ("sections/14.1-2", ["b", "c"])]
    assert [(f.turn, f.of, f.title) for f in made[:2]] == [(1, 2, "Subjects"), (2, 2, "Subjects")]


def test_a_heading_without_displays_opens_the_file_of_the_section_behind_it_and_is_led_to_once():
    made = _layout.files(SECTIONS, FACTS, SETS, 3)
    places = [place for file in made for place in file.places()]
    assert places == ["s-14", "s-14.1", "a", "b", "c", "s-14.2", "d", "e"]


def test_every_subject_is_in_one_share_in_the_order_of_the_ids():
    shares = Shares([f"S-{n:02d}" for n in (7, 3, 1, 9, 5)], size=2, jobs=2)
    assert [shares.members(k) for k in range(shares.count)] == [["S-01", "S-03"], ["S-05", "S-07"], ["S-09"]]
    assert shares.of(pd.Series(["S-05", "S-99", None, "S-09"])).tolist() == [1, -1, -1, 2]
    assert [shares.of_job(job) for job in range(2)] == [[0, 1], [2]]
    assert [shares.stem(k) for k in range(3)] == ["subjects-1/001", "subjects-1/002", "subjects-2/003"]


def test_whoever_any_table_of_sdtm_or_adam_names_is_a_subject_of_the_study(tmp_path):
    made = {"sdtm/dm": ["A", "B"], "adam/adsl": ["B"], "sdtm/ae": ["C", None], "raw/dm": ["Z"]}
    for name, ids in made.items():
        io.write_table(tmp_path / f"{name}.parquet", pd.DataFrame({"USUBJID": pd.Series(ids, dtype="str")}))
    tables = Tables({name: str(tmp_path / f"{name}.parquet") for name in made})
    assert of_study(tables, {"subjects": 10}).subjects == ["A", "B", "C"]


def test_rows_are_taken_piece_by_piece_as_from_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(io, "PIECE", 3)
    frame = pd.DataFrame({"A": pd.Series(["x", None, "y", "x", "z", "y", "x"], dtype="str"), "N": range(7)})
    io.write_table(tmp_path / "t.parquet", frame)
    tables = Tables({"t": str(tmp_path / "t.parquet")})
    for rows in ([0, 2, 3, 6], [], [4], list(range(7))):
        some = tables.stored("t", rows=pd.Series(rows, dtype="int64").to_numpy())
        whole = tables["t"].iloc[rows].reset_index(drop=True)
        pd.testing.assert_frame_equal(some.rows(pd.RangeIndex(len(rows)).to_numpy()), whole)


def test_rows_of_no_subject_go_with_every_file_of_subjects(tmp_path):
    """A file of subjects holds its own rows and those of nobody, so that the latter are lost in none."""
    every = pd.DataFrame({"USUBJID": pd.Series(["A", None, "B", "A"], dtype="str"), "N": [1, 2, 3, 4]})
    listed = pd.DataFrame({"_ROW": [1, 2, 3], "N": pd.Series(["2", "3", "4"], dtype="str")})
    traced = pd.DataFrame({"ROW": [0, 1, 2, 3], "SEQ": [1, 2, 3, 4]})
    for name, frame in {"data": every, "lines": listed, "trace": traced}.items():
        io.write_table(tmp_path / f"{name}.parquet", frame)
    tables, lines, traces = (
        Tables({key: str(tmp_path / f"{name}.parquet")})
        for key, name in (("adam/adx", "data"), ("l-1", "lines"), ("adam/adx", "trace"))
    )
    nothing = pd.DataFrame({"raw": [], "row": [], "share": []})
    display = {"id": "l-1", "columns": [{"name": "N", "label": "N"}], "listing": {"dataset": "adx"}}
    for job, (rows, numbers) in enumerate((([0, 1, 3], ["2", "4"]), ([1, 2], ["2", "3"]))):
        collected = Collected(tables, traces, [], Shares(["A", "B"], size=1, jobs=2), job, nothing)
        held, trace = collected.held["adam/adx"], collected.traces["adam/adx"]
        assert held.positions[held.of(job)].tolist() == rows
        assert trace.stored.rows(trace.of(job))["SEQ"].tolist() == [row + 1 for row in rows]
        (shown,) = listed_in([display], lines_of(lines, [display], collected), job)
        assert shown["listing"]["values"] == [numbers]


def plan_of(folder, text: str) -> Plan:
    file = folder / "config/csr.yaml"
    file.write_text((ROOT / "config/csr.yaml").read_text(encoding="utf-8") + text, encoding="utf-8")
    with inside(folder):
        return Plan(Study(".", ROOT / "workflow/schemas"))


@pytest.fixture
def folder(tmp_path):
    for name in ("config", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "config").unlink()
    (tmp_path / "config").mkdir()
    for entry in (ROOT / "config").iterdir():
        if entry.name != "csr.yaml":
            (tmp_path / "config" / entry.name).symlink_to(entry)
    return tmp_path


def test_a_study_asks_for_many_files_and_the_gate_waits_for_all_of_them(folder):
    assert plan_of(folder, "").subjects == {}
    plan = plan_of(folder, "split: {subjects: 20, jobs: 3}\n")
    assert plan.csr.outputs["sections"] == "reports/csr-appendix/sections"
    folders = [job.outputs["folder"] for job in plan.subjects.values()]
    assert folders == [f"reports/csr-appendix/subjects-{k}" for k in (1, 2, 3)]
    assert set(folders) <= set(plan.gate.after.values())


def test_a_report_in_many_files_needs_a_profile_and_shows_dates(folder):
    plan = plan_of(folder, "split: {subjects: 20}\n")
    del plan.study.csr["profile"]
    with pytest.raises(Cause, match="needed by split"):
        spread.jobs(plan.study, plan.csr)
    plan = plan_of(folder, "split: {subjects: 20}\n")
    plan.study.page["privacy"] = {"dates": "days"}
    with pytest.raises(Cause, match="is one file"):
        spread.jobs(plan.study, plan.csr)
