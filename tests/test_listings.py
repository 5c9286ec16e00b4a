"""The lines of listings: named by a display, read by those who print them, and never those of another run."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.listings import read_displays

pytestmark = pytest.mark.req("URS-TLF-03")

TABLE = "results/ard/safety/events.parquet"


def chapter(folder, lines=3, **change):
    """A study of one chapter: a table, and a listing of two columns of its table of lines."""
    about = {"dataset": "adae", "table": TABLE, "lines": lines} | change
    columns = [{"name": "TERM", "label": "Term"}, {"name": "USUBJID", "label": "Subject"}]
    shown = [{"id": "t-1", "rows": []}, {"id": "l-1", "columns": columns, "listing": about}]
    io.write_json(folder / "results/tlf/safety.json", {"chapter": "safety", "displays": shown})
    return folder / "results/tlf/safety.json"


def write(folder, *terms):
    frame = pd.DataFrame({"_ROW": [7, 2, 5][: len(terms)], "USUBJID": ["S-1", "S-2", "S-1"][: len(terms)]})
    io.write_table(folder / TABLE, frame.assign(TERM=pd.Series(terms, dtype="str")))


@pytest.fixture
def study(tmp_path):
    write(tmp_path, "rash", None, "rash")
    return tmp_path


def test_a_listing_is_filled_by_column_and_a_table_is_left_as_it_is(study):
    table, listing = read_displays(chapter(study))["displays"]
    assert table == {"id": "t-1", "rows": []}
    assert listing["listing"]["row"] == [7, 2, 5] and all(type(row) is int for row in listing["listing"]["row"])
    assert listing["listing"]["values"] == [["rash", None, "rash"], ["S-1", "S-2", "S-1"]]
    assert listing["listing"]["dataset"] == "adae"


def test_a_study_is_found_from_within_and_a_listing_may_have_no_line(tmp_path, monkeypatch):
    write(tmp_path)
    chapter(tmp_path, lines=0)
    monkeypatch.chdir(tmp_path)
    filled = read_displays("results/tlf/safety.json")["displays"][1]["listing"]
    assert filled["row"] == [] and filled["values"] == [[], []]


def test_lines_of_another_run_are_refused(study):
    with pytest.raises(Cause, match=r"events\.parquet, value '3': is not of 4 lines, as l-1 in .*safety\.json says"):
        read_displays(chapter(study, lines=4))
    io.write_table(study / TABLE, pd.DataFrame({"_ROW": [1, 2, 3], "USUBJID": ["S-1"] * 3}))
    with pytest.raises(Cause, match=r"events\.parquet, field TERM: lacks a column of l-1 in .*safety\.json"):
        read_displays(chapter(study))


def test_a_table_that_is_not_there_is_named(study):
    (study / TABLE).unlink()
    with pytest.raises(Cause, match=r"events\.parquet: is missing: an earlier step did not write it"):
        read_displays(chapter(study))


def test_displays_of_another_version_are_told(study):
    file = chapter(study)
    shown = io.read_json(file)
    del shown["displays"][1]["listing"]["table"]
    io.write_json(file, shown)
    with pytest.raises(Cause, match=r"safety\.json, field l-1: names no table of lines: another version made it"):
        read_displays(file)
