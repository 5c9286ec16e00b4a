"""What a cluster is told of the jobs, and a programme of studies. A real cluster is for ``make cluster-test``."""

import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from crf2csr import report_cause
from crf2csr.needs import FLOORS, Needs
from tests import tiny
from tests.climb import ROOT

pytestmark = pytest.mark.req("URS-SCL-04")


@pytest.fixture(scope="module")
def told(climbed) -> list[tuple[str, dict[str, str]]]:
    """Rule and resources of each job, as Snakemake would hand them to Slurm."""
    run = tiny.snakemake(climbed, "--dry-run", "--forceall", "--profile", str(ROOT / "profiles/slurm"))
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    _, *parts = re.split(r"^ *(?:local)?rule (\w+):$", said, flags=re.MULTILINE)
    resources = [
        (name, re.search(r"resources: (.*)", text)) for name, text in zip(parts[::2], parts[1::2], strict=True)
    ]
    return [(name, dict(re.findall(r"(\w+)=([^,\n]+)", found[1])) if found else {}) for name, found in resources]


def test_every_job_says_what_memory_and_time_it_needs(told):
    names = {name for name, _ in told} - {"all"}
    assert {"stage_ae", "tabulate_rs", "account", "derive_adsl", "analyze_efficacy", "display_efficacy"} <= names
    assert {"assemble", "ask", "gate"} <= names
    for name, resources in told:
        if name != "all":
            assert re.fullmatch(r"[1-9]\d*", resources["mem_mb"]), name
            assert re.fullmatch(r"[1-9]\d*", resources["runtime"]), name


def test_jobs_of_a_floor_go_to_the_cluster_together_and_the_verdict_stays_here():
    rules = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")}
    groups = {floor: set(re.findall(r'group:\s+"(\w+)"', text)) for floor, text in rules.items()}
    assert groups["raw"] == groups["sdtm"] == {"collected"}
    assert groups["ard"] == groups["tlf"] == {"chapter"} and groups["adam"] == {"adam"}
    # A verdict that fails must not take the appendix along: what a failed job of a group made is removed.
    assert groups["csr"] == {"page"} and "group:" not in rules["csr"].partition("rule gate:")[2]
    assert re.search(r"localrules:\s+gate,", rules["common"])


def study(tmp_path, megabytes: float):
    with (tmp_path / "AE.csv").open("wb") as file:
        file.truncate(int(megabytes * 1e6))
    entries = [{"name": "AE.csv"}, {"name": "AE.csv"}, {"name": "absent.csv"}]
    return SimpleNamespace(manifest={"files": entries}, csr={}, raw_file=lambda name: str(tmp_path / name))


@pytest.mark.parametrize("floor", FLOORS)
def test_more_data_need_more_and_a_second_attempt_twice_as_much(tmp_path, floor):
    small = Needs(study(tmp_path, 1))
    big = Needs(study(tmp_path, 201))
    for kind in ("memory", "minutes"):
        first, second = (getattr(small, kind)(floor)(None, attempt=n) for n in (1, 2))
        assert second == 2 * first > 0
        assert getattr(big, kind)(floor)(None, attempt=1) > first
    assert big.raw_mb == pytest.approx(201)


def test_what_jobs_said_on_other_machines_is_said_again_where_the_run_was_started(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # In place of Slurm's: knows two of the jobs, and nothing that was not asked for.
    states = {"6": "TIMEOUT", "7": "CANCELLED", "8": "FAILED"}
    monkeypatch.setattr(report_cause, "slurm_states", lambda jobs: {n: s for n, s in states.items() if n in jobs})
    kept, logs = tmp_path / "logs/cause.log", tmp_path / ".snakemake/slurm_logs/group_adam"
    kept.parent.mkdir()
    logs.mkdir(parents=True)
    kept.write_text("of an earlier run\n", encoding="utf-8")
    (logs / "6.log").touch()
    os.utime(logs / "6.log", (946_684_800, 946_684_800))
    elsewhere = report_cause.Elsewhere()
    for number in (7, 8, 9):
        (logs / f"{number}.log").touch()
    ended = "job {} of the cluster ended as {}; its log: .snakemake/slurm_logs/group_adam/{}.log"
    ends = [ended.format(7, "CANCELLED", 7), ended.format(9, "no longer known to the cluster", 9)]
    with kept.open("a", encoding="utf-8") as file:
        file.write("data/raw/AE.csv, line 3: ragged row\n" * 2)
    elsewhere.repeat()
    said = ["data/raw/AE.csv, line 3: ragged row", *ends]
    assert capsys.readouterr().err.splitlines() == [f"CAUSE: {line}" for line in said]
    assert kept.read_text(encoding="utf-8").splitlines()[-2:] == ends


def test_a_job_that_failed_without_a_word_is_named_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report_cause, "slurm_states", lambda jobs: {"8": "FAILED"})
    elsewhere = report_cause.Elsewhere()
    log = tmp_path / ".snakemake/slurm_logs/rule_ask/8.log"
    log.parent.mkdir(parents=True)
    log.touch()
    elsewhere.repeat()
    assert capsys.readouterr().err.startswith("CAUSE: job 8 of the cluster ended as FAILED; its log: .snakemake/")


def programme(*studies) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"STUDIES": " ".join(map(str, studies)), "AT_ONCE": "2", "CORES": "1", "PROFILE": ""}
    return subprocess.run([ROOT / ".ci/programme"], capture_output=True, text=True, check=False, env=environment)


def test_a_programme_has_a_line_per_study_and_is_red_when_one_fails(climbed, tmp_path):
    good, broken, empty = (tmp_path / name for name in ("good", "broken", "empty"))
    shutil.copytree(climbed, good, symlinks=True)
    shutil.copytree(climbed / "config", broken / "config")
    page = broken / "config/config.yaml"
    page.write_text(page.read_text(encoding="utf-8").replace("study:", "studie:", 1), encoding="utf-8")
    empty.mkdir()
    red, green = programme(broken, empty), programme(good)
    lines = sorted(red.stdout.splitlines())
    assert red.returncode == 1 and len(lines) == 2, red.stdout + red.stderr
    assert re.match(rf"{broken}: FAILED after \d+ s: config/config.yaml: 'study' is a required property", lines[0])
    assert lines[1] == f"{empty}: FAILED: no config/config.yaml in this folder"
    assert green.returncode == 0, green.stdout + green.stderr
    done = f"{good}: Nothing to be done: {good}/reports/csr-appendix.html is up to date."
    assert re.fullmatch(rf"{re.escape(done)} \(\d+ s\)\n", green.stdout)
