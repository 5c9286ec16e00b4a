"""What a figure of single subjects draws: for each chosen row its place on the axis, its value and its mark.

A figure of single subjects is for a number of them that can be seen; with more than ``at_most`` none is drawn, and
the warning says so.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.ard._card import Card
from crf2csr.ard._facts import Analysis, Facts
from crf2csr.columns import among
from crf2csr.errors import Cause

CARD = Card(
    name="Values of single subjects",
    formulas={
        "": "The value itself",
        "n": "Subjects with at least one value",
        "n_missing": "Subjects without a value",
        "records_missing": "Records without a value, of any subject",
    },
)
AT_MOST = 200


def analyze(analysis: Analysis, facts: Facts) -> None:
    """Add y of each row (group3 is the subject), and x and mark where they are asked for.

    Options: ``y`` and ``x``, variables of the rows, one of them or both; ``mark``, a variable whose text is the mark,
    or several whose texts are joined; ``at_most`` subjects; ``format`` of the values.
    """
    o = analysis.options
    limit, form = o.get("at_most", AT_MOST), o.get("format", "d1")
    for where, rows, people in analysis.groups():
        about = analysis.common() | where | {"variable": o.get("y", o.get("x"))}
        kept = rows
        marked = [o["mark"]] if isinstance(o.get("mark"), str) else o.get("mark", [])
        for name in [*marked, *(o[axis] for axis in ("x", "y") if axis in o)]:
            if name not in rows:
                raise Cause("is not a variable of these rows", file=analysis.place, field=name)
        for axis in ("x", "y"):
            if axis in o:
                kept = kept[kept[o[axis]].notna()]
        lost = rows.index.difference(kept.index)
        seen = among(people["USUBJID"], kept["USUBJID"])
        facts.add("N", len(people), "count", facts.set_of("adsl", people.index), **about)
        facts.add("n", int(seen.sum()), "count", facts.set_of("adsl", people.index[seen]), **about)
        facts.add("n_missing", int((~seen).sum()), "count", facts.set_of("adsl", people.index[~seen]), **about)
        facts.add("records_missing", len(lost), "count", facts.set_of(about["dataset"], lost), **about)
        if seen.sum() > limit:
            facts.add(
                "drawn", 0, "count", None, **about, warning=f"more than {limit} subjects are not drawn one by one"
            )
            continue
        facts.add("drawn", int(seen.sum()), "count", facts.set_of("adsl", people.index[seen]), **about)
        text = pd.Series("", index=kept.index, dtype="str")
        for name in marked:
            more = kept[name].astype("str").fillna("")
            text = text.where(more == "", text.where(text == "", text + ": ") + more)
        _rows(kept, o, text, form, about, facts)


def _rows(
    kept: pd.DataFrame, o: dict[str, Any], marks: pd.Series, form: str, about: dict[str, Any], facts: Facts
) -> None:
    for row, subject in kept["USUBJID"].items():
        one = about | {"group3": "USUBJID", "group3_level": str(subject), "variable_level": str(row)}
        members = facts.set_of(about["dataset"], [row])
        for axis in ("x", "y"):
            if axis in o:
                facts.add(axis, float(kept.at[row, o[axis]]), form, members, **one)
        if "mark" in o:
            facts.add("mark", None, "text", members, **one, stat_text=str(marks.at[row]))
