"""Efficacy: scores, responses, times to response, and the fate of each subject, from the scoring forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import comb, sqrt

import pytest

from tests.displays._printed import proves, text
from tests.displays._study import age, base, per_protocol, persons, scores, week_12
from tests.independent import (
    AFTER_TREATMENT,
    VISITS,
    Person,
    analysed,
    baseline,
    change_described,
    clean,
    composite_events,
    described,
    form,
    paired,
    percent,
    printed_interval,
    rounded,
    share,
    sign,
    tenths,
    treated,
    values_by_person,
    whole,
)

pytestmark = pytest.mark.req("URS-VER-03")

FAS = 59
Z = 1.959963984540054


@dataclass(frozen=True)
class Measure:
    """A score with its records and baselines, by person."""

    records: dict[str, list]
    bases: dict[str, object]

    def at(self, person: str, visit: str, policy: bool = False):
        return analysed(self.records.get(person, []), treated()[person], VISITS[visit], policy)


def measure(name: str, date_field: str, score: Callable) -> Measure:
    records = values_by_person(name, date_field, score)
    bases = {p: baseline(records.get(p, []), treated()[p]) for p in base()}
    return Measure(records, {p: value for p, value in bases.items() if value is not None})


@cache
def pppasi() -> Measure:
    return Measure(scores(), base())


@cache
def part(regions: tuple[str, ...]) -> Measure:
    return measure("PPPASI", "PPDAT", lambda record: tenths(record, regions))


@cache
def signs(name: str) -> Measure:
    return measure("PPPASI", "PPDAT", lambda record: sign(record, name))


@cache
def fresh_pustules() -> Measure:
    def count(record: dict[str, str]) -> int | None:
        parts = [whole(record[region + "PSC"], 10_000) for region in ("RP", "LP", "RS", "LS")]
        return None if None in parts else sum(parts)

    return measure("PPPASI", "PPDAT", count)


@cache
def pga() -> Measure:
    return measure("PGA", "PGADAT", lambda record: whole(record["PGASC"], 4))


def falls(per_cent: int) -> Callable:
    return lambda value, start: 100 * value <= (100 - per_cent) * start


def success(value: int, start: int) -> bool:
    return value <= 1 and start - value >= 2


def deadline(person: Person, found, visit: str) -> date:
    return found[0] if found else person.first_dose + timedelta(days=VISITS[visit][2] - 1)


def struck(person: str, found, visit: str) -> str | None:
    """Kind of the first composite event up to the analysed day, or the planned day where nothing is analysed."""
    limit = deadline(treated()[person], found, visit)
    return next((kind for when, kind in composite_events().get(person, []) if when <= limit), None)


def responds(score: Measure, rule: Callable, person: str, visit: str) -> bool:
    found = score.at(person, visit)
    return found is not None and struck(person, found, visit) is None and rule(found[2], score.bases[person])


def rate(x: int, n: int) -> list[str]:
    return [f"{x}/{n}", percent(x, n), printed_interval(x, n)]


RESPONSES = {
    "PPPASI-50 Response": (pppasi, falls(50)),
    "PPPASI-75 Response": (pppasi, falls(75)),
    "PPPASI-90 Response": (pppasi, falls(90)),
    "PPPASI-100 Response": (pppasi, falls(100)),
    "PGA Success (0/1 and at least 2 grades better)": (pga, success),
}


def eligible(score: Measure, rule: Callable) -> list[str]:
    """Subjects in whom the response can be seen at all."""
    return [p for p, start in score.bases.items() if start >= (2 if rule is success else 1)]


@proves("t-14.2.2.1", "t-14.2.2.2")
def test_responses_by_visit_are_those_of_the_scores(display):
    imputed = display.id == "t-14.2.2.1"
    expected = {}
    for title, (score, rule) in RESPONSES.items():
        for visit in VISITS:
            who = eligible(score(), rule)
            if imputed:
                hits = sum(responds(score(), rule, p, visit) for p in who)
            else:
                who = [p for p in who if score().at(p, visit)]
                hits = sum(rule(score().at(p, visit)[2], score().bases[p]) for p in who)
            expected[title, visit] = rate(hits, len(who))
    assert display.deep == expected


@proves("f-14.2.2.1")
def test_the_curves_of_response_are_those_of_the_scores(display):
    for level in (50, 75, 90):
        for visit in VISITS:
            hits = sum(responds(pppasi(), falls(level), p, visit) for p in base())
            assert display.deep[f"PPPASI-{level}", visit] == rate(hits, FAS)


@proves("t-14.2.2.3")
def test_falls_of_the_signs_are_those_of_the_scores(display):
    expected = {}
    for title, name, rule in (
        ("Erythema at Least 50 % Lower", "ERY", falls(50)),
        ("Pustules at Least 50 % Lower", "PUS", falls(50)),
        ("Desquamation at Least 50 % Lower", "DES", falls(50)),
        ("No Pustules (P = 0)", "PUS", falls(100)),
    ):
        who = eligible(signs(name), rule)
        for visit in VISITS:
            hits = sum(responds(signs(name), rule, p, visit) for p in who)
            expected[title, visit] = rate(hits, len(who))
    assert display.deep == expected


def over_time(score: Measure, decimals: int, scale: int) -> tuple[dict, dict, dict]:
    """Values, changes and percent changes by visit as they are printed."""
    values = {"Baseline": described([Fraction(v, scale) for v in score.bases.values()], decimals)}
    change, relative = {}, {}
    for visit in VISITS:
        found = {p: score.at(p, visit)[2] for p in base() if score.at(p, visit)}
        values[visit] = described([Fraction(v, scale) for v in found.values()], decimals)
        both = {p: v for p, v in found.items() if p in score.bases}
        change[visit] = described([Fraction(v - score.bases[p], scale) for p, v in both.items()], decimals)
        relative[visit] = described(
            [Fraction(100 * (v - score.bases[p]), score.bases[p]) for p, v in both.items() if score.bases[p]], 0
        )
    return values, change, relative


def tabled(measures: dict[str, tuple[Measure, int, int]]) -> dict[tuple[str, str], list[str]]:
    expected = {}
    for title, (score, decimals, scale) in measures.items():
        values, change, relative = over_time(score, decimals, scale)
        expected |= {(title, visit): row for visit, row in values.items()}
        expected |= {(f"{title}, change from baseline", visit): row for visit, row in change.items()}
        expected |= {(f"{title}, percent change from baseline", visit): row for visit, row in relative.items()}
    return expected


@proves("t-14.2.3.1")
def test_scores_of_palms_and_soles_by_visit_are_described(display):
    assert display.deep == tabled(
        {
            "PPPASI Total Score": (pppasi(), 1, 10),
            "PPPASI, Both Palms": (part(("RP", "LP")), 1, 10),
            "PPPASI, Both Soles": (part(("RS", "LS")), 1, 10),
        }
    )


@proves("t-14.2.3.2")
def test_signs_by_visit_are_described(display):
    assert display.deep == tabled(
        {
            "Total Erythema (0-16)": (signs("ERY"), 0, 1),
            "Total Pustules (0-16)": (signs("PUS"), 0, 1),
            "Total Desquamation (0-16)": (signs("DES"), 0, 1),
            "Fresh Pustule Count": (fresh_pustules(), 0, 1),
        }
    )


@proves("t-14.2.1.4")
def test_the_basis_of_each_response_is_the_record_or_the_event(display):
    """Observed, each composite event, and missing as one sum; the reasons of missing values are the house's own."""
    shown = {head: [int(cell.split(" ")[0]) for cell in cells] for head, cells in display.flat.items()}
    words = {
        "prohibited": "Composite event: Prohibited medication or phototherapy for PPP",
        "adverse event": "Composite event: Discontinuation for an adverse event",
        "lack of efficacy": "Composite event: Discontinuation for lack of efficacy",
    }
    for column, visit in enumerate(VISITS):
        kinds = Counter()
        for person in base():
            found = pppasi().at(person, visit)
            kinds[struck(person, found, visit) or ("observed" if found else "missing")] += 1
        assert shown["Observed"][column] == kinds["observed"]
        for kind, head in words.items():
            assert shown[head][column] == kinds[kind], (visit, kind)
        assert sum(cells[column] for head, cells in shown.items() if head.startswith("Missing")) == kinds["missing"]


