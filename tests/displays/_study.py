"""Facts of the shipped study that several checks need: scores, sets, compliance, eligibility."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from tests.independent import (
    analysed,
    baseline,
    clean,
    day,
    form,
    number,
    period,
    prohibited,
    rows_of,
    tenths,
    treated,
    values_by_person,
)

ARM = "Ivarmacitinib 4 mg QD"


@cache
def consents() -> dict[str, date]:
    """First consent to the study of each person."""
    found: dict[str, date] = {}
    for record in form("ICF"):
        if record["ICTYPE"] == "MAIN":
            when = day(record["RFICDAT"])
            found[record["PERSON"]] = min(when, found.get(record["PERSON"], when))
    return found


@cache
def persons() -> dict[str, dict[str, str]]:
    """Demographic record of each person, that of the last screening."""
    return {record["PERSON"]: record for record in form("DM")}


@cache
def screen_failures() -> set[str]:
    """Who was screened and not treated."""
    return set(persons()) - set(treated())


@cache
def age(person: str) -> int | None:
    """Completed years at the first consent."""
    return age_at(person, consents().get(person))


def age_at(person: str, when: date | None) -> int | None:
    """Completed years on a day; of a birth known to the month, those that are sure."""
    born = period(persons()[person]["BRTHDAT"])
    if when is None or born is None:
        return None
    last = born[1]
    return when.year - last.year - ((when.month, when.day) < (last.month, last.day))


def limits(record: dict[str, str]) -> tuple[Fraction | None, Fraction | None]:
    """Reference range as printed beside the result, else that of the laboratory for sex, age and day.

    A printed range far below that of the laboratory is in another unit, and is none.
    """
    low, high = clean(record["LBORNRLO"]), clean(record["LBORNRHI"])
    if found := re.fullmatch(r"([0-9.]+)-([0-9.]+)", low):
        return Fraction(found[1]), Fraction(found[2])
    if found := re.fullmatch(r"<([0-9.]+)", high):
        return None, Fraction(found[1])
    table = tabled_limits(record)
    if low or high:
        far = table[1] is not None and number(high) is not None and 20 * number(high) < table[1]
        return (None, None) if far else (number(low), number(high))
    return table


def tabled_limits(record: dict[str, str]) -> tuple[Fraction | None, Fraction | None]:
    """Range of the laboratory for sex, age and day."""
    when, sex = day(record["LBDAT"]), persons()[record["PERSON"]]["SEX"]
    years = age_at(record["PERSON"], when)
    for line in rows_of_ranges()[record["LBTEST"]]:
        fits = line["SEX"] in ("ALL", sex) and line["VALIDFROM"] <= when.isoformat() <= (line["VALIDTO"] or "9")
        if fits and years is not None and int(line["AGELO"]) <= years <= int(line["AGEHI"] or 999):
            return number(line["LO"]), number(line["HI"])
    return None, None


@cache
def rows_of_ranges() -> dict[str, list[dict[str, str]]]:
    found = defaultdict(list)
    for line in rows_of("labranges"):
        found[line["LBTEST"]].append(line)
    return found


@cache
def scores() -> dict[str, list]:
    return values_by_person("PPPASI", "PPDAT", tenths)


@cache
def base() -> dict[str, int]:
    """Baseline PPPASI in tenths of each person of the full analysis set."""
    found = {p.id: baseline(scores()[p.id], p) for p in treated().values()}
    return {person: value for person, value in found.items() if value}


@cache
def compliance() -> dict[str, Fraction | None]:
    """Per cent of the scheduled tablets taken; nothing where no count follows the last tablets handed out."""
    given, back, last_given, last_count = Counter(), Counter(), {}, {}
    for record in form("DA"):
        person, when = record["PERSON"], day(record["DADAT"])
        out, returned = number(record["DISPAMT"]), number(record["RETAMT"])
        given[person] += out
        back[person] += returned
        if out > 0:
            last_given[person] = max(when, last_given.get(person, when))
        last_count[person] = max(when, last_count.get(person, when))
    found = {}
    for person in treated().values():
        days = (person.last_dose - person.first_dose).days + 1
        known = person.id in last_given and last_count[person.id] > last_given[person.id]
        found[person.id] = Fraction(100) * (given[person.id] - back[person.id]) / days if known else None
    return found


@cache
def tablets() -> dict[str, tuple[Fraction, Fraction]]:
    """Tablets handed out and brought back."""
    found = defaultdict(lambda: (Fraction(0), Fraction(0)))
    for record in form("DA"):
        out, back = found[record["PERSON"]]
        found[record["PERSON"]] = out + number(record["DISPAMT"]), back + number(record["RETAMT"])
    return found


@cache
def contradicted() -> dict[str, set[str]]:
    """Criteria of treated subjects that the data contradict, but for the failure of prior therapy (IN03).

    Of two screenings the second, which led to treatment, counts.
    """
    found = defaultdict(set)
    failed = {r["SUBJID"] for r in form("DS") if r["DSDECOD"] == "SCREEN FAILURE"}

    def records(name: str) -> list[dict[str, str]]:
        return [r for r in form(name) if r["PERSON"] in treated() and r["SUBJID"] not in failed]

    for person in treated():
        if person not in consents():
            found[person].add("IN05")
        if (years := age(person)) is not None and years < 18:
            found[person].add("IN01")
    bounds = {
        "中性粒细胞绝对值": ("IN06", lambda v, hi: v < 1),
        "淋巴细胞绝对值": ("IN06", lambda v, hi: v < Fraction(1, 2)),
        "血小板计数": ("IN06", lambda v, hi: v < 100),
        "血红蛋白": ("IN07", lambda v, hi: v < 80),
        "肌酐": ("IN08", lambda v, hi: v > Fraction(1326, 10)),
        "ALT (GPT)": ("IN09", lambda v, hi: hi is not None and v > 2 * hi),
        "AST (GOT)": ("IN09", lambda v, hi: hi is not None and v > 2 * hi),
        "总胆红素": ("IN10", lambda v, hi: v > 2 * Fraction(17104, 1000)),
    }
    last: dict[tuple[str, str], tuple[date, dict[str, str]]] = {}
    for record in records("LB"):
        when, test = day(record["LBDAT"]), record["LBTEST"]
        if test in bounds and when <= treated()[record["PERSON"]].first_dose and number(record["LBORRES"]) is not None:
            key = record["PERSON"], test
            if key not in last or when >= last[key][0]:
                last[key] = when, record
    for (person, test), (_, record) in last.items():
        code, breaks = bounds[test]
        if breaks(number(record["LBORRES"]), limits(record)[1]):
            found[person].add(code)
    for record in records("IE"):
        if record["IEPHYS"] == "N":
            found[record["PERSON"]].add("IN04")
    for record in records("SERO"):
        if record["HBSAG"] == "POS":
            found[record["PERSON"]].add("EX02")
        if record["CANDSYS"] == "Y":
            found[record["PERSON"]].add("EX03")
    return dict(found)


@cache
def important() -> set[str]:
    """Persons with an important deviation: eligibility, prohibited treatment, or reported by the site as major."""
    reported = {r["PERSON"] for r in form("PD") if r["DVMAJ"] == "MAJOR" and r["DVCAT"] != "VISIT"}
    return (set(contradicted()) | {p for p, *_ in prohibited()} | reported) & set(treated())


@cache
def in_protocol_window(person: str) -> bool:
    """A computable PPPASI on days 78 to 92, up to 14 days after the last dose."""
    who = treated()[person]
    return any(
        78 <= who.study_day(when) <= 92 and when <= who.last_dose + timedelta(days=14)
        for when, _, _ in scores()[person]
    )


@cache
def per_protocol() -> set[str]:
    kept = set()
    for person in base():
        share = compliance()[person]
        if person not in important() and share is not None and 80 <= share <= 120 and in_protocol_window(person):
            kept.add(person)
    return kept


@cache
def joint_symptoms() -> set[str]:
    """Treated persons with joint symptoms at baseline."""
    return {r["PERSON"] for r in form("JOINT") if r["EVENT"] == "BL" and r["JTSYMP"] == "Y"} & set(treated())


@cache
def week_12(person: str):
    return analysed(scores()[person], treated()[person], (72, 98, 85))
