"""The CDISC pilot: our SDTM from its raw exports against the published SDTM, field by field.

Each difference that remains is listed here with its count; ``studies/cdiscpilot/README.md`` says why.
"""

from __future__ import annotations

import pandas as pd
import pytest

from tests.climb import SHARED

pytestmark = pytest.mark.req("URS-STU-01")

PUBLISHED = SHARED / "data/cdiscpilot/sdtm"
KEYS = {
    "dm": ["USUBJID"],
    "ds": ["USUBJID", "DSDECOD", "DSSTDTC"],
    "ex": ["USUBJID", "EXSTDTC"],
    "ae": ["USUBJID", "AEDECOD", "AETERM", "AESTDTC", "AEENDTC", "AEDTC"],
    "vs": ["USUBJID", "VSTESTCD", "VISITNUM", "VSPOS", "VSTPT", "VSDTC"],
}
# Published variables that the raw exports do not hold.
NOT_IN_RAW = {
    "dm": {"BRTHDTC", "ACTARMUD"},
    "ds": {"DSSPID"},
    "ex": set(),
    "ae": {"AESPID"},
    "vs": {"VSSTAT"},
}
# Rows that differ in a variable, among rows that are matched by their keys.
DIFFERENCES = {
    "dm": {"RFICDTC": 254, "RFPENDTC": 80},
    "ds": {},
    "ex": {},
    "ae": {"AESEQ": 221, "AELLTCD": 1167, "AESOCCD": 1167, "AESTDY": 1},
    "vs": {"VSSEQ": 167, "VSORRESU": 17, "VSSTRESC": 14, "VSSTRESN": 17, "VSBLFL": 265},
}
# Rows of ours without a partner, and published rows without one.
UNMATCHED = {"dm": (0, 0), "ds": (0, 0), "ex": (0, 0), "ae": (15, 15), "vs": (0, 8)}


@pytest.fixture(scope="module")
def tabulated(pilot) -> dict[str, pd.DataFrame]:
    """Our SDTM of the pilot, by domain."""
    return {name: pd.read_parquet(pilot / f"results/sdtm/{name}.parquet") for name in KEYS}


def published(name: str) -> pd.DataFrame:
    suffix = ".csv.gz" if name == "vs" else ".csv"
    return pd.read_csv(PUBLISHED / f"{name}{suffix}", dtype=str, keep_default_na=False)


def plain(values: pd.Series, number: bool) -> pd.Series:
    if number:
        return pd.to_numeric(values, errors="coerce").astype("float64").round(6)
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()


