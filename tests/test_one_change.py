"""One subject's response changed in the raw export changes exactly the results that it should, and no other."""

from __future__ import annotations

import csv
import shutil

import pandas as pd
import pytest

from tests import tiny

pytestmark = pytest.mark.req("URS-REP-04")

KEY = [
    "chapter",
    "analysis",
    "group1_level",
    "group2_level",
    "group3_level",
    "variable",
    "variable_level",
    "stat_name",
    "context",
]
REGIONS = ("RP", "LP", "RS", "LS")
WORST = {"ERY": "4", "PUS": "4", "DES": "4", "ARE": "6", "PCT": "100"}


def facts(folder) -> pd.DataFrame:
    """Every fact of a run by its key; a value is its number, or its text."""
    parts = []
    for file in sorted((folder / "results/ard").glob("*.parquet")):
        table = pd.read_parquet(file)
        parts.append(table.assign(chapter=file.stem))
    every = pd.concat(parts, ignore_index=True)
    every[KEY] = every[KEY].astype(object).where(every[KEY].notna(), "")
    assert not every.duplicated(KEY).any()
    text = every["stat_text"].astype(object).where(every["stat_text"].notna(), "")
    return every.assign(value=every["stat"].map(repr) + text).set_index(KEY)["value"]


def moved(before: pd.Series, after: pd.Series) -> pd.MultiIndex:
    """Keys whose value differs, or that only one of the two has."""
    both = pd.concat({"before": before, "after": after}, axis=1)
    return both.index[both["before"].ne(both["after"]) & ~(both["before"].isna() & both["after"].isna())]


@pytest.fixture(scope="module")
def change(climbed, tmp_path_factory):
    """The tiny study with every week-12 item of one responder at its worst, run again."""
    folder = shutil.copytree(climbed, tmp_path_factory.mktemp("changed") / "study", symlinks=True)
    adrs = pd.read_parquet(folder / "results/adam/adrs.parquet")
    seen = adrs[adrs["PARAMCD"].eq("PPASI50") & adrs["ANL03FL"].eq("Y") & adrs["AVAL"].eq(1)]
    last, early = (seen[seen["AVISIT"] == visit] for visit in ("Week 12", "Week 8"))
    held = last[last["USUBJID"].isin(early["USUBJID"]) & last["PPROTFL"].eq("Y")]
    assert len(held), "no subject of the tiny study responds at week 8 and week 12"
    subject = held["USUBJID"].iloc[0]
    file = folder / "data/raw/PPPASI.csv"
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    mine = [row for row in rows if subject.endswith(row["SUBJID"]) and row["EVENT"] == "W12"]
    assert len(mine) == 1
    mine[0].update({region + item: worst for region in REGIONS for item, worst in WORST.items()})
    with file.open("w", encoding="utf-8", newline="") as target:
        out = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    tiny.seal(folder, "PPPASI.csv")
    run = tiny.snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return moved(facts(climbed), facts(folder))


MOVED = {
    "change": {"pppasi_tests", "signs_tests"},
    "efficacy": {
        "all_treated",
        "locf",
        "mi",
        "mi_delta",
        "mi_matching",
        "observed",
        "per_protocol",
        "pppasi_change",
        "primary",
        "primary_reached",
        "response_nri",
        "response_observed",
        "sign_response",
        "signs_change",
        "tipping",
        "treatment_policy",
        "window_excluded",
        "window_nonresponse",
    },
    "individual": {
        "fall_over_time",
        "primary_by_subject",
        "response_by_subject",
        "responses_seen",
        "week12_fall",
    },
    "longitudinal": {"pppasi_mmrm", "pppasi_mmrm_policy", "signs_mmrm", "signs_mmrm_policy"},
    "subgroups": {"multivariable", "overall", "subgroups", "univariable"},
    # The first response was earlier and stays; what is lost is that it was kept.
    "time_to_response": {
        "incidence_of_sustained",
        "incidence_of_sustained_75",
        "interval_to_sustained",
        "interval_to_sustained_75",
        "time_to_sustained",
        "time_to_sustained_75",
    },
}
BY_VISIT = ["response_nri", "response_observed", "sign_response", "pppasi_change", "signs_change"]
BY_VISIT += ["pppasi_tests", "signs_tests"]


def test_only_these_analyses_move(change):
    found: dict[str, set[str]] = {}
    for chapter, analysis in change.droplevel(list(range(2, len(KEY)))):
        found.setdefault(chapter, set()).add(analysis)
    assert found == MOVED


def test_of_the_tables_by_visit_only_week_12_moves(change):
    cells = change.to_frame(index=False)
    cells = cells[cells["analysis"].isin(BY_VISIT)]
    assert set(cells["group3_level"]) == {"Week 12"}


def test_one_responder_becomes_a_non_responder(change):
    cells = change.to_frame(index=False)
    counts = cells[cells["analysis"].eq("primary") & cells["stat_name"].isin(["n", "n_not", "N", "n_missing"])]
    assert set(counts["stat_name"]) == {"n", "n_not"}
