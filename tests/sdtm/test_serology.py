"""MB and IS: infection screening, split as the standard wants it, in words or numbers as printed."""

import pandas as pd
import pytest

from crf2csr.sdtm import _serology
from tests.sdtm.small import asked, context

pytestmark = pytest.mark.req("URS-SDT-06")

VISITS = [{"EVENT": "SCR", "VISYN": "Y", "VISDAT": "2026-01-19"}]


def make(domain, **results):
    return _serology.tabulate(context(domain, {"SERO": [{"EVENT": "SCR"} | results], "SV": VISITS}))


def test_antigens_and_nucleic_acid_are_microbiology_and_antibodies_are_immunogenicity():
    screening = {
        "HBSAG": "NEG",
        "HBSAB": "POS",
        "HBEAG": "NEG",
        "HBEAB": "NEG",
        "HBCAB": "POS",
        "HBVDNA": "<20",
        "HCVAB": "NEG",
        "HIVAB": "NEG",
        "TPPA": "NEG",
        "TSPOT": "INDET",
    }
    mb, antibodies = make("mb", **screening).data, make("is", **screening).data
    assert mb.set_index("MBTESTCD")["MBSTRESC"].to_dict() == {"HBSAG": "NEGATIVE", "HBEAG": "NEGATIVE", "HBDNA": "<20"}
    assert antibodies.set_index("_FLD")["ISSTRESC"].to_dict() == {
        "HBSAB": "POSITIVE",
        "HBEAB": "NEGATIVE",
        "HBCAB": "POSITIVE",
        "HCVAB": "NEGATIVE",
        "HIVAB": "NEGATIVE",
        "TPPA": "NEGATIVE",
        "TSPOT": "INDETERMINATE",
    }
    assert antibodies.set_index("_FLD").loc["TPPA", ["ISTESTCD", "ISBDAGNT"]].tolist() == ["MBAB", "TREPONEMA PALLIDUM"]
    assert mb["MBDTC"].eq("2026-01-19").all() and mb["MBLOBXFL"].eq("Y").all()


@pytest.mark.parametrize(
    ("printed", "text", "number"),
    [
        ("193.4", "193.4", 193.4),
        ("<LLOQ", "<LLOQ", None),
        ("<20", "<20", None),
        ("阳性", "POSITIVE", None),
        ("±", "INDETERMINATE", None),
    ],
)
def test_only_a_plain_number_has_a_numeric_result(printed, text, number):
    row = make("is", HBSAB=printed).data.iloc[0]
    assert (row["ISORRES"], row["ISSTRESC"]) == (printed, text)
    assert row["ISSTRESN"] == number if number else pd.isna(row["ISSTRESN"])


def test_a_missing_code_is_not_done_with_its_reason_and_nonsense_is_asked():
    made = make("mb", HBSAG="未查", HBEAG="seen", HBVDNA="1,200")
    rows = made.data.set_index("MBTESTCD")
    assert (rows.loc["HBSAG", "MBSTAT"], rows.loc["HBSAG", "MBREASND"]) == ("NOT DONE", "未查") and pd.isna(
        rows.loc["HBSAG", "MBORRES"]
    )
    assert rows["MBSTRESC"].isna().all() and rows.loc["HBEAG", "MBORRES"] == "seen"
    assert (asked(made, "P16"), asked(made, "P14")) == ([("SERO:2", "HBEAG", "seen")], [("SERO:2", "HBVDNA", "1,200")])