def wilson(x: int, n: int) -> str:
    p, square = x / n, Z * Z
    middle, half = (p + square / (2 * n)) / (1 + square / n), Z / (1 + square / n)
    half *= sqrt(p * (1 - p) / n + square / (4 * n * n))
    return f"({100 * (middle - half):.1f}, {100 * (middle + half):.1f})"


def tail(x: int, n: int, p0: Fraction) -> Fraction:
    """Chance of x or more of n at p0."""
    return sum((comb(n, k) * p0**k * (1 - p0) ** (n - k) for k in range(x, n + 1)), Fraction(0))


def p_value(x: int, n: int, p0: Fraction = Fraction(3, 10)) -> str:
    value = tail(x, n, p0)
    return "<0.0001" if value < Fraction(1, 10_000) else rounded(value, 4)


@cache
def week_12_responders() -> set[str]:
    return {p for p in base() if responds(pppasi(), falls(50), p, "Week 12")}


def analyses() -> dict[str, tuple[int, int]]:
    """Responders and denominators of the primary analysis and its sensitivity analyses."""
    rule, hits = falls(50), week_12_responders()
    observed = [p for p in base() if week_12(p)]
    policy = sum((r := pppasi().at(p, "Week 12", policy=True)) is not None and rule(r[2], base()[p]) for p in base())
    carried = 0
    for person in base():
        found = week_12(person)
        if found is None and struck(person, None, "Week 12") is None:
            seen = [r for visit in VISITS if (r := pppasi().at(person, visit))]
            carried += bool(seen) and rule(max(seen)[2], base()[person])
    inside = {p for p in observed if 78 <= treated()[p].study_day(week_12(p)[0]) <= 92}
    outside = set(observed) - inside
    return {
        "Primary (composite; NRI)": (len(hits), FAS),
        "(b) Last observation carried forward": (len(hits) + carried, FAS),
        "(c) Observed cases": (sum(rule(week_12(p)[2], base()[p]) for p in observed), len(observed)),
        "(d) Per-protocol set; NRI": (len(hits & per_protocol()), len(per_protocol())),
        "(e) Treatment policy; NRI": (policy, FAS),
        "(h) All treated subjects; NRI": (len(hits), len(treated())),
        "Outside it as missing; NRI": (len(hits - outside), FAS),
        "Outside it left out; NRI": (len(hits - outside), FAS - len(outside)),
    }


