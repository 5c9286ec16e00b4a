"""A clone elsewhere gives the same bytes; where it would not, the fact and the cell that differ are named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crf2csr import io
from crf2csr.errors import Cause
from crf2csr.sealed import identity, lock_of
from crf2csr.specs import Study
from lock import manifest, values
from lock.study import open_study, stale
from lock.verify import judged
from tests import tiny
from tests.climb import ROOT, inside
from tests.lock.locked import commit, git, key, lock

pytestmark = pytest.mark.req("URS-LCK-01")


@pytest.fixture
def made(sealed, tmp_path) -> Path:
    """What the second run made; a test may change it."""
    folder = tmp_path / "made"
    for name in ("results", "reports"):
        shutil.copytree(sealed / "again/run/study" / name, folder / name)
    return folder


def found(sealed: Path, made: Path):
    home = sealed / "checkout"
    return judged(manifest.read(home).artefacts, made, home)


@pytest.mark.req("URS-REP-01")
def test_a_clone_in_another_folder_and_time_zone_and_on_another_number_of_cores_is_identical(sealed):
    said = (sealed / "again/said.txt").read_text(encoding="utf-8")
    assert said.startswith("0\n"), said
    assert "IDENTICAL: every artefact of the lock, to the byte. LEVEL: bytes." in said
    assert re.search(r"Good signature of own@example\.org, key SHA256:\S+", said)
    lines = re.findall(r"^(\w+) +(\w+) +(\S.*)$", said, flags=re.MULTILINE)
    told = [(kind, path) for verdict, kind, path in lines if verdict == "identical"]
    held = manifest.read(sealed / "checkout")
    assert {(a.kind, a.path) for a in held.artefacts} <= set(told)
    assert len(told) == len(held.artefacts) + len(held.packages)


def test_the_lock_says_nothing_of_time_person_and_machine(sealed):
    text = (sealed / "checkout/lock/manifest.json").read_text(encoding="utf-8")
    assert str(sealed) not in text and "Somebody" not in text and "own@" not in text
    assert not re.search(r"\d{2}:\d{2}:\d{2}|/(?:tmp|home|root)/", text)


def test_no_file_stands_twice_under_two_kinds(sealed):
    held = manifest.read(sealed / "checkout")
    inputs = {a.path for a in held.artefacts if a.kind in ("code", "configuration", "environment")}
    inputs |= {f"data/raw/{a.path}" for a in held.artefacts if a.kind == "raw"}
    beside = {a.path for a in held.artefacts if a.kind == "beside"}
    assert len(beside) > 20 and "lock/verify.py" in beside and not inputs & beside


def test_the_report_names_the_lock_and_the_key(sealed):
    held = manifest.read(sealed / "checkout")
    report = (sealed / "again/run/study/reports/csr-appendix.html").read_text(encoding="utf-8")
    assert held.signer.startswith("SHA256:")
    assert f"<code>{held.id}</code>" in report and held.signer in report.replace("&#43;", "+")
    assert f"make verify LOCK={held.id}" in report


def test_a_lock_is_named_only_while_it_is_of_these_inputs(clone):
    def named():
        with inside(clone):
            return lock_of(Study(".", ROOT / "workflow/schemas"))

    held = manifest.read(clone)
    assert named() == {"id": held.id, "fingerprint": held.signer}
    file = clone / "config/tlf/disposition.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    assert named() is None
    (clone / "lock/manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(Cause, match="is not a lock"):
        named()
    (clone / "lock/manifest.json").unlink()
    assert named() is None


def change_a_fact(made: Path, factor: float) -> str:
    """Multiply one mean; the name of its file."""
    file = made / "results/ard/disposition.parquet"
    facts = io.read_table(file)
    row = facts.index[facts["stat"].notna() & (facts["stat"] > 1)][0]
    facts.loc[row, "stat"] *= factor
    io.write_table(file, facts)
    report = made / "reports/csr-appendix.html"
    report.write_bytes(report.read_bytes() + b"\n")
    return "results/ard/disposition.parquet"


def test_the_last_digits_of_another_processor_are_a_level_of_identity_of_their_own(sealed, made):
    change_a_fact(made, 1 + 1e-12)
    result = found(sealed, made)
    assert not result.same
    assert re.fullmatch(r"values to 10 significant digits \(the least agreement is 1[12]\)", result.level)


def test_a_moved_value_is_named_with_both_values(sealed, made):
    path = change_a_fact(made, 1.5)
    result = found(sealed, made)
    line = next(line for line in result.lines if line.path == path)
    assert result.level == "" and line.verdict == "differs"
    assert re.search(r"disposition\|\S.*: value [\d.]+ -> [\d.]+", line.said)


def test_the_last_digits_excuse_no_other_file(sealed, made):
    change_a_fact(made, 1 + 1e-12)
    file = made / "results/adam/adsl.parquet"
    file.write_bytes(file.read_bytes() + b"\0")
    assert found(sealed, made).level == ""


def test_a_moved_cell_is_named_by_display_row_and_column(sealed, made):
    file = made / "results/tlf/disposition.json"
    chapter = io.read_json(file)
    table = next(d for d in chapter["displays"] if d["kind"] == "table")
    row, cell = next((r, r["cells"][0]) for r in table["rows"] if r["cells"] and r["cells"][0])
    cell[0]["t"] = "999"
    io.write_json(file, chapter)
    result = found(sealed, made)
    line = next(line for line in result.lines if line.path == "results/tlf/disposition.json")
    number = table["rows"].index(row) + 1
    assert f"{table['id']}, row {number:05d}, column 01: text " in line.said and "-> 999" in line.said
    assert result.level == ""


def test_a_moved_line_of_a_listing_is_named_by_its_display_at_the_table_that_holds_it(sealed, made):
    chapter = io.read_json(made / "results/tlf/disposition.json")
    display = next(d for d in chapter["displays"] if d["kind"] == "listing" and d["listing"]["lines"] > 1)
    file = made / display["listing"]["table"]
    lines = io.read_table(file)
    lines.loc[1, display["columns"][0]["name"]] = "moved"
    io.write_table(file, lines)
    result = found(sealed, made)
    line = next(line for line in result.lines if line.verdict == "differs")
    assert line.path == display["listing"]["table"] and f"{display['id']}, row 00002: " in line.said
    assert result.level == ""


def test_rows_of_single_subjects_go_with_a_lock_as_hashes_only(sealed):
    cells = values.read(sealed / "checkout/lock/cells.csv")
    assert cells["text"].str.fullmatch("[0-9a-f]{16}").any()
    assert not cells["text"].str.contains(r"-01-\d{4}$").any()


def test_numbers_agree_in_as_many_digits_as_they_do():
    old = pd.Series(["1.0", "1.0", "100.0", "", "", "1e-16"])
    new = pd.Series(["1.0", "1.001", "100.00000001", "", "1.0", "-1e-16"])
    assert values.agree(old, new).tolist() == [15, 3, 10, 15, 0, 15]
    assert values.agree(old, new).dtype == np.int64


def test_a_mark_of_snakemake_is_no_result(sealed):
    assert (sealed / "again/run/study/reports/queries/.snakemake_timestamp").is_file()
    assert not any(a.path.endswith(".snakemake_timestamp") for a in manifest.read(sealed / "checkout").artefacts)


@pytest.mark.parametrize("study", [ROOT, *sorted(p.parents[1] for p in ROOT.glob("studies/*/config/config.yaml"))])
def test_no_lock_of_other_inputs_lies_in_a_study(study):
    assert not stale(study)


def test_a_lock_that_became_stale_is_seen(clone):
    assert not stale(clone)
    with (clone / "data/raw/VS.csv").open("ab") as file:
        file.write(b"\n")
    assert stale(clone)


def searched(gradient: str, steps: str, other: str = "3") -> pd.DataFrame:
    """A model that was searched for, and two facts of the same names that are of no search."""
    value = {
        "c|mmrm|A|||CHG|gradient|": gradient,
        "c|mmrm|A|||CHG|iterations|": steps,
        "c|imputed|A|||CHG|iterations|": other,
        "c|mmrm|A|||CHG|iterations|of a\\|b": other,
    }
    return pd.DataFrame({"id": value.keys(), "value": value.values(), "text": "", "rest": "0"})


def test_how_a_search_ended_may_differ_and_what_only_bears_such_a_name_may_not():
    old = searched("1e-12", "52.0")
    found = values.compare(old, searched("7e-13", "51.0"), "facts")
    assert (found.digits, found.searches, found.numbers_only) == (15, 2, True) and len(found.lines) == 2
    assert values.compare(old, searched("1e-3", "51.0"), "facts").digits == 0
    found = values.compare(old, searched("1e-12", "52.0", other="4"), "facts")
    assert found.digits == 0 and found.searches == 0


# Two locks.


@pytest.mark.req("URS-LCK-03")
def test_what_moved_between_two_locks_is_said_with_the_records_behind_it(clone):
    raw = clone / "data/raw/DS.csv"
    head, _first, *rest = raw.read_bytes().split(b"\n")
    raw.write_bytes(b"\n".join([head, *rest]))
    tiny.seal(clone, "DS.csv")
    held = manifest.read(clone)
    inputs = open_study(clone)
    facts = values.read(clone / manifest.FACTS)
    facts.loc[0, "value"] = "77.0"
    values.write(clone / manifest.FACTS, facts)
    held.artefacts = inputs.inputs + [a for a in held.artefacts if a.kind not in {i.kind for i in inputs.inputs}]
    held.id = inputs.id
    held.packages[0] = held.packages[0] | {"version": "0.0.1"}
    (clone / "lock/manifest.json").write_text(manifest.text_of(held), encoding="utf-8")
    commit(clone)
    run = lock(clone, "diff", "HEAD~1", "HEAD")
    said = run.stdout + run.stderr
    assert run.returncode == 1, said
    assert re.search(r"changed +raw +DS\.csv   \d+ -> \d+ bytes", said)
    assert re.search(r"changed +package +\S+   \S+ -> 0\.0\.1", said)
    assert "Facts: 1 moved" in said and "-> 77.0" in said
    assert "Cells: 0 moved" in said
    assert re.search(r"^DS +\d+ +\d+ +0 +1 +0", said, flags=re.MULTILINE), said


@pytest.mark.req("URS-LCK-03")
def test_a_lock_and_itself_have_nothing_moved(sealed):
    run = lock(sealed / "checkout", "diff", "HEAD", "HEAD")
    assert run.returncode == 0 and "0 files moved" in run.stdout, run.stdout + run.stderr


@pytest.mark.req("URS-LCK-03")
def test_locks_of_two_studies_are_not_compared(clone):
    held = manifest.read(clone)
    held.study = {"id": "ANOTHER", "cutoff": "2026-01-01"}
    held.id = identity(held.artefacts, held.study)
    (clone / "other.json").write_text(manifest.text_of(held), encoding="utf-8")
    run = lock(clone, "diff", "lock/manifest.json", "other.json")
    assert run.returncode == 2 and "of two studies" in run.stderr


# Writing a lock.


def test_a_dirty_tree_is_not_locked(clone):
    (clone / "notes.txt").write_text("a thought", encoding="utf-8")
    run = lock(clone, "make")
    assert run.returncode == 2 and "notes.txt (not tracked)" in run.stderr


def test_a_link_is_not_locked(clone, tmp_path):
    file = clone / "data/raw/VS.csv"
    shutil.move(file, tmp_path / "VS.csv")
    file.symlink_to(tmp_path / "VS.csv")
    commit(clone)
    run = lock(clone, "make")
    assert run.returncode == 2 and "VS.csv: is a symbolic link" in run.stderr


def test_a_key_that_is_not_of_ed25519_is_refused(clone, tmp_path):
    run = lock(clone, "make", "--key", str(key(tmp_path, "rsa", "rsa")))
    assert run.returncode == 2 and "signed with a key of ed25519" in run.stderr


def test_a_run_that_fails_writes_no_lock_and_says_why(clone):
    file = clone / "config/config.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("form: SV", "form: ZZ", 1), encoding="utf-8")
    commit(clone)
    before = (clone / "lock/manifest.json").read_bytes()
    run = lock(clone, "make", "--cores", "1")
    assert run.returncode == 2 and "the run from the raw files failed" in run.stderr, run.stderr
    assert (clone / "lock/manifest.json").read_bytes() == before


def test_a_folder_without_git_is_refused(sealed, tmp_path):
    bare = shutil.copytree(sealed / "checkout", tmp_path / "bare", ignore=shutil.ignore_patterns(".git"))
    run = lock(bare, "verify")
    assert run.returncode == 2 and "not a git repository" in run.stderr


def test_a_detached_commit_is_as_good_as_a_branch(clone):
    git(clone, "checkout", "--quiet", "--detach")
    assert lock(clone, "verify", "--no-run", "--brief").returncode == 0
