"""The CDISC pilot: adverse events by arm and first dermatologic events against the published SDTM, in plain Python.

The pipeline starts from the raw exports and never sees these files. Fifteen starts that the published data know to
the month are blank in the exports: they are taken as not known here too, and may have been emergent.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date
from functools import cache

import pytest

from tests.climb import SHARED
from tests.displays._printed import Display, displays
from tests.independent import percent

SDTM = SHARED / "data/cdiscpilot/sdtm"
ARMS = ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]
WORDS = re.compile("APPLICATION|DERMATITIS|ERYTHEMA|BLISTER")
SKIN = "SKIN AND SUBCUTANEOUS TISSUE DISORDERS"
NOT_DERMATOLOGIC = {"COLD SWEAT", "HYPERHIDROSIS", "ALOPECIA"}

pytestmark = [
    pytest.mark.req("URS-STU-02"),
    pytest.mark.skipif(not SDTM.is_dir(), reason=f"the published SDTM of the CDISC pilot is not at {SDTM}"),
]


def domain(name: str) -> list[dict[str, str]]:
    with (SDTM / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def arms() -> dict[str, str]:
    """Planned arm of each treated subject."""
    treated = {r["USUBJID"] for r in domain("ex")}
    return {r["USUBJID"]: r["ARM"] for r in domain("dm") if r["USUBJID"] in treated}


@cache
def first_dose() -> dict[str, date]:
    starts = defaultdict(list)
    for record in domain("ex"):
        if record["EXSTDTC"]:
            starts[record["USUBJID"]].append(date.fromisoformat(record["EXSTDTC"][:10]))
    return {subject: min(days) for subject, days in starts.items()}


@cache
def ended() -> dict[str, date]:
    """Day on which participation ended."""
    days = defaultdict(list)
    for record in domain("ds"):
        if record["DSCAT"] == "DISPOSITION EVENT" and record["DSDECOD"] != "SCREEN FAILURE":
            days[record["USUBJID"]].append(date.fromisoformat(record["DSSTDTC"][:10]))
    return {subject: max(some) for subject, some in days.items()}


def start(record: dict[str, str]) -> date:
    """Start as far as the exports hold it; that of the first dose where it may have been that day."""
    dose, text = first_dose()[record["USUBJID"]], record["AESTDTC"][:10]
    if len(text) == 10:
        return date.fromisoformat(text)
    if len(text) != 4:
        return dose
    return dose if dose.year == int(text) else date(int(text), 1, 1)


@cache
def emergent() -> list[dict]:
    known = [r for r in domain("ae") if r["USUBJID"] in arms()]
    return [r | {"START": start(r)} for r in known if start(r) >= first_dose()[r["USUBJID"]]]


def dermatologic(record: dict) -> bool:
    skin = record["AEBODSYS"] == SKIN and record["AEDECOD"] not in NOT_DERMATOLOGIC
    return bool(WORDS.search(record["AEDECOD"])) or skin


def counted(some: list[dict], arm: str) -> list[str]:
    mine = [r for r in some if arms()[r["USUBJID"]] == arm]
    size, n = sum(a == arm for a in arms().values()), len({r["USUBJID"] for r in mine})
    return [f"{n} ({percent(n, size)})" if n else "0", str(len(mine))]


def by_arm(some: list[dict]) -> list[str]:
    return [cell for arm in ARMS for cell in counted(some, arm)]


@pytest.fixture(scope="module")
def printed(pilot):
    return lambda name: Display(displays(pilot)[name])


def test_the_overview_is_that_of_the_published_events(printed):
    shown = printed("t-14.3.1.1").flat
    for head, keeps in {
        "Treatment-emergent adverse event": lambda r: True,
        "Serious": lambda r: r["AESER"] == "Y",
        "Related": lambda r: r["AEREL"] in ("PROBABLE", "POSSIBLE", ""),
        "Severe": lambda r: r["AESEV"] == "SEVERE",
        "Leading to death": lambda r: r["AESDTH"] == "Y",
        "Life-threatening": lambda r: r["AESLIFE"] == "Y",
        "Requiring or prolonging hospitalisation": lambda r: r["AESHOSP"] == "Y",
        "Dermatologic": dermatologic,
    }.items():
        assert shown[head] == by_arm([r for r in emergent() if keeps(r)]), head


def test_the_starts_known_to_the_month_only_are_as_many_as_the_exports_leave_blank():
    assert sum(len(r["AESTDTC"]) == 7 for r in domain("ae")) == 15


def test_every_class_and_term_is_that_of_the_published_events(printed):
    some = defaultdict(list, {("Any event",): emergent()})
    for record in emergent():
        some[record["AEBODSYS"],].append(record)
        some[record["AEBODSYS"], record["AEDECOD"]].append(record)
    assert printed("t-14.3.1.2").deep == {path: by_arm(records) for path, records in some.items()}


def test_first_dermatologic_events_and_curves_are_those_of_the_published_events(printed):
    times: dict[str, list[tuple[int, bool]]] = {arm: [] for arm in ARMS}
    first: dict[str, date] = {}
    for record in emergent():
        if dermatologic(record):
            first[record["USUBJID"]] = min(record["START"], first.get(record["USUBJID"], record["START"]))
    for subject, arm in arms().items():
        when = first.get(subject, ended()[subject])
        times[arm].append(((when - first_dose()[subject]).days + 1, subject in first))
    shown = printed("t-14.2.1").deep
    assert shown["Subjects with an event",] == [str(sum(hit for _, hit in times[arm])) for arm in ARMS]
    assert shown["Censored",] == [str(sum(not hit for _, hit in times[arm])) for arm in ARMS]
    assert [sum(hit for _, hit in times[arm]) for arm in ARMS] == [29, 62, 61]
    for (day,), cells in printed("f-14.2.1").rows:
        at_risk = [str(sum(t >= int(day) for t, _ in times[arm])) for arm in ARMS]
        assert cells[::2] == at_risk, day
