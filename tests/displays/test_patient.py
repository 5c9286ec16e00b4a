"""What patients report, joints and work, from the questionnaires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from functools import cache

from tests.displays._printed import proves
from tests.displays._study import base, joint_symptoms
from tests.independent import (
    LAST_VISIT,
    LATER_VISITS,
    VISITS,
    analysed,
    baseline,
    clean,
    composite_events,
    described,
    number,
    percent,
    printed_interval,
    treated,
    values_by_person,
    whole,
)

BOXES = {"0", "1", "2", "3"}


def item(text: str, relevant: bool) -> int | None:
    """Score of a DLQI item: of two ticks the highest; not relevant is 0 where it is offered."""
    ticks = clean(text).split("|")
    if relevant and ticks == ["NR"]:
        return 0
    return max(map(int, ticks)) if ticks and set(ticks) <= BOXES else None


def dlqi(record: dict[str, str]) -> int | None:
    """Total; one missing item counts 0, two or more, or an answer that the item does not offer, leave no score."""
    texts = [record[f"DLQI{n:02}"] for n in range(1, 11) if n != 7]
    items = [item(text, n > 1) for n, text in enumerate(texts)]
    if any(i is None and clean(text) for i, text in zip(items, texts, strict=True)):
        return None
    first, second = record["DLQI07A"], record["DLQI07B"]
    if first == "Y":
        items.append(3)
    elif first in ("N", "NR"):
        items.append({"LOT": 2, "LITTLE": 1, "NOT": 0, "": 0}[second])
    else:
        items.append(None)
    return None if items.count(None) > 1 else sum(i or 0 for i in items)


def scale(field: str) -> Callable:
    return lambda record: whole(record[field], 10)


def work(part: str) -> Callable:
    """Work productivity: absenteeism, presenteeism and both for those in work, activity for all, in per cent."""

    def score(record: dict[str, str]) -> Fraction | None:
        if part == "activity":
            value = number(record["WPACT"])
            return None if value is None else 10 * value
        if record["WPEMP"] != "Y":
            return None
        missed, worked, hindered = (number(record[f]) for f in ("WPMISS", "WPWORK", "WPPROD"))
        absent = None if missed is None or not worked or missed + worked == 0 else missed / (missed + worked)
        if part == "absent":
            return None if absent is None else 100 * absent
        if part == "present":
            return None if hindered is None or not worked else 10 * hindered
        if absent is None or hindered is None:
            return None
        return 100 * (absent + (1 - absent) * hindered / 10)

    return score


FORMS = {
    "DLQI Total Score": ("DLQI", "DLDAT", dlqi, LATER_VISITS),
    "Worst Itch NRS (0-10)": ("NRS", None, scale("NRSITCH"), VISITS),
    "Worst Skin Pain NRS (0-10)": ("NRS", None, scale("NRSPAIN"), VISITS),
    "Sleep Disturbance NRS (0-10)": ("NRS", None, scale("NRSSLP"), VISITS),
    "Joint Pain NRS (0-10)": ("JOINT", None, scale("JTPAIN"), LATER_VISITS),
    "Tender Joint Count": ("JOINT", None, lambda r: whole(r["TJC"], 200), LATER_VISITS),
    "Swollen Joint Count": ("JOINT", None, lambda r: whole(r["SJC"], 200), LATER_VISITS),
    "WPAI, Absenteeism (%)": ("WPAI", None, work("absent"), LAST_VISIT),
    "WPAI, Presenteeism (%)": ("WPAI", None, work("present"), LAST_VISIT),
    "WPAI, Overall Work Impairment (%)": ("WPAI", None, work("overall"), LAST_VISIT),
    "WPAI, Activity Impairment (%)": ("WPAI", None, work("activity"), LAST_VISIT),
}


@cache
def records(title: str) -> dict[str, list]:
    name, field, score, _ = FORMS[title]
    return values_by_person(name, field, score)


@cache
def bases(title: str) -> dict[str, object]:
    found = {p: baseline(records(title).get(p, []), treated()[p]) for p in base()}
    return {p: v for p, v in found.items() if v is not None}


def at(title: str, person: str, visit: str, policy: bool = False):
    return analysed(records(title).get(person, []), treated()[person], FORMS[title][3][visit], policy)


def described_over_time(titles: list[str], who: set[str]) -> dict[tuple[str, str], list[str]]:
    expected = {}
    for title in titles:
        start = bases(title)
        expected[title, "Baseline"] = described([Fraction(v) for p, v in start.items() if p in who], 0)
        for visit in FORMS[title][3]:
            found = {p: at(title, p, visit)[2] for p in who if at(title, p, visit)}
            expected[title, visit] = described([Fraction(v) for v in found.values()], 0)
            expected[f"{title}, change from baseline", visit] = described(
                [Fraction(v - start[p]) for p, v in found.items() if p in start], 0
            )
    return expected


@proves("t-14.2.5.1")
def test_scores_that_patients_report_are_described(display):
    assert display.deep == described_over_time(list(FORMS)[:4], set(base()))


@proves("t-14.2.5.2")
def test_joints_are_described_in_those_with_symptoms(display):
    assert display.deep == described_over_time(list(FORMS)[4:7], joint_symptoms() & set(base()))


@proves("t-14.2.5.3")
def test_work_and_activity_are_described(display):
    assert display.deep == described_over_time(list(FORMS)[7:], set(base()))


def struck(title: str, person: str, visit: str) -> bool:
    found, who = at(title, person, visit), treated()[person]
    limit = found[0] if found else who.first_dose + timedelta(days=FORMS[title][3][visit][2] - 1)
    return any(when <= limit for when, _ in composite_events().get(person, []))


@proves("t-14.2.5.4")
def test_responders_are_counted_among_those_who_can_respond(display):
    everyone, joints = set(base()), joint_symptoms() & set(base())
    better = (lambda v, b: b - v >= 4, lambda b: b >= 4)
    halved = (lambda v, b: 2 * v <= b, lambda b: b > 0)
    rules = {
        "DLQI at Least 4 Points Better": ("DLQI Total Score", everyone, *better),
        "DLQI 0 or 1": ("DLQI Total Score", everyone, lambda v, b: v <= 1, lambda b: b > 1),
        "Itch at Least 4 Points Better": ("Worst Itch NRS (0-10)", everyone, *better),
        "Skin Pain at Least 4 Points Better": ("Worst Skin Pain NRS (0-10)", everyone, *better),
        "Sleep at Least 4 Points Better": ("Sleep Disturbance NRS (0-10)", everyone, *better),
        "Tender Joints at Least 50 % Fewer": ("Tender Joint Count", joints, *halved),
        "Swollen Joints at Least 50 % Fewer": ("Swollen Joint Count", joints, *halved),
        "Joint Pain at Least 50 % Lower": ("Joint Pain NRS (0-10)", joints, *halved),
    }
    expected = {}
    for head, (title, who, better_than, possible) in rules.items():
        start = {p: b for p, b in bases(title).items() if p in who and possible(b)}
        for visit in FORMS[title][3]:
            hits = 0
            for person, b in start.items():
                found = at(title, person, visit)
                hits += bool(found) and not struck(title, person, visit) and better_than(found[2], b)
            expected[head, visit] = [
                f"{hits}/{len(start)}",
                percent(hits, len(start)),
                printed_interval(hits, len(start)),
            ]
    assert display.deep == expected


@proves("t-14.2.3.6")
def test_the_mixed_model_of_quality_of_life_has_the_subjects_with_a_value(display):
    """The n of each visit; estimates are proven against R."""
    title = "DLQI Total Score"
    for (strategy, visit), cells in display.rows:
        policy = strategy.startswith("Treatment policy")
        found = [p for p in bases(title) if at(title, p, visit, policy) and (policy or not struck(title, p, visit))]
        assert cells[0] == str(len(found)), (strategy, visit)
