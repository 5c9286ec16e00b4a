"""Standardised MedDRA Queries from a list of the user. Every query, term and code of this file is invented."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from crf2csr import dates, smq
from crf2csr.adam import _interest
from crf2csr.errors import Cause
from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests.climb import ROOT, inside

pytestmark = pytest.mark.req("URS-ADA-13")

SCHEMAS = ROOT / "workflow/schemas"
LIST = """smq_name,smq_code,pt_code,pt_name,scope,category
Blue moon reactions,90000001,80000001,Moon staring,narrow,A
Blue moon reactions,90000001,80000002,Night humming,broad,B
Blue moon reactions,90000001,80000003,Silver tongue,broad,C
Tidal disorders,90000002,80000004,Sea legs,narrow,
"""
MOON = {"file": "smq/list.csv", "name": "Blue moon reactions", "scope": "broad"}


def written(folder: Path, text: str = LIST, name: str = "smq/list.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return folder


def group(folder: Path, **query: Any) -> dict[str, Any]:
    one = {"id": "MOON", "label": "Blue moon", "set": "class", "smq": MOON | query}
    one["smq"] = {key: value for key, value in one["smq"].items() if value is not None}
    return smq.resolved({"aesi": {"groups": [one]}}, folder)["aesi"]["groups"][0]


def terms(folder: Path, **query: Any) -> list[str]:
    return [entry["term"] for entry in group(folder, **query)["smq"]["terms"]]


def events(*given: tuple[str, Any, Any, str]) -> pd.DataFrame:
    """Rows of (subject, term, code, start)."""
    frame = pd.DataFrame(given, columns=["USUBJID", "AEDECOD", "AEPTCD", "START"])
    frame["AEDECOD"] = frame["AEDECOD"].astype("str").where(frame["AEDECOD"].notna())
    frame["AEPTCD"] = frame["AEPTCD"].astype("Int64")
    return frame.assign(ASTDT=dates.to_day(frame["START"].astype("str")), AESER="N")


def test_a_narrow_search_takes_narrow_terms_and_a_broad_one_both(tmp_path):
    written(tmp_path)
    assert terms(tmp_path, scope="narrow") == ["Moon staring"]
    assert terms(tmp_path, scope="broad") == ["Moon staring", "Night humming", "Silver tongue"]
    assert terms(tmp_path, categories=["A", "C"]) == ["Moon staring", "Silver tongue"]
    assert terms(tmp_path, name=None, code=90000002) == ["Sea legs"]


def test_columns_are_found_under_the_names_that_the_export_gives_them(tmp_path):
    text = "﻿Query;Term;Kind;Note\nBlue moon reactions;Moon staring;2;x\nBlue moon reactions;Night humming;1;x\n"
    written(tmp_path, text)
    given = {"columns": {"smq_name": "Query", "pt_name": "Term", "scope": "kind"}, "ignore": ["Note"], "delimiter": ";"}
    assert terms(tmp_path, **given) == ["Moon staring", "Night humming"]
    assert terms(tmp_path, scope="narrow", **given) == ["Moon staring"]


def test_events_are_found_by_name_whatever_the_capitals_and_by_code(tmp_path):
    written(tmp_path)
    rows = events(
        ("1", "MOON STARING", None, "2026-01-01"),
        ("2", "Renamed since", 80000002, "2026-01-01"),
        ("3", "Sea legs", 80000004, "2026-01-01"),
        ("4", None, None, "2026-01-01"),
    )
    found = _interest.queries(rows, [{"label": "none", "terms": []}, group(tmp_path)])
    assert list(found) == ["SMQ01NAM", "SMQ01CD", "SMQ01SC"]
    assert found["SMQ01SC"].fillna("").tolist() == ["NARROW", "BROAD", "", ""]
    assert found["SMQ01NAM"].fillna("").tolist() == ["Blue moon reactions"] * 2 + ["", ""]
    assert found["SMQ01CD"].fillna("").tolist() == ["90000001"] * 2 + ["", ""]
    names = _interest.names(rows, [group(tmp_path)])
    assert names["CQ01NAM"].fillna("").tolist() == ["Blue moon", "Blue moon", "", ""]
    assert _interest.member(rows.drop(columns="AEPTCD"), group(tmp_path)).tolist() == [True, False, False, False]


def test_the_terms_stand_beside_the_other_lists_of_a_group_and_its_condition_holds_for_all(tmp_path):
    written(tmp_path)
    rows = events(("1", "Moon staring", None, "2026-01-01"), ("1", "Headache", None, "2026-01-01"))
    more = group(tmp_path) | {"terms": ["headache"]}
    assert _interest.member(rows, more).tolist() == [True, True]
    assert not _interest.member(rows, more | {"where": {"AESER": "Y"}}).any()
    assert _interest.queries(rows, [more])["SMQ01SC"].fillna("").tolist() == ["NARROW", ""]


def test_a_list_without_a_term_of_the_data_is_no_error_and_one_that_cannot_be_compared_is(tmp_path):
    written(tmp_path)
    rows = events(("1", "Headache", 1, "2026-01-01"))
    assert not _interest.member(rows, group(tmp_path)).any()
    assert not _interest.member(rows.iloc[:0], group(tmp_path)).any()
    codes = "smq_name,pt_code,scope\nBlue moon reactions,80000001,narrow\n"
    only = group(written(tmp_path, codes))
    assert _interest.member(rows.assign(AEPTCD=80000001), only).tolist() == [True]
    with pytest.raises(Cause, match="neither names nor codes"):
        _interest.member(rows.drop(columns="AEPTCD"), only)


def test_an_algorithm_wants_its_categories_in_one_subject_and_near_in_time(tmp_path):
    written(tmp_path)
    rows = events(
        ("1", "Moon staring", None, "2026-01-01"),  # A suffices alone
        ("2", "Night humming", None, "2026-01-01"),  # B without C
        ("3", "Night humming", None, "2026-01-01"),  # B with C on the next day
        ("3", "Silver tongue", None, "2026-01-02"),
        ("4", "Night humming", None, "2026-01-01"),  # B with C, long after
        ("4", "Silver tongue", None, "2026-03-01"),
        ("5", "Silver tongue", None, "2026-01-01"),  # C beside A, which is not a set
        ("5", "Moon staring", None, "2026-01-01"),
    )
    sets = [["A"], ["B", "C"]]
    assert _interest.member(rows, group(tmp_path, algorithm=sets)).tolist() == [
        True, False, True, True, True, True, False, True,
    ]  # fmt: skip
    assert _interest.member(rows, group(tmp_path, algorithm=sets, within_days=1)).tolist() == [
        True, False, True, True, False, False, False, True,
    ]  # fmt: skip


REFUSED = [
    ("no file", {"file": "smq/none.csv"}, LIST, "config/aesi.yaml, field groups.MOON.smq.file, value 'smq/none.csv'"),
    ("a path out", {"file": "../list.csv"}, LIST, "config/aesi.yaml, field groups.MOON.smq.file, value '../list.csv'"),
    ("an empty file", {}, "", "config/smq/list.csv, line 1, field groups.MOON.smq.columns."),
    ("no line", {}, LIST.splitlines()[0] + "\n", "config/smq/list.csv, field groups.MOON.smq.file"),
    (
        "a column that is not there",
        {"columns": {"pt_name": "Term"}},
        LIST,
        "config/smq/list.csv, line 1, field groups.MOON.smq.columns.pt_name, value 'Term'",
    ),
    (
        "a column that is not known",
        {},
        LIST.replace("category", "categry"),
        "config/smq/list.csv, line 1, field groups.MOON.smq, value 'categry'",
    ),
    (
        "an unknown scope of a line",
        {},
        LIST.replace("broad,C", "wide,C"),
        "config/smq/list.csv, line 4, field scope, value 'wide'",
    ),
    ("no term of the scope", {"scope": "narrow"}, LIST.replace("narrow", "broad"), "field groups.MOON.smq.scope"),
    ("an unknown query", {"name": "Red"}, LIST, "config/aesi.yaml, field groups.MOON.smq.name, value 'Red'"),
    ("several queries", {"name": None}, LIST, "config/aesi.yaml, field groups.MOON.smq.name"),
    (
        "an unknown category",
        {"categories": ["Z"]},
        LIST,
        "config/aesi.yaml, field groups.MOON.smq.categories, value 'Z'",
    ),
    ("an unknown set", {"algorithm": [["A", "Z"]]}, LIST, "field groups.MOON.smq.algorithm, value 'Z'"),
    ("a code in words", {}, LIST.replace("80000003", "8e7"), "config/smq/list.csv, line 4, field pt_code, value '8e7'"),
    ("a broken line", {}, LIST + "x,y\n", "config/smq/list.csv, line 6"),
    ("another encoding", {"encoding": "ascii"}, "é", "field groups.MOON.smq.encoding, value 'ascii'"),
]


@pytest.mark.req("URS-CFG-01")
@pytest.mark.parametrize(("query", "text", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_read_as_declared_is_one_line_that_names_file_key_and_value(tmp_path, query, text, said):
    written(tmp_path, text)
    with pytest.raises(Cause) as caught:
        group(tmp_path, **query)
    assert said in caught.value.as_line() and len(caught.value.lines()) == 1


@pytest.fixture
def folder(tmp_path) -> Path:
    """The shipped study with one more group, of an invented query."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "data").symlink_to(ROOT / "data")
    path = tmp_path / "config/aesi.yaml"
    lists = yaml.safe_load(path.read_text(encoding="utf-8"))
    lists["groups"].append({"id": "MOON", "label": "Blue moon", "set": "class", "smq": MOON})
    path.write_text(yaml.safe_dump(lists, allow_unicode=True), encoding="utf-8")
    return tmp_path


def plan(folder: Path) -> Plan:
    with inside(folder):
        return Plan(Study(".", SCHEMAS))


@pytest.mark.req("URS-REP-02")
def test_a_changed_term_makes_the_jobs_that_use_the_list_stale_and_no_others(folder):
    written(folder / "config")
    before = plan(folder)
    written(folder / "config", LIST.replace("Silver tongue", "Golden tongue"))
    after = plan(folder)
    assert after.adam["adae"].digest != before.adam["adae"].digest
    assert after.adam["adlb"].digest == before.adam["adlb"].digest
    assert after.sdtm["ae"].digest == before.sdtm["ae"].digest


@pytest.mark.req("URS-CFG-01")
def test_a_list_that_is_not_there_stops_the_study_before_its_first_job(folder):
    with pytest.raises(Cause, match=r"field groups\.MOON\.smq\.file, value 'smq/list\.csv'"):
        plan(folder)


@pytest.mark.req("URS-CFG-01")
def test_an_unknown_scope_is_refused_by_the_schema(folder):
    path = folder / "config/aesi.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("scope: broad", "scope: wide"), encoding="utf-8")
    with pytest.raises(Cause, match=r"aesi\.yaml, field groups\.16\.smq\.scope, value 'wide'"):
        plan(folder)
