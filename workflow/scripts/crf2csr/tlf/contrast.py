"""Layout: share of subjects with each term by arm, and beside it the difference of each arm from the reference arm."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from crf2csr.errors import Cause
from crf2csr.tlf import _figure, _terms
from crf2csr.tlf._cells import Nothing, Shelf, arms, cell, headers, spread

WIDTH, LINE, ABOVE, BELOW = 760, 15, 34, 48
SORTS = ("difference", "frequency", "alphabet")
GREY = "#808080"


def display(spec: dict[str, Any], shelf: Shelf, page: dict[str, Any]) -> dict[str, Any]:
    """Show the terms of ``analysis`` (method difference with terms), at most ``at_most``.

    ``sort``: ``difference`` (default; the largest of an arm first, or of the arm that ``sort_by`` names), ``frequency``
    or ``alphabet``. ``interval`` is the one of the analysis that is drawn; ``columns`` those of the table, under each
    compared arm. A table has the rows alone; a figure has marks for the shares on the left and the differences with
    their intervals on the right.
    """
    where = f"display {spec['id']}"
    facts = shelf.of(spec["analysis"], where)
    labels, reference = arms(facts), str(json.loads(facts["options"].iloc[0])["reference"])
    terms = facts[facts["group3_level"].notna()]
    order = _ordered(terms, spec, labels, where)
    pair = spec.get("interval", "newcombe")
    columns = spec.get("columns") or [
        {"label": "n (%)", "show": "{n}[ ({p})]"},
        {"label": f"{reference} n (%)", "show": "{reference_n}[ ({reference_p})]"},
        {"label": "Difference, % points (95 % CI)", "show": f"{{difference}} ({{{pair}_low}}, {{{pair}_high}})"},
    ]
    of_term = dict(iter(terms.groupby(["group2_level", "group3_level", "group1_level"])))
    rows = [
        {
            "head": head,
            "level": 0,
            "cells": [cell(c, of_term[(*term, label)], where) for label in labels for c in columns],
        }
        for head, term in zip(_terms.heads(order), order, strict=True)
    ]
    made = {"stub": spec.get("stub", "Term"), **spread(columns, headers(spec, shelf, where, labels)), "rows": rows}
    if spec["kind"] != "figure":
        return made
    shown = [arm["label"] for arm in page.get("arms", []) if arm["label"] in {*labels, reference}]
    shown = shown if len(shown) == len(labels) + 1 else [reference, *labels]
    return made | {"svg": _drawn(spec, terms, order, shown, reference)}


def _ordered(terms: pd.DataFrame, spec: dict[str, Any], labels: list[str], where: str) -> list[tuple[str, str]]:
    """The terms (group, term) in the order of ``sort``; equal ones by the alphabet."""
    sort, by = spec.get("sort", "difference"), spec.get("sort_by")
    if sort not in SORTS:
        raise Cause(f"`sort` is one of {', '.join(SORTS)}", file=where, field="sort", value=sort)
    if by is not None and by not in labels:
        raise Cause("is not an arm that is compared", file=where, field="sort_by", value=by)
    if terms.empty:
        raise Nothing
    some = terms if by is None else terms[terms["group1_level"] == by]
    names = ["difference"] if sort == "difference" else ["p", "reference_p"]
    value = some[some["stat_name"].isin(names)].groupby(["group2_level", "group3_level"])["stat"].max()
    rank = value.fillna(-2.0) if sort != "alphabet" else value * 0
    order = sorted(rank.index, key=lambda term: (-rank[term], term[1], term[0]))
    return order[: int(spec.get("at_most", len(order)))]


def _drawn(
    spec: dict[str, Any], terms: pd.DataFrame, order: list[tuple[str, str]], shown: list[str], reference: str
) -> str:
    line = LINE + 4 * len(shown)
    height = line * len(order) + ABOVE + BELOW
    figure = _figure.canvas(WIDTH, height)
    box = (BELOW / height, 1 - (ABOVE + BELOW) / height)
    left = figure.add_axes((0.31, box[0], 0.28, box[1]))
    right = figure.add_axes((0.63, box[0], 0.35, box[1]))
    values = (
        terms.set_index(["stat_name", "group1_level", "group2_level", "group3_level"])["stat"]
        .astype("float64")
        .sort_index()
    )

    def percent(name: str, arm: str) -> pd.Series:
        return 100 * values.loc[(name, arm)].reindex(pd.MultiIndex.from_tuples(order))

    pair = spec.get("interval", "newcombe")
    compared = [label for label in shown if label != reference]
    for number, label in enumerate(shown):
        look = _figure.look(number)
        mark = {"marker": look["marker"], "markersize": 5.5, "linestyle": "none", "color": look["color"]}
        mark["markerfacecolor"] = "none" if label == reference else look["color"]
        share = percent("reference_p", compared[0]) if label == reference else percent("p", label)
        y = [n + 0.28 * (number - (len(shown) - 1) / 2) for n in range(len(order))]
        left.plot(share.to_numpy(), y, label=label, clip_on=False, **mark)
        if label == reference:
            continue
        low, high = percent(f"{pair}_low", label).to_numpy(), percent(f"{pair}_high", label).to_numpy()
        y = [n + 0.3 * (compared.index(label) - (len(compared) - 1) / 2) for n in range(len(order))]
        right.hlines(y, low, high, color=look["color"], linewidth=1.4)
        right.plot(percent("difference", label).to_numpy(), y, clip_on=False, **mark)
    right.axvline(0, color=GREY, linewidth=0.9, linestyle="dashed")
    for axes in (left, right):
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.hlines([n - 0.5 for n in range(1, len(order))], 0, 1, color=GREY, alpha=0.3, linewidth=0.6,
                    transform=axes.get_yaxis_transform())  # fmt: skip
        axes.tick_params(axis="y", length=0, pad=8)
    left.set_yticks(range(len(order)), _terms.heads(order), fontsize=9)
    right.set_yticks([])
    right.spines["left"].set_visible(False)
    left.set_xlim(left=0)
    left.set_xlabel("Subjects (%)", fontsize=9)
    right.set_xlabel(spec.get("x_label", f"Difference from {reference}, % points (95 % CI)"), fontsize=9)
    figure.legend(*left.get_legend_handles_labels(), loc="upper left", ncols=len(shown), bbox_to_anchor=(0.0, 1))
    return _figure.svg(figure, spec["id"], spec["title"], spec.get("description", spec["title"]))
