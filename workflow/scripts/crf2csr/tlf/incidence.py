"""Layout: cumulative incidence of competing events over time, with bands, risk table, and the data beneath."""

from __future__ import annotations

from typing import Any

from crf2csr.errors import Cause
from crf2csr.tlf import _curves, _figure
from crf2csr.tlf._cells import Shelf, arms


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Draw the incidence of each of ``causes`` (by default all) in each arm; grid days make the axis.

    ``columns`` are shown for each day of the grid beneath; a column names its cause by ``group2_level``. The risk
    table counts every cause.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels = arms(facts)
    every = list(facts.loc[facts["group2"] == "cause", "group2_level"].unique())
    causes = spec.get("causes", every)
    for cause in causes:
        if cause not in every:
            raise Cause("is not a cause of this analysis", file=where, field="causes", value=cause)
    days = _curves.grid_of(facts, labels[0], where)
    curves = [(label, cause) for label in labels for cause in causes]
    blocks = []
    for label in labels:
        mine = facts[facts["group1_level"] == label]
        lines = [("At risk", _curves.counts(mine, "at_risk"))]
        lines += [(cause, _curves.counts(mine[mine["group2_level"] == cause], "events_before")) for cause in every]
        lines += [("Censored", _curves.counts(mine, "censored_before"))]
        color = _figure.look(curves.index((label, causes[0])))["color"]
        blocks.append(_curves.Block(label, color, lines))
    figure, axes = _curves.paper(blocks, days, spec)
    steps = facts[facts["group3"] == "step"]
    for number, (label, cause) in enumerate(curves):
        mine = steps[(steps["group1_level"] == label) & (steps["group2_level"] == cause)]
        name = ", ".join([label] * (len(labels) > 1) + [cause] * (len(causes) > 1 or len(labels) == 1))
        _curves.curve(axes, mine, "cif", 0.0, number, name, len(curves) > 1)
    axes.legend(loc="upper left")
    return _curves.rows_of_days(spec, shelf, facts, labels, days, where) | {
        "svg": _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
    }
