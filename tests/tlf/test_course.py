"""Tables of single rows, sentences, the clinical course, checklists: numbers are bound, what is missing is said."""

from __future__ import annotations

from xml.etree import ElementTree

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.tlf import checklist, course, sentences, values
from crf2csr.tlf._cells import Nothing
from tests.tlf._shelf import ONE, people, shelf, texts, unbound

pytestmark = pytest.mark.req("URS-TLF-07")

ROWS = pd.DataFrame(
    {
        "USUBJID": ["1", "1", "1", "1"],
        "LINE": ["A", "A", "B", "B"],
        "PARAM": ["X", "Y", "X", "Y"],
        "AVAL": [1.0, None, 3.0, 4.0],
        "SGN": ["<", None, None, None],
        "CNSR": [0, 1, 0, 0],
    }
)
VALUES = {
    "id": "v",
    "label": "v",
    "method": "values",
    "dataset": "adx",
    "options": {"columns": {"LINE": "text", "PARAM": "text", "AVAL": "d1", "SGN": "text", "CNSR": "d0"}},
}


def made(room, spec: dict, rows: pd.DataFrame = ROWS, n: int = 1, **where: dict):
    frame = rows.astype({"USUBJID": "str", "LINE": "str", "PARAM": "str", "SGN": "str"})
    return room.display(
        {"id": "t", "title": "t", "analysis": "v", **spec},
        shelf([VALUES | where], {"adsl": people(n), "adx": frame}),
        ONE,
    )


def test_a_row_of_data_is_a_row_of_the_table_and_what_may_be_missing_is_left_out():
    shown = made(
        values, {"row": "{PARAM}, {LINE}", "columns": [{"label": "Value", "show": "{SGN?}{AVAL}", "absent": "none"}]}
    )
    assert texts(shown) == {"X, A": ["<1.0"], "Y, A": ["none"], "X, B": ["3.0"], "Y, B": ["4.0"]}
    assert unbound(shown) == []


def test_across_puts_the_rows_of_a_key_side_by_side():
    shown = made(
        values, {"row": "{PARAM}", "across": "{LINE}", "show": "{AVAL}", "absent": "-"}, rows=ROWS.drop(index=3)
    )
    assert [c["label"] for c in shown["columns"]] == ["A", "B"]
    assert texts(shown) == {"X": ["1.0", "3.0"], "Y": ["-", "-"]}


def test_a_template_may_depend_on_a_value():
    show = {"of": "CNSR", "when": {"0": "seen: {AVAL}"}, "other": "not seen"}
    assert list(texts(made(values, {"row": "{PARAM} {LINE}", "columns": [{"label": "", "show": show}]})).values()) == [
        ["seen: 1.0"],
        ["not seen"],
        ["seen: 3.0"],
        ["seen: 4.0"],
    ]
    with pytest.raises(Cause, match="a choice of templates"):
        made(values, {"row": "{PARAM}", "columns": [{"label": "", "show": show | {"else": ""}}]})


def test_several_subjects_have_headings_of_their_own():
    rows = pd.concat([ROWS, ROWS.assign(USUBJID="2")], ignore_index=True)
    shown = made(
        values, {"row": "{PARAM}", "section": "{LINE}", "columns": [{"label": "", "show": "{CNSR}"}]}, rows=rows, n=2
    )
    assert [r["head"] for r in shown["rows"] if r.get("section")] == [
        "Patient 1, A",
        "Patient 1, B",
        "Patient 2, A",
        "Patient 2, B",
    ]


def test_no_row_is_nothing_to_draw():
    with pytest.raises(Nothing):
        made(values, {"row": "{PARAM}", "columns": []}, where={"PARAM": "Z"})


def test_a_sentence_for_each_row_names_the_subject_where_there_are_several():
    one = made(sentences, {"show": "{LINE} gave {AVAL}."}, rows=ROWS.iloc[[0]])
    assert "".join(p["t"] for p in one["sentences"][0]) == "A gave 1.0."
    two = made(
        sentences,
        {"show": "{AVAL}"},
        rows=pd.concat([ROWS.iloc[[0]], ROWS.iloc[[2]].assign(USUBJID="2")], ignore_index=True),
        n=2,
    )
    assert ["".join(p["t"] for p in said) for said in two["sentences"]] == ["Patient 1: 1.0", "Patient 2: 3.0"]