@proves("t-14.2.1.2", "f-14.2.1.1")
def test_the_sensitivity_analyses_count_the_same_scores_by_their_own_rules(display):
    """All but the imputed line and the Jeffreys and mid-P intervals, which are proven against R."""
    found = {head: [*rate(x, n), "Clopper-Pearson", wilson(x, n), p_value(x, n)] for head, (x, n) in analyses().items()}
    assert {head: display.flat[head] for head in found} == found
    x = len(week_12_responders()) + len(missing_at_week_12())
    assert display.flat["(f) Tipping: all missing as response"][:3] == rate(x, FAS)


@cache
def missing_at_week_12() -> set[str]:
    """Who has no analysed value at week 12 and no composite event."""
    return {p for p in base() if not week_12(p) and struck(p, None, "Week 12") is None}


@proves("t-14.2.1.8", "f-14.2.1.2")
def test_the_tipping_point_adds_missing_responses_one_by_one(display):
    x, m = len(week_12_responders()), len(missing_at_week_12())
    nulls = [Fraction(p, 100) for p in (30, 25, 35, 40)]

    def verdict(k: int, p0: Fraction) -> str:
        rejects = tail(x + k, FAS, p0) <= Fraction(25, 1000)
        return f"{p_value(x + k, FAS, p0)}, {'rejected' if rejects else 'not rejected'}"

    shown = {path[-1]: cells for path, cells in display.rows}
    for k in range(m + 1):
        assert shown[str(k)] == [*rate(x + k, FAS), *(verdict(k, p0) for p0 in nulls)], k
    smallest = [next(k for k in range(m + 1) if tail(x + k, FAS, p0) <= Fraction(25, 1000)) for p0 in nulls]
    assert shown["Smallest k that rejects"][3:] == list(map(str, smallest))
    assert shown["Missing responses"][0] == str(m)


@proves("t-14.2.1.11")
def test_the_imputation_is_of_the_responses_that_are_missing(display):
    """Subjects; settings, variances and convergence belong to the method, which is proven against R."""
    shown = {path[-1]: cells for path, cells in display.rows}
    kinds = Counter(struck(p, week_12(p), "Week 12") is not None for p in base())
    observed = [p for p in base() if week_12(p) and struck(p, week_12(p), "Week 12") is None]
    assert shown["In the imputation model"] == [str(FAS)]
    assert shown["Week-12 response observed"] == [str(len(observed))]
    assert shown["Week-12 response imputed"] == [str(len(missing_at_week_12()))]
    assert shown["Non-response by a composite event"] == [str(kinds[True])]


