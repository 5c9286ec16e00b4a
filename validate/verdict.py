"""Three words for what was found, and the worst of several."""

from __future__ import annotations

from collections.abc import Iterable

PASSED, INCOMPLETE, FAILED = "passed", "incomplete", "failed"
ORDER = (PASSED, INCOMPLETE, FAILED)
# What the program ends with; 2 is kept for what is refused.
ENDS = {PASSED: 0, FAILED: 1, INCOMPLETE: 3}


def worst(verdicts: Iterable[str]) -> str:
    """The worst of several verdicts; of none nothing was found out."""
    return max(verdicts, key=ORDER.index, default=INCOMPLETE)
