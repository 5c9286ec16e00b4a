"""Points of single subjects, as the layouts that draw them one by one take them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Nothing, Shelf, arms, fill, headers


class Withheld(Exception):
    """Nothing is drawn, since there are too many subjects to draw one by one; the rows beneath the figure stand."""


def points(shelf: Shelf, analysis: str, where: str) -> pd.DataFrame:
    """One line per point of an analysis by ``points``: SUBJECT, ARM, GROUP (level of ``by``), x, y, mark."""
    facts = shelf.of(analysis, where)
    mine = facts[facts["group3_level"].notna()]
    keys = mine["group3_level"].astype(str) + "|" + mine["variable_level"].astype(str)
    out = pd.DataFrame(
        {
            "SUBJECT": mine["group3_level"].to_numpy(),
            "ARM": mine["group1_level"].to_numpy(),
            "GROUP": mine["group2_level"].to_numpy(),
        },
        index=pd.Index(keys),
    )
    out = out[~out.index.duplicated()]
    for name in ("x", "y", "mark"):
        part = mine[mine["stat_name"] == name]
        values = part["stat_text" if name == "mark" else "stat"].to_numpy()
        out[name] = pd.Series(values, index=pd.Index(keys[part.index])).reindex(out.index)
    return out.reset_index(drop=True)


def drawn(shelf: Shelf, analysis: str, where: str) -> pd.DataFrame:
    """Points that a figure is about; without one there is nothing to draw, or they were held back."""
    found = points(shelf, analysis, where)
    if not found.empty:
        return found
    why = refused(shelf, analysis, where)
    raise Nothing if why is None else Withheld(why)


def withheld(spec: dict[str, Any], shelf: Shelf) -> dict[str, Any]:
    """A figure that is not drawn: how many subjects it would have had, at each level of ``by`` where it has one."""
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    rows = []
    for level, some in facts.groupby("group2_level", dropna=False, sort=False):
        by_arm = [some[some["group1_level"] == label] for label in labels]
        cells = [fill("{n}", one, where) if len(one) else [] for one in by_arm]
        head = "Subjects with a value"
        rows.append({"head": head if pd.isna(level) else f"{head}, {level}", "level": 0, "cells": cells})
    return {
        "stub": spec.get("stub", "Subjects"),
        "columns": headers(spec, shelf, where, labels),
        "rows": rows,
        "svg": "",
    }


def short(subject: str) -> str:
    """The end of a subject's identifier, which tells subjects of one study apart."""
    return "-".join(subject.split("-")[-2:])


def counted(shelf: Shelf, analysis: str, labels: list[str], where: str) -> list[dict[str, Any]]:
    """Rows beneath the figure: how many subjects are drawn, how many have no value, and how many records have none."""
    facts = shelf.of(analysis, where)
    by_arm = [facts[(facts["group1_level"] == label) & facts["group2_level"].isna()] for label in labels]
    return [
        {"head": head, "level": 0, "cells": [fill(f"{{{name}}}", one, where) for one in by_arm]}
        for head, name in (
            ("Subjects drawn", "drawn"),
            ("Subjects without a value", "n_missing"),
            ("Records without a value, not drawn", "records_missing"),
        )
    ]


def refused(shelf: Shelf, analysis: str, where: str) -> str | None:
    """Why nothing is drawn, where there are too many subjects."""
    warning = shelf.of(analysis, where)["warning"].dropna()
    return str(warning.iloc[0]) if len(warning) else None
