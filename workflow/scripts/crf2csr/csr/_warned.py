"""The warnings that a second run must give again: what methods say of the data, and what has no words in a language."""

from __future__ import annotations

from typing import Any

import pandas as pd


def expected(shown: pd.DataFrame) -> list[dict[str, Any]]:
    """Warnings and errors that stand on printed numbers: ``method``, ``text``, ``n`` numbers and their ``analyses``.

    ``shown`` are the facts of printed numbers; a number with both says both.
    """
    said = pd.concat([shown.assign(text=shown[kind], kind=kind) for kind in ("warning", "error")])
    said = said[said["text"].notna()]
    return [
        {"method": method, "text": text, "n": len(group), "analyses": sorted(set(group["analysis"]))}
        for (method, text), group in said.groupby(["method", "text"], sort=True)
    ]
