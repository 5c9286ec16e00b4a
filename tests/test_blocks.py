"""A data set made in blocks of subjects is the one made at once; bulk work on columns is what pandas would give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from crf2csr import blocks, columns, groups, io, ledger, narrow, trace
from crf2csr.ard import _impute
from crf2csr.errors import Cause
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


def test_the_columns_that_a_room_may_name_give_what_all_columns_give(climbed, monkeypatch, tmp_path):
    monkeypatch.setattr(narrow, "CELLS", 0)
    with inside(climbed):
        for name, job in Plan(Study(".", ROOT / "workflow" / "schemas")).adam.items():
            whole = {what: Path(path).read_bytes() for what, path in job.outputs.items()}
            job.outputs.update({what: str(tmp_path / f"{name}-{what}.parquet") for what in job.outputs})
            DOORS["adam"](job)
            assert {what: Path(path).read_bytes() for what, path in job.outputs.items()} == whole, name


def test_a_room_gets_the_columns_that_it_or_its_settings_name_and_no_others(tmp_path):
    held = ["USUBJID", "LBSEQ", "LBSTRESN", "LBNAM", "LBLOINC", "lower", "_REC"]
    io.write_table(tmp_path / "lb.parquet", pd.DataFrame(dict.fromkeys(held, [1.0] * 50_000)))
    asked = {"where": {"LBNAM": "x"}, "of": "--LOINC"}
    for settings, unread in (({}, ["LBNAM", "LBLOINC", "_REC"]), (asked, ["_REC"])):
        found = narrow.read_table(str(tmp_path / "lb.parquet"), "crf2csr.adam.adlb", settings)
        assert list(found) == [name for name in held if name not in unread]
    io.write_table(tmp_path / "small.parquet", pd.DataFrame({name: [1.0] for name in held}))
    assert list(narrow.read_table(str(tmp_path / "small.parquet"), "crf2csr.adam.adlb", {})) == held


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


def test_a_look_up_by_position_is_that_of_pandas():
    values = pd.Series(["x", None, "y", "z", "x"], index=[3, 1, 4, 2, 5], dtype=TEXT, name="V")
    known = pd.DataFrame({"K": pd.Series(["y", "x", "w"], dtype=TEXT), "N": pd.Series([1, None, 3], dtype="Int64")})
    for column in (known["N"], known["K"], known["N"].astype("float64"), pd.Series([7, 8, 9])):
        found = columns.taken(column, columns.positions(values, known["K"]), values.index)
        pd.testing.assert_series_equal(found, values.map(column.set_axis(known["K"])), check_names=False)
    assert columns.positions(pd.Series([3, 1, 2]), pd.Series([1, 3])).tolist() == [1, 0, -1]
    with pytest.raises(ValueError, match="twice"):
        columns.positions(values, values)


def test_texts_made_of_numbers_replaced_and_blank_are_those_of_pandas():
    index = pd.Index([3, 1, 4])
    words = columns.chosen(np.array([1, -1, 0]), ["a", "b"], index)
    pd.testing.assert_series_equal(words, pd.Series(["b", None, "a"], index=index, dtype=TEXT))
    met = pd.Series([False, True, True], index=index)
    pd.testing.assert_series_equal(columns.flagged(met, index), pd.Series([None, "Y", "Y"], index=index, dtype=TEXT))
    for other in ("c", pd.Series(["p", "q", None], index=index, dtype=TEXT)):
        pd.testing.assert_series_equal(columns.put(words, met, other), words.mask(met, other))
    blank = pd.Series(["", " \t\u3000", "x", None, " y"], dtype=TEXT)
    assert columns.blank(blank).tolist() == [True, True, False, False, False]
    assert columns.blank(blank).equals((blank.str.strip() == "").astype(bool))


@pytest.mark.parametrize("which", ["first", "last"])
def test_the_first_and_the_last_row_of_a_group_are_those_of_a_stable_sort(which):
    random = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "G": pd.Series(random.choice(["a", "b", None, "c"], 300), dtype=TEXT),
            "H": random.choice([1.0, 2.0, np.nan], 300),
            "T": pd.Series(random.choice(["2020-01-02", "2020-01-01", None], 300), dtype=TEXT),
            "N": pd.Series(random.choice([5, 6, None], 300), dtype="Int64"),
        }
    )
    ordered = rows.sort_values(["T", "N"], kind="stable", na_position=which).groupby(["G", "H"], dropna=False)
    wanted = sorted((ordered.head(1) if which == "first" else ordered.tail(1)).index)
    keys = [groups.ranked(rows[name], missing=which) for name in ("T", "N")]
    assert sorted(groups.ends(groups.numbered([rows["G"], rows["H"]]), keys, which)) == wanted
    assert len(groups.ends(np.zeros(0, dtype="int64"), [np.zeros(0)], which)) == 0


def test_a_number_of_a_group_is_exact_however_many_groups_there_could_be(monkeypatch):
    rows = pd.DataFrame({name: [1, 2, 1, 2, 1] for name in "ABC"} | {"D": [1, 1, 1, 2, 1]})
    for largest in (groups.LARGEST, 10):
        monkeypatch.setattr(groups, "LARGEST", largest)
        number = groups.numbered([rows[name] for name in rows])
        assert pd.factorize(number)[0].tolist() == [0, 1, 0, 2, 0]


def test_an_edge_stands_once_and_in_order():
    names = ["ROW", "SRCDOM", "USUBJID", "SRCSEQ"]
    edges = [(1, "LB", "b", 2), (0, "LB", "a", 3), (0, "DM", "a", 0), (1, "LB", "b", 2), (0, "LB", "a", 1)]
    table = pd.DataFrame(edges, columns=names).astype({"SRCDOM": "str", "USUBJID": "str"})
    pd.testing.assert_frame_equal(
        trace.once(table, names), table.drop_duplicates().sort_values(names, ignore_index=True)
    )
    lined = table.iloc[[1, 0]].reset_index(drop=True)
    assert trace.once(lined, names) is lined


def test_a_sieve_is_one_step_after_the_other():
    rows = pd.DataFrame({"N": range(6)})
    steps = [("a", rows["N"] > 0, "nought"), ("b", rows["N"] != 3, "three"), ("c", rows["N"] < 5, "five")]
    at_once, one_by_one, left = ledger.Ledger(), ledger.Ledger(), rows
    for step, keep, reason in steps:
        left = one_by_one.split(left, keep[left.index], step, "F", reason)
    pd.testing.assert_frame_equal(at_once.sieve(rows, "F", steps), left)
    pd.testing.assert_frame_equal(at_once.frame(), one_by_one.frame())
    with pytest.raises(Cause, match="neither kept nor lost"):
        ledger.Ledger().sieve(rows, "F", [("a", pd.Series([True, None, True, True, True, True]), "why")])


def test_the_quick_sort_keeps_equal_values_as_they_stand():
    values = np.round(np.random.default_rng(1).normal(size=(5, 400)), 1)
    values[2, 7], values[3] = -0.0, 1.0
    assert (_impute._ascending(values) == np.argsort(values, axis=1, kind="stable")).all()
