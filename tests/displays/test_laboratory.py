"""Laboratory tables, figures and listings, from the results as printed by the laboratories."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import pytest

from tests.climb import SHARED
from tests.displays._printed import proves
from tests.displays._study import limits, persons
from tests.independent import (
    EMERGENT,
    LAST_VISIT,
    analysed,
    clean,
    day,
    described,
    form,
    quantile,
    rounded,
    share,
    treated,
)

pytestmark = pytest.mark.req("URS-VER-03")

N = 60
FOUR = Fraction(1, 10_000)
# Label, names at the two laboratories, factors of the units to the first, and of the first to the conventional one.
TESTS = {
    "WBC": ("Leukocytes (10^9/L)", ("白细胞计数", "WBC"), {"10^9/L": 1, "10^3/uL": 1, "/uL": "1/1000"}, ("10^3/uL", 1)),
    "NEUT": (
        "Neutrophils (10^9/L)",
        ("中性粒细胞绝对值", "Neutrophils"),
        {"10^9/L": 1, "10^3/uL": 1, "/uL": "1/1000"},
        ("10^3/uL", 1),
    ),
    "LYM": (
        "Lymphocytes (10^9/L)",
        ("淋巴细胞绝对值", "Lymphocytes"),
        {"10^9/L": 1, "10^3/uL": 1, "/uL": "1/1000"},
        ("10^3/uL", 1),
    ),
    "HGB": ("Hemoglobin (g/L)", ("血红蛋白", "Hemoglobin"), {"g/L": 1, "g/dL": 10}, ("g/dL", "1/10")),
    "PLAT": (
        "Platelets (10^9/L)",
        ("血小板计数", "Platelets"),
        {"10^9/L": 1, "10^3/uL": 1, "/uL": "1/1000"},
        ("10^3/uL", 1),
    ),
    "ESR": ("Erythrocyte Sedimentation Rate (mm/h)", ("血沉", "ESR"), {"mm/h": 1}, ("mm/h", 1)),
    "ALT": ("Alanine Aminotransferase (U/L)", ("ALT (GPT)", "ALT"), {"U/L": 1}, ("U/L", 1)),
    "AST": ("Aspartate Aminotransferase (U/L)", ("AST (GOT)", "AST"), {"U/L": 1}, ("U/L", 1)),
    "ALP": ("Alkaline Phosphatase (U/L)", ("碱性磷酸酶", "Alkaline phosphatase"), {"U/L": 1}, ("U/L", 1)),
    "GGT": ("Gamma Glutamyl Transferase (U/L)", ("γ-谷氨酰转移酶", "GGT"), {"U/L": 1}, ("U/L", 1)),
    "BILI": (
        "Bilirubin (umol/L)",
        ("总胆红素", "Total bilirubin"),
        {"umol/L": 1, "mg/dL": "17.104"},
        ("mg/dL", "1000/17104"),
    ),
    "CREAT": ("Creatinine (umol/L)", ("肌酐", "Creatinine"), {"umol/L": 1, "mg/dL": "88.4"}, ("mg/dL", "10/884")),
    "UREA": ("Urea (mmol/L)", ("尿素", "BUN"), {"mmol/L": 1, "mg/dL": "1000/2801"}, ("mg/dL", "6.006")),
    "GFREI": (
        "GFR, Estimated Indexed (mL/min/1.73 m2)",
        ("eGFR", "eGFR (CKD-EPI)"),
        {"mL/min/1.73m2": 1},
        ("mL/min/1.73 m2", 1),
    ),
    "CHOL": (
        "Cholesterol (mmol/L)",
        ("总胆固醇", "Total cholesterol"),
        {"mmol/L": 1, "mg/dL": "100/3867"},
        ("mg/dL", "38.67"),
    ),
    "TRIG": (
        "Triglycerides (mmol/L)",
        ("甘油三酯", "Triglycerides"),
        {"mmol/L": 1, "mg/dL": "100/8857"},
        ("mg/dL", "88.57"),
    ),
    "LDL": (
        "LDL Cholesterol (mmol/L)",
        ("低密度脂蛋白胆固醇", "LDL-C"),
        {"mmol/L": 1, "mg/dL": "100/3867"},
        ("mg/dL", "38.67"),
    ),
    "HDL": (
        "HDL Cholesterol (mmol/L)",
        ("HDL-C 高密度脂蛋白胆固醇", "HDL-C"),
        {"mmol/L": 1, "mg/dL": "100/3867"},
        ("mg/dL", "38.67"),
    ),
    "CK": ("Creatine Kinase (U/L)", ("肌酸激酶(CK)", "CK"), {"U/L": 1}, ("U/L", 1)),
    "GLUC": ("Glucose (mmol/L)", ("葡萄糖", "Glucose"), {"mmol/L": 1, "mg/dL": "1000/18016"}, ("mg/dL", "18.016")),
    "CRP": ("C Reactive Protein (mg/L)", ("C反应蛋白", "CRP"), {"mg/L": 1, "mg/dL": 10}, ("mg/dL", "1/10")),
    "DDIMER": (
        "D-Dimer (mg/L FEU)",
        ("D-二聚体", "D-dimer"),
        {"mg/L FEU": 1, "ng/mL FEU": "1/1000"},
        ("ug/L FEU", 1000),
    ),
}
LABELS = {code: spec[0] for code, spec in TESTS.items()}


@dataclass(frozen=True)
class Result:
    """A result in the standard unit: its sign where it is only a bound, and its range."""

    value: Fraction
    sign: str
    low: Fraction | None
    high: Fraction | None

    @property
    def category(self) -> str:
        """Low, normal or high; nothing without a range, for a lower limit of 0 is none."""
        low = self.low if self.low else None
        bound = self.value * 2 if self.sign == "<" else self.value
        if low is None and self.high is None:
            return "Missing"
        if self.sign == "<":
            return "Low" if low is not None and bound <= low else "Normal"
        if low is not None and self.value < low:
            return "Low"
        return "High" if self.high is not None and self.value > self.high else "Normal"


def converted(value: Fraction | None, factor: Fraction) -> Fraction | None:
    """To four decimals, half up, where the unit changes."""
    if value is None or factor == 1:
        return value
    return Fraction(rounded(value * factor, 4))


def read(record: dict[str, str], units: dict[str, object]) -> Result | None:
    """A number in a known unit, without the marks of the laboratory; ``<0.5`` counts half, ``>1000`` as it stands."""
    found = re.fullmatch(r"([<>≤]?)\s*([0-9]+(?:\.[0-9]+)?)\s*[HL↑↓]?", clean(record["LBORRES"]))
    unit = clean(record["LBORRESU"])
    if not found or unit not in units:
        return None
    factor, sign = Fraction(units[unit]), found[1].replace("≤", "<")
    value = converted(Fraction(found[2]), factor)
    low, high = limits(record)
    printed = bool(clean(record["LBORNRLO"]) or clean(record["LBORNRHI"]))
    scale = factor if printed or record["LBTEST"] not in HOSPITAL else Fraction(1)
    return Result(value / 2 if sign == "<" else value, sign, converted(low, scale), converted(high, scale))


HOSPITAL = {names[0] for _, names, _, _ in TESTS.values()}


def taken(record: dict[str, str]) -> date | None:
    when = day(record["LBDAT"])
    return when + timedelta(days=1) if when and record["LBTIM"] == "24:00" else when


@cache
def results(code: str) -> dict[str, list[tuple[date, int, Result]]]:
    """Day, order and result of each treated subject."""
    _, names, units, _ = TESTS[code]
    found: dict[str, list] = {person: [] for person in treated()}
    for order, record in enumerate(form("LB")):
        if record["LBTEST"] in names and record["PERSON"] in found and taken(record):
            result = read(record, units)
            if result is not None:
                found[record["PERSON"]].append((taken(record), order, result))
    return found


def first(code: str, person: str) -> Result | None:
    """Last result on or before the first dose."""
    before = [r for r in results(code)[person] if r[0] <= treated()[person].first_dose]
    return max(before, key=lambda r: r[:2])[2] if before else None


def week_12(code: str, person: str) -> Result | None:
    found = analysed(results(code)[person], treated()[person], LAST_VISIT["Week 12"])
    return found[2] if found else None


def after(code: str, person: str) -> list[Result]:
    """Every result after the first day of treatment, up to 28 days after the last dose."""
    who = treated()[person]
    return [r for when, _, r in results(code)[person] if who.first_dose < when <= who.last_dose + EMERGENT]


def over_time(title: str, code: str, unit: Callable) -> dict[tuple[str, str], list[str]]:
    start = {p: first(code, p) for p in treated()}
    end = {p: week_12(code, p) for p in treated()}
    change = [unit(e.value) - unit(start[p].value) for p, e in end.items() if e and start[p]]
    return {
        (title, "Baseline"): described([unit(r.value) for r in start.values() if r], 1),
        (title, "Week 12"): described([unit(r.value) for r in end.values() if r], 1),
        (f"{title}, change from baseline", "Week 12"): described(change, 1),
    }


@proves("t-14.3.4.4")
def test_values_and_changes_at_week_12_are_described(display):
    expected = {}
    for code, label in LABELS.items():
        expected |= over_time(label, code, lambda v: v)
    assert display.deep == expected


@proves("t-14.3.4.5")
def test_values_and_changes_are_described_in_conventional_units(display):
    expected = {}
    for code, (label, _, _, (unit, factor)) in TESTS.items():
        name = label[: label.index(" (")]
        expected |= over_time(f"{name} ({unit})", code, lambda v, f=Fraction(factor): v * f)
    assert display.deep == expected


@proves("t-14.3.4.1")
def test_categories_shift_from_baseline_to_week_12(display):
    heads = ["Low", "Normal", "High", "Missing"]
    expected = {}
    for code, label in LABELS.items():
        pairs = Counter()
        for person in treated():
            start, end = first(code, person), week_12(code, person)
            pairs[start.category if start else "Missing", end.category if end else "Missing"] += 1
        for row in heads:
            cells = [pairs[row, column] for column in heads]
            expected[label, row] = [str(n) for n in [*cells, sum(cells)]]
        totals = [sum(pairs[row, column] for row in heads) for column in heads]
        expected[label, "Total"] = [str(n) for n in [*totals, sum(totals)]]
    assert display.deep == expected


def worst_ranges(order: list[str]) -> dict[tuple[str, str], list[str]]:
    """Category at baseline against the one of all results after the first dose that stands last in ``order``."""
    heads = ["Low", "Normal", "High", "Missing"]
    expected = {}
    for code, label in LABELS.items():
        pairs = Counter()
        for person in treated():
            start = first(code, person)
            after = [r.category for r in all_after(code, person) if r.category in order]
            end = max(after, key=order.index) if after else "Missing"
            pairs[start.category if start else "Missing", end] += 1
        for row in heads:
            cells = [pairs[row, column] for column in heads]
            expected[label, row] = [str(n) for n in [*cells, sum(cells)]]
        totals = [sum(pairs[row, column] for row in heads) for column in heads]
        expected[label, "Total"] = [str(n) for n in [*totals, sum(totals)]]
    return expected


@proves("t-14.3.4.10")
def test_the_highest_category_after_baseline_is_that_of_all_results(display):
    assert display.deep == worst_ranges(["Low", "Normal", "High"])


@proves("t-14.3.4.11")
def test_the_lowest_category_after_baseline_is_that_of_all_results(display):
    assert display.deep == worst_ranges(["High", "Normal", "Low"])


def low_grade(result: Result, cuts: list[str]) -> int | None:
    """CTCAE grade of a fall: below the limit of normal, then below each cut."""
    if any(result.value < Fraction(cut) for cut in cuts):
        return 1 + sum(result.value < Fraction(cut) for cut in cuts)
    if not result.low:
        return None
    return int(result.value < result.low)


def multiple(value: Fraction, limit: Fraction, cuts: list[str], lowest: Callable) -> int:
    ratio = value / limit
    return sum(ratio > Fraction(cut) for cut in cuts) + 1 if lowest(ratio) else 0


def shifted(label: str, grades: dict[str, tuple[int | None, int | None]]) -> dict[tuple[str, str], list[str]]:
    heads = [0, 1, 2, 3, 4, None]
    names = {None: "Missing"} | {g: f"Grade {g}" for g in range(5)}
    pairs, made = Counter(grades.values()), {}
    for row in heads:
        cells = [pairs[row, column] for column in heads]
        made[label, names[row]] = [str(n) for n in [*cells, sum(cells)]]
    totals = [sum(pairs[row, column] for row in heads) for column in heads]
    made[label, "Total"] = [str(n) for n in [*totals, sum(totals)]]
    return made


def worst(grades: list[int | None]) -> int | None:
    return max((g for g in grades if g is not None), default=None)


def all_after(code: str, person: str) -> list[Result]:
    return [r for when, _, r in results(code)[person] if when > treated()[person].first_dose]


@proves("t-14.3.4.3")
def test_falls_are_graded_by_the_cuts_of_ctcae(display):
    cuts = {
        "WBC": ["3", "2", "1"],
        "NEUT": ["1.5", "1", "0.5"],
        "LYM": ["0.8", "0.5", "0.2"],
        "HGB": ["100", "80"],
        "PLAT": ["75", "50", "25"],
        "GLUC": ["3", "2.2", "1.7"],
    }
    expected = {}
    for code, some in cuts.items():
        grades = {}
        for person in treated():
            start = first(code, person)
            grades[person] = (
                low_grade(start, some) if start else None,
                worst([low_grade(r, some) for r in all_after(code, person)]),
            )
        expected |= shifted(LABELS[code], grades)
    assert display.deep == expected


@proves("t-14.3.4.2")
def test_rises_of_liver_tests_and_creatine_kinase_are_graded_by_multiples(display):
    """ALT, AST, ALP, GGT by the limit, or by the baseline where that was abnormal; creatine kinase by the limit."""
    ratios = {"ALT": "1.5", "AST": "1.5", "ALP": "2", "GGT": "2", "CK": None}
    expected = {}
    for code, from_base in ratios.items():
        cuts = {"ALT": ["3", "5", "20"], "AST": ["3", "5", "20"], "CK": ["2.5", "5", "10"]}.get(
            code, ["2.5", "5", "20"]
        )
        grades = {}
        for person in treated():
            start = first(code, person)

            def grade(r: Result, start=start, cuts=cuts, from_base=from_base) -> int | None:
                if r.high is None:
                    return None
                if from_base and (start is None or start.high is None):
                    return None
                if from_base and start.value > start.high:
                    return multiple(r.value, start.value, cuts, lambda x: x >= Fraction(from_base))
                return multiple(r.value, r.high, cuts, lambda x: x > 1)

            at_first = None
            if start is not None and start.high is not None:
                at_first = multiple(start.value, start.high, cuts, lambda x: x > 1)
            grades[person] = at_first, worst([grade(r) for r in all_after(code, person)])
        expected |= shifted(LABELS[code], grades)
    assert {path: cells for path, cells in display.deep.items() if path in expected} == expected


def guide() -> list[dict[str, str]]:
    with (SHARED / "reference/fda_lab_levels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def beyond(value: Fraction, bound: str) -> bool:
    """``>3``, ``>=1.5``, ``<1000``, or from 12.5 up to 13.5."""
    if not bound:
        return False
    if found := re.fullmatch(r"([0-9.]+)-([0-9.]+)", bound):
        return Fraction(found[1]) <= value <= Fraction(found[2])
    sign, limit = re.fullmatch(r"([<>]=?)([0-9.]+)", bound).groups()
    cut = Fraction(limit)
    return {"<": value < cut, "<=": value <= cut, ">": value > cut, ">=": value >= cut}[sign]


NAMES = {"PLT": "PLAT", "EGFR": "GFREI"}
UNITS = {
    ("CHOL", "mg/dL"): "38.67",
    ("TRIG", "mg/dL"): "88.57",
    ("LDL", "mg/dL"): "38.67",
    ("HDL", "mg/dL"): "38.67",
    ("LYM", "10^6/L"): "1000",
    ("NEUT", "10^6/L"): "1000",
    ("HGB", "g/dL"): "1/10",
}


def measured(code: str, line: dict[str, str], r: Result, start: Result | None) -> Fraction | None:
    """What a bound of the guide is compared with."""
    unit = line["unit"]
    if unit == "xULN":
        return None if not r.high else r.value / r.high
    if unit == "xBASE":
        return None if start is None else r.value / start.value
    if line["direction"].startswith("drop"):
        if start is None:
            return None
        fall = start.value - r.value
        return 100 * fall / start.value if unit == "%" else fall * Fraction(UNITS[code, unit])
    return r.value * Fraction(UNITS.get((code, unit), 1))


def levels(code: str, direction: str) -> dict[str, int]:
    """Worst level after baseline of each subject whose level can be told."""
    found = {}
    for person in treated():
        sex = "male" if persons()[person]["SEX"] == "M" else "female"
        for line in guide():
            if NAMES.get(line["LBTESTCD"], line["LBTESTCD"]) != code:
                continue
            if line["direction"] not in (direction, f"{direction} ({sex})"):
                continue
            for r in after(code, person):
                value = measured(code, line, r, first(code, person))
                if value is None:
                    continue
                level = max((n for n in (1, 2, 3) if beyond(value, line[f"level{n}"])), default=0)
                found[person] = max(level, found.get(person, 0))
    return found


@proves("t-14.3.4.6")
def test_outliers_have_the_levels_of_the_guide(display):
    codes = {label: code for code, label in LABELS.items()}
    directions = {"High": "high", "Low": "low", "Fall from baseline": "drop from baseline"}
    assert len(display.rows) == 19
    for (title, label), cells in display.rows:
        found = list(levels(codes[label], directions[title]).values())
        n = len(found)
        assert cells == [str(n), *(share(found.count(level), n) for level in (1, 2, 3, 0))], (title, label)


@proves("l-14.3.4.1")
def test_the_listing_of_outliers_has_the_subjects_at_level_2_or_3(display):
    """By subject and parameter, up to 28 days after the last dose."""
    listed = {(r["Subject"][-7:], r["Parameter"]) for r in display.records}
    wanted = set()
    for code, label in LABELS.items():
        for direction in ("high", "low", "drop from baseline"):
            wanted |= {(p, label) for p, level in levels(code, direction).items() if level >= 2}
    assert listed == wanted


def peak(codes: tuple[str, ...], person: str) -> Fraction | None:
    ratios = [r.value / r.high for code in codes for r in after(code, person) if r.high]
    return max(ratios, default=None)


@proves("f-14.3.4.1")
def test_the_quadrants_of_liver_tests_are_those_of_the_peaks(display):
    quadrants, blank = Counter(), Counter()
    for person in treated():
        enzyme, bilirubin = peak(("ALT", "AST"), person), peak(("BILI",), person)
        if enzyme is None or bilirubin is None:
            some = {c: after(c, person) for c in ("ALT", "AST", "BILI")}
            measured_both = (some["ALT"] or some["AST"]) and some["BILI"]
            blank["Upper limit of the reference range is missing" if measured_both else "No result after baseline"] += 1
            continue
        quadrants[enzyme >= 3, bilirubin >= 2] += 1
    shown = dict(display.rows)
    assert shown["Normal or near normal",] == [share(quadrants[False, False], N)]
    assert shown["Aminotransferase >= 3 x ULN alone",] == [share(quadrants[True, False], N)]
    assert shown["Bilirubin >= 2 x ULN alone",] == [share(quadrants[False, True], N)]
    assert shown["Both",] == [share(quadrants[True, True], N)]
    assert shown["Not plotted",] == [str(blank.total())]
    assert {path[1]: int(cells[0]) for path, cells in shown.items() if len(path) == 2} == dict(blank)


@proves("t-14.3.4.7")
def test_no_subject_is_a_candidate_of_hys_law(display):
    candidates = [p for p in treated() if (peak(("ALT", "AST"), p) or 0) >= 3 and (peak(("BILI",), p) or 0) >= 2]
    assert candidates == []
    assert [cells for _, cells in display.rows][:3] == [["0"]] * 3
    judged = sum(peak(("ALT", "AST"), p) is not None and peak(("BILI",), p) is not None for p in treated())
    assert display.flat["No candidate"] == [share(judged, N)]


@proves("l-14.3.4.2")
def test_the_listing_of_liver_tests_is_empty_for_nobody_left_the_normal_quadrant(display):
    assert not [p for p in treated() if (peak(("ALT", "AST"), p) or 0) >= 3 or (peak(("BILI",), p) or 0) >= 2]
    assert display.records == []


@proves("f-14.3.4.2")
def test_the_boxes_have_the_quartiles_of_the_results(display):
    codes = {label: code for code, label in LABELS.items()}
    for (label, visit), cells in display.rows:
        code = codes[label]
        found = [r for p in treated() if (r := (first if visit == "Baseline" else week_12)(code, p))]
        values = sorted(r.value for r in found)
        low, middle, high = (quantile(values, Fraction(k, 4)) for k in (1, 2, 3))
        reach = Fraction(3, 2) * (high - low)
        inside = [v for v in values if low - reach <= v <= high + reach]
        assert cells == [
            str(len(values)),
            rounded(middle, 2),
            f"{rounded(low, 2)}, {rounded(high, 2)}",
            f"{rounded(min(inside), 2)}, {rounded(max(inside), 2)}",
            str(len(values) - len(inside)),
        ], (label, visit)


@proves("l-16.2.8")
def test_the_listing_of_laboratory_results_has_every_record_with_a_result(display):
    """Every line of the form by subject and parameter, also of results that cannot be read; not of tests not done."""
    label_of = {name: label for label, names, _, _ in TESTS.values() for name in names}
    done = [r for r in form("LB") if r["PERSON"] in treated() and r["LBORRES"] not in ("", "ND", "未查")]
    wanted = Counter((r["PERSON"], label_of[r["LBTEST"]]) for r in done)
    assert Counter((r["Subject"][-7:], r["Parameter"]) for r in display.records) == wanted
