"""The clinical course: each record in its phase, against the baseline of the phase; limits are bounds."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crf2csr.adam import adcc

pytestmark = pytest.mark.req("URS-ADA-14")

PAGE = {
    "phases": {"baseline_days": 14},
    "labs": {"censored": {"below": {"times": 0.5, "dtype": "HALFLLOQ"}, "above": {"times": 1, "dtype": "ULOQ"}}},
}
SPEC: dict[str, Any] = {
    "parameters": [{"code": "X", "label": "X (unit)", "from": {"of": "lb", "where": {"LBTESTCD": "X"}}}],
    "variables": {},
}
START = 100  # first day of the line of treatment, as a day since 1970


def phases() -> pd.DataFrame:
    rows = [("Before", 1, pd.NA, 50, 99), ("A", 2, 1, START, 199), ("B", 3, 2, 200, 300)]
    made = pd.DataFrame(rows, columns=["APHASE", "APHASEN", "APERIOD", "PHSDT", "PHEDT"])
    whole = {n: made[n].astype("Int64") for n in ("APHASEN", "APERIOD", "PHSDT", "PHEDT")}
    return made.assign(USUBJID="S", APERIODC=made["APERIOD"].astype("str"), **whole)


def results(*rows: tuple[int, str]) -> pd.DataFrame:
    days, texts = zip(*rows, strict=True)
    iso = [str((pd.Timestamp("1970-01-01") + pd.Timedelta(d, "D")).date()) for d in days]
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce").astype("float64")
    about = {
        "LBTESTCD": "X",
        "LBDTC": iso,
        "LBSTRESC": pd.Series(texts, dtype="str"),
        "LBSTRESN": numbers,
        "LBSTRESU": "u",
        "LBSTNRHI": 9.0,
    }
    return pd.DataFrame(about | {"USUBJID": "S", "LBSEQ": range(1, len(rows) + 1)})


def course(*rows: tuple[int, str]) -> pd.DataFrame:
    adsl = pd.DataFrame(
        {"USUBJID": ["S"], "TRTSDT": pd.array([START], dtype="Int64"), "ONSETDT": pd.array([50], dtype="Int64")}
    )
    made = adcc.derive(adsl, phases(), lb=results(*rows), spec=SPEC, page=PAGE, lists={})
    return made.data.sort_values(["ADT", "SRCSEQ", "BASETYPE"], na_position="first", ignore_index=True)


def test_the_baseline_is_the_last_value_on_or_before_the_first_day_of_the_phase():
    rows = course((95, "30"), (100, "20"), (110, "5"), (150, "8"))
    own = rows[rows["BASETYPE"] == "A"]
    assert own["ADT"].tolist() == [100, 110, 150] and own["BASE"].tolist() == [20, 20, 20]
    assert own["ABLFL"].notna().tolist() == [True, False, False]
    assert own["PCHG"].round(6).tolist()[1:] == [-75, -60] and own["PCHG"].isna().iloc[0]
    assert own["ANL02FL"].notna().tolist() == [False, False, True] and own["ANL03FL"].notna().tolist() == [
        False,
        True,
        False,
    ]
    assert own["APHDY"].tolist() == [1, 11, 51] and own["ADYON"].tolist() == [51, 61, 101]


def test_a_baseline_of_an_earlier_phase_is_repeated_once_and_counts_once():
    rows = course((95, "30"), (110, "15"))
    copied = rows[(rows["BASETYPE"] == "A") & (rows["ADT"] == 95)]
    assert (
        copied["ABLFL"].tolist() == ["Y"] and copied["ANL01FL"].isna().all() and copied["APHASE"].tolist() == ["Before"]
    )
    assert len(rows) == 3 and (rows["ANL01FL"] == "Y").sum() == 2
    assert rows.loc[rows["ADT"] == 110, "PCHG"].tolist() == [-50]


def test_a_value_that_is_too_old_is_no_baseline():
    rows = course((80, "30"), (110, "15"))
    assert rows.loc[rows["ADT"] == 110, ["BASE", "PCHG"]].isna().all(axis=None) and len(rows) == 2


def test_a_phase_without_a_record_needs_no_baseline():
    rows = course((195, "30"))
    assert rows["BASETYPE"].tolist() == ["A"]


@pytest.mark.parametrize(
    ("before", "after", "change", "sign"),
    [
        ("10", "<2", -80, "<"),
        ("<2", "10", 400, ">"),
        ("<2", "<2", None, None),
        ("10", ">40", 300, ">"),
        ("10", "7.5", -25, None),
        ("0", "5", None, None),
    ],
)
def test_a_limit_makes_the_percent_change_a_bound(before: str, after: str, change: float | None, sign: str | None):
    row = course((100, before), (110, after)).iloc[-1]
    assert (None if pd.isna(row["PCHG"]) else row["PCHG"]) == change
    assert (None if pd.isna(row["PCHGSGN"]) else row["PCHGSGN"]) == sign
    assert pd.isna(row["CHG"]) == ("<" in before + after or ">" in before + after)


def test_a_value_below_the_limit_is_analysed_at_the_factor_of_the_study_and_says_so():
    row = course((100, "<3")).iloc[0]
    assert (row["AVAL"], row["AVALC"], row["DTYPE"], row["SRCVAR"]) == (1.5, "<3", "HALFLLOQ", "LBSTRESC")


def test_tenths_are_subtracted_as_whole_numbers():
    row = course((100, "0.3"), (110, "0.1")).iloc[-1]
    assert row["CHG"] == -0.2


def test_a_record_before_the_onset_has_no_phase_and_stays():
    rows = course((40, "3"), (100, "4"))
    assert rows["APHASE"].isna().tolist() == [True, False]
