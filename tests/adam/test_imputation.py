"""Partial dates: each row of the table reads like the rule."""

import pandas as pd
import pytest

from crf2csr import dates
from crf2csr.adam import _imputation

pytestmark = pytest.mark.req("URS-ADA-08")

DOSE, CONTACT, CUTOFF = "2026-03-15", "2026-06-20", "2026-10-15"

STARTS = [
    # start as collected, end as collected, analysis start, flag
    ("2026-03-20", "2026-04-01", "2026-03-20", None),  # full: kept
    ("2026-12-01", "", "2026-12-01", None),  # full and after the cut-off: kept, never moved
    ("2026-04", "", "2026-04-01", "D"),  # first day of the month
    ("2026-03", "", "2026-03-15", "D"),  # the first dose, where it falls in the month
    ("2026", "", "2026-03-15", "M"),  # ... or in the year
    ("2025", "", "2025-01-01", "M"),  # first day of another year
    ("2026---20", "", "2026-03-15", "M"),  # day without month names the year
    ("", "", "2026-03-15", "Y"),  # nothing known: the first dose
    ("", "2026-02-10", "2026-02-10", "Y"),  # ... unless the event ended before it
    ("", "2026-03", "2026-03-15", "Y"),  # ... which an end within the month does not prove
    ("2026-03", "2026-03-10", "2026-03-10", "D"),  # never after the end
    ("2026-07", "2026-06-01", "2026-07-01", "D"),  # a contradiction does not move it out of its month
]


@pytest.mark.parametrize(("start", "end", "day", "flag"), STARTS)
def test_start(start, end, day, flag):
    made = _starts([start], [end], DOSE)
    assert dates.to_iso(made["DT"]).tolist() == [day]
    assert made["DTF"].dropna().tolist() == ([flag] if flag else [])


def test_an_imputed_start_is_never_after_last_contact():
    made = _starts([""], [""], "2026-06-25")
    assert dates.to_iso(made["DT"]).tolist() == [CONTACT]


def test_a_wholly_missing_start_of_an_untreated_subject_stays_missing():
    made = _starts([""], [""], "")
    assert made["DT"].isna().all() and made["DTF"].isna().all()


ENDS = [
    ("2026-04-02", "2026-04-02", None),  # full: kept
    ("2026-04", "2026-04-30", "D"),  # last day of the month
    ("2024-02", "2024-02-29", "D"),  # of a leap year
    ("2025", "2025-12-31", "M"),  # last day of the year
    ("2026-06", "2026-06-20", "D"),  # never after last contact
    ("2026", "2026-06-20", "M"),
    ("2026-08", "2026-08-01", "D"),  # after last contact altogether: stays in its month
    ("", None, None),  # nothing known: missing, with no flag
]


@pytest.mark.parametrize(("end", "day", "flag"), ENDS)
def test_end(end, day, flag):
    made = _imputation.ends(_text([end]), _days([CONTACT]), _days([CUTOFF]))
    assert dates.to_iso(made["DT"]).dropna().tolist() == ([day] if day else [])
    assert made["DTF"].dropna().tolist() == ([flag] if flag else [])


def test_the_index_of_the_records_is_kept():
    start = pd.Series(["2026-04", ""], index=[7, 3], dtype="str")
    blank = pd.Series(["", ""], index=[7, 3], dtype="str")
    dose = pd.Series([20000, 20001], index=[7, 3], dtype="Int64")
    assert _imputation.starts(start, dose, blank).index.tolist() == [7, 3]


def _starts(start, end, dose):
    return _imputation.starts(_text(start), _days([dose]), _text(end), _days([CONTACT]), _days([CUTOFF]))


def _text(values):
    series = pd.Series(values, dtype="str")
    return series.where(series != "")


def _days(values):
    return dates.to_day(_text(values))
