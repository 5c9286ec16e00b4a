"""Plant the data problems of the catalogue in clean forms, and keep the list of what was planted where.

Every room of planting is a function of one `Planter`. Subjects are taken in turn, those with the fewest problems first,
so that no person becomes a museum of errors; where too few records fit (a tiny study) a problem is left out.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from .export import lines_of
from .ground import stream

EXTRA = ("coding", "labranges")  # files that are not forms


class Planter:
    """The forms while problems are planted; rows keep their label until the end."""

    def __init__(self, forms: dict, behind: dict, seed: int):
        self.forms = {name: frame.copy() for name, frame in forms.items()}
        self.forms.update({name: behind[name].copy() for name in EXTRA})
        self.subjects = behind["subjects"].set_index(behind["subjects"]["SUBJID"].astype("str"))
        self.rng = stream(seed, "problems")
        people = list(dict.fromkeys(forms["DM"]["SUBJID"]))
        self.rank = dict(zip(people, self.rng.permutation(len(people)), strict=False))
        self.load: Counter = Counter()
        self.used: set = set()
        self.rows: list[dict] = []
        self.treated = set(self.subjects.index[self.subjects["TREATED"] == "Y"])

    def find(self, form: str, mask=None, who=None, treated: bool = True):
        """The label of one fitting row not yet used, of the least burdened subject; None if there is none."""
        frame = self.forms[form]
        keep = np.ones(len(frame), bool) if mask is None else np.asarray(mask(frame), dtype=bool)
        labels = frame.index[keep]
        subjects = frame["SUBJID"].to_numpy()[keep]
        allowed = self.treated if treated else set(self.rank)
        if who is not None:
            allowed = allowed & set(who)
        best, choice = None, None
        for label, subject in zip(labels, subjects, strict=False):
            if subject in allowed and (form, label) not in self.used:
                score = (self.load[subject], self.rank[subject])
                if best is None or score < best:
                    best, choice = score, label
        return choice

    def set(self, code, sub, form, row, field, value, expected, severity="minor", klass="Q", primary=False) -> None:
        """Overwrite one cell."""
        if row is None:
            return
        before = self.forms[form].at[row, field]
        self.forms[form].at[row, field] = value
        self.note(code, sub, form, row, field, value, before, expected, severity, klass, primary)

    def note(
        self, code, sub, form, row, field, value, before, expected, severity="info", klass="D", primary=False, line=None
    ) -> None:
        """List a problem; the line is found when all is planted."""
        record = self.forms[form].loc[row] if row is not None else {}
        subject = record.get("SUBJID", "")
        self.used.add((form, row))
        self.load[subject] += 1
        if primary and subject in self.subjects.index:
            self.spoil(subject, code)
        self.rows.append(
            {
                "id": str(code), "sub": sub, "form": form, "subjid": subject, "event": record.get("EVENT", ""),
                "formrep": record.get("FORMREP", ""), "grprep": record.get("GRPREP", ""), "line": line, "field": field,
                "value": value, "before": before, "expected": expected, "rule": f"P{code:02d}", "severity": severity,
                "class": klass, "_row": row,
            }
        )  # fmt: skip

    def spoil(self, subject: str, code: int) -> None:
        """The primary result of this person may no longer follow from the forms."""
        self.subjects.at[subject, "CLEAN"] = "N"
        old = self.subjects.at[subject, "REMARK"]
        self.subjects.at[subject, "REMARK"] = (old + " " if old else "") + f"P{code:02d}"

    def drop(self, code, sub, form, row, expected, severity="minor", klass="Q", primary=False) -> None:
        """Take a record out."""
        if row is None:
            return
        self.note(
            code, sub, form, row, "*", "(record taken out)", "(record)", expected, severity, klass, primary, line=0
        )
        self.forms[form] = self.forms[form].drop(index=row)

    def copy(self, form, row, **changes):
        """A new record after `row`, like it but for `changes`; its label."""
        frame = self.forms[form]
        label = int(frame.index.max()) + 1
        new = frame.loc[[row]].assign(**changes)
        new.index = [label]
        place = frame.index.get_loc(row) + 1
        self.forms[form] = pd.concat([frame.iloc[:place], new, frame.iloc[place:]])
        return label

    def add(self, code, sub, form, row, field, expected, severity="minor", klass="Q", **changes):
        """Add a record and list it under `field`."""
        if row is None:
            return None
        label = self.copy(form, row, **changes)
        value = self.forms[form].at[label, field] if field != "*" else "(record added)"
        self.note(code, sub, form, label, field, value, "", expected, severity, klass)
        return label

    def planted(self) -> pd.DataFrame:
        """The list, with physical lines in the final files."""
        lines = {}
        for form in {row["form"] for row in self.rows}:
            frame = self.forms[form]
            lines[form] = dict(zip(frame.index, lines_of(frame), strict=False))
        out = []
        for row in self.rows:
            label = row.pop("_row")
            row["line"] = str(lines[row["form"]].get(label, 0) if row["line"] is None else row["line"])
            out.append(row)
        out.sort(key=lambda row: int(row["id"]))
        return pd.DataFrame(out, dtype=object)


def plant(forms: dict, behind: dict, seed: int) -> tuple[dict, dict]:
    """All problems of classes D and Q, in a fixed order."""
    from . import (
        plant_conduct,
        plant_dates,
        plant_records,
        plant_safety,
        plant_scores,
        plant_values,
    )

    planter = Planter(forms, behind, seed)
    for room in (plant_scores, plant_conduct, plant_records, plant_safety, plant_values, plant_dates):
        room.plant(planter)
    changed = dict(behind)
    changed["planted"] = planter.planted()
    changed["subjects"] = planter.subjects.reset_index(drop=True)
    for name in EXTRA:
        changed[name] = planter.forms[name].reset_index(drop=True)
    return {name: planter.forms[name].reset_index(drop=True) for name in forms}, changed
