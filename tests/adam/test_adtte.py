"""Time to event from declared events, censors and competing events."""

from __future__ import annotations

import pandas as pd
import pytest

from crf2csr.adam import adtte

pytestmark = pytest.mark.req("URS-ADA-06")

DAY_1 = 20000
SOURCE = {"of": "adrs", "where": {"PARAMCD": "HALF"}, "date": "ADT"}
SPEED = {
    "code": "TT50",
    "label": "Time to half",
    "start": "TRTSDT",
    "population": {"SAFFL": "Y"},
    "events": [SOURCE | {"where": {"PARAMCD": "HALF", "AVALC": "Y"}, "description": "Half"}],
    "before": [
        {"of": "adice", "where": {"ICESTRAT": "composite"}, "date": "ASTDT", "description": {"variable": "ICETERM"}}
    ],
    "censors": [SOURCE | {"description": "Last assessment"}],
    "assessments": SOURCE,
    "competing": [{"of": "adice", "date": "ASTDT", "description": {"variable": "ICETERM"}}],
}


def times(looks: dict[int, str], stops: list[tuple[int, str]] = ()) -> pd.Series:
    """One subject with responses by study day, and intercurrent events as (study day, strategy)."""
    adsl = pd.DataFrame({"USUBJID": ["A"], "SAFFL": ["Y"], "TRTSDT": pd.array([DAY_1], dtype="Int64"), "FASFL": ["Y"]})
    adrs = pd.DataFrame(
        {
            "USUBJID": "A",
            "PARAMCD": "HALF",
            "ADT": pd.array([DAY_1 + d - 1 for d in looks], dtype="Int64"),
            "AVALC": list(looks.values()),
            "ASEQ": range(1, len(looks) + 1),
        }
    ).astype({"PARAMCD": "str", "AVALC": "str"})
    adice = pd.DataFrame(
        {
            "USUBJID": "A",
            "ASTDT": pd.array([DAY_1 + d - 1 for d, _ in stops], dtype="Int64"),
            "ICESTRAT": [s for _, s in stops],
            "ICETERM": "Stop",
            "ASEQ": range(1, len(stops) + 1),
        }
    ).astype({"ICESTRAT": "str", "ICETERM": "str"})
    spec = {"parameters": [SPEED], "variables": {}}
    return adtte.derive(adsl, adrs, adice, spec=spec, page={}, lists={}).data.iloc[0]


def test_the_event_is_the_first_visit_with_response_and_lies_in_its_interval():
    row = times({8: "N", 15: "N", 29: "Y", 57: "N"})
    assert (row["AVAL"], row["CNSR"], row["LBOUND"], row["RBOUND"]) == (29, 0, 15, 29)
    assert (row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"], row["EVNTDESC"]) == ("ADRS", "ADT", 3, "Half")
    assert pd.isna(row["CNSDTDSC"])


def test_a_response_at_the_first_visit_lies_between_the_start_and_it():
    row = times({8: "Y"})
    assert (row["LBOUND"], row["RBOUND"]) == (1, 8)


def test_without_an_event_time_is_censored_at_the_last_assessment():
    row = times({8: "N", 85: "N"})
    assert (row["AVAL"], row["CNSR"], row["LBOUND"], row["CNSDTDSC"]) == (85, 1, 85, "Last assessment")
    assert pd.isna(row["RBOUND"]) and (row["CMPSTAT"], row["CMPAVAL"]) == (0, 85)


def test_a_response_on_or_after_the_day_of_a_composite_event_does_not_count():
    row = times({8: "N", 29: "Y", 57: "Y"}, [(29, "composite")])
    assert (row["AVAL"], row["CNSR"], row["EVNTDESC"]) == (29, 2, "Censored: Stop")
    assert (row["CMPSTAT"], row["CMPAVAL"], row["CMPDESC"]) == (2, 29, "Stop")


def test_the_censoring_assessment_is_not_later_than_the_composite_event():
    row = times({8: "N", 29: "N", 57: "N"}, [(40, "composite")])
    assert (row["AVAL"], row["CNSR"], row["CMPAVAL"]) == (29, 2, 40)


def test_another_discontinuation_competes_but_does_not_undo_a_later_response():
    row = times({8: "N", 29: "Y"}, [(20, "treatment policy")])
    assert (row["AVAL"], row["CNSR"]) == (29, 0) and (row["CMPSTAT"], row["CMPAVAL"]) == (2, 20)


def test_a_response_on_the_day_of_another_discontinuation_comes_first():
    row = times({29: "Y"}, [(29, "treatment policy")])
    assert (row["CMPSTAT"], row["CMPAVAL"]) == (1, 29)


def test_who_was_never_assessed_is_censored_at_the_start():
    row = times({})
    assert (row["AVAL"], row["CNSR"], row["SRCDOM"], row["SRCVAR"], row["SRCSEQ"]) == (1, 1, "ADSL", "TRTSDT", 0)


def test_the_same_objects_tell_time_to_an_adverse_event_with_censors_of_the_subject():
    adsl = pd.DataFrame(
        {
            "USUBJID": ["A", "B"],
            "TRTSDT": pd.array([100, 100], dtype="Int64"),
            "RFENDT": pd.array([180, 182], dtype="Int64"),
        }
    )
    adae = pd.DataFrame(
        {
            "USUBJID": ["A", "A", "B"],
            "ASTDT": pd.array([120, 110, 105], dtype="Int64"),
            "CQ01NAM": ["D", "D", None],
            "ASEQ": [1, 2, 1],
        }
    )
    parameter = {
        "code": "TTDE",
        "label": "Time to First Dermatologic Event",
        "start": "TRTSDT",
        "events": [
            {
                "of": "adae",
                "where": {"CQ01NAM": {"present": True}},
                "date": "ASTDT",
                "description": "Dermatologic event",
            }
        ],
        "censors": [{"of": "adsl", "date": "RFENDT", "description": "End of study"}],
    }
    made = adtte.derive(adsl, adae=adae, spec={"parameters": [parameter], "variables": {}}, page={}, lists={})
    assert made.data[["AVAL", "CNSR", "SRCDOM", "SRCSEQ"]].to_numpy().tolist() == [
        [11, 0, "ADAE", 2],
        [83, 1, "ADSL", 0],
    ]
