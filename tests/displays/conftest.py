"""The display that a check is about."""

from __future__ import annotations

import pytest

from tests.displays._printed import Display, displays


@pytest.fixture
def display(shipped, request) -> Display:
    return Display(displays(shipped)[request.param])