BANDS = pd.DataFrame(
    {"USUBJID": ["1", "1"], "FROM": [10.0, 60.0], "TO": [50.0, 100.0], "NAME": ["Early", "Late"]}
).astype({"USUBJID": "str", "NAME": "str"})
SCORES = pd.DataFrame({"USUBJID": "1", "DAY": [10.0, 40.0, 90.0], "AVAL": [20.0, 10.0, 0.0]}).astype({"USUBJID": "str"})
MARKERS = pd.DataFrame(
    {
        "USUBJID": "1",
        "PARAM": ["M", "M", "N"],
        "DAY": [10.0, 90.0, 90.0],
        "AVAL": [50.0, 0.5, 7.0],
        "LIM": 1.0,
        "HI": [30.0, 30.0, None],
        "DTYPE": [None, "HALFLLOQ", None],
    }
).astype({"USUBJID": "str", "PARAM": "str", "DTYPE": "str"})


def figure(**changes) -> dict:
    def points(name: str, dataset: str, **more) -> dict:
        return {"id": name, "label": name, "method": "points", "dataset": dataset, **more}

    by = {"by": ["PARAM"]}
    specs = [
        points("bands", "adph", options={"x": "FROM", "y": "TO", "mark": "NAME", "format": "d0"}),
        points("score", "adcc", options={"x": "DAY", "y": "AVAL", "format": "d1"}),
        points("markers", "adlb", **by, options={"x": "DAY", "y": "AVAL", "mark": "DTYPE", "format": "d1"}),
        points("limit", "adlb", **by, options={"x": "DAY", "y": "LIM"}),
        points("range", "adlb", **by, options={"x": "DAY", "y": "HI"}),
    ]
    data = {"adsl": people(1), "adph": BANDS, "adcc": SCORES, "adlb": MARKERS} | changes
    spec = {
        "id": "f",
        "title": "Course",
        "analysis": "bands",
        "phases": "bands",
        "panels": [{"analysis": "score", "label": "Score", "limits": [0, 20]}],
    }
    spec["multiples"] = {"analysis": "markers", "limit": "limit", "range": "range"}
    return course.display(spec, shelf(specs, data), ONE)


def test_the_course_draws_phases_scores_and_markers_and_lists_what_it_draws():
    shown = figure()
    root = ElementTree.fromstring(shown["svg"])
    words = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Early", "Late", "Score", "M", "N"} <= words
    rows = [(row["head"], ["".join(p["t"] for p in cell) for cell in row["cells"]]) for row in shown["rows"]]
    assert rows == [
        ("Phases (first day, last day)", []), ("10", ["50", "Early"]), ("60", ["100", "Late"]),
        ("Score", []), ("10", ["20.0", ""]), ("40", ["10.0", ""]), ("90", ["0.0", ""]),
        ("M", []), ("10", ["50.0", ""]), ("90", ["0.5", "HALFLLOQ"]), ("N", []), ("90", ["7.0", ""]),
    ]  # fmt: skip
    assert unbound(shown) == []


def test_the_course_is_the_same_ink_on_every_run():
    assert figure()["svg"] == figure()["svg"]


def test_a_course_without_a_phase_is_nothing_to_draw():
    with pytest.raises(Nothing):
        figure(adph=BANDS.iloc[:0])


def test_ticks_of_a_log_axis_are_few_and_inside():
    for values_ in ([0.4, 5.2], [160.0, 1400.0, 2.0], [25.0, 50.0, 39.0]):
        axes = course._figure.canvas(100, 100).add_axes((0, 0, 1, 1))
        axes.set_yscale("log")
        course._log_axis(axes, values_)
        low, high = axes.get_ylim()
        ticks = axes.get_yticks()
        assert 1 <= len(ticks) <= 5 and all(low <= tick <= high for tick in ticks)


def test_a_checklist_links_says_and_gives_the_reason():
    spec = {
        "id": "t",
        "layout": "checklist",
        "items": [
            {"ITEM": "1", "TOPIC": "Title", "TEXT": "Named?"},
            {"ITEM": "2", "TOPIC": "Words", "TEXT": "Words?"},
        ],
        "answers": {
            "1": {"displays": ["t-1", "f-1"], "text": "In short."},
            "2": {"not": "none were given."},
        },
        "named": {"t-1": "Table 1", "f-1": "Figure 1"},
    }
    shown = checklist.display(spec, shelf([], {"adsl": people(1)}), ONE)
    assert texts(shown) == {
        "Title": [],
        "1": ["Named?", "Table 1; Figure 1. In short."],
        "Words": [],
        "2": ["Words?", "Not reported: none were given."],
    }
    assert [p["href"] for p in shown["rows"][1]["cells"][1] if "href" in p] == ["t-1", "f-1"]
