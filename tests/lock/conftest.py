"""One locked checkout for all tests; those that tamper with it copy it first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lock import locked


@pytest.fixture(scope="session")
def sealed(once) -> Path:
    """The folder with ``checkout``, ``keys`` and ``again``; nobody writes to it."""
    return once("locked", locked.locked)


@pytest.fixture
def clone(sealed, tmp_path) -> Path:
    """A copy of the locked checkout that a test may change."""
    return shutil.copytree(sealed / "checkout", tmp_path / "clone", symlinks=True)


@pytest.fixture
def delivered(clone, sealed) -> Path:
    """The same, with results and reports lying in it."""
    for name in ("results", "reports"):
        shutil.copytree(sealed / "again/run/study" / name, clone / name)
    return clone
