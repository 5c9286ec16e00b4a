"""Dates as collected: what has one reading is read, what has none or several is not, and nothing is swapped."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crf2csr import dates

pytestmark = pytest.mark.req("URS-SDT-03")

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
READINGS = [
    # as entered, ISO 8601, status
    ("2026-03-05", "2026-03-05", "ok"),
    ("", "", "blank"),
    ("UN/UNK/2026", "2026", "partial"),
    ("UN-MAR-2026", "2026-03", "partial"),
    ("202603", "2026-03", "partial"),
    ("UK-03-2026", "2026-03", "partial"),
    ("2026-08-UN", "2026-08", "partial"),
    ("20-UNK-2019", "2019---20", "partial"),
    ("UNK", "", "unknown"),
    ("2026/03/05", "2026-03-05", "other shape"),
    ("5-Mar-2026", "2026-03-05", "other shape"),
    ("2026年3月5日", "2026-03-05", "other shape"),
    ("2026\u201103\u201105", "2026-03-05", "other shape"),
    ("06/22/2026", "2026-06-22", "other shape"),
    ("22/06/2026", "2026-06-22", "other shape"),
    ("05/05/2026", "2026-05-05", "other shape"),
    ("03/05/2026", "", "ambiguous"),
    ("26-05-25", "", "ambiguous"),
    ("46139", "", "unreadable"),
    ("2025-02-29", "", "impossible"),
    ("2026-02-30", "", "impossible"),
    ("33-MAR-2026", "", "impossible"),
    ("0000-05-10", "", "impossible"),
    ("0205-03-01", "", "impossible"),
    ("31/31/2026", "", "impossible"),
    ("2024-02-29", "2024-02-29", "ok"),
]


@pytest.mark.parametrize(("text", "iso", "status"), READINGS)
def test_a_date_is_read_in_one_way_or_not_at_all(text, iso, status):
    assert dates.read_date(text, "YYYY-MM-DD") == (iso, status)


@given(DAYS)
def test_every_day_reads_back_from_every_shape_that_a_column_may_declare(day):
    shapes = {
        "YYYY-MM-DD": day.isoformat(),
        "YYYY/MM/DD": day.strftime("%Y/%m/%d"),
        "MM/DD/YYYY": day.strftime("%m/%d/%Y"),
        "DD/MM/YYYY": day.strftime("%d/%m/%Y"),
        "MM-DD-YYYY": day.strftime("%m-%d-%Y"),
        "DD-MON-YYYY": day.strftime("%d-%b-%Y"),
    }
    assert set(shapes) == set(dates.DECLARED)
    assert {dates.read_date(text, declared) for declared, text in shapes.items()} == {(day.isoformat(), "ok")}


@given(DAYS)
def test_day_and_month_in_an_undeclared_order_are_read_only_where_one_order_is_a_date(day):
    iso, status = dates.read_date(day.strftime("%m/%d/%Y"), "YYYY-MM-DD")
    sure = day.day > 12 or day.day == day.month
    assert (iso, status) == ((day.isoformat(), "other shape") if sure else ("", "ambiguous"))


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader_and_what_it_reads_is_iso(text):
    iso, status = dates.read_date(text, "YYYY-MM-DD")
    assert status in dates.STATUSES
    assert iso == "" or re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?|---\d{2})?", iso)


@given(DAYS)
def test_days_and_iso_dates_are_two_names_of_one_thing(day):
    iso = pd.Series([day.isoformat()], dtype="str")
    number = dates.to_day(iso)
    assert number[0] == (day - date(1970, 1, 1)).days and dates.to_iso(number)[0] == iso[0]


@pytest.mark.req("URS-ADA-03")
@given(DAYS, st.integers(-400, 400))
def test_there_is_no_study_day_0(first, apart):
    day, reference = (pd.Series([d.toordinal()], dtype="Int64") for d in (first + timedelta(days=apart), first))
    found = int(dates.study_day(day, reference)[0])
    assert found == (apart + 1 if apart >= 0 else apart) and found != 0


@given(DAYS)
def test_the_period_of_a_month_holds_each_of_its_days_and_no_other(day):
    span = dates.period(pd.Series([day.strftime("%Y-%m")], dtype="str")).iloc[0]
    first, last = (date(1970, 1, 1) + timedelta(days=int(span[side])) for side in ("first", "last"))
    assert first.day == 1 and first <= day <= last and (last + timedelta(days=1)).day == 1 and span["unknown"] == "D"


def test_24_00_is_midnight_of_the_next_day_also_at_the_end_of_a_year():
    made = dates.with_time(pd.Series(["2025-12-31", "2024-02-28", "2026-03"]), pd.Series(["24:00", "24:00", "24:00"]))
    assert made["iso"].tolist() == ["2026-01-01T00:00", "2024-02-29T00:00", "2026-03"]


def test_a_time_that_cannot_be_read_leaves_the_date():
    made = dates.with_time(pd.Series(["2026-03-05"] * 3), pd.Series(["25:00", "8:30", None]))
    assert made["iso"].tolist() == ["2026-03-05"] * 3 and made["status"].tolist() == [
        "unreadable",
        "unreadable",
        "blank",
    ]
