"""Independent double programming: R finds every result again, and a difference does not pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crf2csr import io
from crf2csr.ard._facts import Facts
from crf2csr.errors import Cause
from qc import page
from qc.__main__ import compute, told, verify
from qc.compare import Comparison, agreement, by_method, compare, digits_agreed
from qc.export import export
from tests import two_arms
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-VER-01")


@pytest.fixture(scope="module")
def verified(shipped, tmp_path_factory) -> tuple[Comparison, Path]:
    folder = tmp_path_factory.mktemp("qc") / "shipped"
    return verify(shipped, folder), folder


def test_r_agrees_with_every_result_of_the_shipped_study(verified):
    found, _ = verified
    assert found.sound, told(found)
    assert len(found.rows) > 10_000
    assert (found.rows["status"] == "agrees").mean() > 0.95


def test_the_responses_are_those_that_r_derives_from_scores_dates_and_events(verified):
    derived = verified[0].derived
    assert derived["rows"].sum() > 4_000
    assert {"PPASI50", "PGASUC", "PUS0"} <= set(derived["parameter"])


def test_the_committed_agreement_is_that_of_these_results(verified):
    """Stale lines would be shown as not verified: `make qc` writes them anew."""
    committed = pd.DataFrame(io.read_records(ROOT / "qc/agreement.csv")).set_index("id")
    rows = verified[0].rows.set_index("id")
    assert set(committed.index) == set(agreement(verified[0])["id"]), "other results than at the last `make qc`"
    was = committed.loc[rows.index]
    # What an optimiser or a path to an optimum gives may differ in late digits on another processor.
    searched = (rows["kind"] != "exact").to_numpy()
    near = digits_agreed(*(pd.to_numeric(v, errors="coerce") for v in (was["python"], rows["python"]))) >= 6
    late = searched & (near.to_numpy() | (rows["status"] == "not recomputed").to_numpy())
    stale = rows.index[(was["hash"] != rows["hash"]).to_numpy() & ~late]
    assert stale.empty, f"{len(stale)} results changed since `make qc`, such as {list(stale[:5])}"


def test_the_page_names_every_method_and_stands_alone(shipped, verified):
    found, folder = verified
    text = page.render(shipped, found, folder)
    assert all(f"<td>{method}</td>" in text for method in by_method(found)["method"])
    assert "http" not in text.replace("http-equiv", "")
    assert text == page.render(shipped, found, folder)


def test_r_agrees_with_every_result_of_the_pilot(pilot, tmp_path):
    found = verify(pilot, tmp_path)
    assert found.sound, told(found)
    assert "logrank" in page.render(pilot, found, tmp_path)


def test_r_agrees_where_a_study_has_two_arms_and_uses_every_option(shipped, tmp_path):
    study = two_arms.make(shipped, tmp_path / "study")
    found = verify(study, tmp_path / "qc")
    assert found.sound, told(found)
    assert {"gray", "logrank", "difference", "mcnemar", "ancova"} <= set(found.rows["of"])
    terms = found.rows[found.rows["id"].str.startswith("compared|by_term|")]
    assert len(terms) > 300 and (terms["status"] == "agrees").all()


def test_one_changed_response_is_found_in_numbers_and_in_the_derivation(shipped, tmp_path):
    export(shipped, tmp_path)
    declared = io.read_json(tmp_path / "declared.json")
    declared["chapters"] = {"efficacy": declared["chapters"]["efficacy"]}
    io.write_json(tmp_path / "declared.json", declared)
    file = tmp_path / "adam/adrs.csv"
    rows = pd.read_csv(file, dtype="str", keep_default_na=False)
    at = rows.index[(rows["PARAMCD"] == "PPASI50") & (rows["AVISIT"] == "Week 12") & (rows["ANL03FL"] == "Y")][0]
    rows.loc[at, "AVAL"] = "0.0" if rows.loc[at, "AVAL"] == "1.0" else "1.0"
    rows.to_csv(file, index=False)
    compute(tmp_path)
    found = compare(shipped, tmp_path)
    differs = found.rows[found.rows["status"] == "differs"]
    assert not found.sound
    assert "efficacy|primary|" in "".join(differs["id"]) and "differs: " in told(found)
    derived = found.derived[found.derived["rows"] != found.derived["agree"]]
    named = derived[["flag", "parameter", "visit", "differ"]].drop_duplicates().to_numpy().tolist()
    assert ["ANL03FL", "PPASI50", "Week 12", rows.loc[at, "USUBJID"]] in named
    assert {line[3] for line in named} == {rows.loc[at, "USUBJID"]}


def test_without_r_a_clear_sentence_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Cause, match=r"Rscript is not on this machine.*apt-get install r-base-core"):
        compute(tmp_path)


def test_digits_are_counted_relative_and_a_missing_value_agrees_with_none_but_a_missing_one():
    python = pd.Series([1.0, 1.0, 1e-9, 0.0, np.nan, np.nan, 2.0])
    r = pd.Series([1.0, 1.0 + 2e-9, 1e-9, 1e-12, np.nan, 0.0, np.nan])
    assert digits_agreed(python, r).tolist() == [15, 8, 15, 0, 15, 0, 0]


def test_noise_around_zero_is_zero_and_a_small_p_value_is_not_noise():
    python, r = pd.Series([2e-16, 0.0]), pd.Series([-3e-17, 1e-14])
    assert digits_agreed(python, r).tolist() == [15, 15]
    assert digits_agreed(python, r, scale=0).tolist() == [0, 0]


def small(tmp_path: Path, house: list[tuple], r: list[tuple]) -> Comparison:
    """Compare results of one small analysis with those of R.

    Of the house: statistic, value, format, perhaps a text; of R: statistic, value, kind, perhaps a text.
    """
    facts = Facts()
    about = {"analysis": "x", "method": "proportion", "group1": "TRT01P", "group1_level": "A", "variable": "AVAL"}
    for name, value, form, *text in house:
        facts.add(name, value, form, None, **about, stat_text=text[0] if text else None)
    (tmp_path / "config/ard").mkdir(parents=True)
    (tmp_path / "config/ard/efficacy.yaml").touch()
    io.write_table(tmp_path / "results/ard/efficacy.parquet", facts.frame())
    lines = [
        f"efficacy|x|TRT01P=A|||AVAL|{name}|,{'' if pd.isna(value) else value},{text[0] if text else ''},call,{kind}"
        for name, value, kind, *text in r
    ]
    io.write_text(tmp_path / "qc/results.csv", "\n".join(["id,value,text,method,kind", *lines, ""]))
    io.write_text(tmp_path / "qc/failed.csv", "chapter,analysis,message\n")
    return compare(tmp_path, tmp_path / "qc")


def statuses(found: Comparison) -> dict[str, str]:
    return {i.split("|")[-2]: status for i, status in zip(found.rows["id"], found.rows["status"], strict=True)}


def test_a_count_must_be_the_same_and_others_agree_in_as_many_digits_as_their_kind_asks(tmp_path):
    house = [
        ("n", 3.0, "count"),
        ("N", 5.0, "count"),
        ("p", 0.6, "percent"),
        ("q", 0.6, "percent"),
        ("s", 0.6, "percent"),
    ]
    r = [
        ("n", 3, "exact"),
        ("N", 6, "exact"),
        ("p", 0.6 + 1e-9, "exact"),
        ("q", 0.6 + 1e-7, "exact"),
        ("s", 0.6 + 1e-7, "iterative"),
    ]
    found = small(tmp_path, house, r)
    assert statuses(found) == {"n": "agrees", "N": "differs", "p": "agrees", "q": "differs", "s": "agrees"}
    assert not found.sound


def test_a_text_must_be_the_same_text(tmp_path):
    said = [("a", np.nan, "exact", "none"), ("b", np.nan, "exact", "nine"), ("c", np.nan, "exact", "text")]
    house = [("a", np.nan, "text", "none"), ("b", np.nan, "text", "none"), ("c", np.nan, "text", None)]
    assert statuses(small(tmp_path, house, said)) == {"a": "agrees", "b": "differs", "c": "differs"}


def test_what_only_one_of_the_two_finds_is_not_passed_over(tmp_path):
    found = small(tmp_path, [("n", 3.0, "count"), ("N", 5.0, "count")], [("n", 3, "exact"), ("surplus", 1, "exact")])
    assert statuses(found) == {"n": "agrees", "N": "unexplained", "surplus": "only in R"}
    assert not found.sound
    assert "surplus" not in "".join(agreement(found)["id"])
