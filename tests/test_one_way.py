"""Floors go one way: a job reads the floor below or a declared neighbour, and rooms take what is declared."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crf2csr.plan import HOUSE, Plan, has_room
from crf2csr.specs import FLOORS, Study
from tests.climb import ROOT, SHARED, inside

pytestmark = pytest.mark.req("URS-CFG-03")

BELOW = {"sdtm": "raw", "adam": "sdtm", "ard": "adam", "tlf": "ard"}
NEIGHBOURS = ("sdtm", "adam")
SIDE = {"_trace", "_ledger", "_queries"}
STUDIES = [ROOT, *sorted(p.parent for p in ROOT.glob("studies/*/config"))]


def plan_of(study: Path) -> Plan:
    """The plan of a study; one whose raw data are public and not here is named, not passed over in silence."""
    raw = SHARED / "data/cdiscpilot/raw"
    overrides = {} if (study / "data/raw").is_dir() else {"raw_dir": str(raw)}
    if overrides and not raw.is_dir():
        pytest.skip(f"the public raw exports of {study.name} are not at {raw}")
    with inside(study):
        return Plan(Study(".", ROOT / "workflow" / "schemas", overrides))


@pytest.fixture(scope="module", params=STUDIES, ids=lambda path: path.name)
def plan(request):
    return plan_of(request.param)


def floor_of(path: str) -> tuple[str, str]:
    """Floor and side channel ("" for none) of a path under results/."""
    parts = Path(path).parts
    assert parts[0] == "results", path
    return parts[1], parts[2] if parts[2] in SIDE else ""


@pytest.mark.parametrize("floor", BELOW)
def test_a_job_reads_the_floor_below_or_its_own_neighbours(plan, floor):
    for job in getattr(plan, floor).values():
        for path in job.inputs.values():
            source, side = floor_of(path)
            assert source == BELOW[floor] or (source == floor and floor in NEIGHBOURS), (job.name, path)
            # Side channels may be read by any floor above their own; data only as said in the line before.
            assert not side or FLOORS.index(source) < FLOORS.index(floor), (job.name, path)


def test_neighbours_on_a_floor_are_declared_by_name(plan):
    for name, job in plan.adam.items():
        declared = set(plan.study.adam[name]["sources"].get("adam", []))
        assert {key.removeprefix("adam/") for key in job.inputs if key.startswith("adam/")} == declared
    for name, job in plan.sdtm.items():
        declared = {"register", "calendar", *plan.study.sdtm.get(name, {}).get("domains", [])}
        assert {key.removeprefix("sdtm/") for key in job.inputs if key.startswith("sdtm/")} <= declared


def test_a_job_writes_on_its_own_floor_only(plan):
    for floor in FLOORS[:-1]:
        for job in getattr(plan, floor).values():
            assert {floor_of(path)[0] for path in job.outputs.values()} == {floor}
    assert all(path.startswith("reports/") for path in plan.csr.outputs.values())


def test_only_the_first_floor_reads_outside_of_results(plan):
    for floor in FLOORS[1:-1]:
        assert all(path.startswith("results/") for job in getattr(plan, floor).values() for path in job.inputs.values())


def parameters(floor: str, name: str, function: str) -> tuple[list[str], dict[str, object]]:
    """Sources that a room's function takes, and the defaults of those that a study may lack."""
    signature = inspect.signature(getattr(importlib.import_module(f"crf2csr.{floor}.{name}"), function))
    positional = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name.rstrip("_"): p.default for p in positional}
    return list(named), {name: default for name, default in named.items() if default is not inspect.Parameter.empty}


def test_a_room_takes_the_sources_of_its_specification(plan):
    for name, spec in plan.study.adam.items():
        taken, optional = parameters("adam", name, "derive")
        declared = {source for sources in spec["sources"].values() for source in sources}
        assert declared <= set(taken), (name, declared - set(taken))
        assert set(taken) - declared <= set(optional), (name, "a source without default is not declared")
        assert all(default is None for default in optional.values()), name


def test_a_study_makes_its_data_sets_in_rooms_of_their_names(plan):
    assert [name for name in plan.study.adam if not has_room("adam", name)] == []


def test_what_rooms_take_is_used_by_some_study():
    """An optional source that no study declares would be a door into nothing."""
    plans = [plan_of(study) for study in STUDIES]
    for name in {name for plan in plans for name in plan.study.adam}:
        declared = {
            s
            for plan in plans
            if name in plan.study.adam
            for sources in plan.study.adam[name]["sources"].values()
            for s in sources
        }
        assert set(parameters("adam", name, "derive")[0]) == declared, name


def contracts() -> list[dict]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_contracts_keep_floors_and_rooms_apart():
    kinds = {c["type"]: c for c in contracts()}
    floors = sorted(f"crf2csr.{floor}" for floor in FLOORS)
    assert sorted(kinds["independence"]["modules"]) == floors
    assert sorted(kinds["rooms"]["floors"]) == floors
    assert any(c["type"] == "forbidden" and c["forbidden_modules"] == ["snakemake"] for c in contracts())


def test_the_contracts_hold():
    command = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename=sys.argv[1]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", command, str(ROOT / "pyproject.toml")],
        cwd=ROOT / "workflow/scripts",
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{ROOT / 'workflow/scripts'}:{ROOT / '.ci'}", "PATH": ""},
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]


def test_one_module_opens_files_and_no_room_knows_the_clock():
    """Files are opened by io (templates and assets of the report by their room); no result depends on a moment."""
    for path in sorted(HOUSE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(HOUSE))
        assert not re.search(r"\bdatetime\.now|\btime\.time\(|date\.today\(|Timestamp\.now|getpass|socket\.", text), (
            name
        )
        if name not in ("io.py", "report_cause.py"):
            assert not re.search(
                r"(?<![\w.])open\(|\.read_csv\(|\.to_csv\(|\.to_parquet\(|\.read_parquet\(|\.write_text\(|\.write_bytes\(",
                text.replace("io.write_text(", ""),
            ), name
