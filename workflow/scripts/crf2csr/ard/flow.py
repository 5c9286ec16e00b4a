"""Flow of subjects: how many stand in each declared box, and why others left.

A box is a condition on ADSL. It counts all subjects, or each arm where it says ``per_arm``; a side box divides its
subjects by the levels of a variable (the reason for leaving).
"""

from __future__ import annotations

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.errors import Cause
from crf2csr.populations import matches

CARD = Card(
    name="Flow of subjects",
    formulas={"": "Distinct subjects that meet the condition of the box; % of the box that it refers to"},
    references=(),
    r={"n": "sum(condition)"},
)

ALL = "All subjects"
UNKNOWN = "Not recorded"


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add n and p for each of ``boxes: [{id, where, of, per_arm, by}]``; ``of`` names the box p refers to."""
    people = analysis.subjects
    arm = analysis.spec.get("arm", "TRT01P")
    labels = [entry["label"] for entry in analysis.page["arms"] if entry.get("treated", True)]
    inside: dict[str, pd.Series] = {}
    for box in analysis.options["boxes"]:
        met = matches(people, box.get("where"), source=analysis.place)
        inside[box["id"]] = met
        if "of" in box and box["of"] not in inside:
            raise Cause("`of` names a box that stands before", file=analysis.place, field=box["id"], value=box["of"])
        whole = inside[box["of"]] if "of" in box else None
        for label in labels if box.get("per_arm") else [ALL]:
            here = met if label == ALL else met & (people[arm] == label).fillna(False).astype(bool)
            base = (
                None
                if whole is None
                else whole
                if label == ALL
                else whole & (people[arm] == label).fillna(False).astype(bool)
            )
            about = analysis.common() | {
                "group1": arm,
                "group1_level": label,
                "variable": "box",
                "variable_level": box["id"],
            }
            _count(about, people[here], base, facts)
            if "by" in box:
                reason = people.loc[here, box["by"]].astype("str").fillna(UNKNOWN)
                found = reason.value_counts()
                for level in sorted(found.index, key=lambda name: (-found[name], name)):
                    _count(
                        about | {"group2": box["by"], "group2_level": level},
                        people.loc[reason.index[reason == level]],
                        base,
                        facts,
                    )


def _count(about: dict[str, object], chosen: pd.DataFrame, base: pd.Series | None, facts: Facts) -> None:
    members = facts.set_of("adsl", chosen.index)
    facts.add("n", len(chosen), "count", members, **about)
    if base is not None:
        n = int(base.sum())
        facts.add("p", len(chosen) / n if n else None, "percent", members, **about)
