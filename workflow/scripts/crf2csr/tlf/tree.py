"""Layout: how a group divides, one tree per arm: a start, its branches, and the items of a branch."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.populations import matches
from crf2csr.tlf._cells import Shelf, fill


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Fill ``start`` and each of ``branches`` for each arm.

    A branch is ``{label, show, analysis, where}``; ``where`` is a condition on the columns of the facts. With
    ``each: group2_level`` it has one item per level instead, labelled by the level; with ``nonzero: n_not``
    only where that statistic is not zero.

    Returns
    -------
    dict
        ``flows``: for each arm its label, ``start`` and ``branches``, each with ``head``, ``parts``, ``items``.
    """
    where = f"display {spec['id']}"
    arms = list(dict.fromkeys(shelf.of(spec["start"]["analysis"], where)["group1_level"]))
    return {
        "flows": [
            {
                "arm": arm,
                "start": _branch(spec["start"], shelf, arm, where),
                "branches": [_branch(b, shelf, arm, where) for b in spec["branches"]],
            }
            for arm in arms
        ]
    }


def _branch(plan: dict[str, Any], shelf: Shelf, arm: str, where: str) -> dict[str, Any]:
    facts = shelf.of(plan["analysis"], where)
    facts = facts[(facts["group1_level"] == arm) & matches(facts, plan.get("where"), source=where)]
    if "each" not in plan:
        return {"head": plan["label"], "parts": fill(plan["show"], facts, where), "items": []}
    if plan["each"] not in facts:
        raise Cause("is not a column of the analysis results", file=where, field="each", value=plan["each"])
    items = []
    for level, group in facts.groupby(plan["each"], sort=False):
        if _holds(group, plan.get("nonzero")):
            items.append({"head": str(level), "parts": fill(plan["show"], group, where), "items": []})
    return {"head": plan["label"], "parts": [], "items": items}


def _holds(group: pd.DataFrame, statistic: str | None) -> bool:
    return statistic is None or bool((group.loc[group["stat_name"] == statistic, "stat"] != 0).any())
