import re

import pandas as pd
import pytest

from crf2csr.tlf import narrative
from tests.tlf._shelf import ONE, people, shelf

pytestmark = pytest.mark.req("URS-TLF-07")


def text(*values):
    return pd.Series(list(values), dtype="str")


ADAE = pd.DataFrame(
    {
        "USUBJID": text("1", "2"),
        "ADECOD": text("Pneumonia & <b>more</b> of a very long term that does not end soon", "$x_{$"),
        "AESER": text("Y", "Y"),
        "ASTDT": pd.array([110, None], dtype="Int64"),
        "AENDT": pd.array([105, None], dtype="Int64"),
    }
)
ADLB = pd.DataFrame(
    {
        "USUBJID": text(*["1"] * 12),
        "PARAMCD": text(*[f"P{n}" for n in range(12)]),
        "ADT": pd.array(range(100, 112), dtype="Int64"),
        "ANRIND": text(*["HIGH", "LOW"] * 6),
    }
)
ANALYSIS = {
    "id": "sheets",
    "method": "narrative",
    "dataset": "adae",
    "beside": {"adlb": {"dataset": "adlb"}},
    "options": {
        "reasons": [{"label": "Serious", "of": "adae", "where": {"AESER": "Y"}}],
        "sentences": [{"of": "adae", "chosen": True, "head": "Event", "show": "{ADECOD} on day {ASTDT}."}],
        "axis": {
            "start": {"TRTSDT": "first dose"},
            "lanes": [
                {"id": "Events", "of": "adae", "from": "ASTDT", "to": "AENDT", "label": "{ADECOD}"},
                {"id": "Laboratory", "of": "adlb", "from": "ADT", "label": "{PARAMCD}", "mark": "{ANRIND}"},
            ],
        },
    },
}
SPEC = {
    "id": "n-1",
    "title": "Narratives",
    "layout": "narrative",
    "analysis": "sheets",
    "lanes": [
        {"lane": "Events", "style": "event"},
        {"lane": "Laboratory", "style": "points", "marks": {"HIGH": "^", "LOW": "v"}},
    ],
}


def made(adae=ADAE):
    adsl = people(3, TRTSDT=pd.array([100, 100, 100], dtype="Int64"))
    return narrative.display(SPEC, shelf([ANALYSIS], {"adsl": adsl, "adae": adae, "adlb": ADLB}), ONE)


def test_each_subject_with_a_reason_has_a_sheet_with_an_anchor_of_its_own():
    found = made()
    assert "".join(part["t"] for part in found["counted"]) == "2 of 3 subjects have a narrative."
    assert [sheet["id"] for sheet in found["sheets"]] == ["n-1-1", "n-1-2"]
    assert [[part["t"] for part in parts] for parts in found["sheets"][0]["reasons"]] == [["Serious"]]


def test_every_sentence_and_every_day_is_bound_to_a_fact():
    for sheet in made()["sheets"]:
        parts = [s["parts"] for s in sheet["sentences"]] + [c for row in sheet["rows"] for c in row["cells"] if c]
        assert all("f" in part for cell in parts for part in cell)


def test_a_day_that_is_not_known_is_said_in_the_table_and_draws_nothing():
    second = made()["sheets"][1]
    assert ["".join(part["t"] for part in cell) for cell in second["rows"][1]["cells"]] == [
        "",
        "not known",
        "not known",
    ]


def test_ids_of_the_drawings_are_unique_and_foreign_text_is_only_text():
    sheets = made()["sheets"]
    ids = [name for sheet in sheets for name in re.findall(r' id="([^"]+)"', sheet["svg"])]
    assert len(ids) == len(set(ids))
    assert "<b>" not in sheets[0]["svg"]
    assert "$x_{$" in sheets[1]["svg"]


def test_rows_beyond_what_a_lane_can_show_are_counted_and_stand_in_the_table():
    sheet = made()["sheets"][0]
    assert "and 4 more, in the table" in sheet["svg"]
    assert [row["head"] for row in sheet["rows"]].count("P11") == 1


def test_a_study_without_a_reason_says_so():
    found = made(ADAE.assign(AESER=text("N", "N")))
    assert found["sheets"] == []
    assert "".join(part["t"] for part in found["counted"]) == "0 of 3 subjects have a narrative."


def test_beyond_the_limit_no_axis_is_drawn_and_the_days_still_stand_in_the_table(monkeypatch):
    drawn = made()
    monkeypatch.setattr(narrative, "DRAWN", 1)
    found = made()
    assert "no time axis is drawn" in "".join(part["t"] for part in found["counted"])
    assert [sheet["svg"] for sheet in found["sheets"]] == ["", ""]
    assert [sheet["rows"] for sheet in found["sheets"]] == [sheet["rows"] for sheet in drawn["sheets"]]
