"""SUPP--: supplemental qualifiers of any domain."""

import pandas as pd
import pytest

from crf2csr.errors import Cause
from crf2csr.sdtm import _supp
from crf2csr.sdtm._verbs import Context

pytestmark = pytest.mark.req("URS-SDT-08")

ABOUT = {
    "AETERM": {"label": "Reported Term", "type": "text", "origin": "Collected"},
    "AESI": {"label": "Special Interest", "type": "text", "origin": "Collected", "supp": True, "multiple": True},
    "AENOTE": {"label": "Note", "type": "text", "origin": "Assigned", "supp": True},
}


def context(rows, about=ABOUT, domain="ae"):
    frame = pd.DataFrame(rows).astype({"AESI": "str", "AENOTE": "str"})
    spec = {"name": f"SUPP{domain.upper()}", "supplements": domain, "domains": [domain]}
    return Context(spec, {}, {}, {}, {}, {}, {domain: frame}, {}, pd.DataFrame(), about=about)


def row(seq, aesi=None, note=None):
    return {"STUDYID": "S", "USUBJID": "S-1", "AESEQ": seq, "AESI": aesi, "AENOTE": note, "_REC": f"AE:{seq}"}


def test_a_row_names_its_parent_by_sequence_and_blank_qualifiers_make_no_row():
    made = _supp.tabulate(context([row(1, note="seen"), row(2), row(10, note="later")]))
    columns = ["RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "_REC"]
    assert made.data[columns].values.tolist() == [
        ["AE", "AESEQ", "1", "AENOTE", "Note", "seen", "Assigned", "AE:1"],
        ["AE", "AESEQ", "10", "AENOTE", "Note", "later", "Assigned", "AE:10"],
    ]
    ledger = made.ledger.frame().set_index("STEP")
    assert ledger.loc["SUPPAE: AENOTE", ["ROWS_IN", "ROWS_OUT", "ROWS_LOST"]].tolist() == [3, 2, 1]


def test_several_values_of_one_qualifier_get_numbered_names():
    made = _supp.tabulate(context([row(1, aesi="LIPID|CK|HZ")]))
    assert made.data[["QNAM", "QLABEL", "QVAL", "QORIG"]].values.tolist() == [
        ["AESI", "Special Interest", "LIPID", "CRF"],
        ["AESI1", "Special Interest 1", "CK", "CRF"],
        ["AESI2", "Special Interest 2", "HZ", "CRF"],
    ]


def test_a_text_over_200_characters_is_cut_before_a_blank_and_joins_to_itself():
    text = "word " * 90
    pieces = _supp.split_text(text)
    assert max(map(len, pieces)) <= 200 and "".join(pieces) == text and pieces[1].startswith(" ")
    made = _supp.tabulate(context([row(1, note=text.strip())]))
    assert made.data["QNAM"].tolist() == ["AENOTE", "AENOTE1", "AENOTE2"]


def test_a_text_without_blanks_is_cut_at_200_characters():
    assert [len(p) for p in _supp.split_text("疹" * 450)] == [200, 200, 50]


def test_a_domain_with_one_row_per_subject_needs_no_sequence():
    about = {"ETHNICGR": {"label": "Ethnic Group", "type": "text", "origin": "Collected", "supp": True}}
    frame = pd.DataFrame({"STUDYID": ["S"], "USUBJID": ["S-1"], "ETHNICGR": ["HAN"], "_REC": ["DM:2"]})
    spec = {"name": "SUPPDM", "supplements": "dm", "domains": ["dm"]}
    made = _supp.tabulate(Context(spec, {}, {}, {}, {}, {}, {"dm": frame}, {}, pd.DataFrame(), about=about))
    assert made.data[["IDVAR", "IDVARVAL"]].isna().all().all() and made.data["QVAL"].tolist() == ["HAN"]


def test_a_domain_without_supplemental_qualifiers_is_refused():
    with pytest.raises(Cause, match="no supplemental qualifier"):
        _supp.tabulate(context([row(1)], about={"AETERM": ABOUT["AETERM"]}))
