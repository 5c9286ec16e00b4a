"""What patients report, joints and work, from the questionnaires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from functools import cache

import pytest

from tests.displays._printed import proves
from tests.displays._study import base, joint_symptoms
from tests.independent import (
    LAST_VISIT,
    LATER_VISITS,
    VISITS,
    analysed,
    baseline,
    change_described,
    clean,
    composite_events,
    described,
    form,
    number,
    paired,
    percent,
    printed_interval,
    share,
    treated,
    values_by_person,
    whole,
)

pytestmark = pytest.mark.req("URS-VER-03")

BOXES = {"0", "1", "2", "3"}


def item(text: str, relevant: bool) -> int | None:
    """Score of a DLQI item: of two ticks the highest; not relevant is 0 where it is offered."""
    ticks = clean(text).split("|")
    if relevant and ticks == ["NR"]:
        return 0
    return max(map(int, ticks)) if ticks and set(ticks) <= BOXES else None


def dlqi(record: dict[str, str]) -> int | None:
    """Total; one missing item counts 0, two or more, or an answer out of its range, leave no score."""
    items = dlqi_items(record)
    return None if not items or items.count(None) > 1 else sum(i or 0 for i in items)


def dlqi_items(record: dict[str, str]) -> list[int | None]:
    """The ten items, missing as nothing, not relevant too where it is not offered; none where one is out of range."""
    texts = [clean(record[f"DLQI{n:02}"]) for n in range(1, 11) if n != 7]
    items = [item(text, n > 1) for n, text in enumerate(texts)]
    if any(i is None and text not in ("", "NR") for i, text in zip(items, texts, strict=True)):
        return []
    first, second = record["DLQI07A"], record["DLQI07B"]
    seventh = None
    if first == "Y":
        seventh = 3
    elif first in ("N", "NR"):
        seventh = {"LOT": 2, "LITTLE": 1, "NOT": 0, "": 0}[second]
    return [*items[:6], seventh, *items[6:]]


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

TITLES = list(FORMS)


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
    assert display.deep == described_over_time(TITLES[:4], set(base()))


@proves("t-14.2.5.2")
def test_joints_are_described_in_those_with_symptoms(display):
    assert display.deep == described_over_time(TITLES[4:7], joint_symptoms() & set(base()))


@proves("t-14.2.5.3")
def test_work_is_described_in_those_employed(display):
    assert display.deep == described_over_time(TITLES[7:10], employed())


@proves("t-14.2.5.6")
def test_activity_is_described(display):
    assert display.deep == described_over_time(TITLES[10:], set(base()))


def employed() -> set[str]:
    """Subjects of the full analysis set in paid work at baseline."""
    return {r["PERSON"] for r in form("WPAI") if r["EVENT"] == "BL" and r["WPEMP"] == "Y"} & set(base())


DOMAINS = {
    "DLQI, Symptoms and Feelings": (0, 1),
    "DLQI, Daily Activities": (2, 3),
    "DLQI, Leisure": (4, 5),
    "DLQI, Work and School": (6,),
    "DLQI, Personal Relationships": (7, 8),
    "DLQI, Treatment": (9,),
}


def domain(places: tuple[int, ...]) -> Callable:
    """Sum of the items of a domain; nothing where one is missing or cannot be read."""

    def score(record: dict[str, str]) -> int | None:
        texts = [clean(record[f"DLQI{n:02}"]) if n != 7 else "" for n in range(1, 11)]
        seventh = dlqi_items(record | {f"DLQI{n:02}": "0" for n in range(1, 11) if n != 7})[6]
        items = [seventh if n == 6 else item(texts[n], n > 1) for n in places]
        return None if None in items else sum(items)

    return score


FORMS |= {title: ("DLQI", "DLDAT", domain(places), LATER_VISITS) for title, places in DOMAINS.items()}


@proves("t-14.2.5.9")
def test_domains_of_quality_of_life_are_described(display):
    assert display.deep == described_over_time(list(DOMAINS), set(base()))


@proves("t-14.2.5.8")
def test_totals_of_quality_of_life_stand_in_their_bands(display):
    title, columns = "DLQI Total Score", []
    bands = ((0, 1), (2, 5), (6, 10), (11, 20), (21, 30))
    for visit in ("Baseline", *LATER_VISITS):
        found = [
            bases(title).get(p) if visit == "Baseline" else (at(title, p, visit) or (0, 0, None))[2] for p in base()
        ]
        known = [v for v in found if v is not None]
        cells = [share(sum(low <= v <= high for v in known), len(known)) for low, high in bands]
        columns.append([*cells, str(len(known)), str(len(found) - len(known))])
    assert [cells for _, cells in display.rows] == [list(row) for row in zip(*columns, strict=True)]


def struck(title: str, person: str, visit: str) -> bool:
    found, who = at(title, person, visit), treated()[person]
    limit = found[0] if found else who.first_dose + timedelta(days=FORMS[title][3][visit][2] - 1)
    return any(when <= limit for when, _ in composite_events().get(person, []))


@proves("t-14.2.5.4", "t-14.2.5.7")
def test_responders_are_counted_among_those_who_can_respond(display):
    observed = display.id == "t-14.2.5.7"
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
            hits, n = 0, 0
            for person, b in start.items():
                found = at(title, person, visit)
                n += bool(found) or not observed
                counts = observed or not struck(title, person, visit)
                hits += bool(found) and counts and better_than(found[2], b)
            expected[head, visit] = [f"{hits}/{n}", percent(hits, n), printed_interval(hits, n)]
    assert display.deep == expected


@proves("t-14.2.3.6")
def test_the_mixed_model_of_quality_of_life_has_the_subjects_with_a_value(display):
    """The n of each visit; estimates are proven against R."""
    title = "DLQI Total Score"
    for (strategy, visit), cells in display.rows:
        policy = strategy.startswith("Treatment policy")
        found = [p for p in bases(title) if at(title, p, visit, policy) and (policy or not struck(title, p, visit))]
        assert cells[0] == str(len(found)), (strategy, visit)


@proves("t-14.2.5.5")
def test_tests_of_change_of_what_patients_report(display):
    """n, mean, t, Hodges-Lehmann estimate and zeros; intervals and p-values are proven against R."""
    for (title, visit), cells in display.rows:
        name, _, kind = title.rpartition(", ")
        joints = name in TITLES[4:7]
        who = joint_symptoms() & set(base()) if joints else employed() if name in TITLES[7:10] else set(base())
        start, changes = bases(name), []
        for person in who:
            found = at(name, person, visit)
            if found and person in start:
                change = Fraction(found[2] - start[person])
                if kind.startswith("change"):
                    changes.append(change)
                elif start[person]:
                    changes.append(100 * change / start[person])
        assert paired(cells) == change_described(changes, 0), (title, visit)
