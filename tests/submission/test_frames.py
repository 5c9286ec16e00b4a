"""What is changed on the way into the package is declared and listed; nothing is ever cut."""

from copy import deepcopy

import pandas as pd
import pytest

from crf2csr.errors import Cause
from submission import long_text
from submission.frames import prepare, sealed
from tests.submission import small

pytestmark = pytest.mark.req("URS-PKG-01")

SUPP = ["STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL"]


def test_trace_columns_and_supplemental_qualifiers_stay_out_of_the_domain():
    made, _ = prepare(small.ae("Rash"), small.AE, "sdtm")
    assert list(made.frame) == ["STUDYID", "USUBJID", "AESEQ", "AETERM", "AESER"]


def test_text_that_is_not_ascii_is_transliterated_and_listed():
    made, changes = prepare(small.ae("Rash", "头昏", "７３．５ ±1"), small.AE, "sdtm")
    assert made.frame["AETERM"].map(str.isascii).all()
    assert made.frame["AETERM"].tolist()[2] == "73.5 +-1"
    assert changes["record"].tolist() == [2, 3]
    assert changes.loc[0, ["variable", "from", "to"]].tolist() == ["AETERM", "头昏", "TouHun"]


def test_line_ends_and_trailing_blanks_are_listed_too():
    made, changes = prepare(small.ae("a\r\nb ", " c"), small.AE, "sdtm")
    assert made.frame["AETERM"].tolist() == ["a b", " c"]
    assert changes["transformation"].tolist() == ["control character or trailing blank removed"]


def test_a_missing_text_is_empty_and_no_change():
    made, changes = prepare(small.ae(None), small.AE, "sdtm")
    assert made.frame["AETERM"].tolist() == [""]
    assert changes.empty


def test_dates_count_from_1960():
    made = small.dataset("ADX", {"ADT": "date"}, [(0.0,), (float("nan"),)])
    assert made.frame["ADT"].tolist()[0] == 3653
    assert made.frame["ADT"].isna().tolist() == [False, True]


@pytest.mark.parametrize("value", [1e300, 1e-80, float("inf")])
def test_a_number_that_a_transport_file_cannot_hold_is_refused(value):
    with pytest.raises(Cause, match="field AVAL"):
        small.dataset("ADX", {"AVAL": "float"}, [(value,)])


def test_a_fraction_in_an_integer_is_refused():
    with pytest.raises(Cause, match="no whole number"):
        small.dataset("ADX", {"ASEQ": "integer"}, [(1.5,)])


@pytest.mark.parametrize(
    "change, rule",
    [
        ({"name": "ADVERSEEV"}, "at most 8 capitals"),
        ({"label": "x" * 41}, "more than 40 bytes"),
        ({"label": "Größe"}, "more than 40 bytes of ASCII"),
    ],
)
def test_names_and_labels_that_would_be_cut_are_refused(change, rule):
    spec = deepcopy(small.AE) | change
    with pytest.raises(Cause, match=rule):
        sealed(prepare(small.ae("Rash"), spec, "sdtm")[0])


def test_a_label_of_a_variable_that_would_be_cut_is_refused():
    spec = deepcopy(small.AE)
    spec["variables"]["AETERM"]["label"] = "x" * 41
    with pytest.raises(Cause, match="field AETERM"):
        sealed(prepare(small.ae("Rash"), spec, "sdtm")[0])


def test_a_long_text_that_no_rule_splits_is_refused():
    with pytest.raises(Cause, match="200 bytes and no rule splits"):
        sealed(prepare(small.ae("x" * 201), small.AE, "sdtm")[0])


@pytest.mark.parametrize("text", ["word " * 80 + "end", "x" * 450, "a" + " " * 150 + "b" * 300, "y" * 200])
def test_the_pieces_of_a_text_give_it_again(text):
    parts = long_text.pieces(text)
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 200
    assert not any(part.endswith(" ") for part in parts[:-1])


def test_long_text_of_adam_goes_on_in_variables_beside_it():
    text = "word " * 80 + "end"
    table = pd.DataFrame({"COLLVAL": pd.array([text, "short"], dtype="str")})
    spec = {"name": "ADX", "label": "X", "keys": [], "variables": {"COLLVAL": {"label": "Value", "type": "text"}}}
    made, changes = long_text.spread([prepare(table, spec, "adam")[0]])
    frame = sealed(made[0]).frame
    assert list(frame) == ["COLLVAL", "COLLVAL1", "COLLVAL2"]
    assert frame.sum(axis=1).tolist() == [text, "short"]
    assert changes["transformation"].tolist() == ["split: goes on in COLLVAL1, COLLVAL2"]


def test_long_text_of_a_qualifier_goes_on_in_supplemental_qualifiers():
    text = "x" * 350
    supp = {
        "name": "SUPPAE", "label": "Supplemental Qualifiers for AE", "keys": ["STUDYID"], "sort": ["USUBJID", "QNAM"],
        "variables": {
            name: {"label": name, "type": "text"}
            for name in SUPP
        },
    }  # fmt: skip
    row = dict.fromkeys(supp["variables"], "A") | {"QNAM": "BOX"}
    floor = [prepare(small.ae("Rash", text), small.AE, "sdtm")[0], prepare(pd.DataFrame([row]), supp, "sdtm")[0]]
    (parent, child), changes = long_text.spread(floor)
    more = child.frame[child.frame["QNAM"] == "AETERM1"].iloc[0]
    assert parent.frame["AETERM"][1] + more["QVAL"] == text
    assert more[["RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL"]].tolist() == ["AE", "S1-1", "AESEQ", "2"]
    assert len(child.frame) == 2 and changes["variable"].tolist() == ["AETERM"]