@proves("t-14.2.1.7")
def test_imputed_responses_lie_between_none_and_all_of_the_missing(display):
    """The bounds and the denominator; the estimates are proven against R."""
    x = len(week_12_responders())
    for _, cells in display.rows:
        n, _, size = cells[0].partition("/")
        assert size == str(FAS)
        assert x <= Fraction(n) <= x + len(missing_at_week_12())


@proves("t-14.2.1.9")
def test_estimands_have_the_numbers_of_their_sets(display):
    """The n of each population; the words are those of the declaration."""
    sizes = [int(cells[0].rpartition("n = ")[2]) for path, cells in display.rows if path[-1] == "Population"]
    assert sizes[:4] == [len(base()), len(base()), len(per_protocol()), len(treated())]


@proves("t-14.2.1.10")
def test_intercurrent_events_are_those_of_the_forms(display):
    """Subjects and occurrences of each kind."""
    some: dict[str, list[str]] = {head: [] for head in KINDS.values()}
    for person in base():
        for _, kind in composite_events().get(person, []):
            some[KINDS[kind]].append(person)
        if treated()[person].reason not in ("COMPLETED", "LACK OF EFFICACY", "ADVERSE EVENT", "DEATH"):
            some["Discontinuation for another reason"].append(person)
    spans: dict[str, list[dict[str, str]]] = {p: [] for p in base()}
    for record in form("EX"):
        if record["PERSON"] in spans:
            spans[record["PERSON"]].append(record)
    for person, records in spans.items():
        some["Interruption of treatment"] += [person for r in records if r["EXOCCUR"] == "N"]
        doses = [r["EXDOSE"] for r in records if r["EXOCCUR"] == "Y"]
        some["Change of dose"] += [person for a, b in pairwise(doses) if a != b]
    shown = {path[-1]: cells[:2] for path, cells in display.rows}
    for head, who in some.items():
        assert shown[head] == [share(len(set(who)), FAS), str(len(who))], head
    every = [person for who in some.values() for person in who]
    assert shown["Any intercurrent event"] == [share(len(set(every)), FAS), str(len(every))]
    assert shown["No intercurrent event"][0] == share(FAS - len(set(every)), FAS)


KINDS = {
    "lack of efficacy": "Discontinuation for lack of efficacy",
    "adverse event": "Discontinuation for an adverse event",
    "prohibited": "Prohibited medication or phototherapy for PPP",
    "death": "Death",
    "other": "Discontinuation for another reason",
    "interruption": "Interruption of treatment",
    "dose": "Change of dose",
}


@proves("t-14.2.1.1")
def test_the_primary_table_prints_the_rate_its_interval_and_test(display):
    """All but the Jeffreys and mid-P intervals, which are proven against R."""
    x = len(week_12_responders())
    shown = {head: cells[0] for head, cells in display.flat.items()}
    assert shown["Responders, n/N"] == f"{x}/{FAS}"
    assert shown["Response rate, %"] == percent(x, FAS)
    assert shown["95 % CI (Clopper-Pearson), %"] == printed_interval(x, FAS)
    assert shown["95 % CI (Wilson), %"] == wilson(x, FAS)
    assert shown["One-sided exact p-value, p0 = 30 %"] == p_value(x, FAS)


@proves("t-14.2.1.3")
def test_the_exact_test_has_the_critical_numbers_of_the_binomial_sums(display):
    x, expected = len(week_12_responders()), []
    for kind, p0 in (("Confirmatory", 30), ("Sensitivity", 25), ("Sensitivity", 35), ("Sensitivity", 40)):
        rate0 = Fraction(p0, 100)
        need = next(k for k in range(FAS + 1) if tail(k, FAS, rate0) <= Fraction(25, 1000))
        verdict = "rejected" if x >= need else "not rejected"
        cells = [f"{p0}.0", str(need), rounded(tail(need, FAS, rate0), 4), p_value(x, FAS, rate0), verdict]
        expected.append(((kind,), cells))
    assert display.rows == expected


@proves("front-result")
def test_the_sentence_of_the_primary_result_says_what_the_table_says(display):
    x = len(week_12_responders())
    low, high = printed_interval(x, FAS)[1:-1].split(", ")
    (sentence,) = (text(parts) for parts in display.made["sentences"])
    assert f"{x} of {FAS} subjects ({percent(x, FAS)} %; 95 % CI {low} to {high})" in sentence
    assert f"one-sided exact p {p_value(x, FAS)} " in sentence


