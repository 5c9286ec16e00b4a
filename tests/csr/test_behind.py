"""What is behind the numbers of a page is a file of its own, and no word of a display changes it."""

from __future__ import annotations

import copy
import json

import pytest

from crf2csr.bound import bound, parts
from crf2csr.csr import _behind, appendix
from tests.csr import small

pytestmark = pytest.mark.req("URS-REP-02")

NUMBER = {"t": "2", "f": 7}


def chapter() -> dict:
    """A table with a sentence below it, and a listing whose lines were filled in."""
    table = {
        "id": "t-1",
        "kind": "table",
        "title": "Response",
        "columns": [{"label": "Arm", "n": [{"t": "N = "}, {"t": "3", "f": 4}]}],
        "rows": [{"head": "Responders", "cells": [[NUMBER, {"t": " of "}, NUMBER]]}],
        "footnotes": [{"parts": [{"t": "Not counted: "}, {"t": "0", "f": 2}]}],
        "svg": "<svg/>",
    }
    lines = {"dataset": "adrs", "row": [0], "values": [["x"]]}
    listing = {"id": "l-1", "kind": "listing", "columns": [{"name": "AVALC", "label": "Result"}], "listing": lines}
    return {"chapter": "efficacy", "displays": [table, listing]}


def test_words_do_not_enter_and_numbers_and_lines_do():
    made = bound(chapter())
    assert [part["f"] for part in parts(made["displays"][0])] == [2, 4, 7]
    assert made["displays"][1]["listing"] == chapter()["displays"][1]["listing"]
    reworded = json.loads(json.dumps(chapter()).replace("Respon", "Reply, respon").replace("Arm", "Group"))
    assert reworded != chapter() and bound(reworded) == made
    other = chapter()
    other["displays"][0]["rows"][0]["cells"][0][0] = NUMBER | {"f": 8}
    assert bound(other) != made
    longer = chapter()
    longer["displays"][1]["listing"]["row"] = [1]
    assert bound(longer) != made


def test_a_chapter_keeps_its_words():
    given = chapter()
    bound(given)
    assert given == chapter()


def test_the_page_is_the_same_from_what_was_written_as_from_all_at_once():
    listing = small.listing(["u", "v", None], [2, 0, 1])
    part = small.part([{"number": "14.2", "title": "E", "displays": ["t-1", "l-1"]}]) | {"words": {"zh": {}}}
    part["csr"] = part["csr"] | {"also_in": ["zh"]}
    read = small.read([small.table(), listing])
    worded = copy.deepcopy({name: doc["displays"] for name, doc in read["tlf"].items()})
    content, _ = _behind.content(read | {"bound": {name: bound(doc) for name, doc in read["tlf"].items()}}, part)
    written = json.loads(json.dumps(content, sort_keys=True, allow_nan=False))
    made = appendix.filled(worded, written, part)
    assert set(made) == {"en", "zh"}
    assert made == appendix.pages(small.read([small.table(), listing]), part)
