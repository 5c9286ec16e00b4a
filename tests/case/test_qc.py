"""R finds every result of the case and of the series again, and derives the milestones from scores and dates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from crf2csr import io
from qc.__main__ import told, verify
from qc.compare import agreement
from tests.case.world import STUDY

pytestmark = pytest.mark.req("URS-VER-01")


@pytest.mark.parametrize(("study", "rows"), [("one", 36), ("three", 78)])
def test_r_agrees_with_every_result_and_milestone(
    study: str, rows: int, request: pytest.FixtureRequest, tmp_path: Path
):
    found = verify(request.getfixturevalue(study), tmp_path / "qc")
    assert found.sound, told(found)
    assert (found.rows["status"] == "agrees").all()
    assert found.derived["rows"].sum() == found.derived["agree"].sum() == rows


def test_the_committed_agreement_is_that_of_the_shipped_case(one: Path, tmp_path: Path):
    committed = pd.DataFrame(io.read_records(STUDY / "qc/agreement.csv")).set_index("id")["hash"].to_dict()
    now = agreement(verify(one, tmp_path / "qc")).set_index("id")["hash"].to_dict()
    assert committed == now


@pytest.mark.parametrize(("name", "add"), [("RESPDUR", 1), ("AVAL", 1), ("CNSR", 1)])
def test_a_milestone_that_is_derived_otherwise_is_found(name: str, add: int, one: Path, tmp_path: Path):
    shutil.copytree(one / "config", tmp_path / "config")
    shutil.copytree(one / "results", tmp_path / "results")
    path = tmp_path / "results/adam/admil.parquet"
    rows = io.read_table(path)
    place = rows.index[rows["PARAMCD"] == "PASI75"][-1]
    rows.loc[place, name] = rows.loc[place, name] + add
    io.write_table(path, rows)
    derived = verify(tmp_path, tmp_path / "qc").derived.set_index("parameter")
    assert derived.loc["PASI75", "agree"] == derived.loc["PASI75", "rows"] - 1
    assert "C01" in derived.loc["PASI75", "differ"]
