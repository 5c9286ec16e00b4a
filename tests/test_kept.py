"""A job is not done again when, and only when, all that decides what it writes is as it was."""

from __future__ import annotations

from pathlib import Path

import adam
import pytest

from crf2csr import kept
from crf2csr.jobs import Job

pytestmark = pytest.mark.req("URS-REP-02")

LOG = "logs/adam/adsl.log"
JOB = Job("adsl", {"sdtm/dm": "dm.parquet"}, {"data": "adsl.parquet", "trace": "trace.parquet"}, "digest")


@pytest.fixture
def before(tmp_path, monkeypatch):
    """A folder in which the job was done once, with its log."""
    monkeypatch.chdir(tmp_path)
    Path("dm.parquet").write_text("input", encoding="utf-8")
    for path in JOB.outputs.values():
        Path(path).write_text(f"made as {path}", encoding="utf-8")
    Path(LOG).parent.mkdir(parents=True)
    Path(LOG).write_text(kept.account(kept.basis(adam.derive, JOB), JOB), encoding="utf-8")


def again(job: Job = JOB, between=lambda: None) -> bool:
    """Begin a run, remove the outputs as Snakemake does, let something happen, and ask for them."""
    run = kept.Kept()
    run.remember([(LOG, list(job.outputs.values()))])
    for path in job.outputs.values():
        Path(path).unlink(missing_ok=True)
    between()
    given = run.give_back(kept.basis(adam.derive, job), job, LOG)
    run.forget()
    assert not kept.PLACE.exists()
    assert all(Path(path).exists() is given for path in job.outputs.values())
    return given


def test_outputs_made_from_the_same_are_given_back_whole(before):
    assert again(between=lambda: Path("dm.parquet").write_text("input", encoding="utf-8"))
    assert {path: Path(path).read_text(encoding="utf-8") for path in JOB.outputs.values()} == {
        path: f"made as {path}" for path in JOB.outputs.values()
    }


def test_another_content_of_an_input_has_the_job_done_even_at_the_same_length(before):
    assert not again(between=lambda: Path("dm.parquet").write_text("inpUt", encoding="utf-8"))


def test_another_digest_has_the_job_done(before):
    assert not again(Job(JOB.name, JOB.inputs, JOB.outputs, "another"))


def test_an_input_more_has_the_job_done(before):
    Path("ds.parquet").write_text("input", encoding="utf-8")
    assert not again(Job(JOB.name, JOB.inputs | {"sdtm/ds": "ds.parquet"}, JOB.outputs, JOB.digest))


def test_an_output_that_somebody_wrote_to_is_made_again(before):
    Path("trace.parquet").write_text("made by hand", encoding="utf-8")
    assert not again()


def test_an_output_that_is_missing_is_made_again(before):
    Path("trace.parquet").unlink()
    assert not again()


def test_another_package_has_the_job_done(before, monkeypatch):
    monkeypatch.setattr(kept, "installed", lambda: "another environment")
    assert not again()


def test_another_door_has_the_job_done(before, monkeypatch, tmp_path):
    (tmp_path / "adam.py").write_text("changed", encoding="utf-8")
    monkeypatch.setattr(adam, "__file__", str(tmp_path / "adam.py"))
    assert not again()


@pytest.mark.parametrize(
    "text", ["adam.derive adsl: digest\n", "config/adam/adsl.yaml, field X: no\n", "[]", '{"wrote": {}}']
)
def test_a_log_that_does_not_say_from_what_gives_nothing_back(before, text):
    Path(LOG).write_text(text, encoding="utf-8")
    assert not again()


def test_what_was_not_remembered_since_somebody_forced_it_is_made_again(before):
    assert not kept.Kept().give_back(kept.basis(adam.derive, JOB), JOB, LOG)


def test_a_folder_of_files_is_always_made_again(before):
    Path("sites").mkdir()
    job = Job(JOB.name, JOB.inputs, JOB.outputs | {"sites": "sites"}, JOB.digest)
    Path(LOG).write_text(kept.account(kept.basis(adam.derive, job), job), encoding="utf-8")
    run = kept.Kept()
    run.remember([(LOG, list(job.outputs.values()))])
    assert not run.give_back(kept.basis(adam.derive, job), job, LOG)
    run.forget()
