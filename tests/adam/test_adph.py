"""Phases: lines of treatment in order, cut where the next begins, with the time before, between and after them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crf2csr.adam import _phases, adph

pytestmark = pytest.mark.req("URS-ADA-14")

PAGE = {
    "phases": {
        "onset": "ONSETDT",
        "lines": [
            {
                "of": "cm",
                "where": {"CMCAT": "LINE"},
                "name": "CMTRT",
                "start": "CMSTDTC",
                "end": "CMENDTC",
                "regimen": ["CMDOSE", "CMDOSU"],
            }
        ],
        "before": "Before",
        "between": "Between",
        "after": "After",
    }
}
SPEC: dict[str, Any] = {"variables": {}}


def day(iso: str) -> int:
    return (pd.Timestamp(iso) - pd.Timestamp("1970-01-01")).days


def subjects(**more: str) -> pd.DataFrame:
    about = {"ONSETDT": "2020-01-01", "TRTSDT": "2020-03-01", "LSTCNDT": "2020-12-31"} | more
    dated = {name: pd.array([day(iso)], dtype="Int64") for name, iso in about.items()}
    return pd.DataFrame({"USUBJID": ["S"], "SUBJID": ["1"]} | dated)


def lines(*rows: tuple[str, str | None, str | None], **more: list[Any]) -> pd.DataFrame:
    names, starts, ends = zip(*rows, strict=True)
    about = {
        "CMCAT": "LINE",
        "CMTRT": names,
        "CMSTDTC": starts,
        "CMENDTC": ends,
        "CMDOSE": [5.0] * len(rows),
        "CMDOSU": "mg",
    }
    made = pd.DataFrame(about | more)
    return made.assign(
        USUBJID="S", CMSEQ=range(1, len(rows) + 1), _REC=[f"TX:{n + 2}" for n in range(len(rows))], EVENT=""
    )


def phases(cm: pd.DataFrame, adsl: pd.DataFrame | None = None) -> tuple[list[tuple], Any]:
    made = adph.derive(subjects() if adsl is None else adsl, cm, spec=SPEC, page=PAGE, lists={})
    rows = made.data
    shown = [(r.APHASE, r.PHSDT, r.PHEDT) for r in rows[["APHASE", "PHSDT", "PHEDT"]].itertuples()]
    return [
        (
            name,
            str((pd.Timestamp("1970-01-01") + pd.Timedelta(a, "D")).date()),
            str((pd.Timestamp("1970-01-01") + pd.Timedelta(b, "D")).date()),
        )
        for name, a, b in shown
    ], made


def test_phases_follow_one_another_without_a_gap():
    found, made = phases(lines(("A", "2020-02-01", "2020-02-10"), ("B", "2020-03-01", "2020-04-30")))
    assert found == [
        ("Before", "2020-01-01", "2020-01-31"),
        ("A", "2020-02-01", "2020-02-10"),
        ("Between", "2020-02-11", "2020-02-29"),
        ("B", "2020-03-01", "2020-04-30"),
        ("After", "2020-05-01", "2020-12-31"),
    ]
    assert made.data["APHASEN"].tolist() == [1, 2, 3, 4, 5]
    assert made.data["APERIOD"].tolist() == [pd.NA, 1, pd.NA, 2, pd.NA]
    assert made.data["PHSONDY"].tolist() == [1, 32, 42, 61, 122]
    assert made.data.loc[1, "PHREGIM"] == "5 mg"
    assert not sum(map(len, made.queries))


def test_a_line_that_runs_on_is_cut_where_the_next_begins_and_asked_about():
    found, made = phases(lines(("A", "2020-02-01", "2020-03-15"), ("B", "2020-03-01", "2020-12-31")))
    assert ("A", "2020-02-01", "2020-02-29") in found and ("B", "2020-03-01", "2020-12-31") in found
    asked = pd.concat([q for q in made.queries if len(q)])
    assert asked["REC"].tolist() == ["TX:2"] and "ends the day before" in asked["MESSAGE"].iloc[0]


def test_an_open_line_lasts_to_the_last_contact_and_says_so():
    found, made = phases(lines(("A", "2020-02-01", None)))
    assert found[-1] == ("A", "2020-02-01", "2020-12-31")
    assert made.data["PHONGOFL"].iloc[-1] == "Y"


def test_lines_that_begin_together_are_one_phase():
    found, made = phases(lines(("A", "2020-02-01", "2020-02-10"), ("B", "2020-02-01", "2020-03-10")))
    assert found[1] == ("A + B", "2020-02-01", "2020-03-10")
    assert set(made.edges.loc[made.edges["SRCDOM"] == "CM", "SRCSEQ"]) == {1, 2}
    assert made.edges.loc[made.edges["SRCDOM"] == "CM", "KEY"].nunique() == 1


def test_a_treatment_that_is_taken_up_again_has_a_name_of_its_own():
    found, _ = phases(lines(("A", "2020-02-01", "2020-02-10"), ("A", "2020-03-01", "2020-03-10")))
    assert [name for name, *_ in found] == ["Before", "A", "Between", "A (2)", "After"]


def test_a_line_without_a_start_is_no_phase_and_stands_in_the_ledger():
    found, made = phases(lines(("A", "2020-02-01", "2020-02-10"), ("B", None, "2020-03-10")))
    assert "B" not in [name for name, *_ in found]
    ledger = made.ledger.frame()
    assert ledger.loc[ledger["REASON"] == "no start that can be read", "ROWS_LOST"].tolist() == [1]
    assert "no start that can be read" in pd.concat([q for q in made.queries if len(q)])["MESSAGE"].iloc[0]


def test_partial_dates_name_the_first_and_the_last_day_and_say_so():
    found, made = phases(lines(("A", "2020-02", "2020-03")))
    assert found[1] == ("A", "2020-02-01", "2020-03-31")
    assert made.data.loc[1, ["PHSDTF", "PHEDTF"]].tolist() == ["D", "D"]


def test_other_rows_are_no_lines():
    cm = lines(("A", "2020-02-01", "2020-02-10"), ("B", "2020-03-01", "2020-03-10"), CMCAT=["LINE", "OTHER"])
    found, made = phases(cm)
    assert [name for name, *_ in found] == ["Before", "A", "After"]
    assert made.ledger.frame()["ROWS_LOST"].max() >= 1


@pytest.mark.parametrize(
    ("iso", "phase"),
    [
        ("2019-12-31", None),
        ("2020-01-31", "Before"),
        ("2020-02-01", "A"),
        ("2020-02-10", "A"),
        ("2020-02-11", "After"),
        ("2021-01-01", None),
        (None, None),
    ],
)
def test_the_phase_that_holds_a_day(iso: str | None, phase: str | None):
    made = adph.derive(subjects(), lines(("A", "2020-02-01", "2020-02-10")), spec=SPEC, page=PAGE, lists={}).data
    rows = pd.DataFrame({"USUBJID": ["S"], "ADT": pd.array([day(iso) if iso else pd.NA], dtype="Int64")}, index=[7])
    found = _phases.of(rows, made, "ADT")
    assert found.index.tolist() == [7]
    value = found["APHASE"].iloc[0]
    assert (None if pd.isna(value) else value) == phase
