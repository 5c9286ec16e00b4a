"""Jobs in processes of their own: the same work, the same causes, and no process outlives its run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from crf2csr.errors import Cause
from crf2csr.workers import LARGE_MB, WORTHWHILE, Crew
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-SCL-02")

SCRIPTS = ROOT / "workflow/scripts"


def sign(job: SimpleNamespace) -> None:
    """A door: write which process did the job."""
    Path(job.output).write_text(str(os.getpid()), encoding="utf-8")


def refuse(job: SimpleNamespace) -> None:
    """A door that finds a cause."""
    raise Cause("is not a date", file="data/raw/AE.csv", line=7, field="AESTDAT", value=job.name)


def die(job: SimpleNamespace) -> None:
    """A door whose process is ended from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def job(name: str, output: Path | None = None) -> SimpleNamespace:
    return SimpleNamespace(name=name, output=output and str(output))


def alive(process: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def crew():
    made = Crew()
    made.gather(2, WORTHWHILE)
    made._arrived.result(60)
    yield made
    made.dismiss()


def test_a_job_is_done_in_another_process(crew, tmp_path):
    crew.perform(sign, job("one", tmp_path / "pid"))
    assert int((tmp_path / "pid").read_text()) != os.getpid()


@pytest.mark.parametrize(
    ("processes", "jobs", "megabytes"), [(1, 1000, 500), (2, WORTHWHILE - 1, LARGE_MB - 1), (2, 1, LARGE_MB)]
)
def test_one_core_or_few_jobs_need_no_crew(tmp_path, processes, jobs, megabytes):
    alone = Crew()
    alone.gather(processes, jobs, megabytes)
    alone.perform(sign, job("one", tmp_path / "pid"))
    assert int((tmp_path / "pid").read_text()) == os.getpid()


def test_a_few_jobs_of_a_large_study_are_worth_a_crew(tmp_path):
    crew = Crew()
    crew.gather(2, 2, LARGE_MB)
    crew._arrived.result(60)
    crew.perform(sign, job("one", tmp_path / "pid"))
    crew.dismiss()
    assert int((tmp_path / "pid").read_text()) != os.getpid()


def test_a_cause_comes_back_whole(crew):
    with pytest.raises(Cause) as found:
        crew.perform(refuse, job("2026-02-30"))
    cause = found.value
    assert (cause.file, cause.line, cause.field, cause.value) == ("data/raw/AE.csv", 7, "AESTDAT", "2026-02-30")
    assert cause.lines() == ["data/raw/AE.csv, line 7, field AESTDAT, value '2026-02-30': is not a date"]


@pytest.mark.req("URS-REP-03")
def test_a_process_that_was_ended_is_a_cause_that_names_the_job(crew):
    with pytest.raises(Cause, match="ended from outside") as found:
        crew.perform(die, job("derive_adlb"))
    assert found.value.field == "derive_adlb"


RUN = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from crf2csr.workers import Crew, WORTHWHILE
from tests.test_workers import sign
crew = Crew()
crew.gather(2, WORTHWHILE)
crew._arrived.result(60)
crew.perform(sign, SimpleNamespace(name="one", output=sys.argv[1]))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.req("URS-REP-03")
def test_no_process_outlives_a_run_that_was_killed(tmp_path):
    path = os.pathsep.join([str(SCRIPTS), str(ROOT)])
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "pid")],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert run.stdout.readline() == b"ready\n"
    worker = int((tmp_path / "pid").read_text())
    assert alive(worker)
    run.kill()
    run.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and alive(worker):
        time.sleep(0.1)
    assert not alive(worker)