@proves("front-flow")
def test_the_tree_of_the_primary_result_has_the_counts_of_the_scores(display):
    (flow,) = display.made["flows"]
    shown = {branch["head"]: text(branch["parts"]) for branch in flow["branches"]}
    observed = [p for p in base() if week_12(p) and struck(p, week_12(p), "Week 12") is None]
    hits = len(week_12_responders())
    assert shown["observed responders"] == str(hits)
    assert shown["observed non-responders"] == str(len(observed) - hits)
    (imputed,) = (b for b in flow["branches"] if b["head"].startswith("counted"))
    assert sum(int(text(item["parts"])) for item in imputed["items"]) == FAS - len(observed)


@proves("t-14.2.1.6")
def test_days_of_week_12_stand_against_the_protocol_window(display):
    days = [treated()[p].study_day(week_12(p)[0]) for p in base() if week_12(p)]
    assert [cells[0] for _, cells in display.rows][:3] == [
        share(sum(78 <= d <= 92 for d in days), FAS),
        share(sum(d < 78 for d in days), FAS),
        share(sum(d > 92 for d in days), FAS),
    ]


def times(score: Measure, rule: Callable, sustained: bool = False) -> list[tuple[int, bool]]:
    """Study day and whether a response was seen, of each subject in whom it can be seen."""
    found = []
    for who in eligible(score, rule):
        person = treated()[who]
        first = next((when for when, _ in composite_events().get(who, [])), date.max)
        seen = [r for visit in VISITS if (r := score.at(who, visit))]
        hits = [rule(r[2], score.bases[who]) for r in seen]
        if sustained:
            complete = score.at(who, "Week 12") is not None
            hits = [complete and all(hits[i:]) for i in range(len(hits))]
        when = next((r[0] for r, hit in zip(seen, hits, strict=True) if hit and r[0] < first), None)
        if when is None:
            limit = min(first, person.last_dose + AFTER_TREATMENT)
            last = max((r[0] for r in seen if r[0] <= limit), default=person.first_dose)
            found.append((person.study_day(last), False))
        else:
            found.append((person.study_day(when), True))
    return found


def by_day(some: list[tuple[int, bool]], day: int) -> Fraction:
    """1 - Kaplan-Meier in per cent."""
    left = Fraction(1)
    for at in sorted({t for t, hit in some if hit and t <= day}):
        left *= 1 - Fraction(sum(t == at and hit for t, hit in some), sum(t >= at for t, _ in some))
    return 100 * (1 - left)


@proves("t-14.2.4.1")
def test_times_to_response_have_the_events_of_the_scores(display):
    """N, events, censored, and the estimate at day 85; quantiles and intervals are proven against R."""
    for head, score, rule, sustained in (
        ("PPPASI-50", pppasi(), falls(50), False),
        ("PPPASI-75", pppasi(), falls(75), False),
        ("Erythema 50 % lower", signs("ERY"), falls(50), False),
        ("Pustules 50 % lower", signs("PUS"), falls(50), False),
        ("Desquamation 50 % lower", signs("DES"), falls(50), False),
        ("No pustules", signs("PUS"), falls(100), False),
        ("Sustained PPPASI-50", pppasi(), falls(50), True),
        ("Sustained PPPASI-75", pppasi(), falls(75), True),
    ):
        some, cells = times(score, rule, sustained), display.flat[head]
        hits = sum(hit for _, hit in some)
        assert cells[:3] == [str(len(some)), str(hits), str(len(some) - hits)], head
        assert cells[-1].split(" ")[0] == rounded(by_day(some, 85), 1), head


@proves("f-14.2.4.1")
def test_the_curve_of_response_has_its_numbers_at_risk(display):
    some = times(pppasi(), falls(50))
    for head, cells in display.flat.items():
        before = [hit for at, hit in some if at < int(head.removeprefix("Day "))]
        assert cells[:3] == [str(len(some) - len(before)), str(sum(before)), str(len(before) - sum(before))], head


@proves("f-14.2.7.1")
def test_the_waterfall_has_the_change_of_each_subject(display):
    shown = dict(display.rows)
    found = {p: Fraction(100 * (week_12(p)[2] - base()[p]), base()[p]) for p in base() if week_12(p)}
    assert shown["Subjects drawn",] == [str(len(found))]
    assert shown["Subjects without a value",] == [str(FAS - len(found))]
    assert shown["Records without a value, not drawn",] == ["0"]
    for person, value in found.items():
        (cells,) = (cells for path, cells in display.rows if path[-1].endswith(person))
        assert cells == [f"{rounded(value, 1)} ({'Y' if value <= -50 else 'N'})"], person