def matched(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    sides = []
    for side in (ours, theirs):
        shared = [c for c in theirs.columns if c in ours.columns]
        side = pd.DataFrame({c: plain(side[c], pd.api.types.is_numeric_dtype(ours[c])) for c in shared})
        side = side.sort_values(keys, kind="stable")
        sides.append(side.assign(nth=side.groupby(keys, dropna=False).cumcount()))
    return sides[0].merge(sides[1], on=[*keys, "nth"], how="outer", indicator=True, suffixes=("", "_published"))


@pytest.mark.parametrize("name", KEYS)
def test_every_published_variable_is_ours_or_not_in_the_raw_data(tabulated, name):
    assert set(published(name).columns) - set(tabulated[name].columns) == NOT_IN_RAW[name]


@pytest.mark.parametrize("name", KEYS)
def test_rows_match_the_published_rows(tabulated, name):
    sides = matched(tabulated[name], published(name), KEYS[name])["_merge"].value_counts()
    assert (sides["left_only"], sides["right_only"]) == UNMATCHED[name]


@pytest.mark.parametrize("name", KEYS)
def test_matched_rows_differ_only_where_the_readme_says_so(tabulated, name):
    both = matched(tabulated[name], published(name), KEYS[name])
    both = both[both["_merge"] == "both"]
    found = {}
    for column in [c.removesuffix("_published") for c in both if c.endswith("_published")]:
        a, b = both[column], both[f"{column}_published"]
        differ = int((~((a == b) | (a.isna() & b.isna()))).sum())
        if differ:
            found[column] = differ
    assert found == {k: v for k, v in DIFFERENCES[name].items() if v}


def test_the_fifteen_unmatched_events_lost_their_partial_start_in_the_raw_export(tabulated):
    both = matched(tabulated["ae"], published("ae"), KEYS["ae"])
    ours, theirs = both[both["_merge"] == "left_only"], both[both["_merge"] == "right_only"]
    assert (ours["AESTDTC"] == "").all()
    assert theirs["AESTDTC"].str.fullmatch(r"\d{4}-\d{2}").all()
    same = [k for k in KEYS["ae"] if k != "AESTDTC"]
    assert sorted(ours[same].itertuples(index=False, name=None)) == sorted(
        theirs[same].itertuples(index=False, name=None)
    )


def test_the_eight_missing_measurements_were_not_done(tabulated):
    both = matched(tabulated["vs"], published("vs"), KEYS["vs"])
    lost = both[both["_merge"] == "right_only"]
    theirs = published("vs")
    assert (theirs["VSSTAT"] == "NOT DONE").sum() == len(lost) == 8


def differing(tabulated, name: str, variable: str) -> pd.DataFrame:
    """Matched rows where our value of a variable is not the published one."""
    both = matched(tabulated[name], published(name), KEYS[name])
    both = both[both["_merge"] == "both"]
    ours, theirs = both[variable], both[f"{variable}_published"]
    return both[~((ours == theirs) | (ours.isna() & theirs.isna()))]


def test_consent_and_dictionary_codes_differ_only_where_the_published_column_is_empty(tabulated):
    assert (published("dm")["RFICDTC"] == "").all()
    assert (published("ae")[["AELLTCD", "AESOCCD"]] == "").all(axis=None)
    assert (differing(tabulated, "dm", "RFICDTC")["RFICDTC"] != "").all()


def test_participation_ends_earlier_than_published_for_want_of_other_contacts(tabulated):
    rows = differing(tabulated, "dm", "RFPENDTC")
    assert (rows["RFPENDTC"].str[:10] < rows["RFPENDTC_published"].str[:10]).all()


def test_the_published_events_are_numbered_by_an_identifier_that_the_raw_export_lacks(tabulated):
    theirs = published("ae").sort_values(["USUBJID", "AEDTC", "AESTDTC", "AESPID"], kind="stable")
    assert (theirs["AESEQ"].astype(float) == theirs.groupby("USUBJID").cumcount() + 1).all()


def test_one_published_study_day_contradicts_its_own_dates(tabulated):
    rows = differing(tabulated, "ae", "AESTDY")
    assert rows["USUBJID"].tolist() == ["01-716-1063"]
    start = tabulated["dm"].set_index("USUBJID")["RFSTDTC"]["01-716-1063"]
    assert rows["AESTDTC"].tolist() == [start] and rows["AESTDY"].tolist() == [1]


def test_vital_signs_are_numbered_apart_only_for_the_subjects_whose_measurements_were_not_done(tabulated):
    theirs = published("vs")
    assert set(differing(tabulated, "vs", "VSSEQ")["USUBJID"]) == set(
        theirs.loc[theirs["VSSTAT"] == "NOT DONE", "USUBJID"]
    )


def test_the_results_without_a_standard_value_were_taken_in_a_unit_that_the_raw_export_does_not_name(tabulated):
    rows = differing(tabulated, "vs", "VSSTRESN")
    assert rows["VSSTRESN"].isna().all()
    assert (rows["VSORRESU_published"].isin(["cm", "kg", "C"])).all()
    assert sorted(rows["VSORRESU"].unique()) == ["F", "IN", "LB"]


def test_our_baseline_is_the_last_value_before_exposure_also_where_it_was_taken_at_screening(tabulated):
    rows = differing(tabulated, "vs", "VSBLFL")
    assert (rows["VSBLFL"] == "Y").all()
    assert set(rows["VISIT"]) == {"SCREENING 1", "SCREENING 2"}
