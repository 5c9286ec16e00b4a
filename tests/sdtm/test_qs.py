"""QS: questionnaires as collected, with the official score of each answer."""

import pandas as pd
import pytest

from crf2csr.sdtm import _mapping
from tests.sdtm.small import context

pytestmark = pytest.mark.req("URS-SDT-06")

VISITS = [{"EVENT": "BL", "VISYN": "Y", "VISDAT": "2026-02-02"}, {"EVENT": "W12", "VISYN": "Y", "VISDAT": "2026-04-27"}]


def make(**forms):
    return _mapping.tabulate(
        context("qs", {name: [{"EVENT": "BL"} | r for r in rows] for name, rows in forms.items()} | {"SV": VISITS})
    )


@pytest.mark.parametrize(
    ("field", "code", "entered", "score"),
    [
        ("DLQI01", "DLQI101", "3", 3),
        ("DLQI01", "DLQI101", "NR", None),
        ("DLQI01", "DLQI101", "4", None),
        ("DLQI03", "DLQI103", "NR", 0),
        ("DLQI02", "DLQI102", "1|2", 2),
        ("DLQI05", "DLQI105", "1|9", None),
        ("DLQI07A", "DLQI107", "Y", 3),
        ("DLQI07A", "DLQI107", "N", 0),
        ("DLQI07A", "DLQI107", "NR", 0),
        ("DLQI07B", "DLQI107A", "LOT", 2),
        ("DLQI07B", "DLQI107A", "LITTLE", 1),
        ("DLQI07B", "DLQI107A", "NOT", 0),
        ("DLQI10", "DLQI110", "２", 2),
        ("DLTOTAL", "DLQI111", "19", 19),
        ("DLTOTAL", "DLQI111", "31", None),
    ],
)
def test_an_answer_keeps_its_words_and_gets_its_official_score(field, code, entered, score):
    row = make(DLQI=[{"DLDAT": "2026-02-02", field: entered}]).data.iloc[0]
    assert (row["QSTESTCD"], row["QSORRES"], row["_FLD"]) == (code, entered, field)
    assert row["QSSTRESN"] == score if score is not None else pd.isna(row["QSSTRESN"])


def test_rating_scales_have_a_category_each_and_the_date_of_their_visit():
    made = make(NRS=[{"NRSITCH": "8", "NRSPAIN": "0", "NRSSLP": "11"}], JOINT=[{"JTPAIN": "5"}])
    rows = made.data.set_index("QSTESTCD")
    assert rows["QSCAT"].to_dict() == {
        "NRSITCH": "PRURITUS NRS",
        "NRSPAIN": "SKIN PAIN NRS",
        "NRSSLP": "SLEEP NRS",
        "JTPAIN": "JOINT PAIN NRS",
    }
    assert rows["QSDTC"].eq("2026-02-02").all() and rows["_REC"]["NRSITCH"] == "NRS:2 SV:2"
    assert rows["QSSTRESN"].fillna(-1).to_dict() == {"NRSITCH": 8, "NRSPAIN": 0, "NRSSLP": -1, "JTPAIN": 5}
    assert rows["QSLOBXFL"].eq("Y").all()


def test_work_questions_bear_the_codes_of_the_terminology():
    rows = make(
        WPAI=[{"WPEMP": "Y", "WPMISS": "3.5", "WPOTH": "0", "WPWORK": "40", "WPPROD": "4", "WPACT": "6"}]
    ).data.set_index("QSTESTCD")
    assert rows["QSSTRESC"].to_dict() == {
        "WPAI0101": "Y",
        "WPAI0102": "3.5",
        "WPAI0103": "0",
        "WPAI0104": "40",
        "WPAI0105": "4",
        "WPAI0106": "6",
    }
    assert rows.loc["WPAI0104", "QSSTRESU"] == "HOURS" and rows["QSEVLINT"].eq("-P7D").all()
