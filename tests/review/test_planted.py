"""Every planted problem of the shipped study meets its reaction: a query, a value, a flag, a line of the ledger.

``data/truth/planted.csv`` names each problem by its number in the catalogue, form, line and field. The table
``CHECKS`` says what must have become of it; a problem that has no entry there fails.
"""

from __future__ import annotations

import pandas as pd
import pytest

from tests.climb import ROOT
from tests.review import cells, scores, subjects
from tests.review.world import World

pytestmark = pytest.mark.req("URS-ACC-04")

PLANTED = pd.read_csv(ROOT / "data/truth/planted.csv", dtype=str, keep_default_na=False).rename(
    columns={"class": "kind", "id": "problem"}
)

CHECKS = cells.CHECKS | subjects.CHECKS | scores.CHECKS


@pytest.fixture(scope="module")
def world(shipped) -> World:
    """The shipped study, tabulated and derived."""
    return World(shipped, ROOT / "data/truth")


def test_every_problem_of_classes_d_and_q_is_planted_and_has_a_check():
    law = {n for n in range(1, 41) if n not in (8, 18, 19, 22, 23)}
    assert set(PLANTED["problem"].astype(int)) == law
    assert {int(name) for name in CHECKS} == law


@pytest.mark.parametrize(
    "row",
    list(PLANTED.itertuples(index=False)),
    ids=lambda row: f"P{row.problem}-{row.sub}-{row.form}:{row.line}-{row.field}",
)
def test_a_planted_problem_meets_its_reaction(world, row):
    CHECKS[row.problem](world, row)
