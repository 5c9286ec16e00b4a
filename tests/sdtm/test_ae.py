"""AE: as reported, coded by a left join, asked where it contradicts itself."""

import pandas as pd
import pytest

from crf2csr.sdtm import ae
from tests.sdtm.small import asked, context, people

pytestmark = pytest.mark.req("URS-SDT-04")

HEADACHE = {
    "DOMAIN": "AE",
    "VERBATIM": "头痛",
    "DECOD": "Headache",
    "LLT": "Headache",
    "HLT": "Headaches NEC",
    "HLGT": "Headaches",
    "BODSYS": "Nervous system disorders",
    "SOC": "Nervous system disorders",
}
EVENT = {
    "AEYN": "Y",
    "AESPID": "1",
    "AETERM": "头痛",
    "AESTDAT": "2026-03-01",
    "AEENDAT": "2026-03-04",
    "AEONGO": "N",
    "AETOXGR": "1",
    "AESER": "N",
    "AEREL": "POSSIBLE",
    "AEACN": "NONE",
    "AEOUT": "RECOVERED",
}


def make(*events, dm=None, coding=(HEADACHE,)):
    ready = context(
        "ae", {"AE": [EVENT | e for e in events]}, dm=dm, tables={"coding": list(coding)}, derivations=ae.DERIVATIONS
    )
    return ae.tabulate(ready)


def test_an_uncoded_event_stays_with_a_query_and_is_counted():
    made = make({}, {"AETERM": "肚子不舒服", "AESPID": "2"})
    assert list(made.data["AETERM"]) == ["头痛", "肚子不舒服"]
    assert made.data["AEDECOD"].fillna("-").tolist() == ["Headache", "-"]
    assert asked(made, "P39") == [("AE:3", "AETERM", "肚子不舒服")]
    line = made.ledger.frame().query("STEP == 'AE: terms coded'").iloc[0]
    assert (line["ROWS_IN"], line["ROWS_OUT"], line["ROWS_LOST"]) == (2, 1, 1)


def test_the_verbatim_is_kept_to_the_byte_and_coded_without_regard_to_width_and_case():
    made = make({"AETERM": " ＨＥＡＤache\u00a0 <b>"}, coding=[HEADACHE | {"VERBATIM": "Headache <B>"}])
    assert made.data["AETERM"].item() == " ＨＥＡＤache\u00a0 <b>"
    assert made.data["AEDECOD"].item() == "Headache"


def test_a_term_that_is_coded_in_two_ways_is_not_coded():
    made = make({}, coding=[HEADACHE, HEADACHE | {"DECOD": "Migraine"}])
    assert made.data["AEDECOD"].isna().all()
    assert asked(made, "P39") == [("AE:2", "AETERM", "头痛")]


def test_a_form_without_an_event_is_not_submitted_and_is_counted():
    made = make({}, {"AEYN": "N", "AETERM": "", "AESPID": ""})
    assert len(made.data) == 1
    line = made.ledger.frame().query("STEP == 'AE: events'").iloc[0]
    assert line["ROWS_LOST"] == 1 and "not submitted" in line["REASON"]


@pytest.mark.parametrize(
    ("entered", "iso"),
    [
        ("20-UNK-2026", "2026---20"),
        ("2026-03", "2026-03"),
        ("UN/UNK/2026", "2026"),
        ("2026-02-30", None),
        ("03/05/2026", None),
    ],
)
def test_a_partial_start_is_truncated_and_an_impossible_one_is_missing(entered, iso):
    made = make({"AESTDAT": entered})
    value = made.data["AESTDTC"].item()
    assert (value if pd.notna(value) else None) == iso
    assert pd.isna(made.data["AESTDY"].item())


def test_an_ongoing_event_refers_to_last_contact_else_to_the_cut_off():
    made = make(
        {"AEONGO": "Y", "AEENDAT": "", "AEOUT": "NOTREC"},
        {"AEONGO": "Y", "AEENDAT": "", "AEOUT": "NOTREC", "SUBJID": "01-0002"},
        dm=people({}, {"RFPENDTC": None}),
    )
    assert made.data["AEENRTPT"].tolist() == ["ONGOING", "ONGOING"]
    assert made.data["AEENTPT"].tolist() == ["2026-05-20", "2026-10-15"]
    assert made.query_table().empty


def test_words_of_the_form_become_controlled_terms():
    made = make({"AEACN": "WITHDRAWN", "AEOUT": "SEQUELAE", "AEREL": "NOT"})
    row = made.data.iloc[0]
    assert (row["AEACN"], row["AEOUT"], row["AEREL"]) == (
        "DRUG WITHDRAWN",
        "RECOVERED/RESOLVED WITH SEQUELAE",
        "NOT RELATED",
    )


@pytest.mark.parametrize(
    ("change", "query"),
    [
        ({"AEENDAT": "2026-02-01"}, ("P37", "AEENDAT", "2026-02-01")),
        ({"AEONGO": "Y"}, ("P37", "AEENDAT", "2026-03-04")),
        ({"AEENDAT": ""}, ("P37", "AEENDAT", "")),
        ({"AESTDAT": "2026-01-01"}, ("P37", "AESTDAT", "2026-01-01")),
        ({"AEYN": "N"}, ("P37", "AEYN", "N")),
        ({"AESHOSP": "Y"}, ("P38", "AESER", "N")),
        ({"AESER": "Y"}, ("P38", "AESER", "Y")),
        ({"AETOXGR": "5"}, ("P38", "AETOXGR", "5")),
        ({"AEOUT": "FATAL"}, ("P38", "AEOUT", "FATAL")),
        ({"AEOUT": "FATAL", "AESDTH": "Y", "AESER": "Y"}, ("P37", "AEOUT", "FATAL")),
    ],
)
def test_a_contradiction_is_asked_and_nothing_is_changed(change, query):
    made = make(change)
    assert (query[0], "AE:2", query[1], query[2]) in {(r, *found) for r in ("P37", "P38") for found in asked(made, r)}
    assert len(made.data) == 1


def test_an_end_in_the_same_month_as_a_partial_start_is_no_contradiction():
    assert make({"AESTDAT": "2026-03", "AEENDAT": "2026-03-04"}).query_table().empty
