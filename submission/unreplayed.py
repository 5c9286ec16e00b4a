"""Why an analysis has no program that stands alone: the readme of the programs tells it, so that none is missed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from submission.frames import Submission


def why(analysis: dict[str, Any], submission: Submission, methods: Collection[str], keys: Collection[str]) -> str:
    """The first reason that holds; ``methods`` have programs, which read the ``keys`` of a declaration."""
    if analysis["method"] not in methods:
        return f"no program of the method {analysis['method']}"
    strange = sorted(set(analysis) - set(keys))
    if strange:
        return f"declares {', '.join(strange)}, which the programs do not read"
    names = {one.name for one in submission.of("adam")}
    missing = sorted({str(analysis.get("dataset", "")).upper(), "ADSL"} - names)
    if missing:
        return f"{' and '.join(missing)} not submitted"
    return "a condition or an option that the programs do not read"
