"""DLQI and WPAI by the rules of their authors."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import _dlqi, _wpai

TESTS = [*_dlqi.ITEMS, _dlqi.SECOND_PART]


def dlqi(**changed: float | None) -> pd.Series:
    """Score one sheet whose other items are 1 and whose item 7 is answered no, a little."""
    row: dict[str, float | None] = dict.fromkeys(TESTS, 1.0) | {"DLQI107": 0.0}
    unread = [k for k, v in changed.items() if v is not None and v < 0]
    score = pd.DataFrame([row | changed]).astype("float64")
    entered = score.notna()
    score = score.mask(score < 0)
    assert list(score.columns[score.isna().any() & entered.any()]) == unread
    return _dlqi.scores(score, entered).iloc[0]


def test_the_total_is_the_sum_of_ten_items():
    assert dlqi()["DLQI"] == 10


@pytest.mark.parametrize(
    ("first", "second", "item"),
    [(3.0, None, 3), (0.0, 2.0, 2), (0.0, 1.0, 1), (0.0, 0.0, 0), (0.0, None, 0), (3.0, 2.0, 3), (None, 2.0, 2)],
)
def test_item_7_scores_the_higher_of_its_parts_and_no_with_nothing_more_is_0(first, second, item):
    made = dlqi(DLQI107=first, DLQI107A=second)
    assert (made["DLQIWRK"], made["DLQI"], made["NMISS"]) == (item, 9 + item, 0)


def test_one_missing_item_scores_0_but_its_domain_is_not_scored():
    made = dlqi(DLQI103=None)
    assert made["DLQI"] == 9 and pd.isna(made["DLQIDAY"]) and made["DLQISYM"] == 2


def test_two_missing_items_make_the_total_missing():
    made = dlqi(DLQI103=None, DLQI110=None)
    assert pd.isna(made["DLQI"]) and made["REASON"] == "2 items missing"


def test_item_7_is_missing_only_when_both_parts_are():
    assert dlqi(DLQI107=None, DLQI107A=None)["NMISS"] == 1


def test_an_answer_that_cannot_be_read_is_not_a_missing_item():
    made = dlqi(DLQI101=-1.0)
    assert pd.isna(made["DLQI"]) and made["REASON"] == "An item cannot be read"


def wpai(
    employed: str | None, missed: float | None, worked: float | None, work: float | None, activity: float | None
) -> dict[str, object]:
    score = pd.DataFrame([[1.0, missed, 0.0, worked, work, activity]], columns=_wpai.QUESTIONS).astype("float64")
    return _wpai.scores(score, pd.Series([employed], dtype="str")).iloc[0].to_dict()


def test_work_scores_follow_the_published_formulas():
    made = wpai("Y", 10, 30, 4, 6)
    assert made["ABSENT"] == 25 and made["PRESENT"] == 40 and made["ACTIMP"] == 60
    assert made["WORKIMP"] == pytest.approx(25 + 75 * 0.4)


def test_outside_paid_work_only_activity_is_scored():
    made = wpai("N", None, None, None, 3)
    assert made["ACTIMP"] == 30 and all(pd.isna(made[s]) for s in ("ABSENT", "PRESENT", "WORKIMP"))
    assert made["REASON"] == "Not in paid work"


def test_a_week_wholly_missed_is_full_impairment():
    made = wpai("Y", 40, 0, None, 8)
    assert made["ABSENT"] == 100 and made["WORKIMP"] == 100 and pd.isna(made["PRESENT"])


def test_a_week_without_hours_has_no_work_score():
    made = wpai("Y", 0, 0, None, 8)
    assert pd.isna(made["ABSENT"]) and made["REASON"] == "No hours of work in the week"
