"""Studies that several tests look at: each is climbed once per session, whoever asks first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import climb, tiny
from validate import plugin

# Studies that take long to climb. Their tests come first, those of the shipped study in the first half of all
# tests and those of others in the second: two workers (pytest --dist worksteal) then never wait for one climb.
CLIMBS = {"pilot", "climbed", "sealed", "study", "old", "one", "three"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long comes first, file by file; small tests are left to balance the workers at the end."""
    needs: dict[Path, set[str]] = {}
    for item in items:
        asked = item.callspec.params.values() if hasattr(item, "callspec") else ()
        needs.setdefault(item.path, set()).update(item.fixturenames, (p for p in asked if isinstance(p, str)))
    ours = [item for item in items if "shipped" in needs[item.path]]
    others = [item for item in items if "shipped" not in needs[item.path] and needs[item.path] & CLIMBS]
    small = [item for item in items if "shipped" not in needs[item.path] and not needs[item.path] & CLIMBS]
    room = max(0, len(items) // 2 - len(ours))
    items[:] = ours + small[:room] + others + small[room:]
    plugin.describe(config, items)


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder once for all workers of this session: ``once(name, make)`` returns it."""
    base = tmp_path_factory.getbasetemp()
    # With several workers each has a folder of its own beside the others'.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def build(name: str, make: Callable[[Path], object]) -> Path:
        folder, stamp = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists():
                folder.mkdir()
                make(folder)
                stamp.touch()
        return folder

    return build


@pytest.fixture(scope="session")
def shipped(once) -> Path:
    """The shipped study after a whole climb. Tests read it and never write to it."""

    def make(folder: Path) -> None:
        climb.copy_config(climb.ROOT, folder)
        (folder / "data").symlink_to(climb.ROOT / "data")
        (folder / "qc").mkdir()
        (folder / "qc/agreement.csv").symlink_to(climb.ROOT / "qc/agreement.csv")
        climb.climb(folder)

    return once("shipped", make)


@pytest.fixture(scope="session")
def pilot(once) -> Path:
    """The CDISC pilot after a whole climb from its public raw exports, which stay where they are."""
    raw = climb.SHARED / "data/cdiscpilot/raw"
    if not raw.is_dir():
        pytest.skip(f"the public raw exports of the CDISC pilot are not at {raw}")

    def make(folder: Path) -> None:
        climb.copy_config(climb.ROOT / "studies/cdiscpilot", folder)
        climb.climb(folder, raw_dir=str(raw))

    return once("cdiscpilot", make)


@pytest.fixture(scope="session")
def climbed(once) -> Path:
    """The tiny study after one run of the real Snakemake. Tests that change it copy it first."""

    def make(folder: Path) -> None:
        tiny.make(folder)
        run = tiny.snakemake(folder)
        assert run.returncode == 0, run.stdout + run.stderr

    return once("tiny", make)
