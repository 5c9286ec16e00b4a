"""Layout: a sentence for each arm, its numbers bound to facts."""

from __future__ import annotations

from typing import Any

from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``show`` for each arm; ``{arm}`` stands for the arm's label. Gives ``sentences``: lists of parts."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    arms = list(dict.fromkeys(facts["group1_level"]))
    return {
        "sentences": [
            fill(spec["show"].replace("{arm}", arm), facts[facts["group1_level"] == arm], where) for arm in arms
        ]
    }
