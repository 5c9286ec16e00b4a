"""Two cuts of the tiny study: every record is accounted for, and exactly what was changed is told."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest

from compare.__main__ import EVERY, compare, main, sheets, write
from compare.cut import Cut, open_cut
from crf2csr.errors import Cause
from tests import tiny

pytestmark = pytest.mark.req("URS-CUT-01")

HOSTILE = "=HYPERLINK(A1)<script>alert(1)</script>\u202e"


def edit(folder: Path, name: str, change) -> None:
    """Read a raw file as lines of cells, change them, write and seal it."""
    file = folder / "data/raw" / name
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    rows = change(rows)
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(rows)
    tiny.seal(folder, name)


OPENED: dict[Path, Cut] = {}


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    """The first cut, which no test changes: opened once."""
    folder = tiny.make(tmp_path_factory.mktemp("cuts") / "old")
    OPENED[folder] = open_cut("old", folder)
    return folder


@pytest.fixture
def new(old, tmp_path) -> Path:
    return shutil.copytree(old, tmp_path / "new")


def found(old: Path, new: Path):
    return compare(OPENED.get(old) or open_cut("old", old), open_cut("new", new))


def line(table: pd.DataFrame, form: str) -> dict:
    return table[table["form"] == form].iloc[0].to_dict()


def test_the_same_cut_differs_in_nothing_and_its_missing_results_are_said(old, new):
    made = found(old, new)
    forms = made.forms.forms
    assert forms[["changed", "removed", "added", "ambiguous_old", "ambiguous_new"]].to_numpy().sum() == 0
    assert (forms["same"] == forms["rows_old"]).all() and forms["rows_old"].sum() > 500
    assert made.results is None and made.queries is None
    assert all("has no results. Run: snakemake" in text for text in made.unfit) and len(made.unfit) == 2
    assert not {"results.csv", "queries.csv"} & set(sheets(made)), "a table that was not made is none, not an empty one"


def test_one_record_added_one_removed_one_changed_and_one_doubled(old, new):
    def change(rows):
        head = rows[0]
        gone = rows.pop(3)
        changed = rows[5]
        changed[head.index("PULSE")] = "201"
        rows.append([*gone[: head.index("EVENTREP")], "7", *gone[head.index("EVENTREP") + 1 :]])
        rows.insert(2, list(rows[1]))
        return rows

    edit(new, "VS.csv", change)
    made = found(old, new).forms
    counts = line(made.forms, "VS")
    assert [counts[k] for k in ("changed", "removed", "added", "ambiguous_old", "ambiguous_new")] == [1, 1, 1, 1, 2]
    assert counts["rows_new"] == counts["same"] + 4 and counts["rows_old"] == counts["same"] + 3
    assert (counts["double_keys_old"], counts["double_keys_new"], counts["duplicates_new"]) == (0, 1, 1)
    assert (made.forms[made.forms["form"] != "VS"]["same"] == made.forms[made.forms["form"] != "VS"]["rows_new"]).all()
    (cell,) = made.cells.to_dict("records")
    assert (cell["form"], cell["field"], cell["new"]) == ("VS", "PULSE", "201")
    assert cell["old"] not in ("", "201")
    # The record behind the removed one and before the doubled one: its line moved, and is told of both cuts.
    assert (cell["line_old"], cell["line_new"]) == (7, 7)
    kinds = made.records.groupby("what").size().to_dict()
    assert kinds == {"added": 1, "removed": 1, "changed": 1, "ambiguous": 3}
    assert made.records.loc[made.records["what"] == "ambiguous", "note"].eq("the records differ").all()
    assert made.subjects[["added", "removed", "changed"]].sum().tolist() == [1, 1, 1]


def test_columns_and_lines_that_only_moved_change_nothing(old, new):
    edit(new, "VS.csv", lambda rows: [list(reversed(row)) for row in [rows[0], *reversed(rows[1:])]])
    counts = line(found(old, new).forms.forms, "VS")
    assert counts["same"] == counts["rows_old"] == counts["rows_new"]


def test_a_key_that_is_double_in_both_cuts_with_the_same_records_is_told_so(old, new, tmp_path):
    before = shutil.copytree(old, tmp_path / "before")
    for folder in (before, new):
        edit(folder, "VS.csv", lambda rows: [*rows[:2], [*rows[1][:-1], "99"], *rows[2:]])
    edit(new, "VS.csv", lambda rows: [rows[0], rows[2], rows[1], *rows[3:]])
    made = found(before, new).forms
    assert [line(made.forms, "VS")[k] for k in ("changed", "ambiguous_old", "ambiguous_new")] == [0, 2, 2]
    notes = made.records.loc[made.records["what"] == "ambiguous", "note"]
    assert notes.eq("the same records in both cuts").all()


def test_a_record_that_was_only_saved_again_is_the_same_and_counted(old, new):
    def stamp(rows):
        rows[1][rows[0].index("LASTMOD")] = "2026-12-01T10:00:00"
        return rows

    edit(new, "DM.csv", stamp)
    counts = line(found(old, new).forms.forms, "DM")
    assert (counts["changed"], counts["saved_again"]) == (0, 1)


def test_a_word_for_a_visit_is_a_changed_cell_and_no_other_record(old, new):
    def word(rows):
        at = rows[0].index("EVENT")
        row = next(r for r in rows if r[at] == "W4")
        row[at] = "Week 4"
        return rows

    edit(new, "NRS.csv", word)
    made = found(old, new).forms
    assert [line(made.forms, "NRS")[k] for k in ("changed", "added", "removed")] == [1, 0, 0]
    assert made.cells[["field", "old", "new"]].to_numpy().tolist() == [["EVENT", "W4", "Week 4"]]


def test_a_column_that_only_one_cut_has_is_named_and_compared_with_nothing(old, new):
    edit(new, "NRS.csv", lambda rows: [[*row, "EXTRA" if n == 0 else "x"] for n, row in enumerate(rows)])
    counts = line(found(old, new).forms.forms, "NRS")
    assert counts["columns_new_only"] == "EXTRA" and counts["changed"] == 0


def test_fields_that_the_contract_names_tell_records_of_one_key_apart(old, new, tmp_path):
    before = shutil.copytree(old, tmp_path / "before")

    def number_nothing(rows):
        at = [rows[0].index(k) for k in ("FORMREP", "GRPREP")]
        return [rows[0], *([*(("1" if n in at else c) for n, c in enumerate(row))] for row in rows[1:])]

    for folder in (before, new):
        edit(folder, "LB.csv", number_nothing)
    assert line(found(before, new).forms.forms, "LB")["ambiguous_old"] > 0
    for folder in (before, new):
        contract = folder / "config/crf/lb.yaml"
        text = contract.read_text(encoding="utf-8")
        contract.write_text(
            text.replace("date: LBDAT", "date: LBDAT\nidentified_by: [LBTEST, LBDAT]"), encoding="utf-8"
        )
    assert line(found(before, new).forms.forms, "LB")["ambiguous_old"] == 0


def test_the_coding_file_is_compared_row_by_row(old, new):
    edit(new, "coding.csv", lambda rows: rows[:-1])
    tables = found(old, new).forms.tables.set_index("table")
    assert tables.loc["coding", ["removed", "added"]].tolist() == [1, 0]


def test_what_the_cuts_declare_otherwise_is_told_by_file_and_key(old, new):
    page = new / "config/config.yaml"
    page.write_text(
        page.read_text(encoding="utf-8").replace("cutoff: 2026-10-15", "cutoff: 2026-11-15"), encoding="utf-8"
    )
    (new / "config/tlf/change.yaml").write_bytes(
        (new / "config/tlf/change.yaml").read_bytes() + b"\n# a comment only\n"
    )
    made = found(old, new).configuration
    assert made.to_numpy().tolist() == [["config.yaml", "study.cutoff", "2026-10-15", "2026-11-15"]]


def test_two_studies_are_no_two_cuts(old, new):
    page = new / "config/config.yaml"
    text = page.read_text(encoding="utf-8")
    study = next(row.split()[-1] for row in text.splitlines() if row.startswith("  id: "))
    page.write_text(text.replace(f"  id: {study}", "  id: OTHER-1"), encoding="utf-8")
    with pytest.raises(Cause, match="two studies"):
        found(old, new)


def test_a_file_that_is_not_the_one_received_stops_and_names_the_cut(old, new, capsys):
    file = new / "data/raw/VS.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    assert main([str(old), str(new)]) == 1
    said = capsys.readouterr().err
    assert "[new cut" in said and "sha256 differs" in said and "Traceback" not in said


@pytest.mark.req("URS-SEC-01")
def test_hostile_text_is_shown_and_never_obeyed_and_numbers_stay(old, new, tmp_path):
    def change(rows):
        head = rows[0]
        rows[1][head.index("PULSE")] = HOSTILE
        rows[2][head.index("PULSE")] = "-3.2"
        rows[3][head.index("PULSE")] = "@SUM(A1)"
        return rows

    edit(new, "VS.csv", change)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept", encoding="utf-8")
    (out / "results.csv").write_text("of an earlier comparison", encoding="utf-8")
    write(found(old, new), out)
    assert sorted(p.name for p in out.iterdir()) == sorted(
        {"index.html", "mine.txt", *EVERY} - {n for n in EVERY if n.startswith(("results", "queries"))}
    )
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "<script" not in text and "\u202e" not in text and "⟨U+202E⟩" in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert (out / "cells.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (out / "cells.csv").open(encoding="utf-8-sig", newline="") as source:
        values = [row["new"] for row in csv.DictReader(source)]
    assert values == ["'=HYPERLINK(A1)<script>alert(1)</script>⟨U+202E⟩", "-3.2", "'@SUM(A1)"]
