"""A decimal comma counts where the manifest declares it, and only there; what was collected is kept as it is."""

from __future__ import annotations

import csv
import re

import pandas as pd
import pytest
import raw
import sdtm

from crf2csr import numbers, records
from crf2csr.errors import Cause
from crf2csr.plan import Plan, ordered
from crf2csr.sdtm import _results
from crf2csr.sdtm.review import _fields
from crf2csr.specs import Study
from tests import tiny
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-SDT-03")

MEASURED = {
    "VS.csv": ["TEMP", "WEIGHT", "HEIGHT"],
    "LB.csv": ["LBORRES", "LBORNRLO", "LBORNRHI"],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [("5,2", 5.2), ("-0,5", -0.5), ("12", 12.0), ("5.2", None), ("1.234,5", None), ("1,234,5", None), ("neg.", None)],
)
def test_with_a_declared_comma_a_point_is_the_ambiguous_mark(text, value):
    found = numbers.to_number(numbers.pointed(pd.Series([text], dtype="str"), ","))
    assert found.isna().all() if value is None else found.tolist() == [value]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5,2", "number", 5.2),
        ("5，2", "number", 5.2),
        ("<0,5", "limit", 0.5),
        ("5.2", "comma", None),
        ("5．2", "comma", None),
    ],
)
def test_marks_of_full_width_are_read_like_the_narrow_ones(text, kind, value):
    read = _results.read_all(numbers.pointed(pd.Series([text], dtype="str"), ","), {}, {}, []).iloc[0]
    assert read["kind"] == kind
    assert pd.isna(read["number"]) if value is None else read["number"] == value


def test_words_keep_their_marks_and_undeclared_text_is_left_alone():
    text = pd.Series(["neg.", "5,2", None], dtype="str")
    assert numbers.pointed(text, ",").tolist()[:2] == ["neg.", "5.2"]
    assert numbers.pointed(text, None) is text
    rows = pd.DataFrame({"REC": ["A:2", "B:2"], "X": ["5,2", "5,2"]}, dtype="str")
    crf = {"a": {"name": "A", "decimal": ","}, "b": {"name": "B"}}
    assert records.pointed(rows, "X", crf).tolist() == ["5.2", "5,2"]


@pytest.mark.parametrize(
    ("text", "decimal", "words"),
    [
        ("36,6", ".", "none is declared"),
        ("36.6", ",", "a decimal comma is declared"),
        ("36,6", ",", None),
        ("36.6", ".", None),
        ("366,6", ",", "is expected"),
    ],
)
def test_what_is_asked_about_a_number_depends_on_the_declared_mark(text, decimal, words):
    asked = _fields._number(text, {"type": "num", "lo": 30, "hi": 45, "decimal": decimal})
    assert asked is None if words is None else words in asked[2]


def spelled(folder, name, fields, foreign=()):
    """Write numbers of these fields with a comma, except on the lines ``foreign``."""
    file = folder / "data/raw" / name
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    at = [rows[0].index(f) for f in fields if f in rows[0]]
    assert at
    for line, row in enumerate(rows[1:], start=2):
        for column in at:
            if line not in foreign and any(c.isdigit() for c in row[column]):
                row[column] = row[column].translate(numbers.EXCHANGED)
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(rows)
    tiny.seal(folder, name)


def declare(folder, name):
    """Say of one file that it writes a decimal comma."""
    manifest = folder / "data/raw/manifest.yaml"
    before, after = manifest.read_text(encoding="utf-8").split(f"- name: {name}\n")
    entry, *others = after.split("\n- name: ")
    assert "  decimal: '.'" in entry or "  decimal: ." in entry
    entry = re.sub(r"  decimal: '?\.'?", "  decimal: ','", entry)
    manifest.write_text(before + f"- name: {name}\n" + "\n- name: ".join([entry, *others]), encoding="utf-8")


def tabulated(folder, *names):
    """The named domains and their queries, after the jobs that they need."""
    with inside(folder):
        plan = Plan(Study(".", ROOT / "workflow/schemas"))
        made = {path: job for job in [*plan.raw.values(), *plan.sdtm.values()] for path in job.outputs.values()}
        wanted, needed = [plan.sdtm[name] for name in names], {}
        while wanted:
            job = wanted.pop()
            needed[job.name, min(job.outputs.values())] = job
            wanted += [made[path] for path in job.inputs.values() if path in made and made[path] not in needed.values()]
        for job in ordered(needed.values()):
            (raw.stage if job in plan.raw.values() else sdtm.tabulate)(job)
        return [
            (pd.read_parquet(plan.sdtm[n].outputs["data"]), pd.read_parquet(plan.sdtm[n].outputs["queries"]))
            if "data" in plan.sdtm[n].outputs
            else (None, pd.read_parquet(plan.sdtm[n].outputs["queries"]))
            for n in names
        ]


def test_an_export_with_commas_gives_the_numbers_of_the_one_with_points(tmp_path):
    points, commas = tiny.make(tmp_path / "points"), tiny.make(tmp_path / "commas")
    (vs, _), (lb, asked), (_, reviewed) = tabulated(points, "vs", "lb", "review_vs")
    for name, fields in MEASURED.items():
        spelled(commas, name, fields)
        declare(commas, name)
    (vs2, _), (lb2, asked2), (_, reviewed2) = tabulated(commas, "vs", "lb", "review_vs")
    assert vs2["VSORRES"].str.contains(",").any() and lb2["LBORRES"].str.contains(",").any(), "kept as collected"
    same = ["VSSTRESN", "VSSTRESC", "VSSTRESU"]
    pd.testing.assert_frame_equal(vs2[same], vs[same])
    same = ["LBSTRESN", "LBSTRESC", "LBSTRESU", "LBSTNRLO", "LBSTNRHI", "LBNRIND"]
    pd.testing.assert_frame_equal(lb2[same], lb[same])
    for before, after in ((asked, asked2), (reviewed, reviewed2)):
        assert (
            after[["RULE", "REC", "FIELD"]].to_numpy().tolist() == before[["RULE", "REC", "FIELD"]].to_numpy().tolist()
        )


def test_a_comma_for_a_table_that_is_no_form_is_refused(tmp_path):
    folder = tiny.make(tmp_path)
    declare(folder, "coding.csv")
    with inside(folder), pytest.raises(Cause, match="only the file of a form"):
        Study(".", ROOT / "workflow/schemas")
