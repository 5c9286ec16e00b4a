from __future__ import annotations

from pathlib import Path

import pytest

from tests.case import world


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case report of one patient, after a run."""
    return world.run(world.make(tmp_path_factory.mktemp("case")))


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study with the rows of two more patients, after a run."""
    return world.run(world.make(tmp_path_factory.mktemp("series"), patients=3))
