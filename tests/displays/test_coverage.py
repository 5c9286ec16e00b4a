"""Every display of the shipped configuration is proven by a check, and each check notices a wrong number."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import re

import pytest
import yaml

import tests.displays
from tests.climb import ROOT
from tests.displays._printed import PROVEN, Display, displays

pytestmark = pytest.mark.req("URS-VER-03")

# Displays that no check of this package compares, each with what proves it instead.
ELSEWHERE = {
    "f-14.2.4.4": "hazard ratios of the Cox model of table 14.2.4.4, proven against R (tests/ard)",
}

for found in pkgutil.iter_modules(tests.displays.__path__):
    if found.name.startswith("test_") and found.name not in __name__:
        importlib.import_module(f"tests.displays.{found.name}")


def declared() -> set[str]:
    files = sorted((ROOT / "config/tlf").glob("*.yaml"))
    return {d["id"] for file in files for d in yaml.safe_load(file.read_text(encoding="utf-8"))["displays"]}


def test_every_display_is_proven_or_stands_in_the_list_with_a_reason():
    assert declared() - set(PROVEN) == set(ELSEWHERE)
    assert not set(PROVEN) & set(ELSEWHERE) and all(ELSEWHERE.values())


def test_no_check_is_about_a_display_that_is_not_declared():
    assert set(PROVEN) <= declared()


def spoilt(made: dict) -> dict:
    """The same display with every printed number one off and every answer turned, or without half of its rows."""
    made = copy.deepcopy(made)

    def off(parts: list[dict]) -> None:
        for part in parts:
            part["t"] = re.sub(r"\d", lambda d: str((int(d[0]) + 1) % 10), part["t"])
            part["t"] = re.sub(r"\b[YN]\b", lambda answer: "YN".replace(answer[0], ""), part["t"])

    for row in made.get("rows", []):
        for cell in row["cells"]:
            off(cell)
    for sentence in made.get("sentences", []):
        off(sentence)
    for flow in made.get("flows", []):
        off(flow["start"]["parts"])
        for branch in flow["branches"]:
            off(branch["parts"])
    for note in made.get("footnotes", []):
        off(note["parts"] if isinstance(note, dict) else [])
    if "sheets" in made:
        made["sheets"] = made["sheets"][1:]
    if "listing" in made:
        made["listing"]["values"] = [values[1::2] if values else ["?"] for values in made["listing"]["values"]]
    return made


@pytest.mark.parametrize("name", sorted(PROVEN))
def test_a_wrong_number_is_noticed(shipped, name):
    noticed = False
    for check in PROVEN[name]:
        try:
            check(Display(spoilt(displays(shipped)[name])))
        except (AssertionError, KeyError, ValueError, StopIteration):
            noticed = True
    assert noticed
