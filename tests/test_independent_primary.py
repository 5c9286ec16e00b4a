"""The primary endpoint once more, from the raw exports alone, sharing no code with the house.

Plain Python over the CSV files: score, window, intercurrent events, imputation, interval. What the report
prints must equal what is found here; where the planted problems touch nothing, both must agree with the
latent truth that the generator wrote down.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import timedelta

import pytest

from tests.independent import DATA, FOR_THE_SKIN, LIGHT, STEROID_OR_SYSTEMIC, day, exact_interval, tenths
from tests.independent import rows_of as form

pytestmark = pytest.mark.req("URS-VER-02")


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
