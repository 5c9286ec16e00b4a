"""A data set made in blocks of subjects is the one made at once; bulk work on columns is what pandas would give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from crf2csr import blocks, columns
from crf2csr.ard import _impute
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import DOORS, ROOT, inside

pytestmark = pytest.mark.req("URS-REP-01")
TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))


@pytest.mark.parametrize(("floor", "name"), [("sdtm", "lb"), ("adam", "adlb"), ("adam", "adrs"), ("adam", "adqs")])
def test_blocks_of_subjects_give_the_same_rows_trace_ledger_and_queries(climbed, monkeypatch, tmp_path, floor, name):
    with inside(climbed):
        job = getattr(Plan(Study(".", ROOT / "workflow" / "schemas")), floor)[name]
        whole = {what: pq.read_table(path) for what, path in job.outputs.items()}
        job.outputs.update({what: str(tmp_path / f"{what}.parquet") for what in job.outputs})
        given, seen = blocks.of_owners, []

        def small(*sources):
            for some in given(*sources[:2], rows=150):
                seen.append(len(some))
                yield some

        monkeypatch.setattr(blocks, "of_owners", small)
        DOORS[floor](job)
    assert len(seen) > 2
    assert all(pq.read_table(path).equals(whole[what]) for what, path in job.outputs.items())


def test_a_block_has_whole_subjects_in_their_order_and_no_row_is_lost():
    rows = pd.DataFrame({"USUBJID": pd.Series(["b", "a", "c", "a", None, "b"], dtype=TEXT), "N": range(6)})
    parts = list(blocks.of_subjects({"lb": rows, "plan": rows[["N"]]}, rows=2))
    assert [part["lb"]["N"].tolist() for part in parts] == [[1, 3, 4], [0, 5], [2]]
    assert all(len(part["plan"]) == 6 for part in parts)


def test_membership_and_functions_of_text_are_those_of_pandas():
    values = pd.Series(["x", None, "y", "", "x"], index=[3, 1, 4, 1, 5], dtype=TEXT, name="V")
    for known in (pd.Series(["x", None, "z"], dtype=TEXT), pd.Index(["y"], dtype=TEXT), ["x"], {"y"}, values[:0]):
        pd.testing.assert_series_equal(columns.among(values, known), values.isin(known))
    pd.testing.assert_series_equal(
        columns.each(values, str.upper), values.map(str.upper, na_action="ignore").astype("str")
    )
    assert columns.texts(values) == ["x", None, "y", "", "x"]
    assert columns.texts(pd.Series([1, None], dtype="Int64")) == ["1", None]


def test_the_quick_sort_keeps_equal_values_as_they_stand():
    values = np.round(np.random.default_rng(1).normal(size=(5, 400)), 1)
    values[2, 7], values[3] = -0.0, 1.0
    assert (_impute._ascending(values) == np.argsort(values, axis=1, kind="stable")).all()
