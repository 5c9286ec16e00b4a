"""Descriptive statistics of known values, and how many decimals each is shown with."""

from __future__ import annotations

import numpy as np

# Statistic -> decimals beyond those collected.
EXTRA = {"mean": 1, "sd": 2, "se": 2, "median": 1, "q1": 1, "q3": 1, "min": 0, "max": 0}


def describe(values: np.ndarray) -> dict[str, float | None]:
    """Return the statistics of known values (1-d, float); what is undefined for so few is None."""
    n = len(values)
    if n == 0:
        return dict.fromkeys(EXTRA)
    q1, median, q3 = (float(v) for v in np.quantile(values, [0.25, 0.5, 0.75], method="averaged_inverted_cdf"))
    sd = float(np.std(values, ddof=1)) if n > 1 else None
    return {
        "mean": float(np.mean(values)),
        "sd": sd,
        "se": None if sd is None else sd / float(np.sqrt(n)),
        "median": median,
        "q1": q1,
        "q3": q3,
        "min": float(values.min()),
        "max": float(values.max()),
    }
