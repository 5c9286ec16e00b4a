"""The shipped raw exports read once more, in plain Python that shares no code with the house.

Forms, dates, numbers, statistics and the facts of each person that many checks need. The rules are those of the
analysis plan, written down here a second time. What the report prints is compared with what is found this way.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import comb
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
CUTOFF = date(2026, 10, 15)
AFTER_TREATMENT = timedelta(days=14)
EMERGENT = timedelta(days=28)
OBSERVED = {"VISDAT", "VSDAT", "LBDAT", "PPDAT", "PGADAT", "DLDAT", "DADAT", "CXRDAT"}
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
UNKNOWN = {"UN", "UK", "UNK"}
STEROID_OR_SYSTEMIC = re.compile(
    "卤米松|halometasone|皮炎平|糠酸莫米松|丁酸氢化可的松|曲安奈德|复方甘草酸苷|消银|雷公藤|甲氨蝶呤|methotrexate|阿维A|acitretin|环孢素|cyclosporin|泼尼松|prednis",
    re.IGNORECASE,
)
FOR_THE_SKIN = re.compile("掌跖脓疱|手足皮疹|PPP|palmoplantar", re.IGNORECASE)
TOPICAL = re.compile("卤米松|halometasone|皮炎平|糠酸莫米松|丁酸氢化可的松|曲安奈德", re.IGNORECASE)
LIGHT = re.compile("UVB|PUVA|excimer|光疗|准分子", re.IGNORECASE)
VISITS = {
    "Week 1": (2, 11, 8),
    "Week 2": (12, 22, 15),
    "Week 4": (23, 43, 29),
    "Week 8": (44, 71, 57),
    "Week 12": (72, 98, 85),
}
LATER_VISITS = {"Week 4": (2, 43, 29), "Week 8": (44, 71, 57), "Week 12": (72, 98, 85)}
LAST_VISIT = {"Week 12": (57, 98, 85)}


# Records


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / "raw" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def people() -> dict[str, str]:
    """Number of the person behind each subject number: one who was screened twice keeps the first."""
    known = {record["SUBJID"]: record["SUBJID"] for record in rows_of("DM")}
    return known | {r["SUBJID"]: r["PRVSUBJ"] for r in rows_of("ICF") if r["PRVSUBJ"]}


@cache
def _form(name: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    seen, kept = set(), []
    stopped = {r["SUBJID"]: day(r["DSSTDAT"]) for r in rows_of("DS") if r["WDCONS"] == "DATA_USE"}
    for record in rows_of(name):
        key = tuple(record.items())
        if key in seen or record["SUBJID"] not in people():
            continue
        seen.add(key)
        end = stopped.get(record["SUBJID"])
        dates = [day(text) for field, text in record.items() if field in OBSERVED]
        if end and any(d is not None and d > end for d in dates):
            continue
        kept.append((*record.items(), ("PERSON", people()[record["SUBJID"]])))
    return tuple(kept)


def form(name: str) -> list[dict[str, str]]:
    """Records of a form: each once, of known subjects, none after the use of data was withdrawn; PERSON added."""
    return [dict(record) for record in _form(name)]


def clean(text: str) -> str:
    return unicodedata.normalize("NFKC", text.replace("\u200b", "")).strip()


def number(text: str) -> Fraction | None:
    """A decimal number in ASCII digits after normalising widths, else nothing."""
    text = clean(text)
    return Fraction(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def whole(text: str, top: int) -> int | None:
    """A whole number from 0 to ``top``."""
    text = clean(text)
    return int(text) if re.fullmatch(r"[0-9]+", text) and int(text) <= top else None


# Dates


def _date(year: str, month: str | int, day_: str) -> date | None:
    try:
        made = date(int(year), int(month), int(day_))
    except ValueError:
        return None
    return made if made.year >= 1900 else None


def day(text: str) -> date | None:
    """A full date in one of the shapes that cannot be misread, else nothing."""
    text = text.strip().replace("\u2011", "-")
    for pattern in (r"(\d{4})-(\d{2})-(\d{2})", r"(\d{4})/(\d{1,2})/(\d{1,2})", r"(\d{4})年(\d{1,2})月(\d{1,2})日"):
        if found := re.fullmatch(pattern, text):
            return _date(*found.groups())
    if (found := re.fullmatch(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", text)) and found[2].upper() in MONTHS:
        return _date(found[3], MONTHS.index(found[2].upper()) + 1, found[1])
    if (found := re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text)) and int(found[2]) > 12:
        return _date(found[3], found[1], found[2])
    return None


def period(text: str) -> tuple[date, date, str] | None:
    """First and last day that a date can mean, and what is not known of it: "" nothing, D the day, M month and day."""
    text = text.strip()
    if full := day(text):
        return full, full, ""
    year = month = None
    if found := re.fullmatch(r"(\d{4})-?(\d{2})", text):
        year, month = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"(\d{4})", text):
        year = int(found[1])
    elif found := re.fullmatch(r"(\d{4})-(\d{2})-(UN|UK|UNK)", text):
        year, month = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"(\w{2,3})[-/](\w{2,3})[-/](\d{4})", text):
        first, middle, year = found[1].upper(), found[2].upper(), int(found[3])
        if first not in UNKNOWN and middle not in UNKNOWN:
            return None
        if middle in MONTHS:
            month = MONTHS.index(middle) + 1
        elif middle.isdigit():
            month = int(middle)
    if year is None or year < 1900 or (month is not None and not 1 <= month <= 12):
        return None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31), "M"
    return date(year, month, 1), date(year, month, monthrange(year, month)[1]), "D"


@cache
def visit_days() -> dict[tuple[str, str], date]:
    """Day of each visit; where the visit form has none, the first dated form of that visit."""
    days = {}
    for record in form("SV"):
        if found := day(record["VISDAT"]):
            days[record["SUBJID"], record["EVENT"]] = found
    for name, field in (("PPPASI", "PPDAT"), ("PGA", "PGADAT"), ("DLQI", "DLDAT"), ("DA", "DADAT"), ("LB", "LBDAT")):
        for record in form(name):
            if record["EVENT"] != "UNS" and (found := day(record[field])):
                days.setdefault((record["SUBJID"], event(record)), found)
    return days


def event(record: dict[str, str]) -> str:
    """Visit of a record under one name, however it was labelled."""
    found = re.fullmatch(r"(?:week|w|第)?\s*(\d+)\s*周?", record["EVENT"].strip().lower())
    return f"W{found[1]}" if found else record["EVENT"]


# Persons


@dataclass(frozen=True)
class Person:
    id: str
    first_dose: date
    last_dose: date
    last_contact: date
    reason: str
    ended: date

    @property
    def end_of_risk(self) -> date:
        return min(self.last_dose + EMERGENT, self.last_contact, CUTOFF)

    def study_day(self, when: date) -> int:
        return (when - self.first_dose).days + (when >= self.first_dose)


@cache
def treated() -> dict[str, Person]:
    """Every subject with at least one dose."""
    starts, ends = defaultdict(list), defaultdict(list)
    for record in form("EX"):
        if record["EXOCCUR"] == "Y":
            starts[record["PERSON"]].append(day(record["EXSTDAT"]))
            if end := day(record["EXENDAT"]):
                ends[record["PERSON"]].append(end)
    disposition = {r["PERSON"]: r for r in form("DS") if r["DSDECOD"] != "SCREEN FAILURE"}
    found = {}
    for person, days in starts.items():
        record = disposition[person]
        last = max(ends[person]) if ends[person] else day(record["LSTDOSDT"])
        contact = min(day(record["LSTCNTDT"]), CUTOFF)
        found[person] = Person(person, min(days), last, contact, record["DSDECOD"], day(record["DSSTDAT"]))
    return found


def values_by_person(name: str, date_field: str | None, score) -> dict[str, list[tuple[date, int, object]]]:
    """Day, order and value of every record of a treated person that can be dated, else by its visit, and scored."""
    found = defaultdict(list)
    for order, record in enumerate(form(name)):
        when = day(record[date_field]) if date_field else None
        when = when or visit_days().get((record["SUBJID"], event(record)))
        value = score(record)
        if when is not None and value is not None and record["PERSON"] in treated():
            found[record["PERSON"]].append((when, order, value))
    return found


def baseline(records: list[tuple[date, int, object]], person: Person):
    """Last value on or before the first dose."""
    before = [r for r in records if r[0] <= person.first_dose]
    return max(before, key=lambda r: r[:2])[2] if before else None


def analysed(records, person: Person, window: tuple[int, int, int], policy: bool = False):
    """The record of a window that is nearest its target, the later of two equally near; None where there is none."""
    low, high, target = window
    inside = [
        r
        for r in records
        if r[0] > person.first_dose
        and low <= person.study_day(r[0]) <= high
        and (policy or r[0] <= person.last_dose + AFTER_TREATMENT)
    ]
    return min(inside, key=lambda r: (abs(person.study_day(r[0]) - target), -r[0].toordinal(), -r[1]), default=None)


# Scores and intercurrent events


def area(percent: str) -> int | None:
    if not re.fullmatch(r"\d+(\.\d+)?", percent.strip()) or Fraction(percent) > 100:
        return None
    value = Fraction(percent)
    return 0 if value == 0 else 1 + sum(value >= bound for bound in (10, 30, 50, 70, 90))


def tenths(record: dict[str, str], regions: Iterable[str] = ("RP", "LP", "RS", "LS")) -> int | None:
    """Tenths of the score of some regions; nothing where an item is missing or out of its range.

    An area score that is blank is taken from the percentage, one out of its range is not.
    """
    total = 0
    for region in regions:
        signs = [whole(record[region + name], 4) for name in ("ERY", "PUS", "DES")]
        score = whole(record[region + "ARE"], 6) if record[region + "ARE"].strip() else area(record[region + "PCT"])
        if None in signs or score is None:
            return None
        total += (2 if region.endswith("P") else 3) * sum(signs) * score
    return total


def sign(record: dict[str, str], name: str, regions: Iterable[str] = ("RP", "LP", "RS", "LS")) -> int | None:
    """Sum of a sign over the regions; nothing where one is missing."""
    parts = [whole(record[region + name], 4) for region in regions]
    return None if None in parts else sum(parts)


@cache
def composite_events() -> dict[str, list[tuple[date, str]]]:
    """Intercurrent events that count as non-response, from the first dose on, with their kind."""
    found = defaultdict(list)
    for person in treated().values():
        kinds = {"LACK OF EFFICACY": "lack of efficacy", "ADVERSE EVENT": "adverse event", "DEATH": "death"}
        if person.reason in kinds:
            found[person.id].append((person.ended, kinds[person.reason]))
    for person, when, _, _ in prohibited():
        found[person].append((when, "prohibited"))
    return {
        person: sorted((when, kind) for when, kind in some if when >= treated()[person].first_dose)
        for person, some in found.items()
    }


@cache
def prohibited() -> list[tuple[str, date, str, str]]:
    """Prohibited treatment during treatment: person, start, as reported, kind."""
    found = []
    for record in form("CM"):
        if STEROID_OR_SYSTEMIC.search(record["CMTRT"]) and FOR_THE_SKIN.search(record["CMINDC"]):
            kind = "topical" if TOPICAL.search(record["CMTRT"]) else "systemic"
            found.append((record["PERSON"], day(record["CMSTDAT"]), record["CMTRT"], kind))
    for record in form("PT"):
        if LIGHT.search(record["PRTRT"]):
            found.append((record["PERSON"], day(record["PRSTDAT"]), record["PRTRT"], "light"))
    return [f for f in found if f[0] in treated()]


# Numbers as they are printed


def rounded(value: Fraction | Decimal | int, decimals: int) -> str:
    """Half away from zero, on decimals."""
    with localcontext() as context:
        context.prec = 60
        if isinstance(value, Fraction):
            value = Decimal(value.numerator) / Decimal(value.denominator)
        text = f"{Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def percent(x: int, n: int) -> str:
    return "0" if x == 0 else "100" if x == n else rounded(Fraction(100 * x, n), 1)


def share(x: int, n: int) -> str:
    """``n (xx.x)``, and a bare 0."""
    return "0" if x == 0 else f"{x} ({percent(x, n)})"


def quantile(values: list[Fraction], p: Fraction) -> Fraction:
    """Averaged inverted empirical distribution (definition 5 of SAS)."""
    values, at = sorted(values), len(values) * p
    index = at.numerator // at.denominator
    return (values[index - 1] + values[index]) / 2 if at == index else values[index]


def mean(values: Iterable[Fraction]) -> Fraction:
    values = list(values)
    return sum(values, Fraction(0)) / len(values)


def deviation(values: list[Fraction]) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        middle = mean(values)
        squares = sum(((v - middle) ** 2 for v in values), Fraction(0)) / (len(values) - 1)
        return (Decimal(squares.numerator) / Decimal(squares.denominator)).sqrt()


def described(values: Iterable[Fraction], decimals: int) -> list[str]:
    """n; mean (SD); median; Q1, Q3; min, max, as a row of a descriptive table."""
    values = [Fraction(v) for v in values]
    one = decimals + 1
    quartiles = [rounded(quantile(values, Fraction(k, 4)), one) for k in (1, 2, 3)]
    return [
        str(len(values)),
        f"{rounded(mean(values), one)} ({rounded(deviation(values), one + 1)})",
        quartiles[1],
        f"{quartiles[0]}, {quartiles[2]}",
        f"{rounded(min(values), decimals)}, {rounded(max(values), decimals)}",
    ]


def exact_interval(x: int, n: int) -> tuple[float, float]:
    """Clopper-Pearson by bisection on exact binomial sums."""

    # p is k / 2**30, so that the sums are whole numbers over 2**(30 n); 40 times a sum is compared for 2.5 %.
    def at_least(k: int) -> int:
        return sum(comb(n, i) * k**i * (2**30 - k) ** (n - i) for i in range(x, n + 1))

    def at_most(k: int) -> int:
        return sum(comb(n, i) * k**i * (2**30 - k) ** (n - i) for i in range(x + 1))

    def solve(rising) -> float:
        low, high = 0, 2**30
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if rising(middle) else (low, middle)
        return low / 2**30

    whole_ = 2 ** (30 * n)
    lower = 0.0 if x == 0 else solve(lambda k: 40 * at_least(k) < whole_)
    upper = 1.0 if x == n else solve(lambda k: 40 * at_most(k) > whole_)
    return lower, upper


@cache
def printed_interval(x: int, n: int) -> str:
    low, high = exact_interval(x, n)
    return f"({100 * low:.1f}, {100 * high:.1f})"


def change_described(changes: list[Fraction], decimals: int) -> list[str]:
    """n; mean; t and its degrees of freedom; median of the Walsh averages; zeros."""
    n, one = len(changes), decimals + 1
    with localcontext() as context:
        context.prec = 60
        middle = mean(changes)
        t = Decimal(middle.numerator) / Decimal(middle.denominator) * Decimal(n).sqrt() / deviation(changes)
    walsh = [(a + b) / 2 for i, a in enumerate(changes) for b in changes[i:]]
    return [
        str(n),
        rounded(middle, one),
        f"{rounded(t, 2)} ({n - 1})",
        rounded(quantile(walsh, Fraction(1, 2)), one),
        str(changes.count(Fraction(0))),
    ]


def paired(cells: list[str]) -> list[str]:
    """The cells of a table of tests that ``change_described`` gives."""
    return [cells[0], cells[1].split(" ")[0], cells[2], cells[4].split(" ")[0], cells[6]]
