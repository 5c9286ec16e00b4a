"""Exposure, compliance, medication and vital signs, from the forms they were collected on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise

import pytest

from tests.displays._printed import proves
from tests.displays._study import compliance, persons, tablets
from tests.independent import (
    CUTOFF,
    VISITS,
    analysed,
    baseline,
    clean,
    day,
    described,
    deviation,
    event,
    form,
    mean,
    number,
    period,
    prohibited,
    quantile,
    rounded,
    rows_of,
    share,
    treated,
)

pytestmark = pytest.mark.req("URS-VER-03")

N = 60
LIMITS = {
    "SYSBP": (60, 260),
    "DIABP": (30, 160),
    "PULSE": (30, 220),
    "TEMP": (34, 42),
    "RESP": (6, 60),
    "WEIGHT": (30, 200),
}
TITLES = {
    "SYSBP": ("Systolic Blood Pressure (mmHg)", 0),
    "DIABP": ("Diastolic Blood Pressure (mmHg)", 0),
    "PULSE": ("Pulse Rate (beats/min)", 0),
    "TEMP": ("Temperature (C)", 1),
    "WEIGHT": ("Weight (kg)", 1),
}


def days_of(person) -> int:
    return (person.last_dose - person.first_dose).days + 1


def doses(person) -> dict[date, Fraction]:
    """Dose of each day with the drug; an open end is that of the last dose, a day in two spans counts once."""
    found = {}
    for record in form("EX"):
        if record["PERSON"] == person.id and record["EXOCCUR"] == "Y" and number(record["EXDOSE"]):
            start, end = day(record["EXSTDAT"]), day(record["EXENDAT"]) or person.last_dose
            found |= {start + timedelta(days=n): number(record["EXDOSE"]) for n in range((end - start).days + 1)}
    return found


def dose_changes(person) -> int:
    """How often a span was prescribed at another dose than the one before it."""
    spans = sorted(
        (day(r["EXSTDAT"]), number(r["EXDOSE"])) for r in form("EX") if r["PERSON"] == person.id and r["EXOCCUR"] == "Y"
    )
    return sum(a[1] != b[1] for a, b in pairwise(spans))


def exposure() -> dict[str, dict[str, Fraction]]:
    """Values of each parameter by person."""
    found = defaultdict(dict)
    for person in treated().values():
        taken, days = doses(person), days_of(person)
        without = [n for n in range(days) if person.first_dose + timedelta(days=n) not in taken]
        values = {
            "Duration of Treatment (days)": days,
            "Days with Drug (days)": len(taken),
            "Number of Interruptions": sum(n - 1 not in without for n in without),
            "Days without Drug (days)": len(without),
            "Tablets Dispensed": tablets()[person.id][0],
            "Tablets Returned": tablets()[person.id][1],
            "Number of Dose Changes": dose_changes(person),
            "Cumulative Dose (mg)": sum(taken.values()),
            "Average Daily Dose (mg/day)": sum(taken.values()) / days,
            "Relative Dose Intensity (%)": 100 * sum(taken.values()) / (4 * days),
        }
        if (share_ := compliance()[person.id]) is not None:
            values["Compliance (%)"] = share_
        for head, value in values.items():
            found[head][person.id] = Fraction(value)
    return found


def exposed(values: list[Fraction], decimals: int) -> list[str]:
    one = decimals + 1
    quartiles = [rounded(quantile(values, Fraction(k, 4)), one) for k in (1, 2, 3)]
    return [
        str(len(values)),
        str(N - len(values)),
        f"{rounded(mean(values), one)} ({rounded(deviation(values), one + 1)})",
        quartiles[1],
        f"{quartiles[0]}, {quartiles[2]}",
        f"{rounded(min(values), decimals)}, {rounded(max(values), decimals)}",
    ]


@proves("t-14.3.5.1")
def test_exposure_and_compliance_are_those_of_the_dosing_forms(display):
    shown = {path[-1]: cells for path, cells in display.rows}
    found = exposure()
    for head, cells in shown.items():
        ratio = re.search("mg|%", head)
        assert cells == exposed(list(found[head].values()), 1 if ratio else 0), head
    assert len(shown) == 11


@proves("l-16.2.5")
def test_the_listing_of_exposure_has_the_values_of_each_subject(display):
    listed = {(r["Subject"][-7:], r["Parameter"]): r["Value"] for r in display.records}
    for head, values in exposure().items():
        assert {p: listed[p, head] for p in values} == {p: rounded(v, 1) for p, v in values.items()}, head
    assert {p for p in treated() if listed[p, "Compliance (%)"] is None} == {
        p for p, v in compliance().items() if v is None
    }


@proves("t-14.3.5.3")
def test_compliance_stands_against_its_limits(display):
    values = list(compliance().values())
    known = [v for v in values if v is not None]
    assert display.flat == {
        "Below 80 %": [share(sum(v < 80 for v in known), N)],
        "80 to 120 %": [share(sum(80 <= v <= 120 for v in known), N)],
        "Above 120 %": [share(sum(v > 120 for v in known), N)],
        "Not known": [share(N - len(known), N)],
    }


@proves("f-14.1.2")
def test_subjects_on_treatment_are_counted_by_day(display):
    for head, cells in display.flat.items():
        if head != "Not known":
            at = int(head.removeprefix("Day "))
            assert cells == [share(sum(days_of(p) >= at for p in treated().values()), N)], head
    assert display.flat["Not known"] == ["0"]


@cache
def medication() -> list[tuple[str, str, str, str]]:
    """Person, class, substance and text of each treatment in use, or perhaps in use, between first and last dose."""
    coded = {r["VERBATIM"]: (r["CLAS"], r["DECOD"]) for r in rows_of("coding") if r["DOMAIN"] == "CM"}
    found = []
    for name, what, start_field, end_field in (
        ("CM", "CMTRT", "CMSTDAT", "CMENDAT"),
        ("PT", "PRTRT", "PRSTDAT", "PRENDAT"),
    ):
        for record in form(name):
            person = treated().get(record["PERSON"])
            if person is None:
                continue
            start, end = period(record[start_field]), period(record[end_field])
            begun = start is None or start[0] <= person.last_dose
            over = end is not None and end[1] < person.first_dose
            if begun and not over:
                group, term = coded.get(record[what], ("Not coded", f"Uncoded: {record[what]}"))
                found.append((person.id, group, term, record[what]))
    # Prior therapy counts where its end is surely not before the first dose.
    for record in form("PRTX"):
        person, end = treated().get(record["PERSON"]), period(record["CMENDAT"])
        if person and end and end[0] >= person.first_dose:
            group, term = coded.get(record["CMTRT"], ("Not coded", f"Uncoded: {record['CMTRT']}"))
            found.append((person.id, group, term, record["CMTRT"]))
    return found


@proves("t-14.3.5.4")
def test_concomitant_medication_is_counted_by_class_and_substance(display):
    some = defaultdict(list)
    for person, group, term, _ in medication():
        for path in (("Any concomitant medication",), (group,), (group, term)):
            some[path].append(person)
    assert display.deep == {path: [share(len(set(who)), N), str(len(who))] for path, who in some.items()}


@proves("t-14.3.5.5")
def test_prohibited_treatment_is_found_by_words_and_indication(display):
    """The rules once more in three word lists, for the skin of hands and feet."""
    some = defaultdict(list)
    coded = {r["VERBATIM"]: r["DECOD"] for r in rows_of("coding") if r["DOMAIN"] == "CM"}
    heads = {
        "systemic": "Systemic drug for PPP",
        "topical": "Topical steroid or antipsoriatic for PPP",
        "light": "Phototherapy for PPP",
    }
    for person, _, name, kind in prohibited():
        term = coded.get(name, f"Uncoded: {name}")
        for path in (("Any prohibited treatment",), (heads[kind],), (heads[kind], term)):
            some[path].append(person)
    assert display.deep == {path: [share(len(set(who)), N), str(len(who))] for path, who in some.items()}


@proves("l-16.2.9.1")
def test_the_listing_of_medication_has_every_record(display):
    listed = Counter((r["Subject"][-7:], r["As reported"]) for r in display.records)
    wanted = Counter((r["PERSON"], r["CMTRT"]) for name in ("CM", "PRTX") for r in form(name))
    wanted.update((r["PERSON"], r["PRTRT"]) for r in form("PT"))
    assert listed == wanted
    flagged = {(r["Subject"][-7:], r["As reported"]) for r in display.records if r["Prohibited"] == "Y"}
    assert flagged == {(person, name) for person, _, name, _ in prohibited()}


def vital(field: str) -> dict[str, list]:
    """Measurements in their range; one whose date cannot be read has no day."""
    low, high = LIMITS[field]

    def score(record: dict[str, str]) -> Fraction | None:
        value = number(record[field])
        return value if value is not None and low <= value <= high else None

    found = defaultdict(list)
    for order, record in enumerate(form("VS")):
        when, value = day(record["VSDAT"]), score(record)
        if when is not None and value is not None and record["PERSON"] in treated():
            found[record["PERSON"]].append((when, order, value))
    return found


@proves("t-14.3.5.2")
def test_vital_signs_by_visit_are_described(display):
    expected = {}
    for field, (title, decimals) in TITLES.items():
        records = {p: [r for r in some if r[0] <= CUTOFF] for p, some in vital(field).items()}
        bases = {p: b for p in treated() if (b := baseline(records.get(p, []), treated()[p])) is not None}
        expected[title, "Baseline"] = described(bases.values(), decimals)
        for visit, window in VISITS.items():
            found = {p: analysed(records.get(p, []), treated()[p], window) for p in treated()}
            found = {p: r[2] for p, r in found.items() if r}
            expected[title, visit] = described(found.values(), decimals)
            expected[f"{title}, change from baseline", visit] = described(
                [v - bases[p] for p, v in found.items() if p in bases], decimals
            )
    assert display.deep == expected


@proves("t-14.3.5.6")
def test_vital_signs_beyond_the_criteria_are_counted(display):
    """Every measurement after day 1; each criterion by subjects and measurements."""
    criteria = [
        ("SYSBP", lambda v, b: v >= 160),
        ("SYSBP", lambda v, b: b is not None and v - b >= 20),
        ("SYSBP", lambda v, b: v <= 90),
        ("DIABP", lambda v, b: v >= 100),
        ("DIABP", lambda v, b: b is not None and v - b >= 15),
        ("DIABP", lambda v, b: v <= 50),
        ("PULSE", lambda v, b: v >= 120),
        ("PULSE", lambda v, b: v <= 50),
        ("TEMP", lambda v, b: v >= Fraction(77, 2)),
        ("WEIGHT", lambda v, b: b is not None and 100 * (v - b) >= 7 * b),
        ("WEIGHT", lambda v, b: b is not None and 100 * (v - b) <= -7 * b),
    ]
    for (path, cells), (field, beyond) in zip(display.rows, criteria, strict=False):
        hits = []
        for person, some in vital(field).items():
            start = baseline(some, treated()[person])
            hits += [person for when, _, v in some if when > treated()[person].first_dose and beyond(v, start)]
        assert cells == [share(len(set(hits)), N), str(len(hits))], path


@proves("l-16.2.9.2")
def test_the_listing_of_vital_signs_has_every_measurement(display):
    """Blood pressure and pulse as numbers in their range, of every visit at which they were measured."""
    listed = Counter((r["Subject"][-7:], r["Parameter"], r["Value"]) for r in display.records if r["Value"] is not None)
    for field in ("SYSBP", "DIABP", "PULSE"):
        low, high = LIMITS[field]
        wanted = Counter()
        for record in form("VS"):
            value = number(record[field])
            if record["PERSON"] in treated() and value is not None and low <= value <= high:
                wanted[record["PERSON"], TITLES[field][0], f"{float(value):.1f}"] += 1
        assert {k: v for k, v in listed.items() if k[1] == TITLES[field][0]} == wanted


URINE = {
    "Protein": "蛋白 PRO",
    "Glucose": "葡萄糖 GLU",
    "Ketones": "酮体 KET",
    "Occult Blood": "潜血 BLD",
    "Leukocyte Esterase": "白细胞 LEU",
    "Nitrite": "亚硝酸盐 NIT",
    "Bilirubin": "胆红素 BIL",
    "Urobilinogen": "尿胆原 UBG",
    "Erythrocytes (/HPF)": "沉渣 RBC/HP",
    "Leukocytes (/HPF)": "沉渣 WBC/HP",
}
SEROLOGY = {
    "Hepatitis B Surface Antigen": "HBSAG",
    "Hepatitis B e Antigen": "HBEAG",
    "Hepatitis B Core Antibody": "HBCAB",
    "Hepatitis C Antibody": "HCVAB",
    "HIV Antibody": "HIVAB",
    "Treponema pallidum Antibody": "TPPA",
    "Tuberculosis (Interferon Gamma Release)": "TSPOT",
}


def before_treatment(name: str) -> list[dict[str, str]]:
    """Records of the last screening of treated subjects."""
    failed = {r["SUBJID"] for r in form("DS") if r["DSDECOD"] == "SCREEN FAILURE"}
    return [r for r in form(name) if r["EVENT"] == "SCR" and r["PERSON"] in treated() and r["SUBJID"] not in failed]


def judged(normal: int, assessed: int) -> list[str]:
    return [str(assessed), share(normal, assessed), share(assessed - normal, assessed)]


@proves("t-14.3.4.8")
def test_findings_before_treatment_are_normal_or_not(display):
    quiet = {"NEG", "阴性", "TRACE", "±"}
    cells_of = {"沉渣 RBC/HP": {"0-2/HP", "0-3/HP", "1-3/HP"}, "沉渣 WBC/HP": {"0-2/HP", "0-3/HP", "1-3/HP", "3-5/HP"}}
    expected = {}
    for head, test in URINE.items():
        found = [r["UAORRES"] for r in before_treatment("UA") if r["UATEST"] == test]
        expected[head] = judged(sum(f in cells_of.get(test, quiet) for f in found), len(found))
    for head, field in SEROLOGY.items():
        found = [r[field] for r in before_treatment("SERO")]
        expected[head] = judged(found.count("NEG"), len(found))
    dna = [r["HBVDNA"] for r in before_treatment("SERO") if r["HBVDNA"]]
    expected["Hepatitis B Virus DNA"] = judged(sum(d.startswith("<") for d in dna), len(dna))
    images = [r["CXRRES"] for r in before_treatment("CXR") if r["CXRPERF"] == "Y"]
    expected["Chest Imaging"] = judged(images.count("NORMAL"), len(images))
    assert display.flat == expected


@proves("t-14.3.4.9")
def test_pregnancy_tests_are_counted_in_women(display):
    women = {p for p in treated() if persons()[p]["SEX"] == "F"}
    tests = [r for r in form("PREG") if r["PERSON"] in women]
    n = len(women)

    def line(some: list[dict[str, str]]) -> list[str]:
        return [share(len({r["PERSON"] for r in some}), n), str(len(some))]

    def some(when: str, result: str) -> list[dict[str, str]]:
        return [r for r in tests if (event(r) == "SCR") == (when == "before") and r["PREGRES"] == result]

    assert display.heads == [f"N = {n}"]
    assert [cells for _, cells in display.rows] == [
        line(some("before", "NEG")),
        line(some("before", "POS")),
        line(some("after", "NEG")),
        line(some("after", "POS")),
        line([r for r in tests if not r["PREGRES"]]),
    ]


@proves("l-16.2.8.2")
def test_the_listing_of_findings_has_every_test(display):
    """Urinalysis without pH and specific gravity, imaging and pregnancy tests; serology by its negative results."""
    found = Counter(r["Category"] for r in display.records)
    urine = [r for r in form("UA") if r["UATEST"] in URINE.values()]
    assert found["URINALYSIS"] == len(urine)
    assert found["CHEST IMAGING"] == len(form("CXR"))
    assert found["PREGNANCY TEST"] == len(form("PREG"))
    dna = sum(bool(r["HBVDNA"]) for r in form("SERO"))
    assert found["SEROLOGY"] == len(SEROLOGY) * len(form("SERO")) + dna
    assert all(re.fullmatch(r".*-01-\d{4}", r["Subject"]) for r in display.records)
    assert clean(display.records[0]["Result"])
