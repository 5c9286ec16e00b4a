"""The CDISC pilot: our SDTM from its raw exports against the published SDTM, field by field.

Each difference that remains is listed here with its count; ``studies/cdiscpilot/README.md`` says why.
"""

from __future__ import annotations

import pandas as pd
import pytest

from tests.climb import ROOT, SHARED, climb, copy_config

RAW, PUBLISHED = SHARED / "data/cdiscpilot/raw", SHARED / "data/cdiscpilot/sdtm"
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
    "ae": {"AESPID", "AELLTCD", "AEPTCD", "AEHLTCD", "AEHLGTCD", "AEBDSYCD", "AESOCCD", "AEACN"},
    "vs": {"VSSTAT"},
}
# Rows that differ in a variable, among rows that are matched by their keys.
DIFFERENCES = {
    "dm": {"RFENDTC": 1, "RFICDTC": 254, "RFPENDTC": 80},
    "ds": {},
    "ex": {},
    "ae": {"AESEQ": 910, "AESTDY": 1},
    "vs": {"VSSEQ": 167, "VSORRESU": 17, "VSSTRESC": 14, "VSSTRESN": 17, "VSBLFL": 265},
}
# Rows of ours without a partner, and published rows without one.
UNMATCHED = {"dm": (0, 0), "ds": (0, 0), "ex": (0, 0), "ae": (15, 15), "vs": (0, 8)}


@pytest.fixture(scope="module")
def tabulated(tmp_path_factory):
    """Our SDTM of the pilot, by domain."""
    if not RAW.is_dir():
        pytest.skip(f"the public raw exports of the CDISC pilot are not at {RAW}")
    folder = copy_config(ROOT / "studies/cdiscpilot", tmp_path_factory.mktemp("cdiscpilot"))
    climb(folder, ("raw", "sdtm"), raw_dir=str(RAW))
    return {name: pd.read_parquet(folder / f"results/sdtm/{name}.parquet") for name in KEYS}


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
    assert sorted(ours[same].itertuples(index=False, name=None)) == sorted(theirs[same].itertuples(index=False, name=None))


def test_the_eight_missing_measurements_were_not_done(tabulated):
    both = matched(tabulated["vs"], published("vs"), KEYS["vs"])
    lost = both[both["_merge"] == "right_only"]
    theirs = published("vs")
    assert (theirs["VSSTAT"] == "NOT DONE").sum() == len(lost) == 8
