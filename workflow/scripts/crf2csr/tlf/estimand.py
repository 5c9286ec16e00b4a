"""Layout: the attributes of each estimand, or the subjects whom each intercurrent event touches."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf._cells import Part, Shelf, arms, fill, headers, section, spread


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Show what the analysis is about.

    ``about: estimands`` makes a block of each estimand, headed by ``head``, with a line of each of ``rows: [{label,
    show}]``; a row ``{label, events: true}`` becomes one line per strategy, ``{strategy}`` in its label, with its
    events.
    ``about: events`` makes a row of ``any`` event, then a block of each strategy, headed by its total, with a row of
    each event below, and a row of ``none``; the same columns for each arm, ``words`` of the strategies where their own
    names do not do.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    if spec.get("about") == "estimands":
        return _estimands(spec, facts, where)
    if spec.get("about") == "events":
        return _events(spec, shelf, facts, where)
    raise Cause("`about` is estimands or events", file=where, field="about", value=spec.get("about"))


def _estimands(spec: dict[str, Any], facts: pd.DataFrame, where: str) -> dict[str, Any]:
    rows = []
    for name in facts["variable_level"].unique():
        mine = facts[facts["variable_level"] == name]
        own, strategies = mine[mine["stat_name"] != "strategy"], mine[mine["stat_name"] == "strategy"]
        rows.append(section("".join(part["t"] for part in fill(spec["head"], own, where))))
        for planned in spec["rows"]:
            if planned.get("events"):
                rows += _strategies(planned["label"], strategies)
            else:
                said = [_words(part, own) for part in fill(planned["show"], own, where)]
                rows.append({"head": planned["label"], "level": 1, "cells": [said]})
    return {"stub": spec["stub"], "columns": [{"label": spec["value"], "text": True}], "rows": rows}


def _words(part: Part, facts: pd.DataFrame) -> Part:
    """Words stand as they are declared; only a number opens what is behind it."""
    worded = "f" in part and facts.at[part["f"], "format"] == "text"
    return {"t": part["t"]} if worded else part


def _strategies(label: str, facts: pd.DataFrame) -> list[dict[str, Any]]:
    """One line per strategy with the events that it handles."""
    return [
        {
            "head": label.replace("{strategy}", str(strategy)),
            "level": 1,
            "cells": [[{"t": "; ".join(facts.loc[facts["stat_text"] == strategy, "group2_level"])}]],
        }
        for strategy in dict.fromkeys(facts["stat_text"])
    ]


def _events(spec: dict[str, Any], shelf: Shelf, facts: pd.DataFrame, where: str) -> dict[str, Any]:
    labels = arms(facts)

    def line(head: str, level: int, mine: pd.DataFrame, show: list[str]) -> dict[str, Any]:
        texts = [show + [""] * (len(spec["columns"]) - len(show))] * len(labels)
        cells = [
            fill(text, mine[mine["group1_level"] == label], where)
            for label, some in zip(labels, texts, strict=True)
            for text in some
        ]
        return {"head": head, "level": level, "cells": cells}

    counted, shown = facts[facts["stat_name"] != "N"], [column["show"] for column in spec["columns"]]
    whole = counted[counted["group2_level"].isna()]
    rows = [line(spec["any"], 0, whole, shown)]
    for strategy in counted["group2_level"].dropna().unique():
        mine = counted[counted["group2_level"] == strategy]
        head = spec.get("words", {}).get(strategy, str(strategy).capitalize())
        rows.append(line(head, 0, mine[mine["group3_level"].isna()], shown) | {"section": True})
        for event in mine["group3_level"].dropna().unique():
            rows.append(line(str(event), 1, mine[mine["group3_level"] == event], shown))
    rows.append(line(spec["none"], 0, whole, ["{n_none}[ ({p_none})]"]))
    return {"stub": spec.get("stub", ""), **spread(spec["columns"], headers(spec, shelf, where, labels)), "rows": rows}
