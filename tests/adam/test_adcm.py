"""ADCM on small tables."""

import pandas as pd
import pytest

from crf2csr import dates
from crf2csr.adam import adcm

pytestmark = pytest.mark.req("URS-ADA-11")

FIRST, LAST = "2026-03-15", "2026-06-06"
TABLE = {
    "disease": ["ppp"],
    "never": {"words": ["urea"]},
    "rules": [
        {
            "id": "SYS",
            "label": "Systemic",
            "domains": ["cm"],
            "indication": "disease",
            "atc": ["L04"],
            "words": ["methotrexate"],
        },
        {"id": "UV", "label": "Phototherapy", "domains": ["pr"], "indication": "disease", "words": ["uvb"]},
    ],
}
SPEC = {"therapies": {"PRCAT": {"not": ["IMAGING"]}}, "history": {"CMCAT": ["PRIOR"]}, "variables": {"SAFFL": {}}}


def _day(iso):
    return dates.to_day(pd.Series([iso], dtype="str")).iloc[0]


def _frame(prefix, records):
    columns = ["TRT", "DECOD", "CAT", "CLASCD", "INDC", "STDTC", "ENDTC"]
    rows = [{f"{prefix}{c}": r.get(c) for c in columns} for r in records]
    frame = pd.DataFrame(rows, columns=[f"{prefix}{c}" for c in columns]).astype("str")
    frame = frame.where(frame != "None")
    return frame.assign(
        USUBJID="S", _REC=[f"{prefix}:{n + 2}" for n in range(len(rows))], **{f"{prefix}SEQ": range(1, len(rows) + 1)}
    )


def _made(*drugs, procedures=()):
    adsl = pd.DataFrame(
        {
            "USUBJID": ["S"],
            "SUBJID": ["1"],
            "SAFFL": ["Y"],
            "TRTSDT": [_day(FIRST)],
            "TRTEDT": [_day(LAST)],
            "LSTCNDT": [_day("2026-07-01")],
            "DTHDT": [pd.NA],
        }
    )
    adsl = adsl.astype(dict.fromkeys(["TRTSDT", "TRTEDT", "LSTCNDT", "DTHDT"], "Int64"))
    return adcm.derive(
        adsl,
        _frame("CM", drugs),
        _frame("PR", procedures),
        spec=SPEC,
        page={"study": {"cutoff": "2026-10-15"}},
        lists={"prohibited": TABLE},
    )


PERIODS = [
    # category, start, end, prior, concomitant, follow-up
    ("X", "2026-01-01", "2026-03-14", "Y", None, None),
    ("X", "2026-01-01", "2026-03-15", "Y", "Y", None),
    ("X", "2026-01-01", "", "Y", "Y", None),  # no end: may still be in use
    ("X", "2026-03-15", "", None, "Y", None),
    ("X", "2026-06-07", "", None, None, "Y"),
    ("X", "", "", None, "Y", None),  # nothing known: cannot be excluded
    ("X", "2026-03", "", None, "Y", None),
    ("X", "2026-05-01", "2026-04-01", None, "Y", None),  # contradiction: cannot be excluded
    ("PRIOR", "2025", "", "Y", None, None),  # prior therapy without an end was over before
    ("PRIOR", "2025", "2026", "Y", None, None),  # ... also where its end names the year of the first dose
    ("PRIOR", "2025", "2026-05", "Y", "Y", None),  # ... but not where it ended for sure after it
    ("PRIOR", "2026", "", "Y", None, None),  # and it never begins with the first dose
    ("PRIOR", "", "", "Y", None, None),
]


@pytest.mark.parametrize(("category", "start", "end", "prior", "concomitant", "after"), PERIODS)
def test_when_a_drug_was_used(category, start, end, prior, concomitant, after):
    row = _made({"TRT": "x", "CAT": category, "STDTC": start or None, "ENDTC": end or None}).data.iloc[0]
    assert [None if pd.isna(row[n]) else row[n] for n in ("PREFL", "ONTRTFL", "FUPFL")] == [prior, concomitant, after]


@pytest.mark.req("URS-ADA-05")
def test_a_prohibited_drug_counts_only_on_treatment_and_each_is_asked_about():
    made = _made(
        {"TRT": "Methotrexate", "INDC": "PPP", "STDTC": "2026-04-01"},
        {"TRT": "mtx", "CLASCD": "L04AX", "INDC": "PPP", "STDTC": "2026-01-01", "ENDTC": "2026-02-01"},
        {"TRT": "Methotrexate", "INDC": "rheumatoid arthritis", "STDTC": "2026-04-01"},
        {"TRT": "Urea cream", "INDC": "PPP", "STDTC": "2026-04-01"},
        procedures=[{"TRT": "NB-UVB", "STDTC": "2026-05-01"}],
    )
    rows = made.data
    assert rows["PROHRULE"].fillna("").tolist() == ["SYS", "SYS", "", "", "UV"]
    assert rows["PROHFL"].fillna("").tolist() == ["Y", "", "", "", "Y"]
    assert made.query_table()[["RULE", "REC", "FIELD", "VALUE"]].to_numpy().tolist() == [
        ["P39", "CM:2", "CMTRT", "Methotrexate"],
        ["P39", "PR:2", "PRTRT", "NB-UVB"],
    ]


def test_therapies_among_procedures_are_rows_and_the_others_are_counted():
    made = _made({"TRT": "x"}, procedures=[{"TRT": "X-ray", "CAT": "IMAGING"}, {"TRT": "UVB", "CAT": "THERAPY"}])
    assert made.data[["SRCDOM", "SRCVAR", "SRCSEQ", "CMTRT"]].to_numpy().tolist() == [
        ["CM", "CMTRT", 1, "x"],
        ["PR", "PRTRT", 2, "UVB"],
    ]
    assert made.ledger.frame().query("SOURCE == 'PR'")[["ROWS_IN", "ROWS_OUT", "ROWS_LOST"]].to_numpy().tolist() == [
        [2, 1, 1]
    ]


def test_an_uncoded_drug_is_shown_by_its_verbatim():
    assert _made({"TRT": "凉血解毒汤"}).data["ADECOD"].tolist() == ["Uncoded: 凉血解毒汤"]
