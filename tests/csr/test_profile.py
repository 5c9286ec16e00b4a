"""Which rows a profile shows, and what of a declaration is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crf2csr.csr import _profile, _shown, appendix
from crf2csr.errors import Cause
from tests.csr import small
from tests.csr.test_appendix import payload

pytestmark = pytest.mark.req("URS-CSR-05")

PLAN = {
    "subject": {"table": "adam/adsl", "text": "{AGE} years"},
    "sentences": [{"label": "Age", "parts": [{"text": "{AGE} years"}, {"where": {"AGE": {"ge": 50}}, "text": "old"}]}],
    "tracks": [
        {"label": "Scores", "kind": "line", "table": "adam/adrs", "name": "PARAM", "from": "ADT", "strong": {"AVAL": 1}}
    ],
}


def adsl(ids=("S-1", "S-2", "S-3")) -> pd.DataFrame:
    return pd.DataFrame({"USUBJID": small.text(*ids), "SUBJID": small.text("1", "2", "3"), "AGE": [40.0, 50.0, 60.0]})


def tables(**change) -> dict[str, pd.DataFrame]:
    return {"adam/adsl": adsl(), "adam/adrs": small.adrs()} | change


def test_the_rows_of_each_block_meet_its_condition():
    made = _profile.resolved(PLAN, tables())
    assert [p["rows"].tolist() for p in made["sentences"][0]["parts"]] == [[0, 1, 2], [1, 2]]
    assert made["tracks"][0]["strong"].tolist() == [0, 2]
    assert len(list(_profile.blocks(made))) == 4


def test_rows_are_named_by_their_place_among_those_embedded():
    made = _profile.resolved(PLAN, tables())
    kept = {"adam/adsl": np.array([0, 1, 2]), "adam/adrs": np.array([0, 1, 2])}
    packed = _profile.packed(made, {"adam/adsl": 0, "adam/adrs": 1}, kept)
    assert packed["sentences"][0]["parts"][1]["rows"] == [1, 1]
    assert packed["tracks"][0]["table"] == 1


def test_all_that_a_profile_shows_is_embedded_with_what_it_was_made_from():
    read = small.read(tables=small.read()["tables"] | {"adam/adsl": adsl()})
    csr = small.part()["csr"] | {"profile": PLAN}
    data = payload(appendix.assemble(read, small.part(csr=csr)))
    subjects = data["tables"][data["profile"]["subject"]["table"]]
    assert (subjects["name"], subjects["n"]) == ("adam/adsl", 3)


def test_without_a_profile_there_is_none():
    assert _profile.packed(_profile.resolved(None, {}), {}, {}) is None
    assert list(_profile.blocks({})) == []


@pytest.mark.parametrize(
    "change, named",
    [
        ({"subject": {"table": "adam/adxx"}}, "does not have"),
        ({"subject": {"table": "adam/adsl", "text": "{HEIGHT} cm"}}, "HEIGHT"),
        ({"tracks": [PLAN["tracks"][0] | {"from": "ADY"}]}, "ADY"),
        ({"tracks": [PLAN["tracks"][0] | {"where": {"PARAMCD": "X"}}]}, "PARAMCD"),
    ],
)
def test_what_this_run_does_not_have_is_named(change, named):
    with pytest.raises(Cause, match=named):
        _profile.resolved(PLAN | change, tables())


def test_a_table_with_two_rows_of_a_subject_is_no_table_of_subjects():
    with pytest.raises(Cause, match="more than one row"):
        _profile.resolved(PLAN, tables(**{"adam/adsl": adsl(("S-1", "S-1", "S-3"))}))


def test_places_are_counted_as_a_browser_counts_them():
    parts = [{"t": "\U0001f600 "}, {"t": "12", "f": 7}, {"t": "\u202e("}, {"t": "3.4", "f": 8}]
    assert _shown.places(parts) == "7:3:2 8:14:3"
