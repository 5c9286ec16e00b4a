"""The ledger of forms: every raw record is somewhere, or the gate stays shut."""

import pandas as pd
import pytest

from crf2csr.sdtm import _forms, _screen

pytestmark = pytest.mark.req("URS-ACC-01")

CRF = {
    "ae": {
        "name": "AE",
        "keys": {"SITEID": "SITEID", "SUBJID": "SUBJID"},
        "fields": {"AEYN": {"type": "code"}, "AETERM": {"type": "text"}},
        "not_submitted": [{"where": {"AEYN": "N"}, "reason": "no adverse event"}],
    }
}
REGISTER = pd.DataFrame(
    {"STUDYID": ["S"], "SITEID": ["01"], "SUBJID": ["01-0001"], "USUBJID": ["S-1"], "DATAUSE": [None]}, dtype="str"
)


def account(lines, recs):
    staged = pd.DataFrame([dict(zip(["SUBJID", "AEYN", "AETERM"], line, strict=True)) for line in lines], dtype="str")
    staged["SITEID"], staged["LINE"] = "01", range(2, len(staged) + 2)
    return _forms.account([("AE", staged)], [pd.Series(recs, dtype="str")], REGISTER, CRF, "01-[0-9]{4}")


def reasons(made):
    return made.ledger.frame().set_index("REASON")["ROWS_LOST"].to_dict()


def test_each_record_is_tabulated_merged_quarantined_or_not_submitted():
    made = account(
        [
            ("01-0001", "Y", "Rash"),
            ("01-0001", "Y", "Rash"),
            ("01-0001", "N", ""),
            ("01-0009", "Y", "Cough"),
            ("1-1", "Y", "Itch"),
        ],
        ["AE:2"],
    )
    assert made.ledger.frame()[["ROWS_IN", "ROWS_OUT"]].drop_duplicates().values.tolist() == [[5, 1]]
    assert reasons(made) == {
        "merged duplicate": 1,
        "not submitted: no adverse event": 1,
        "quarantined: subject is not in demographics": 1,
        "quarantined: subject id is malformed": 1,
    }
    assert made.query_table().empty


def test_a_record_behind_another_in_a_row_has_joined_it():
    made = account([("01-0001", "Y", "Rash"), ("01-0001", "Y", "Cough")], ["AE:2 AE:3"])
    assert reasons(made) == {"joined to the row of another record": 1}


def test_a_record_that_reached_nothing_is_a_blocker_that_names_form_and_line():
    made = account([("01-0001", "Y", "Rash"), ("01-0001", "Y", "Cough")], ["AE:2"])
    assert reasons(made) == {"not accounted for": 1}
    query = made.query_table().iloc[0]
    assert (query["FORM"], query["REC"], query["SEVERITY"]) == ("AE", "AE:3", "blocker")


def test_a_tabulated_record_is_not_also_counted_as_not_submitted():
    made = account([("01-0001", "N", "Rash")], ["AE:2"])
    assert made.ledger.frame()[["ROWS_IN", "ROWS_OUT", "ROWS_LOST"]].values.tolist() == [[1, 1, 0]]


def test_an_empty_form_gives_no_row_and_is_told():
    made = account([("01-0001", "Y", "Rash"), ("01-0001", " ", "")], ["AE:2"])
    assert reasons(made) == {"not submitted: no item of the form was entered": 1}
    assert made.query_table()[["RULE", "REC", "SEVERITY"]].values.tolist() == [["P40", "AE:3", "info"]]


def test_a_record_of_another_study_is_quarantined_and_asked_and_one_that_names_none_goes_on():
    form = CRF["ae"] | {"keys": {"STUDYID": "STUDYID", "SITEID": "SITEID", "SUBJID": "SUBJID"}}
    staged = pd.DataFrame({"STUDYID": ["S", "T", "\ufeffS", ""], "AETERM": ["a", "b", "c", "d"]}, dtype="str")
    staged = staged.assign(SITEID="01", SUBJID="01-0001", AEYN="Y", LINE=range(2, 6))
    made = _screen.screen(staged, form, REGISTER, "01-[0-9]{4}")
    assert made.data["REC"].tolist() == ["AE:2", "AE:4", "AE:5"]
    assert made.query_table()[["RULE", "REC", "FIELD", "VALUE", "SEVERITY"]].values.tolist() == [
        ["R-STUDY", "AE:3", "STUDYID", "T", "blocker"]
    ]


def test_a_form_without_records_is_screened():
    staged = pd.DataFrame({n: pd.Series(dtype="str") for n in ("SITEID", "SUBJID", "AEYN", "AETERM")})
    made = _screen.screen(staged.assign(LINE=pd.Series(dtype="int64")), CRF["ae"], REGISTER, "01-[0-9]{4}")
    assert made.data.empty and str(made.data["AEYN"].dtype).startswith("str")
