"""Nothing is lost without a line: rows in = rows out + rows lost, by reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crf2csr.errors import Cause

COLUMNS = ["STEP", "SOURCE", "ROWS_IN", "ROWS_OUT", "REASON", "ROWS_LOST"]


class Ledger:
    """Collects one line per step and reason; refuses a step that does not balance."""

    def __init__(self) -> None:
        self._lines: list[dict[str, object]] = []

    def enter(self, step: str, source: str, rows_in: int, rows_out: int, lost: Mapping[str, int] | None = None) -> None:
        """Record one step. ``lost`` maps each reason to the rows that left for it."""
        reasons = {reason: int(n) for reason, n in (lost or {}).items() if n}
        if rows_in != rows_out + sum(reasons.values()):
            raise Cause(
                f"ledger does not balance: {rows_in} rows in, {rows_out} out, lost {reasons or 'none'}",
                file=source,
                field=step,
            )
        for reason, n in reasons.items() or [("", 0)]:
            self._lines.append(dict(zip(COLUMNS, [step, source, rows_in, rows_out, reason, n], strict=True)))

    def split(self, frame: pd.DataFrame, keep: pd.Series, step: str, source: str, reason: str) -> pd.DataFrame:
        """Keep the rows where ``keep`` is true and record the others; a missing answer is refused."""
        if keep.isna().any():
            raise Cause(f"{int(keep.isna().sum())} rows are neither kept nor lost", file=source, field=step)
        kept = frame[keep.astype(bool)]
        self.enter(step, source, len(frame), len(kept), {reason: len(frame) - len(kept)})
        return kept

    def sieve(self, frame: pd.DataFrame, source: str, steps: Sequence[tuple[str, pd.Series, str]]) -> pd.DataFrame:
        """Do several ``split`` of one frame after one another, and copy its rows once.

        ``steps`` are (step, which rows of the whole frame to keep, reason why the others leave).
        """
        left = np.ones(len(frame), dtype=bool)
        for step, keep, reason in steps:
            asked = keep[left]
            if asked.isna().any():
                raise Cause(f"{int(asked.isna().sum())} rows are neither kept nor lost", file=source, field=step)
            before = int(left.sum())
            left[left] = asked.to_numpy(bool)
            after = int(left.sum())
            self.enter(step, source, before, after, {reason: before - after})
        return frame[left]

    def frame(self) -> pd.DataFrame:
        """Return the lines as a table with the columns of ``COLUMNS``."""
        table = pd.DataFrame(self._lines, columns=COLUMNS)
        text, whole = ["STEP", "SOURCE", "REASON"], ["ROWS_IN", "ROWS_OUT", "ROWS_LOST"]
        return table.astype(dict.fromkeys(text, "str") | dict.fromkeys(whole, "int64"))
