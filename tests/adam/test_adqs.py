"""DLQI and WPAI by the rules of their authors."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crf2csr.adam import _criteria, _dlqi, _subject, _wpai, adqs
from crf2csr.specs import read_yaml

pytestmark = pytest.mark.req("URS-ADA-02")

SPEC = read_yaml("config/adam/adqs.yaml")
PARAMETERS = {p["code"]: p for p in SPEC["parameters"]}
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


answers = st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=9, max_size=9)
first_part = st.sampled_from([None, 0.0, 3.0])
second_part = st.sampled_from([None, 0.0, 1.0, 2.0])


def by_hand(plain: list[int | None], first: float | None, second: float | None) -> tuple[int | None, dict]:
    """Total and domains in plain Python, from the nine plain items and the two parts of item 7."""
    seven = None if first is None and second is None else max(v for v in (first, second) if v is not None)
    items = [*plain[:6], seven, *plain[6:]]
    total = None if sum(i is None for i in items) > 1 else sum(i or 0 for i in items)
    places = {"SYM": (0, 1), "DAY": (2, 3), "LEI": (4, 5), "WRK": (6,), "PER": (7, 8), "TRT": (9,)}
    domains = {
        f"DLQI{name}": None if any(items[k] is None for k in where) else sum(items[k] for k in where)
        for name, where in places.items()
    }
    return total, domains


@given(answers, first_part, second_part)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_total_and_domains_are_those_of_the_rules_done_by_hand(plain, first, second):
    names = [name for name in _dlqi.ITEMS if name != "DLQI107"]
    made = dlqi(**dict(zip(names, plain, strict=True)), DLQI107=first, DLQI107A=second)
    total, domains = by_hand(plain, first, second)
    assert (None if pd.isna(made["DLQI"]) else made["DLQI"]) == total
    assert {n: None if pd.isna(made[n]) else made[n] for n in domains} == domains
    if total is not None:
        assert 0 <= total <= 30
        scored = [v for v in domains.values() if v is not None]
        # With no item missing the domains are the whole; with one, its domain is not scored.
        assert sum(scored) == total if made["NMISS"] == 0 else sum(scored) <= total


@given(answers, first_part, second_part, st.integers(0, 8))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_worse_answer_never_lowers_the_total(plain, first, second, which):
    names = [name for name in _dlqi.ITEMS if name != "DLQI107"]
    if plain[which] is None or plain[which] == 3:
        return
    worse = [v + 1 if k == which else v for k, v in enumerate(plain)]
    before, after = (
        dlqi(**dict(zip(names, items, strict=True)), DLQI107=first, DLQI107A=second)["DLQI"] for items in (plain, worse)
    )
    assert (pd.isna(before) and pd.isna(after)) or after == before + 1


def questionnaire(**answers: tuple[str, float | None]) -> pd.DataFrame:
    """QS rows of one sheet: each item answered 1 unless given as (as entered, score)."""
    rows = [(name, *answers.get(name, ("1", 1.0))) for name in TESTS]
    table = pd.DataFrame(rows, columns=["QSTESTCD", "QSORRES", "QSSTRESN"])
    return table.assign(
        USUBJID="A", QSDTC="2026-01-01", VISIT="Baseline", VISITNUM=2.0, QSSEQ=range(1, len(rows) + 1), _REC="DLQI:2"
    ).astype({"QSORRES": "str", "QSTESTCD": "str"})


@pytest.mark.parametrize(
    ("given", "total", "symptoms", "filled"),
    [
        ({}, 10, 2, False),
        ({"DLQI101": ("NR", None)}, 9, None, True),  # no answer of this item: the item is missing
        ({"DLQI103": ("NR", 0.0)}, 9, 2, False),  # an answer of this item: it scores 0
        ({"DLQI101": ("7", None)}, None, None, False),  # entered and unreadable: nothing is scored
        ({"DLQI101": ("NR", None), "DLQI102": ("NR", None)}, None, None, False),
    ],
)
def test_not_relevant_is_a_missing_item_where_the_item_has_no_such_answer(given, total, symptoms, filled):
    rows, _ = adqs._dlqi_rows(questionnaire(**given), SPEC)
    value = rows.set_index("PARAMCD")
    for name, want in (("DLQI", total), ("DLQISYM", symptoms)):
        assert math.isnan(value.loc[name, "AVAL"]) if want is None else value.loc[name, "AVAL"] == want
    assert (value.loc["DLQI", "MISSFL"] == "Y") is filled


@pytest.mark.req("URS-ADA-04")
@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "0-1 no effect"),
        (1, "0-1 no effect"),
        (2, "2-5 small effect"),
        (5, "2-5 small effect"),
        (6, "6-10 moderate effect"),
        (10, "6-10 moderate effect"),
        (11, "11-20 very large effect"),
        (20, "11-20 very large effect"),
        (21, "21-30 extremely large effect"),
        (30, "21-30 extremely large effect"),
    ],
)
def test_the_bands_of_the_total(total, band):
    label, _ = _subject.grouped(pd.Series([float(total)]), PARAMETERS["DLQI"])
    assert label.tolist() == [band]


@pytest.mark.req("URS-ADA-04")
@pytest.mark.parametrize(
    ("code", "base", "post", "response"),
    [
        ("DLQI4", 4, 0, 1),
        ("DLQI4", 10, 6, 1),
        ("DLQI4", 10, 7, 0),
        ("DLQI4", 3, 0, None),  # no response can be had from a baseline below 4
        ("DLQI01", 2, 1, 1),
        ("DLQI01", 2, 2, 0),
        ("DLQI01", 1, 0, None),
        ("ITCH4", 4, 0, 1),
        ("ITCH4", 8, 5, 0),
        ("PAIN4", 3, 0, None),
        ("SLP4", 9, 5, 1),
        ("TJC50", 5, 2, 1),
        ("TJC50", 5, 3, 0),
        ("SJC50", 0, 0, None),
        ("JTPN50", 8, 4, 1),
        ("JTPN50", 7, 4, 0),
    ],
)
def test_response_of_patients_and_joints(code, base, post, response):
    criterion = _criteria.declared(SPEC)[code]
    made = _criteria.met(
        pd.Series([10 * base], dtype="Int64"), pd.Series([10 * post], dtype="Int64"), criterion
    ).tolist()
    assert made == [pd.NA if response is None else response] or (response is None and pd.isna(made[0]))


hours = st.integers(0, 100)


@given(hours, hours, st.integers(0, 10), st.integers(0, 10))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_work_scores_lie_within_0_and_100_and_overall_is_never_below_its_parts(missed, worked, work, activity):
    made = wpai("Y", missed, worked, work if worked else None, activity)
    assert made["ACTIMP"] == 10 * activity
    for name in ("ABSENT", "PRESENT", "WORKIMP"):
        assert pd.isna(made[name]) or 0 <= made[name] <= 100 + 1e-9
    if missed + worked:
        parts = [made[n] for n in ("ABSENT", "PRESENT") if not pd.isna(made[n])]
        assert made["WORKIMP"] >= max(parts) - 1e-9
    else:
        assert pd.isna(made["WORKIMP"])


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
