"""What pytest is told of requirements: which test proves which, in its collection and in its JUnit file.

``conftest.py`` calls ``describe``; ``-p validate.plugin`` adds ``--collected-to``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from validate import tree
from validate.requirements import ROOT

NODE, REQUIREMENT, TREE, PLACE = "node", "req", "tree", "place"


def proves(item: pytest.Item) -> tuple[str, ...]:
    """Requirements of a collected test: those of the nearest mark."""
    mark = item.get_closest_marker("req")
    return tuple(map(str, mark.args)) if mark else ()


def describe(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where a JUnit file is asked for, each test says its name and requirements, and one the tree and its place."""
    if not config.getoption("xmlpath") or not items:
        return
    for item in items:
        item.user_properties += [(NODE, item.nodeid), *((REQUIREMENT, id_) for id_ in proves(item))]
    items[0].user_properties += [(TREE, tree.digest(ROOT)), (PLACE, str(ROOT))]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the file that takes what was collected."""
    parser.addoption("--collected-to", help="write the tests and their requirements there")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write test by test which requirements it proves."""
    file = session.config.getoption("--collected-to")
    if file:
        rows = [
            [str(item.path.relative_to(ROOT)), item.reportinfo()[1] or 0, item.nodeid, proves(item)]
            for item in session.items
        ]
        Path(file).write_text(json.dumps(rows), encoding="utf-8")
