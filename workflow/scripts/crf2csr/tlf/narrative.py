"""Layout: a data sheet for each subject with a reason: sentences, a time axis and the days that it draws."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from crf2csr.tlf import _axis, _subjects
from crf2csr.tlf._cells import Part, Shelf, fill, part, section

AXIS = ("label", "mark", "from", "to")
DRAWN = 200  # with more sheets the time axes are not drawn; what they would draw stands in the table of each


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Return an index of the subjects and ``sheets``, one per subject.

    ``lanes: [{lane, style}]`` gives the order of the lanes; ``style`` is ``bar``, ``event``, ``hatched`` or ``points``,
    with ``marks: {text: marker}``. A sheet has ``id``, ``head``, ``reasons``, ``sentences`` (head and parts), ``svg``
    and the table of what is drawn (``stub``, ``columns``, ``rows``).
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    overall = facts[facts["group3_level"].isna()]
    by_subject = dict(iter(facts[facts["group3_level"].notna()].groupby("group3_level", sort=False)))
    anchors = _anchors(spec["id"], list(by_subject))
    inked = len(by_subject) <= DRAWN
    sheets = [_sheet(spec, subject, mine, anchors[subject], inked=inked) for subject, mine in by_subject.items()]
    said = "{n} of {N} subjects have a narrative."
    if (overall["stat_name"] == "left_out").any():
        said += " {left_out} more have a reason and no sheet, for the number of sheets is limited."
    if not inked:
        said += f" With more than {DRAWN} sheets no time axis is drawn; its days stand in the table of each."
    return {
        "counted": fill(said, overall, where),
        "sheets": sheets,
    }


def _anchors(ident: str, subjects: list[str]) -> dict[str, str]:
    """An id in the page for each subject, by the end of its identifier; by the whole where ends are not unique."""
    ends = [_subjects.short(subject) for subject in subjects]
    names = ends if len(set(ends)) == len(ends) else subjects
    return {
        subject: f"{ident}-{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}"
        for subject, name in zip(subjects, names, strict=True)
    }


def _sheet(
    spec: dict[str, Any], subject: str, facts: pd.DataFrame, ident: str, *, inked: bool = True
) -> dict[str, Any]:
    reasons = facts[facts["stat_name"] == "reason"]
    said = facts[facts["stat_name"] == "sentence"]
    drawn = _drawn(facts)
    reference = facts.loc[facts["stat_name"] == "reference", "stat_text"]
    title = f"{spec['title']}, subject {_subjects.short(subject)}"
    label = f"Study day ({reference.iloc[0]} = day 1)" if len(reference) else "Study day"
    return {
        "id": ident,
        "head": _subjects.short(subject),
        "title": title,
        "reasons": [[part(fact, row)] for fact, row in reasons.iterrows()],
        "sentences": [
            {"head": row["variable"] if isinstance(row["variable"], str) else "", "parts": [part(fact, row)]}
            for fact, row in said.iterrows()
        ],
        "svg": _axis.drawing(drawn, spec["lanes"], ident, title, label) if inked and len(drawn) else "",
        "stub": "On the time axis",
        "columns": [{"label": "Value"}, {"label": "From (study day)"}, {"label": "To (study day)"}],
        "rows": _rows(drawn, spec["lanes"]),
    }


def _drawn(facts: pd.DataFrame) -> pd.DataFrame:
    """One line per bar or point: LANE, the text or number of each of ``AXIS``, and its parts (``_P`` columns)."""
    mine = facts[facts["group2_level"].notna()]
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for fact, row in mine.iterrows():
        line = lines.setdefault((row["group2_level"], row["variable_level"]), {"LANE": row["group2_level"]})
        name = row["stat_name"]
        line[name] = row["stat"] if name in ("from", "to") else row["stat_text"]
        shown = part(fact, row)
        line[f"{name}_P"] = [
            shown | ({"t": str(row["warning"])} if name in ("from", "to") and pd.isna(row["stat"]) else {})
        ]
    columns = ["LANE", *AXIS, *(f"{name}_P" for name in AXIS)]
    return pd.DataFrame(list(lines.values()), columns=columns)


def _rows(drawn: pd.DataFrame, lanes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for lane in lanes:
        mine = drawn[drawn["LANE"] == lane["lane"]]
        if mine.empty:
            continue
        rows.append(section(lane["lane"]))
        for line in mine.to_dict("records"):
            cells: list[list[Part]] = [line[f"{n}_P"] if isinstance(line[f"{n}_P"], list) else [] for n in AXIS[1:]]
            rows.append({"head": str(line["label"]), "level": 1, "cells": cells})
    return rows
