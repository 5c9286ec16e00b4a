"""What the independent computation says of each printed number: its value in R and in how many digits it agrees.

The file of agreement comes with the study and was made by another command; it is read, never computed here. A line
counts for a result only while its hash is that of the result: after any change it stands for other data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import results

NOT_RECOMPUTED, DIFFERS = "not recomputed: ", "differs: "  # how the column `method` begins
STATES = ("verified", "differs", "not recomputed", "not verified")


def beside(facts: pd.DataFrame, agreement: list[dict[str, str]]) -> pd.DataFrame:
    """Return ``facts`` with ``r_value`` (only where it is another number), ``r_digits``, ``r_method`` and ``r_state``.

    ``r_state`` is ``verified``, ``differs``, ``not recomputed`` (``r_method`` says why) or ``not verified``.
    """
    ids = results.identify(facts, facts["chapter"])
    lines = pd.DataFrame(agreement, columns=["id", "hash", "python", "r", "digits", "method"], dtype="str")
    lines = lines.drop_duplicates("id").set_index("id").reindex(ids)
    # To hash a result costs as much as to read it, and a study may have no agreement at all.
    current = lines["hash"].notna().to_numpy(copy=True)
    known = facts[current]
    current[current] = lines["hash"].to_numpy()[current] == results.hashes(ids[current], known).to_numpy()
    method = lines["method"].where(current).set_axis(facts.index)
    digits = pd.to_numeric(lines["digits"].where(current)).set_axis(facts.index)
    value = pd.to_numeric(lines["r"].where(current), errors="coerce").set_axis(facts.index)
    begins = [method.str.startswith(word).fillna(False).astype(bool) for word in (DIFFERS, NOT_RECOMPUTED)]
    return facts.assign(
        r_value=value.where(value != facts["stat"]),
        r_digits=digits,
        r_method=method.str.removeprefix(NOT_RECOMPUTED),
        r_state=np.select([*begins, digits.notna()], ["differs", "not recomputed", "verified"], "not verified"),
    )


def summary(shown: pd.DataFrame) -> dict[str, Any]:
    """How many of the printed numbers are verified, over all and by method; ``shown`` comes from ``beside``."""
    counted = pd.crosstab(shown["method"], shown["r_state"]).reindex(columns=list(STATES), fill_value=0)
    least = shown["r_digits"].groupby(shown["method"]).min()
    lines = [
        {"method": method, "n": int(row.sum()), "least": "" if np.isnan(least[method]) else int(least[method])}
        | {state.replace(" ", "_"): int(row[state]) for state in STATES}
        for method, row in counted.iterrows()
    ]
    return {"n": len(shown), "verified": int(counted["verified"].sum()), "methods": lines}
