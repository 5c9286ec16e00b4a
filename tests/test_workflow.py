"""The wiring, once, on the tiny study: it climbs, stays quiet, reruns what is stale, and repeats its bytes."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil

import pandas as pd
import pytest

from crf2csr.io import write_table
from tests import tiny

pytestmark = pytest.mark.req("URS-REP-02")


@pytest.fixture
def study(climbed, tmp_path):
    """A copy of the climbed study that a test may change."""
    return shutil.copytree(climbed, tmp_path / "study", symlinks=True)


def jobs_to_run(folder) -> set[str]:
    """Names of the rules that a dry run would run."""
    said = tiny.snakemake(folder, "--dry-run")
    assert said.returncode == 0, said.stdout + said.stderr
    return set(re.findall(r"^ *(?:local)?rule (\w+):", said.stdout + said.stderr, flags=re.MULTILINE)) - {"all"}


@pytest.mark.req("URS-ACC-06")
def test_the_run_ends_with_the_appendix_and_the_stamp_of_the_gate(climbed):
    assert (climbed / "reports/csr-appendix.html").stat().st_size > 10_000
    assert (climbed / "results/gate.txt").read_text(encoding="utf-8").strip()


def test_a_second_run_has_nothing_to_do(study):
    assert "Nothing to be done" in (lambda run: run.stdout + run.stderr)(tiny.snakemake(study))


def test_a_touched_raw_file_reruns_nothing(study):
    for file in (study / "data/raw").glob("*.csv"):
        os.utime(file)
    assert jobs_to_run(study) == set()


def test_a_changed_raw_file_with_an_older_time_reruns_what_depends_on_it(study):
    file = study / "data/raw/VS.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",37.0", ",36.9", 1), encoding="utf-8")
    tiny.seal(study, "VS.csv")
    os.utime(file, (946_684_800, 946_684_800))
    stale = jobs_to_run(study)
    assert {"stage_vs", "assemble", "ask"} <= stale
    assert not {"stage_ae", "stage_dm", "tabulate_rs", "tabulate_ae"} & stale


def test_a_changed_title_reruns_only_its_chapter_and_the_appendix(study):
    """What is behind the numbers, and the verdict, are given back as they were."""
    plan = study / "config/tlf/efficacy.yaml"
    plan.write_text(
        plan.read_text(encoding="utf-8").replace("PPPASI-50 response", "PPPASI-50 responder", 1), encoding="utf-8"
    )
    assert jobs_to_run(study) == {"display_efficacy", "embed", "assemble", "gate"}
    kept = {study / path: (study / path).stat().st_ino for path in ("results/csr/content.json", "results/gate.txt")}
    run = tiny.snakemake(study)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "PPPASI-50 responder" in (study / "reports/csr-appendix.html").read_text(encoding="utf-8")
    assert {path: path.stat().st_ino for path in kept} == kept


def test_another_text_in_a_listing_makes_the_appendix_anew_though_its_display_stays(study):
    """The display names the table of its lines, so that its file is the same; what prints the lines must notice."""
    table, display = study / "results/ard/conduct/vitals_listed.parquet", study / "results/tlf/conduct.json"
    lines, before = pd.read_parquet(table), display.read_bytes()
    assert b"results/ard/conduct/vitals_listed.parquet" in before
    lines.loc[0, lines.columns[1]] += "?"
    write_table(table, lines)
    run = tiny.snakemake(study, str(display.relative_to(study)))
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.findall(r"^ *(?:local)?rule (\w+):", run.stdout + run.stderr, flags=re.MULTILINE) == ["display_conduct"]
    assert display.read_bytes() == before
    assert jobs_to_run(study) == {"embed", "assemble", "gate"}


def test_a_new_query_asks_the_sites_again_and_a_site_that_vanished_leaves_no_file(study):
    """The check asks once per record of vital signs; only the review of their form and the sheets are made anew."""
    gone, whole = study / "reports/queries/99.csv", study / "reports/queries.csv"
    gone.write_text("site\r\n99\r\n", encoding="utf-8")
    checks = study / "config/checks.yaml"
    more = "  - {form: VS, never: {VSPERF: Y}, field: VSPERF, rule: P16, severity: minor, message: Truly done?}\n"
    checks.write_text(checks.read_text(encoding="utf-8") + more, encoding="utf-8")
    before = whole.read_text(encoding="utf-8-sig")
    run = tiny.snakemake(study, "reports/queries.csv")
    assert run.returncode == 0, run.stdout + run.stderr
    ran = set(re.findall(r"^ *(?:local)?rule (\w+):", run.stdout + run.stderr, flags=re.MULTILINE))
    assert ran == {"tabulate_review_vs", "ask"}
    after = whole.read_text(encoding="utf-8-sig")
    assert "Truly done?" in after and "Truly done?" not in before
    asked = {line["site"] for line in csv.DictReader(io.StringIO(after, newline=""))}
    assert {path.stem for path in gone.parent.glob("*.csv")} == {site or "_no_site" for site in asked}
    assert not gone.exists() and asked


def one_pulse(folder) -> None:
    """Another pulse at one visit of one subject, and the manifest that belongs to it."""
    file = folder / "data/raw/VS.csv"
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    measured = next(row for row in rows[1:] if row[rows[0].index("PULSE")])
    measured[rows[0].index("PULSE")] = "61" if measured[rows[0].index("PULSE")] != "61" else "62"
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(rows)
    tiny.seal(folder, "VS.csv")


@pytest.mark.req("URS-REP-01")
def test_a_run_after_one_change_and_a_whole_run_in_other_surroundings_give_the_same_bytes(study, tmp_path):
    """The first makes again what the change moved, and keeps the rest as it was: bytes and places on the disk."""
    held = {path: (study / path).stat().st_ino for path in tiny.digests(study)}
    one_pulse(study)
    run = tiny.snakemake(study)
    assert run.returncode == 0, run.stdout + run.stderr
    other = tiny.make(tmp_path / "elsewhere with a blank")
    one_pulse(other)
    abroad = {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "1234"}
    run = tiny.snakemake(other, "--cores", "1", **abroad)
    assert run.returncode == 0, run.stdout + run.stderr
    assert tiny.digests(other) == tiny.digests(study)
    made = {path for path, inode in held.items() if (study / path).stat().st_ino != inode}
    assert {"results/sdtm/vs.parquet", "results/adam/advs.parquet", "reports/csr-appendix.html"} <= made
    assert not {f"results/adam/{name}.parquet" for name in ("adae", "adlb", "adrs", "adtte")} & made
    assert not [path for path in made if path.startswith("results/ard/efficacy")]
    assert not (study / ".snakemake/crf2csr-before").exists()
    assert jobs_to_run(study) == set()


@pytest.mark.req("URS-RAW-03")
def test_a_refused_file_is_named_first_and_without_a_traceback(study):
    file = study / "data/raw/AE.csv"
    lines = file.read_bytes().split(b"\n")
    lines[2] += b",surplus"
    file.write_bytes(b"\n".join(lines))
    tiny.seal(study, "AE.csv")
    run = tiny.snakemake(study)
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "Traceback" not in said and '.py"' not in said
    cause = (study / "logs/cause.log").read_text(encoding="utf-8")
    assert cause.startswith("data/raw/AE.csv, line 3: ragged row")
    assert f"CAUSE: {cause.splitlines()[0]}" in said
    assert said.index("CAUSE:") < said.index("Error in rule")


@pytest.mark.req("URS-RAW-03")
def test_a_file_that_is_not_the_one_received_is_refused(study):
    file = study / "data/raw/VS.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    assert tiny.snakemake(study).returncode != 0
    assert "sha256 differs" in (study / "logs/cause.log").read_text(encoding="utf-8")


@pytest.mark.req("URS-CFG-01")
def test_an_unknown_option_is_refused(study):
    run = tiny.snakemake(study, "--config", "rawdir=elsewhere")
    assert run.returncode != 0
    assert "is not an option of --config" in run.stderr


@pytest.mark.req("URS-CFG-01")
def test_a_name_that_nothing_bears_stops_the_run_before_its_first_job(study):
    file = study / "config/estimands.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("DEATH: composite", "DEATH: principal stratum", 1), encoding="utf-8")
    before = tiny.digests(study)
    run = tiny.snakemake(study)
    said = run.stdout + run.stderr
    assert run.returncode != 0 and "Traceback" not in said
    assert "CAUSE: config/estimands.yaml, field primary.events.DEATH, value 'principal stratum': is not imp" in said
    assert "jobid" not in said and tiny.digests(study) == before


@pytest.mark.req("URS-CFG-03")
def test_the_workflow_passes_the_linter_of_snakemake(climbed):
    run = tiny.snakemake(climbed, "--lint")
    assert run.returncode == 0, run.stdout + run.stderr
