"""A clean export is asked little, each for a reason; the gate's list is exactly the blockers there are."""

from __future__ import annotations

import pandas as pd
import pytest

import synthetic
from crf2csr.specs import read_yaml
from tests.climb import ROOT, climb, copy_config

pytestmark = pytest.mark.req("URS-ACC-05")

# Queries that clean data of 60 treated persons may raise, by rule, with the most there may be and the reason.
EXPLAINED = {
    "P37": (2, "two prior treatments were written down with their dates the wrong way round"),
    "P39": (4, "treatment that the protocol prohibits is a fact of the study, and asked about"),
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> pd.DataFrame:
    """All queries of a clean export."""
    folder = copy_config(ROOT, tmp_path_factory.mktemp("clean"))
    forms, truth = synthetic.generate(60, 7270003, problems=False)
    synthetic.write(
        forms, truth, folder / "data/raw", folder / "truth", {"subjects": 60, "seed": 7270003, "problems": False}
    )
    climb(folder, ("raw", "sdtm", "adam"))
    files = sorted(folder.glob("results/*/_queries/*.parquet"))
    return pd.concat([pd.read_parquet(f) for f in files], ignore_index=True).drop_duplicates()


def test_clean_data_raise_no_blocker(clean):
    assert clean[clean["SEVERITY"] == "blocker"].empty


def test_clean_data_raise_few_queries_and_each_kind_has_a_reason(clean):
    counts = clean.groupby("RULE").size()
    assert set(counts.index) <= set(EXPLAINED), counts.to_dict()
    assert all(n <= EXPLAINED[rule][0] for rule, n in counts.items()), counts.to_dict()


@pytest.mark.req("URS-ACC-03")
def test_no_cell_is_asked_twice_by_one_rule(clean):
    assert not clean.duplicated(["RULE", "REC", "FIELD"]).any()


@pytest.mark.req("URS-ACC-06")
def test_the_accepted_queries_are_exactly_the_blockers_of_the_shipped_study(shipped):
    files = [file for floor in ("raw", "sdtm") for file in sorted(shipped.glob(f"results/{floor}/_queries/*.parquet"))]
    assert files
    found = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True).drop_duplicates()
    blockers = found[found["SEVERITY"] == "blocker"]
    accepted = read_yaml(ROOT / "config/accepted_queries.yaml")["accepted"]
    assert {(a["rule"], a["record"], a["field"]) for a in accepted} == set(
        zip(blockers["RULE"], blockers["REC"], blockers["FIELD"], strict=True)
    )
