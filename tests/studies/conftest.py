"""The CDISC pilot, climbed once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.climb import ROOT, SHARED, climb, copy_config

RAW = SHARED / "data/cdiscpilot/raw"


@pytest.fixture(scope="session")
def pilot(tmp_path_factory) -> Path:
    """The study's folder after one climb through every floor."""
    if not RAW.is_dir():
        pytest.skip(f"the public raw exports of the CDISC pilot are not at {RAW}")
    made = copy_config(ROOT / "studies/cdiscpilot", tmp_path_factory.mktemp("cdiscpilot"))
    climb(made, raw_dir=str(RAW))
    return made