@proves("f-14.2.7.2", "f-14.2.7.4")
def test_every_subject_is_drawn_over_time(display):
    assert display.flat == {
        "Subjects drawn": [str(FAS)],
        "Subjects without a value": ["0"],
        "Records without a value, not drawn": ["0"],
    }


@proves("f-14.2.7.3")
def test_the_heat_map_has_the_response_of_each_subject_and_visit(display):
    assert len(display.rows) == FAS
    for (head,), cells in display.rows:
        person = head[-7:]
        for visit, cell in zip(VISITS, cells, strict=True):
            found = pppasi().at(person, visit)
            basis = cell.rpartition(": ")[0]
            assert cell.endswith(f": {'Y' if responds(pppasi(), falls(50), person, visit) else 'N'}")
            assert (basis == "Observed") == (found is not None and struck(person, found, visit) is None)


@proves("t-14.2.3.4", "f-14.2.3.1")
def test_the_mixed_model_of_the_score_has_the_subjects_with_a_value(display):
    """The n of each visit: hypothetical without values from a composite event on; estimates are proven against R."""
    for (strategy, visit), cells in display.rows:
        policy = strategy.startswith("Treatment policy")
        assert cells[0] == str(len(entered(pppasi(), visit, policy))), (strategy, visit)


def entered(score: Measure, visit: str, policy: bool) -> list[str]:
    found = []
    for person in base():
        record = score.at(person, visit, policy)
        if record and person in score.bases and (policy or struck(person, record, visit) is None):
            found.append(person)
    return found


@proves("t-14.2.3.5")
def test_the_mixed_models_of_the_signs_have_the_subjects_with_a_value(display):
    """The n of each visit; estimates are proven against R."""
    names = {"Total Erythema": "ERY", "Total Pustules": "PUS", "Total Desquamation": "DES"}
    for (title, visit), cells in display.rows:
        name = next(code for words, code in names.items() if title.startswith(words))
        assert cells[0] == str(len(entered(signs(name), visit, "treatment policy" in title))), (title, visit)


@proves("l-16.2.6")
def test_the_listing_of_efficacy_has_every_score_of_treated_subjects(display):
    """Every total that can be computed, with its date; and the global assessment."""
    listed = Counter(
        (r["Subject"][-7:], r["Date"], str(r["Value"]))
        for r in display.records
        if r["Score"] == "PPPASI Total Score" and r["Value"] is not None
    )
    wanted = Counter((p, when.isoformat(), f"{v / 10:.1f}") for p, some in scores().items() for when, _, v in some)
    assert listed == wanted
    assert {r["Subject"][-7:] for r in display.records} == set(treated())
    for title, name in (("PPPASI Total Score", "PPPASI"), ("Physician Global Assessment", "PGA")):
        records = [r for r in form(name) if r["PERSON"] in treated()]
        assert sum(r["Score"] == title for r in display.records) == len(records)


@proves("f-14.2.4.2")
def test_the_two_curves_of_response_start_from_the_same_times(display):
    """At risk, and Kaplan-Meier; the estimate of Turnbull is proven against R."""
    some = times(pppasi(), falls(50))
    for head, cells in display.flat.items():
        day = int(head.removeprefix("Day "))
        assert cells[0] == str(sum(at >= day for at, _ in some)), head
        if cells[1]:
            assert cells[1].split(" ")[0] == rounded(by_day(some, day), 1), head


@proves("t-14.2.4.2")
def test_responses_seen_are_those_of_the_scores(display):
    """How many were seen and not; the masses are proven against R."""
    shown = {path[-1]: cells for path, cells in display.rows}
    hits = sum(hit for _, hit in times(pppasi(), falls(50)))
    assert shown["Response first seen after a visit without it"][2] == str(hits)
    assert shown["Response not seen"][2] == str(FAS - hits)


@proves("t-14.2.4.5")
def test_responses_seen_of_every_kind_are_those_of_the_scores(display):
    """N and responses seen; the estimates are proven against R."""
    for head, score, rule, sustained in (
        ("PPPASI-50", pppasi(), falls(50), False),
        ("PPPASI-75", pppasi(), falls(75), False),
        ("Erythema 50 % lower", signs("ERY"), falls(50), False),
        ("Pustules 50 % lower", signs("PUS"), falls(50), False),
        ("Desquamation 50 % lower", signs("DES"), falls(50), False),
        ("No pustules", signs("PUS"), falls(100), False),
        ("Sustained PPPASI-50", pppasi(), falls(50), True),
        ("Sustained PPPASI-75", pppasi(), falls(75), True),
    ):
        some = times(score, rule, sustained)
        assert display.flat[head][:2] == [str(len(some)), str(sum(hit for _, hit in some))], head


