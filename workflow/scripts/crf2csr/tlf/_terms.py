"""Lines of coded terms as the figures of adverse events take them: the most frequent first."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.tlf._cells import Nothing, Shelf


def lines(shelf: Shelf, spec: dict[str, Any], where: str) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The facts of the terms of ``analysis`` (method terms), and the terms by falling number of subjects.

    ``at_most`` keeps so many terms; a term is (group, term).
    """
    facts = shelf.of(spec["analysis"], where)
    terms = facts[facts["group3_level"].notna()]
    counted = terms[(terms["stat_name"] == "n") & terms["variable_level"].isna()]
    most = counted.groupby(["group2_level", "group3_level"], sort=False)["stat"].max()
    order = sorted(most.index, key=lambda term: (-most[term], term[1]))
    if not order:
        raise Nothing
    return terms, order[: int(spec.get("at_most", len(order)))]


def heads(order: list[tuple[str, str]]) -> list[str]:
    """The words of each line: the term, with its group where another group has a term of the same name."""
    names = [term for _, term in order]
    return [f"{term} ({group})" if names.count(term) > 1 else term for group, term in order]
