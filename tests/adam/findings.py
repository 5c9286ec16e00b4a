"""Small tables of scores for the tests of records and response."""

from __future__ import annotations

import pandas as pd

from crf2csr.adam._estimands import Handling

DAY_1 = 20000
WINDOWS = [
    {"visit": "Week 1", "number": 1, "from": 2, "to": 11, "target": 8},
    {"visit": "Week 2", "number": 2, "from": 12, "to": 22, "target": 15},
    {"visit": "Week 12", "number": 12, "from": 72, "to": 98, "target": 85},
]
PAGE = {
    "visits": [
        {"name": "Week 1", "from": 6, "to": 10},
        {"name": "Week 2", "from": 12, "to": 18},
        {"name": "Week 12", "from": 78, "to": 92},
        {"name": "Unscheduled"},
    ],
    "after_treatment_days": 14,
}
SPEC = {
    "name": "ADRS",
    "parameters": [
        {"code": "SCORE", "label": "Score", "category": "SCORE"},
        {"code": "HALF", "label": "Half", "category": "RESPONSE", "criterion": {"of": "SCORE", "fall": 50}},
    ],
    "variables": {"CRIT1": {}, "CRIT1FL": {}},
}


def date(day: int | None) -> object:
    """Days since 1970 of a study day; there is no day 0."""
    return pd.NA if day is None else DAY_1 + day - (1 if day > 0 else 0)


def treated(*people: str, last_day: int = 84, left: dict[str, tuple[int, str]] | None = None) -> pd.DataFrame:
    """ADSL of treated subjects; ``left`` gives the study day and the reason of who discontinued."""
    left = left or {}
    rows = [
        {
            "USUBJID": p,
            "TRTSDT": DAY_1,
            "TRTEDT": date(left[p][0] if p in left else last_day),
            "SAFFL": "Y",
            "DCTDT": date(left[p][0]) if p in left else pd.NA,
            "DCTREAS": left[p][1] if p in left else None,
            "EOSDT": pd.NA,
            "EOSSTT": None,
            "DCSREAS": None,
        }
        for p in people
    ]
    table = pd.DataFrame(rows).astype(dict.fromkeys(("TRTSDT", "TRTEDT", "DCTDT", "EOSDT"), "Int64"))
    return table.astype(dict.fromkeys(("USUBJID", "SAFFL", "DCTREAS", "EOSSTT", "DCSREAS"), "str")).set_index("USUBJID")


def scores(*rows: tuple[str, int | None, int | None, str]) -> pd.DataFrame:
    """Scores as (subject, study day, whole tenths or None, visit as planned)."""
    table = pd.DataFrame(rows, columns=["USUBJID", "DAY", "TENTHS", "VISIT"])
    return pd.DataFrame(
        {
            "USUBJID": table["USUBJID"].astype("str"),
            "PARAMCD": pd.Series("SCORE", index=table.index, dtype="str"),
            "ADT": pd.array([date(None if pd.isna(d) else int(d)) for d in table["DAY"]], dtype="Int64"),
            "TENTHS": table["TENTHS"].astype("Int64"),
            "VISIT": table["VISIT"].astype("str"),
            "VISITNUM": 1.0,
            "ASEQ0": range(len(table)),
            "AREAS": pd.Series("Items missing: X", index=table.index, dtype="str").where(table["TENTHS"].isna()),
            "_KEY": [f"S{n}" for n in range(len(table))],
        }
    )


def events(*rows: tuple[str, int, str]) -> pd.DataFrame:
    """ADICE of intercurrent events as (subject, study day, term); the code of an event is its term in capitals."""
    table = pd.DataFrame(rows, columns=["USUBJID", "DAY", "ICETERM"])
    return pd.DataFrame(
        {
            "USUBJID": table["USUBJID"].astype("str"),
            "ASTDT": pd.array([date(int(d)) for d in table["DAY"]], dtype="Int64"),
            "ICECD": table["ICETERM"].astype("str").str.upper(),
            "ICETERM": table["ICETERM"].astype("str"),
            "ASEQ": range(1, len(table) + 1),
        }
    )


def responses(rescue: str = "composite", **others: str) -> list[Handling]:
    """How responses are handled: the main flag, last observation carried forward, and treatment policy.

    ``rescue`` (and other events by name) is the strategy of the first two.
    """
    events_as = {"RESCUE": rescue} | {name.upper(): strategy for name, strategy in others.items()}
    return [
        Handling("ANL03FL", "ANL01FL", "non-response", events_as),
        Handling("ANL04FL", "ANL01FL", "last observation", events_as),
        Handling("ANL05FL", "ANL02FL", "non-response", dict.fromkeys(events_as, "treatment policy")),
    ]
