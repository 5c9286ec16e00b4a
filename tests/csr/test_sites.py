"""Queries for the sites: one sheet each, gravest first, aged by the cut-off, and nothing in them acts."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr import io, safe
from crf2csr.csr import _asked, sites
from crf2csr.errors import Cause
from crf2csr.trace import QUERIES

pytestmark = pytest.mark.req("URS-ACC-07")

CRF = {
    "vs": {
        "name": "VS",
        "label": "Vital signs",
        "keys": {k: k for k in ("SITEID", "SUBJID", "EVENT", "EVENTREP")},
        "date": "VSDAT",
        "fields": {"VSDAT": {"label": "Date", "type": "pdate"}, "PULSE": {"label": "Pulse", "type": "num"}},
    }
}
PAGE = {
    "study": {"id": "S", "cutoff": "2026-03-31"},
    "subjects": {"form": "VS"},
    "visits": [{"event": "W1", "name": "Week 1", "labels": ["Week 1"]}, {"event": "W2", "name": "Week 2"}],
}
ROWS = [
    ("01", "A-1", "Week 1", "2026-03-01"),
    ("02", "B-1", "W2", "2026-02"),
    ("02", "B-1", "W1", ""),
    ("01", "A-1", "W2", "2026-05-01"),
]


def asked(*lines: tuple[int, str, str]) -> pd.DataFrame:
    rows = [
        dict.fromkeys(QUERIES, "") | {"RULE": rule, "FORM": "VS", "REC": f"VS:{n}", "FIELD": "PULSE", "SEVERITY": s}
        for n, s, rule in lines
    ]
    return pd.DataFrame(rows, columns=QUERIES, dtype="str").assign(MESSAGE="As in VS:2.", VALUE="=1+1")


def read(queries: pd.DataFrame) -> dict[str, pd.DataFrame]:
    staged = pd.DataFrame(ROWS, columns=["SITEID", "SUBJID", "EVENT", "VSDAT"], dtype="str").assign(
        EVENTREP="1", PULSE="70", LINE=range(2, 6)
    )
    calendar = pd.DataFrame(
        {"SUBJID": ["B-1"], "EVENT": ["W2"], "EVENTREP": ["1"], "DATE": ["2026-03-11"]}, dtype="str"
    )
    return {"raw/vs": staged, "sdtm/calendar": calendar, "sdtm/_queries/vs": queries}


def sheet(queries: pd.DataFrame, accepted: list | None = None) -> pd.DataFrame:
    part = {"crf": CRF, "page": PAGE, "accepted": {"accepted": accepted or []}, "files": {"VS": "VS.csv"}}
    return sites.sheet(read(queries), part)


def test_the_age_is_counted_from_the_record_else_from_the_visit_else_blank_with_the_reason():
    made = sheet(asked(*((n, "minor", "P01") for n in (2, 3, 4, 5)))).set_index("line")
    assert made["age in days"].astype(object).where(made["age in days"].notna(), None).to_dict() == {
        2: 30, 3: 20, 4: None, 5: None
    }  # fmt: skip
    assert made["age is counted from"].to_dict() == {
        2: _asked.OWN, 3: _asked.OF_VISIT, 4: _asked.NO_DATE, 5: _asked.LATE
    }  # fmt: skip


def test_a_record_that_may_not_be_shown_has_no_age():
    made = sheet(asked((2, "major", "P28")))
    assert made["age in days"].isna().all() and made["age is counted from"].tolist() == [_asked.WITHHELD]


def test_the_gravest_and_oldest_come_first_and_records_are_named_in_words():
    made = sheet(asked((3, "minor", "P01"), (2, "minor", "P02"), (4, "blocker", "P03")))
    assert made["rule"].tolist() == ["P03", "P02", "P01"]
    assert made["what is asked"].unique().tolist() == ["As in Vital signs (form VS, line 2)."]
    assert made["visit"].tolist() == ["Week 1", "Week 1", "Week 2"] and made["question"].unique().tolist() == ["Pulse"]


def test_who_accepted_a_query_and_why_stands_beside_it():
    entry = {
        "rule": "P01",
        "record": "VS:2",
        "field": "PULSE",
        "who": "A reviewer",
        "why": "seen",
        "date": "2026-03-30",
    }
    made = sheet(asked((2, "blocker", "P01"), (3, "minor", "P01")), [entry])
    assert made["status"].tolist() == ["accepted", "open"]
    said = made.loc[0, ["accepted by", "accepted on", "accepted because"]].tolist()
    assert said == ["A reviewer", "2026-03-30", "seen"]


def test_each_site_has_its_own_rows_and_a_query_without_a_site_a_sheet_too():
    made = sheets = sites.sheets(sheet(asked((2, "minor", "P01"), (3, "minor", "P01"), (99, "minor", "P01"))))
    assert {name: len(rows) for name, rows in sheets.items()} == {"01.csv": 1, "02.csv": 1, "_no_site.csv": 1}
    assert made["02.csv"]["subject"].tolist() == ["B-1"]


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize(
    ("site", "name"),
    [("../../etc", "______etc"), ("CON", "CON_"), ("lpt1", "lpt1_"), ("a\\b:c", "a_b_c"), ("上海", "上海")],
)
def test_a_site_id_never_leads_out_of_the_folder(site, name):
    assert sites.file_names([site])[site] == name


@pytest.mark.parametrize("ids", [["a/b", "a_b"], ["A1", "a1"], ["_no_site"], ["x" * 90 + "1", "x" * 90 + "2"]])
def test_two_sites_that_would_share_a_file_stop(ids):
    with pytest.raises(Cause, match="would share the file"):
        sites.file_names(ids)


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize("text", ["=1+1", "+86 10", "-cmd|' /C calc'!A0", "@SUM(A1)", " =1", "＝1+1", "-1+1"])
def test_a_formula_is_made_text(text):
    assert safe.inert(text) == f"'{text}"


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize("text", ["-3.2", "+5", "-1e-3", "-0,5", "++", "-", "1+", "a=b", "2026-01-01", ""])
def test_numbers_and_plain_texts_stay(text):
    assert safe.inert(text) == text


@pytest.mark.req("URS-SEC-01")
@pytest.mark.parametrize(
    ("text", "shown"), [("\t=1", "'⟨U+0009⟩=1"), ("\r=1", "'⟨U+000D⟩=1"), ("\u200b=1", "⟨U+200B⟩=1")]
)
def test_what_is_hidden_is_shown(text, shown):
    assert safe.inert(text) == shown


def test_a_site_that_vanished_leaves_no_sheet(tmp_path):
    table = pd.DataFrame({"site": ["01"], "age": pd.array([3], dtype="Int64")})
    io.write_sheets(tmp_path / "queries", {"01.csv": table, "02.csv": table})
    io.write_sheets(tmp_path / "queries", {"01.csv": table})
    assert [p.name for p in (tmp_path / "queries").iterdir()] == ["01.csv"]
    assert (tmp_path / "queries/01.csv").read_bytes() == b"\xef\xbb\xbfsite,age\r\n01,3\r\n"