def competing(rule: Callable, sustained: bool = False) -> list[tuple[int, str]]:
    """Study day and what came first: response, stop, or neither; on one day the response."""
    found = []
    for who, (at, hit) in zip(eligible(pppasi(), rule), times(pppasi(), rule, sustained), strict=True):
        person = treated()[who]
        stops = [when for when, _ in composite_events().get(who, [])]
        if person.reason != "COMPLETED":
            stops.append(person.ended)
        stop = min((person.study_day(when) for when in stops if when >= person.first_dose), default=None)
        if hit and (stop is None or at <= stop):
            found.append((at, "response"))
        elif stop is not None:
            found.append((stop, "stop"))
        else:
            found.append((at, "none"))
    return found


def incidence(some: list[tuple[int, str]], kind: str, day: int) -> Fraction:
    """Aalen-Johansen in per cent."""
    left, total = Fraction(1), Fraction(0)
    for at in sorted({t for t, what in some if what != "none" and t <= day}):
        risk = sum(t >= at for t, _ in some)
        total += left * Fraction(sum(t == at and what == kind for t, what in some), risk)
        left *= 1 - Fraction(sum(t == at and what != "none" for t, what in some), risk)
    return 100 * total


def shown_share(value: Fraction) -> str:
    return "0" if value == 0 else rounded(value, 1)


@proves("t-14.2.4.3")
def test_cumulative_incidence_counts_what_came_first(display):
    """N, events and estimates; intervals are proven against R."""
    for (title, head), cells in display.rows:
        some = competing(falls(int(title[-2:])), title.startswith("Sustained"))
        kind = "response" if head == "Response" else "stop"
        assert cells[:2] == [str(len(some)), str(sum(what == kind for _, what in some))], (title, head)
        for cell, day in zip(cells[2:], (29, 57, 85), strict=True):
            assert cell.split(" ")[0] == shown_share(incidence(some, kind, day)), (title, head, day)


@proves("f-14.2.4.3")
def test_the_curves_of_cumulative_incidence_have_their_numbers_at_risk(display):
    some = competing(falls(50))
    for head, cells in display.flat.items():
        day = int(head.removeprefix("Day "))
        assert cells[0] == str(sum(at >= day for at, _ in some)), head
        for cell, kind in ((cells[1], "response"), (cells[2], "stop")):
            if cell:
                assert cell.split(" ")[0] == shown_share(incidence(some, kind, day)), head


@proves("t-14.2.3.3", "t-14.2.3.7")
def test_tests_of_change_of_the_scores(display):
    """n, mean, t, Hodges-Lehmann estimate and zeros; intervals and p-values are proven against R."""
    measures = {
        "PPPASI Total Score": (pppasi(), 1, 10),
        "PPPASI, Both Palms": (part(("RP", "LP")), 1, 10),
        "PPPASI, Both Soles": (part(("RS", "LS")), 1, 10),
        "Total Erythema (0-16)": (signs("ERY"), 0, 1),
        "Total Pustules (0-16)": (signs("PUS"), 0, 1),
        "Total Desquamation (0-16)": (signs("DES"), 0, 1),
        "Fresh Pustule Count": (fresh_pustules(), 0, 1),
    }
    for (title, visit), cells in display.rows:
        name, _, kind = title.rpartition(", ")
        score, decimals, scale = measures[name]
        changes = []
        for person, start in score.bases.items():
            found = score.at(person, visit)
            if found and kind.startswith("change"):
                changes.append(Fraction(found[2] - start, scale))
            elif found and start:
                changes.append(Fraction(100 * (found[2] - start), start))
        wanted = change_described(changes, decimals if kind.startswith("change") else 0)
        assert paired(cells) == wanted, (title, visit)


@proves("f-14.2.3.2")
def test_mean_changes_of_palms_and_soles_are_drawn(display):
    """n, mean and SD; the intervals are those of Student's t, proven against R."""
    measures = {"PPPASI": pppasi(), "Palms": part(("RP", "LP")), "Soles": part(("RS", "LS"))}
    for (title, visit), cells in display.rows:
        score = measures[title]
        changes = [Fraction(r[2] - start, 10) for p, start in score.bases.items() if (r := score.at(p, visit))]
        assert cells[:2] == described(changes, 1)[:2], (title, visit)


