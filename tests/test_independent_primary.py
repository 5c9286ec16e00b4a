"""The primary endpoint once more, from the raw exports alone, sharing no code with the house.

Plain Python over the CSV files: score, window, intercurrent events, imputation, interval. What the report
prints must equal what is found here; where the planted problems touch nothing, both must agree with the
latent truth that the generator wrote down.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import comb

import pytest

from tests.climb import ROOT

DATA = ROOT / "data"
STEROID_OR_SYSTEMIC = re.compile(
    "卤米松|halometasone|皮炎平|糠酸莫米松|丁酸氢化可的松|曲安奈德|复方甘草酸苷|消银|雷公藤|甲氨蝶呤|methotrexate|阿维A|acitretin|环孢素|cyclosporin|泼尼松|prednis",
    re.IGNORECASE,
)
FOR_THE_SKIN = re.compile("掌跖脓疱|手足皮疹|PPP|palmoplantar", re.IGNORECASE)
LIGHT = re.compile("UVB|PUVA|excimer|光疗|准分子", re.IGNORECASE)


def form(name: str) -> list[dict[str, str]]:
    with (DATA / "raw" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> date | None:
    """A full date in one of the shapes that cannot be misread, else nothing."""
    text = text.strip().replace("\u2011", "-")
    for pattern in (r"(\d{4})-(\d{2})-(\d{2})", r"(\d{4})/(\d{1,2})/(\d{1,2})", r"(\d{4})年(\d{1,2})月(\d{1,2})日"):
        if found := re.fullmatch(pattern, text):
            return date(*map(int, found.groups()))
    if found := re.fullmatch(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", text):
        months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        return date(int(found[3]), months.index(found[2].lower()) + 1, int(found[1]))
    return None


def whole(text: str, top: int) -> int | None:
    return int(text) if re.fullmatch(r"\d+", text.strip()) and int(text) <= top else None


def area(percent: str) -> int | None:
    if not re.fullmatch(r"\d+(\.\d+)?", percent.strip()) or Fraction(percent) > 100:
        return None
    value = Fraction(percent)
    return 0 if value == 0 else 1 + sum(value >= bound for bound in (10, 30, 50, 70, 90))


def tenths(record: dict[str, str]) -> int | None:
    total = 0
    for region, weight in (("RP", 2), ("LP", 2), ("RS", 3), ("LS", 3)):
        signs = [whole(record[region + sign], 4) for sign in ("ERY", "PUS", "DES")]
        score = whole(record[region + "ARE"], 6)
        if score is None:
            score = area(record[region + "PCT"])
        if None in signs or score is None:
            return None
        total += weight * sum(signs) * score
    return total


def exact_interval(x: int, n: int) -> tuple[float, float]:
    """Clopper-Pearson by bisection on exact binomial sums."""

    def at_least(p: Fraction) -> Fraction:
        return sum((comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x, n + 1)), Fraction(0))

    def at_most(p: Fraction) -> Fraction:
        return sum((comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(x + 1)), Fraction(0))

    def solve(rising) -> float:
        low, high = 0, 2**40
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if rising(Fraction(middle, 2**40)) else (low, middle)
        return low / 2**40

    alpha = Fraction(25, 1000)
    return solve(lambda p: at_least(p) < alpha), solve(lambda p: at_most(p) > alpha)


@pytest.fixture(scope="module")
def found() -> dict[str, bool]:
    """Response of every subject of the full analysis set, from the raw files."""
    dosed, ended = defaultdict(list), defaultdict(list)
    for record in form("EX"):
        if record["EXOCCUR"] == "Y":
            dosed[record["SUBJID"]].append(day(record["EXSTDAT"]))
            if end := day(record["EXENDAT"]):
                ended[record["SUBJID"]].append(end)
    disposition = {record["SUBJID"]: record for record in form("DS")}
    visits = {(r["SUBJID"], r["EVENT"], r["EVENTREP"]): day(r["VISDAT"]) for r in form("SV")}
    events = defaultdict(list)
    for subject, record in disposition.items():
        if record["DSDECOD"] in ("LACK OF EFFICACY", "ADVERSE EVENT", "DEATH"):
            events[subject].append(day(record["DSSTDAT"]))
    for record in form("CM"):
        if STEROID_OR_SYSTEMIC.search(record["CMTRT"]) and FOR_THE_SKIN.search(record["CMINDC"]):
            events[record["SUBJID"]].append(day(record["CMSTDAT"]))
    for record in form("PT"):
        if LIGHT.search(record["PRTRT"]):
            events[record["SUBJID"]].append(day(record["PRSTDAT"]))
    scores = defaultdict(list)
    for order, record in enumerate(form("PPPASI")):
        when = day(record["PPDAT"]) or visits.get((record["SUBJID"], record["EVENT"], record["EVENTREP"]))
        total = tenths(record)
        if when is not None and total is not None:
            scores[record["SUBJID"]].append((when, order, total))
    response = {}
    for subject, starts in dosed.items():
        first = min(starts)
        last = max(ended[subject]) if ended[subject] else day(disposition[subject]["LSTDOSDT"])
        before = [s for s in scores[subject] if s[0] <= first]
        base = max(before)[2] if before else 0
        if base <= 0:
            continue
        window = [
            (abs((when - first).days + 1 - 85), -(when - first).days, -order, when, total)
            for when, order, total in scores[subject]
            if 72 <= (when - first).days + 1 <= 98 and when <= last + timedelta(days=14)
        ]
        analysed = min(window) if window else None
        deadline = analysed[3] if analysed else first + timedelta(days=84)
        struck = any(e is not None and first <= e <= deadline for e in events[subject])
        response[subject] = bool(analysed) and not struck and 2 * analysed[4] <= base
    return response


@pytest.fixture(scope="module")
def printed(shipped) -> dict[str, str]:
    """The primary table as the pipeline prints it."""
    displays = json.loads((shipped / "results/tlf/efficacy.json").read_text(encoding="utf-8"))["displays"]
    table = next(d for d in displays if d["id"] == "t-14.2.1.1")
    return {row["head"]: "".join(p["t"] for p in row["cells"][0]) for row in table["rows"] if row["cells"]}


def test_the_printed_responders_are_those_found_in_the_raw_files(found, printed):
    assert printed["Responders, n/N"] == f"{sum(found.values())}/{len(found)}"


def test_the_printed_rate_and_interval_are_those_of_the_raw_files(found, printed):
    x, n = sum(found.values()), len(found)
    low, high = exact_interval(x, n)
    assert printed["Response rate, %"] == f"{100 * x / n:.1f}"
    assert printed["95 % CI (Clopper-Pearson), %"] == f"({100 * low:.1f}, {100 * high:.1f})"


def test_subjects_without_planted_problems_agree_with_the_latent_truth(found):
    with (DATA / "truth" / "subjects.csv").open(encoding="utf-8", newline="") as file:
        truth = {
            r["SUBJID"]: r["RESPONSE"] == "Y" for r in csv.DictReader(file) if r["TREATED"] == "Y" and r["CLEAN"] == "Y"
        }
    assert len(truth) >= 50
    assert {s: found.get(s) for s in truth} == truth
