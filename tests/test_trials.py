"""Ways to corrupt an export that the shipped one cannot hold itself, one at a time: each meets its declared reaction.

What a record can hold (most of the catalogue) is planted in the shipped export and looked at in ``tests/review``;
``python -m trials`` does all of it one at a time, which takes minutes.
"""

from __future__ import annotations

import pytest

from trials.balance import balance
from trials.bench import trials, tried
from trials.front import Shipped, copied

pytestmark = pytest.mark.req("URS-ACC-04")

FILES = {8, 18, 19, 22, 23}  # problems of whole files
DECLARED = trials()
HERE = [t for t in DECLARED if not t.get("slow") and t.get("problem", 8) in FILES]


@pytest.fixture(scope="module")
def base(shipped) -> Shipped:
    return Shipped(shipped)


def test_every_problem_of_the_catalogue_has_a_trial_and_so_have_twenty_of_our_own_with_a_reason():
    assert {t["problem"] for t in DECLARED if "problem" in t} == set(range(1, 41))
    own = [t for t in DECLARED if "problem" not in t]
    assert len(own) >= 20 and all(t["why"] for t in own)


@pytest.mark.parametrize("trial", HERE, ids=lambda t: f"{t['id']}-{t['what'].replace(' ', '-')}")
def test_a_corrupted_export_meets_its_reaction_and_no_record_is_lost(tmp_path, base, trial):
    outcome = tried(base, trial, tmp_path / "trial")
    assert outcome.agrees, "\n".join(outcome.lines())


@pytest.mark.req("URS-ACC-01")
def test_the_shipped_export_balances_by_an_independent_count(base):
    found = balance(base.folder, set().union(*base.recs.values()), base.queries)
    assert found.wrong == []
    assert found.rows_in == found.to_sdtm + found.left.total() > 8000


@pytest.mark.req("URS-ACC-01")
def test_the_count_notices_a_record_that_the_ledger_lacks(tmp_path, base):
    path = copied(base, tmp_path / "short") / "data/raw/VS.csv"
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])
    found = balance(tmp_path / "short", set().union(*base.recs.values()), base.queries)
    assert found.wrong == ["VS: 355 records in the file, 354 in the ledger"]
