"""The planted faults: each finds its place, changes something, and names tests that exist."""

import pytest

from mutate.__main__ import ROOT, faults, planted

pytestmark = pytest.mark.req("URS-VER-04")

FAULTS = {fault["id"]: fault for fault in faults()}


def test_there_are_at_least_forty_faults():
    assert len(FAULTS) >= 40


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_finds_its_place_and_its_tests(name):
    fault = FAULTS[name]
    text = (ROOT / fault["file"]).read_text(encoding="utf-8")
    assert planted(text, fault) != text
    assert all((ROOT / test).exists() for test in fault["tests"])
