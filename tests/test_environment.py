"""The direct pins, the locks and environment.yml tell one story, and no lock tells where it was made."""

import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.req("URS-REP-05")

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"}
STEMS = ["requirements", *(f"requirements-{word}" for word in ("test", "package", "paper", "crate", "slurm"))]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """Package (in PyPI's normal form) -> its pinned versions; a lock may hold one per Python version."""
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall((ROOT / name).read_text(encoding="utf-8")):
        found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), set()).add(version)
    return found


@pytest.mark.parametrize("stem", STEMS)
def test_every_direct_requirement_is_an_exact_pin(stem):
    lines = (ROOT / f"{stem}.in").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-c "))]
    assert wanted
    assert [line for line in wanted if not PIN.fullmatch(line.partition(";")[0])] == []


@pytest.mark.parametrize("stem", STEMS)
def test_every_direct_pin_is_in_the_lock(stem):
    direct, locked = pins(f"{stem}.in"), pins(f"{stem}.lock")
    assert {package: locked.get(package) for package in direct} == direct


@pytest.mark.parametrize("name", [f"requirements-{word}.lock" for word in ("test", "package", "crate", "slurm")])
def test_a_further_lock_agrees_with_the_main_lock(name):
    main, test = pins("requirements.lock"), pins(name)
    both = main.keys() & test.keys()
    assert {package: test[package] for package in both} == {package: main[package] for package in both}


def test_environment_yml_has_exactly_the_direct_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, *rest = environment["dependencies"]
    assert python == "python >=3.11,<3.14"
    direct = {CONDA_NAMES.get(package, package): next(iter(v)) for package, v in pins("requirements.in").items()}
    assert dict(line.split(" =") for line in rest) == direct


@pytest.mark.parametrize(
    "name",
    [f"{stem}.lock" for stem in STEMS],
)
def test_every_locked_package_has_a_hash(name):
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8"))
    assert [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    "name",
    [*(f"{stem}.lock" for stem in STEMS), "environment.yml"],
)
def test_no_lock_contains_an_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"\S+://\S*|file:\S*|--(?:extra-)?index\S*|--find-links\S*|(?:^|\s)/\S+", text) == []
