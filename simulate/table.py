"""What the blocks add up to: one row per true rate, dropout, method and null rate, each share with its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.errors import Cause
from simulate.grid import Grid


def gather(grid: Grid, blocks: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the operating characteristics.

    Columns: rate, dropout, method, null, trials, rejected (share; power where rate > null, else type I error) and
    its Monte-Carlo error, estimate, bias, coverage, width, each with its error. A block that is missing or there
    twice is a cause.
    """
    wanted = {(rate, left, k) for rate, left in grid.cells for k in range(grid.blocks)}
    places = [(b["rate"], b["dropout"], b["block"]) for b in blocks]
    if len(places) != len(set(places)) or set(places) != wanted:
        odd = sorted(wanted ^ set(places)) or sorted(places)
        raise Cause("the blocks are not those of the grid", field="rate, dropout, block", value=odd[0])
    rows = []
    for rate, left in grid.cells:
        mine = [b for b in blocks if (b["rate"], b["dropout"]) == (rate, left)]
        n = sum(b["trials"] for b in mine)
        for method in grid.methods:
            parts = [b["methods"][method] for b in mine]
            about = {"rate": rate, "dropout": left, "method": method, "trials": n}
            about |= {"left": sum(b["left"] for b in mine) / (n * grid.subjects)}
            about |= _mean("estimate", parts, n) | _mean("width", parts, n)
            about |= {"bias": about["estimate"] - rate} | _share("coverage", sum(p["covered"] for p in parts), n)
            rows += [
                about | {"null": null} | _share("rejected", sum(p["rejected"][repr(null)] for p in parts), n)
                for null in grid.null_rates
            ]
    return pd.DataFrame(rows)


def _mean(name: str, parts: list[dict[str, Any]], n: int) -> dict[str, float]:
    total, squares = (sum(part[name][k] for part in parts) for k in (0, 1))
    spread = max(0.0, squares - total * total / n) / (n - 1)
    return {name: total / n, f"{name}_error": float(np.sqrt(spread / n))}


def _share(name: str, count: int, n: int) -> dict[str, float]:
    """A share and its Monte-Carlo standard error."""
    p = count / n
    return {name: p, f"{name}_error": float(np.sqrt(p * (1 - p) / n))}
