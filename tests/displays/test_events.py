"""Adverse events: every count of events and of subjects, from the adverse event form and the coding file."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from functools import cache
from math import exp, lgamma, log

import pytest
import yaml

from tests.climb import ROOT
from tests.displays._printed import proves
from tests.independent import (
    CUTOFF,
    EMERGENT,
    deviation,
    form,
    mean,
    period,
    quantile,
    rounded,
    rows_of,
    share,
    treated,
)

pytestmark = pytest.mark.req("URS-VER-03")

N = 60
RELATED = {"POSSIBLE", "PROBABLE", "DEFINITE", ""}
GROUPS = [
    "INFECT",
    "CLOT",
    "GI",
    "HEADACHE",
    "INFECT_SER",
    "HZ",
    "OPPORT",
    "TB",
    "MACE",
    "VTE",
    "MALIG",
    "GI_PERF",
    "HEPATIC",
    "CYTOPENIA",
    "CK",
    "LIPID",
]


@cache
def coding() -> dict[str, dict[str, str]]:
    return {r["VERBATIM"]: r for r in rows_of("coding") if r["DOMAIN"] == "AE"}


@cache
def events() -> list[dict]:
    """Treatment-emergent events of the safety set with their analysed start and end."""
    found = []
    for record in form("AE"):
        person = treated().get(record["PERSON"])
        if record["AEYN"] != "Y" or person is None:
            continue
        started, ended = period(record["AESTDAT"]), period(record["AEENDAT"])
        limit = min(person.last_contact, CUTOFF)
        end = min(ended[1], limit) if ended and ended[2] else (ended[1] if ended else None)
        if started is None:
            start, imputed = person.first_dose, "Y"
        else:
            first, last, imputed = started
            start = first
            if imputed:
                start = person.first_dose if first <= person.first_dose <= last else first
                start = min(d for d in (start, limit, end) if d is not None)
        low, high = person.first_dose, person.last_dose + EMERGENT
        emergent = low <= start <= high or (end is not None and end < start and low <= end <= high)
        if not emergent:
            continue
        code = coding().get(record["AETERM"].strip())
        found.append(
            record
            | {
                "start": start,
                "end": end,
                "imputed": imputed,
                "code": code,
                "PT": code["DECOD"] if code else f"Uncoded: {record['AETERM'].strip()}",
                "SOC": code["BODSYS"] if code else "Uncoded",
                "grade": int(record["AETOXGR"]) if record["AETOXGR"] else 0,
            }
        )
    return found


@cache
def groups() -> dict[str, dict]:
    lists = yaml.safe_load((ROOT / "config/aesi.yaml").read_text(encoding="utf-8"))["groups"]
    return {group["id"]: group for group in lists}


def belongs(event: dict, group: dict) -> bool:
    def low(key: str) -> list[str]:
        return [str(word).casefold() for word in group.get(key, [])]

    if any(event[variable] != value for variable, value in group.get("where", {}).items()):
        return False
    code = event["code"]
    if code is None:
        return any(word in event["AETERM"].casefold() for word in low("verbatim"))
    term = code["DECOD"].casefold()
    if term in low("terms") or any(word in term for word in low("contains")):
        return True
    if code["HLGT"].casefold() in low("except_group_terms"):
        return False
    return (
        code["BODSYS"].casefold() in low("classes")
        or code["HLGT"].casefold() in low("group_terms")
        or code["HLT"].casefold() in low("high_level_terms")
    )


def special(group: str) -> list[dict]:
    return [e for e in events() if belongs(e, groups()[group])]


def persons(some: list[dict]) -> int:
    return len({e["PERSON"] for e in some})


def fatal(event: dict) -> bool:
    return event["AEOUT"] == "FATAL" or event["AESDTH"] == "Y" or event["grade"] == 5


def counted(some: list[dict]) -> list[str]:
    return [share(persons(some), N), str(len(some))]


def by_term(some: list[dict]) -> dict[tuple[str, ...], list[dict]]:
    found = defaultdict(list, {("Any event",): list(some)})
    for event in some:
        found[event["SOC"],].append(event)
        found[event["SOC"], event["PT"]].append(event)
    return dict(found)


@proves("t-14.3.1.1")
def test_the_overview_counts_the_subjects_and_events_of_the_form(display):
    every = events()
    assert display.heads == [f"N = {N}"]
    assert display.flat == {
        "Any": counted(every),
        "Related to treatment": counted([e for e in every if e["AEREL"] in RELATED]),
        "Grade 3 or worse": counted([e for e in every if e["grade"] >= 3]),
        "Grade not known": counted([e for e in every if not e["grade"]]),
        "Serious": counted([e for e in every if e["AESER"] == "Y"]),
        "Serious and related": counted([e for e in every if e["AESER"] == "Y" and e["AEREL"] in RELATED]),
        "Seriousness not known": counted([e for e in every if not e["AESER"]]),
        "Leading to the end of treatment": counted([e for e in every if e["AEACN"] == "WITHDRAWN"]),
        "Leading to interruption of treatment": counted([e for e in every if e["AEACN"] == "INTERRUPTED"]),
        "Fatal": counted([e for e in every if fatal(e)]),
        "Start date imputed": counted([e for e in every if e["imputed"]]),
    }


@proves("t-14.3.1.2", "t-14.3.1.4", "t-14.3.1.9", "t-14.3.1.10", "t-14.3.1.11", "t-14.3.1.12")
def test_every_class_and_term_is_counted_as_on_the_form(display):
    some = [
        e
        for e in events()
        if {
            "t-14.3.1.4": e["AEREL"] in RELATED,
            "t-14.3.1.9": e["AESER"] == "Y",
            "t-14.3.1.10": e["AEACN"] == "WITHDRAWN",
            "t-14.3.1.11": e["AEACN"] == "INTERRUPTED",
        }.get(display.id, True)
    ]
    assert display.deep == {path: counted(members) for path, members in by_term(some).items()}


@proves("t-14.3.1.2", "t-14.3.1.12")
def test_classes_and_terms_stand_by_falling_frequency_or_by_the_alphabet(display):
    found = by_term(events())

    def key(path):
        return path[-1].casefold() if display.id == "t-14.3.1.12" else (-persons(found[path]), path[-1].casefold())

    outer = [path for path, _ in display.rows if len(path) == 1 and path != ("Any event",)]
    assert outer == sorted(outer, key=key)
    for above in outer:
        inner = [path for path, _ in display.rows if len(path) == 2 and path[:1] == above]
        assert inner == sorted(inner, key=key)


@proves("t-14.3.1.5")
def test_common_events_are_those_of_one_subject_in_twenty(display):
    common = {path: some for path, some in by_term(events()).items() if len(path) < 2 or 20 * persons(some) >= N}
    kept = {path[:1] for path in common if len(path) == 2} | {("Any event",)}
    assert display.deep == {path: counted(some) for path, some in common.items() if path[:1] in kept}


def worst(some: list[dict]) -> dict[str, int]:
    grades = defaultdict(int)
    for event in some:
        grades[event["PERSON"]] = max(grades[event["PERSON"]], event["grade"])
    return grades


@proves("t-14.3.1.3")
def test_each_subject_stands_once_at_its_worst_grade(display):
    expected = {}
    for path, some in by_term(events()).items():
        grades = list(worst(some).values())
        expected[path] = [share(len(grades), N), *(share(grades.count(g), N) for g in (1, 2, 3, 4, 5, 0))]
    assert display.deep == expected


@proves("f-14.3.1.2")
def test_the_bars_of_worst_grades_are_those_of_the_form(display):
    """The 25 most frequent terms; a term in two classes stands with its class."""
    found = {path: some for path, some in by_term(events()).items() if len(path) == 2}
    assert len(display.rows) == 25
    for path, cells in display.rows:
        (match,) = [p for p in found if path[-1] in (p[1], f"{p[1]} ({p[0]})")]
        grades = list(worst(found[match]).values())
        assert cells == [share(grades.count(g), N) for g in (0, 1, 2, 3, 4, 5)], path
    shown = [sum(int(cell.split(" ")[0]) for cell in cells) for _, cells in display.rows]
    assert shown == sorted((persons(some) for some in found.values()), reverse=True)[:25]


@proves("f-14.3.1.1")
def test_the_points_of_preferred_terms_are_those_of_the_form(display):
    """The 30 most frequent terms; a term in two classes stands with its class."""
    found = {path: some for path, some in by_term(events()).items() if len(path) == 2}
    assert len(display.rows) == 30
    for path, cells in display.rows:
        (match,) = [p for p in found if path[-1] in (p[1], f"{p[1]} ({p[0]})")]
        assert cells == counted(found[match])


@proves("t-14.3.1.6")
def test_events_of_special_interest_are_found_by_the_term_lists(display):
    assert [cells for _, cells in display.rows] == [counted(special(group)) for group in GROUPS]
    assert [path[-1] for path, _ in display.rows] == [groups()[group]["label"] for group in GROUPS]


def first_day(some: list[dict], person: str) -> date | None:
    return min((e["start"] for e in some if e["PERSON"] == person), default=None)


def poisson_interval(x: int) -> tuple[float, float]:
    """Exact limits of a Poisson mean (Garwood), by bisection on the sums of the probabilities."""

    def at_most(k: int, m: float) -> float:
        return sum(exp(i * log(m) - m - lgamma(i + 1)) for i in range(k + 1))

    def solve(rising) -> float:
        low, high = 1e-12, 4.0 * x + 20
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if rising(middle) else (low, middle)
        return low

    upper = solve(lambda m: at_most(x, m) > 0.025)
    return (solve(lambda m: 1 - at_most(x - 1, m) < 0.025) if x else 0.0), upper


def incidence(some: list[dict]) -> list[str]:
    days, hit = 0, 0
    for person in treated().values():
        first = first_day(some, person.id)
        # An event after the time at risk is no event of this rate.
        inside = first is not None and first <= person.end_of_risk
        hit += inside
        days += ((first if inside else person.end_of_risk) - person.first_dose).days + 1
    years = Fraction(days * 100, 36525)
    low, high = poisson_interval(hit)
    return [
        str(hit),
        rounded(years, 2),
        rounded(100 * hit / years, 1),
        f"({100 * low / float(years):.1f}, {100 * high / float(years):.1f})",
        "0",
    ]


@proves("t-14.3.1.7")
def test_incidence_is_subjects_over_their_time_at_risk(display):
    every = events()
    assert display.flat == {
        "Any": incidence(every),
        "Related to treatment": incidence([e for e in every if e["AEREL"] in RELATED]),
        "Grade 3 or worse": incidence([e for e in every if e["grade"] >= 3]),
        "Serious": incidence([e for e in every if e["AESER"] == "Y"]),
        "Leading to the end of treatment": incidence([e for e in every if e["AEACN"] == "WITHDRAWN"]),
    }


@proves("t-14.3.1.8")
def test_incidence_of_special_interest_is_subjects_over_their_time_at_risk(display):
    assert [cells for _, cells in display.rows] == [incidence(special(group)) for group in GROUPS]


@proves("t-14.3.1.13")
def test_relationship_action_and_outcome_are_those_of_the_form(display):
    said = {
        "Relationship, subjects (%)": (
            "AEREL",
            {
                "NOT RELATED": "NOT",
                "UNLIKELY": "UNLIKELY",
                "POSSIBLE": "POSSIBLE",
                "PROBABLE": "PROBABLE",
                "DEFINITE": "DEFINITE",
            },
        ),
        "Action taken with the drug, subjects (%)": (
            "AEACN",
            {
                "DOSE NOT CHANGED": "NONE",
                "NOT APPLICABLE": "NA",
                "DRUG INTERRUPTED": "INTERRUPTED",
                "DRUG WITHDRAWN": "WITHDRAWN",
            },
        ),
        "Outcome, subjects (%)": (
            "AEOUT",
            {
                "RECOVERED/RESOLVED": "RECOVERED",
                "RECOVERING/RESOLVING": "RECOVERING",
                "NOT RECOVERED/NOT RESOLVED": "NOTREC",
                "FATAL": "FATAL",
            },
        ),
    }
    expected = {
        (title, words): [share(persons([e for e in events() if e[field] == code]), N)]
        for title, (field, codes) in said.items()
        for words, code in codes.items()
    }
    assert display.deep == {path: cells for path, cells in expected.items() if cells != ["0"]}


@proves("t-14.3.1.14")
def test_what_is_missing_or_imputed_is_counted(display):
    every = events()
    assert display.flat == {
        "Grade missing": counted([e for e in every if not e["AETOXGR"]]),
        "Relationship missing (counted as related)": counted([e for e in every if not e["AEREL"]]),
        "Seriousness missing": counted([e for e in every if not e["AESER"]]),
        "Outcome missing": counted([e for e in every if not e["AEOUT"]]),
        "Start imputed": counted([e for e in every if e["imputed"]]),
        "End imputed": counted([e for e in every if (p := period(e["AEENDAT"])) and p[2]]),
        "No end": counted([e for e in every if e["end"] is None]),
        "Not coded": counted([e for e in every if e["code"] is None]),
    }


def duration(some: list[dict]) -> list[str]:
    known = [e for e in some if e["end"] is not None and e["end"] >= e["start"] and e["imputed"] != "Y"]
    days = [Fraction((e["end"] - e["start"]).days + 1) for e in known]
    quartiles = [rounded(quantile(days, Fraction(k, 4)), 1) for k in (1, 2, 3)]
    return [
        str(len(known)),
        str(persons(known)),
        str(len(some) - len(known)),
        f"{rounded(mean(days), 1)} ({rounded(deviation(days), 2)})",
        quartiles[1],
        f"{quartiles[0]}, {quartiles[2]}",
        f"{rounded(min(days), 0)}, {rounded(max(days), 0)}",
    ]


@proves("t-14.3.1.15")
def test_durations_run_from_start_to_end(display):
    assert display.flat == {
        "Any": duration(events()),
        "Infections": duration(special("INFECT")),
        "Gastrointestinal complaints": duration(special("GI")),
        "Headache": duration(special("HEADACHE")),
        "Grade 3 or worse": duration([e for e in events() if e["grade"] >= 3]),
    }


@proves("t-14.3.1.16")
def test_the_mean_number_of_events_sums_events_over_subjects_at_risk(display):
    """At risk and mean number; the robust error is proven against R elsewhere."""
    ends = {p.id: p.study_day(p.end_of_risk) for p in treated().values()}
    days = [(e["PERSON"], treated()[e["PERSON"]].study_day(e["start"])) for e in events()]
    days = [day for person, day in days if day <= ends[person]]
    for day in (15, 29, 57, 85, 112):
        total = sum(Fraction(1, sum(end >= d for end in ends.values())) for d in days if d <= day)
        at_risk = sum(end >= day for end in ends.values())
        assert display.flat[f"Day {day}"][:2] == [str(at_risk), rounded(total, 2)], day


def to_first(group: str) -> list[tuple[int, bool]]:
    """Study day and whether it is that of an event, of each subject."""
    found = []
    for person in treated().values():
        first = first_day(special(group), person.id)
        struck = first is not None and first <= person.end_of_risk
        found.append((person.study_day(first if struck else person.end_of_risk), struck))
    return found


def fallen(times: list[tuple[int, bool]], day: int) -> Fraction:
    """1 - Kaplan-Meier."""
    left = Fraction(1)
    for at in sorted({t for t, struck in times if struck and t <= day}):
        left *= 1 - Fraction(sum(t == at and struck for t, struck in times), sum(t >= at for t, _ in times))
    return 1 - left


@proves("t-14.3.1.17")
def test_time_to_special_interest_counts_and_estimates(display):
    """Events, censored, and the estimates at days 29 and 85; intervals are proven against R elsewhere."""
    for label, group in (
        ("Infections", "INFECT"),
        ("Gastrointestinal complaints", "GI"),
        ("Headache", "HEADACHE"),
        ("Creatine kinase rise", "CK"),
        ("Lipid rise", "LIPID"),
    ):
        times, cells = to_first(group), display.flat[label]
        struck = sum(hit for _, hit in times)
        assert cells[:2] == [str(struck), str(N - struck)]
        for cell, day in ((cells[2], 29), (cells[3], 85)):
            value = 100 * fallen(times, day)
            assert cell.split(" ")[0] == ("0" if value == 0 else rounded(value, 1))
    assert set(display.flat) == {groups()[g]["label"] for g in GROUPS if persons(special(g)) >= 5}


@proves("f-14.3.1.4")
def test_the_curve_of_infections_has_its_numbers_at_risk(display):
    times = to_first("INFECT")
    for day in (1, 29, 57, 85, 112):
        before = [hit for at, hit in times if at < day]
        assert display.flat[f"Day {day}"] == [str(N - len(before)), str(sum(before)), str(len(before) - sum(before))]


@proves("f-14.3.1.3")
def test_onset_is_drawn_for_every_subject_of_a_class(display):
    found = {path[0]: some for path, some in by_term(events()).items() if len(path) == 1 and path[0] != "Any event"}
    undated = {soc: sum(e["start"] is None for e in some) for soc, some in found.items()}
    assert display.flat == {soc: [str(persons(some)), str(undated[soc])] for soc, some in found.items()}


@proves("l-14.3.2.1")
def test_the_listing_of_deaths_and_serious_events_has_those_of_the_form(display):
    """Every event reported by a known subject, emergent or not."""
    some = [
        r for r in form("AE") if r["AESER"] == "Y" or r["AEOUT"] == "FATAL" or r["AESDTH"] == "Y" or r["AETOXGR"] == "5"
    ]
    assert sorted((r["Subject"][-7:], r["Reported term"]) for r in display.records) == sorted(
        (r["PERSON"], r["AETERM"]) for r in some
    )


@proves("l-16.2.7")
def test_the_listing_of_adverse_events_has_every_record_of_the_form(display):
    records = [r for r in form("AE") if r["AEYN"] == "Y"]
    assert sorted((r["Subject"][-7:], r["Reported term"]) for r in display.records) == sorted(
        (r["PERSON"], r["AETERM"]) for r in records
    )
    emergent = [(e["PERSON"], e["AETERM"], e["start"].isoformat()) for e in events()]
    shown = [
        (r["Subject"][-7:], r["Reported term"], str(r["Start analysed"])[:10])
        for r in display.records
        if r["Treatment-emergent"] == "Y"
    ]
    assert sorted(shown) == sorted(emergent)


@proves("l-16.2.7.2")
def test_the_listing_of_partial_dates_has_every_event_with_one(display):
    """Starts that are not a full date; and ends that are partial, or neither given nor said to be ongoing."""
    wanted = []
    for record in form("AE"):
        started, ended = period(record["AESTDAT"]), period(record["AEENDAT"])
        open_end = ended is None and record["AEONGO"] != "Y"
        if record["AEYN"] == "Y" and (started is None or started[2] or (ended and ended[2]) or open_end):
            code = coding().get(record["AETERM"].strip())
            wanted.append((record["PERSON"], code["DECOD"] if code else f"Uncoded: {record['AETERM']}"))
    assert sorted((r["Subject"][-7:], r["Preferred term"]) for r in display.records) == sorted(wanted)


@proves("n-14.3.3")
def test_a_narrative_is_written_of_each_subject_who_needs_one(display):
    """Fatal, serious or with a criterion of it, leading to the end of treatment, or of special interest and grave."""
    special_ones = [e for group in GROUPS for e in special(group) if e["grade"] >= 3 or e["AESER"] == "Y"]
    wanted = {e["PERSON"] for e in special_ones}
    for record in form("AE"):
        grave = record["AESER"] == "Y" or record["AEOUT"] == "FATAL" or record["AETOXGR"] == "5"
        criteria = [record[f"AES{name}"] for name in ("DTH", "LIFE", "HOSP", "DISAB", "CONG", "MIE")]
        if record["AEYN"] == "Y" and (grave or "Y" in criteria or record["AEACN"] == "WITHDRAWN"):
            wanted.add(record["PERSON"])
    wanted |= {p.id for p in treated().values() if p.reason == "ADVERSE EVENT"}
    assert {sheet["head"][-7:] for sheet in display.made["sheets"]} == wanted