def groups() -> dict[tuple[str, str], set[str]]:
    """Subgroups whose members the forms name without further rules."""
    found: dict[tuple[str, str], set[str]] = {}

    def add(title: str, level: str, who: set[str]) -> None:
        found[title, level] = who & set(base())

    for level, low, high in (("<45", 0, 45), ("45-<65", 45, 65), (">=65", 65, 999)):
        add("Age (years)", level, {p for p in base() if age(p) is not None and low <= age(p) < high})
    add("Sex", "Female", {p for p in base() if persons()[p]["SEX"] == "F"})
    add("Sex", "Male", {p for p in base() if persons()[p]["SEX"] == "M"})
    for record in form("SU"):
        if record["SUTRT"] == "TOBACCO" and record["EVENT"] == "SCR" and record["PERSON"] in base():
            key = "Smoking", clean(record["SUNCF"]).capitalize()
            found.setdefault(key, set()).add(record["PERSON"])
    for title, level, low, high in (
        ("Baseline PPPASI, two groups", "<12", 0, 120),
        ("Baseline PPPASI, two groups", ">=12", 120, 999),
        ("Baseline PPPASI, three groups", "<21", 0, 210),
        ("Baseline PPPASI, three groups", "21-<31", 210, 310),
        ("Baseline PPPASI, three groups", ">=31", 310, 999),
    ):
        add(title, level, {p for p, score in base().items() if low <= score < high})
    codes = {
        "Retinoid": "RETINOID",
        "Methotrexate": "MTX",
        "Ciclosporin": "CSA",
        "Tripterygium wilfordii": "TWHF",
        "Apremilast": "APREM",
        "JAK inhibitor": "JAKI",
        "IL-17 inhibitor": "BIO_IL17",
        "IL-23 inhibitor": "BIO_IL23",
        "Traditional Chinese medicine": "TCM",
    }
    for level, code in codes.items():
        who = {r["PERSON"] for r in form("PRTX") if r["PTCAT"] == code}
        add("Prior systemic therapy by class", level, who)
    return found


@proves("t-14.2.6.1", "f-14.2.6.1")
def test_subgroups_have_the_responders_of_their_members(display):
    """Age, sex, smoking, baseline score and classes of therapy; who had a class stands under Yes in the table."""
    shown = {(path[0], path[1]) if len(path) > 1 else path: cells for path, cells in display.rows if path[-1] != "No"}
    hits = week_12_responders()
    assert shown["All subjects",] == rate(len(hits), FAS)
    for key, who in groups().items():
        assert shown[key] == rate(len(hits & who), len(who)), key


@proves("t-14.2.6.2", "f-14.2.6.2")
def test_logistic_models_have_the_responders_of_their_levels(display):
    """n/N; the odds ratios are proven against R."""
    hits, seen = week_12_responders(), 0
    for path, cells in display.rows:
        for (title, level), who in groups().items():
            own = path[-2].partition(", reference")[0] if len(path) > 1 else ""
            if path[-1] == level and (title == own or (title.startswith("Prior") and own.startswith("Prior class"))):
                assert cells[0] == f"{len(hits & who)}/{len(who)}", path
                seen += 1
    assert seen >= 12


def complete() -> set[str]:
    """Who has all three covariates: the age is the one that may be missing."""
    return {p for p in base() if age(p) is not None}


@proves("t-14.2.6.3")
def test_the_model_of_three_covariates_has_those_with_all_of_them(display):
    """n/N, subjects in the model and left out; the odds ratios are proven against R."""
    hits, who = week_12_responders(), complete()
    for path, cells in display.rows[:3]:
        assert cells[0] == f"{len(hits & who)}/{len(who)}", path
    shown = {path[-1]: cells[0] for path, cells in display.rows}
    assert shown["Subjects in the model"] == str(len(who))
    assert shown["Age missing"] == str(FAS - len(who))


@proves("t-14.2.4.4")
def test_the_cox_model_has_those_with_all_covariates(display):
    """Subjects and responses of the note beneath; the hazard ratios are proven against R."""
    note = next(n for n in display.made["footnotes"] if isinstance(n, dict))
    some = dict(zip(eligible(pppasi(), falls(50)), times(pppasi(), falls(50)), strict=True))
    events = sum(some[p][1] for p in complete())
    assert f"{len(complete())} subjects entered, {events} with a response" in text(note["parts"])
