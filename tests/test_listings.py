"""The lines of listings: named by a display, brought in by who shows them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crf2csr import io, listings
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-TLF-01")

PATH = "results/ard/x/l.parquet"


@pytest.fixture
def chapter(tmp_path):
    """A chapter of one listing and one table, as the door of the tlf floor writes it."""
    table = pd.DataFrame(
        {
            "_ROW": pd.Series([2, 0], dtype="Int64"),
            "USUBJID": pd.Series(["2", "1"], dtype="str"),
            "GRADE": pd.Series(["3", np.nan], dtype="str"),
        }
    )
    io.write_table(tmp_path / PATH, table)
    listing = {"kind": "listing", "columns": [{"name": "GRADE", "label": "Grade"}]}
    displays = [listing | {"listing": {"dataset": "adae", "table": PATH, "lines": 2}}, {"kind": "table", "rows": []}]
    io.write_json(tmp_path / "results/tlf/x.json", {"chapter": "x", "displays": displays})
    return tmp_path / "results/tlf/x.json"


def test_lines_are_counted_without_being_read(chapter):
    with inside(chapter.parents[2]):
        assert listings.of(PATH) == listings.Lines(PATH, ["_ROW", "USUBJID", "GRADE"], 2)


def test_values_and_positions_are_brought_in_column_by_column(chapter):
    listing, table = listings.read_displays(chapter)["displays"]
    assert listing["listing"]["row"] == [2, 0]
    assert listing["listing"]["values"] == [["3", None]]
    assert table == {"kind": "table", "rows": []}


def test_they_can_be_left_where_they_are(chapter):
    listing = listings.read_displays(chapter, filled=False)["displays"][0]["listing"]
    assert listing == {"dataset": "adae", "table": PATH, "lines": 2}


def test_whoever_shows_lines_waits_for_all_of_them():
    with inside(ROOT):
        plan = Plan(Study(".", ROOT / "workflow" / "schemas"))
    listed = {path for job in plan.tlf.values() for name, path in job.inputs.items() if name != "facts"}
    assert len(listed) > 10
    for job in (plan.csr, *plan.paper.values()):
        assert listed <= set(job.inputs.values()), job.name
