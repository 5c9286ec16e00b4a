"""No table, figure or listing is empty without saying that no data meet the criteria."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from crf2csr.plan import Plan
from crf2csr.specs import Study
from tests import climb
from tests.displays._printed import displays, text

pytestmark = pytest.mark.req("URS-TLF-06")

WORDS = "No data meet the criteria"
SHOWN = ("table", "figure", "listing")


def article(page: str, display: str) -> str:
    """What the report prints of one display."""
    return re.search(rf'<article class="display[^"]*" id="{re.escape(display)}".*?</article>', page, re.DOTALL)[0]


def empty(made: dict) -> bool:
    if made["kind"] == "listing":
        return not made["listing"]["row"]
    return not any(text(cell) for row in made.get("rows", []) for cell in row["cells"])


def check(study: Path) -> list[str]:
    """Empty displays; each display of the study is looked up in the report."""
    page = (study / "reports/csr-appendix.html").read_text(encoding="utf-8")
    found = []
    for name, made in displays(study).items():
        if made["kind"] in SHOWN:
            assert (WORDS in article(page, name)) == empty(made), name
            found += [name] if empty(made) else []
    return found


@pytest.mark.parametrize("study", ["shipped", "pilot"])
def test_what_is_empty_says_so_and_nothing_else_does(study, request):
    check(request.getfixturevalue(study))


def test_analyses_that_nobody_enters_leave_displays_that_say_so(shipped, tmp_path):
    """The shipped study again, with safety analyses that select no row: the run goes on, and each display speaks."""
    study = climb.copy_config(climb.ROOT, tmp_path / "study")
    (study / "data").symlink_to(climb.ROOT / "data")
    shutil.copytree(shipped / "results", study / "results")
    (study / "reports").mkdir()
    chapters = ("events", "laboratory", "individual")
    for chapter in chapters:
        file = study / f"config/ard/{chapter}.yaml"
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))
        for analysis in spec["analyses"]:
            analysis["where"] = (analysis.get("where") or {}) | {"USUBJID": "nobody"}
        file.write_text(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with climb.inside(study):
        plan = Plan(Study(".", climb.ROOT / "workflow" / "schemas", {}))
        for chapter in chapters:
            climb.DOORS["ard"](plan.ard[chapter])
            climb.DOORS["tlf"](plan.tlf[chapter])
        climb.roof(plan)
    found = check(study)
    assert {"f-14.3.1.1", "f-14.3.1.3", "t-14.3.4.4", "f-14.3.4.2", "l-16.2.8", "f-14.2.7.3"} <= set(found)
