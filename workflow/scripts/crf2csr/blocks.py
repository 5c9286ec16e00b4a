"""A large data set made subject by subject, some thousand rows at a time, so that memory does not grow with the study.

Only a room that says so (``BY_SUBJECT = True``) is called in this way: its rows of a subject depend on this subject's
rows alone. What it asks about several subjects together, it asks in ``across``, which gets the sources whole. Subjects
go in their order, so that blocks sorted by subject are sorted as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from crf2csr.columns import looked_up
from crf2csr.ledger import Ledger

ROWS = 200_000


def of_subjects(sources: dict[str, pd.DataFrame], rows: int = ROWS) -> Iterator[dict[str, pd.DataFrame]]:
    """Yield the sources by blocks of subjects with about ``rows`` rows each; a source without USUBJID goes whole."""
    named = {name: frame for name, frame in sources.items() if "USUBJID" in frame}
    for some in of_owners(named, {name: frame["USUBJID"] for name, frame in named.items()}, rows):
        yield sources | some


def of_owners(
    sources: dict[str, pd.DataFrame], owners: dict[str, pd.Series], rows: int = ROWS
) -> Iterator[dict[str, pd.DataFrame]]:
    """Yield the sources by blocks of subjects; ``owners`` names that of each row, the first block has the rest."""
    if max(map(len, sources.values()), default=0) <= rows:
        yield sources
        return
    counted = pd.concat([owner.value_counts() for owner in owners.values()], axis=1).max(axis=1).sort_index()
    block = ((counted.cumsum() - counted) // rows).astype("int64")
    own = {name: looked_up(owner, block).fillna(0).to_numpy("int64") for name, owner in owners.items()}
    for number in block.unique():
        yield {name: frame[own[name] == number].reset_index(drop=True) for name, frame in sources.items()}


def together(ledgers: list[Ledger]) -> Ledger:
    """One ledger of the same steps of all blocks."""
    steps: dict[tuple[str, str], tuple[int, int, dict[str, int]]] = {}
    for ledger in ledgers:
        for (step, source), lines in ledger.frame().groupby(["STEP", "SOURCE"], sort=False):
            rows_in, rows_out, lost = steps.get((step, source), (0, 0, {}))
            for reason, n in zip(lines["REASON"], lines["ROWS_LOST"], strict=True):
                lost[reason] = lost.get(reason, 0) + n
            first = lines.iloc[0]
            steps[step, source] = (rows_in + first["ROWS_IN"], rows_out + first["ROWS_OUT"], lost)
    made = Ledger()
    for (step, source), (rows_in, rows_out, lost) in steps.items():
        made.enter(step, source, int(rows_in), int(rows_out), lost)
    return made
