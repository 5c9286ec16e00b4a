"""Facts of small analyses, computed by the rooms below, as a layout receives them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pandas as pd

from crf2csr.ard._facts import Facts, choose
from crf2csr.tlf._cells import Shelf

ONE = {"arms": [{"label": "Drug", "treated": True}]}
TWO = {"arms": [{"label": "Drug", "treated": True}, {"label": "Placebo", "treated": True}]}


def people(n: int, arms: list[str] | None = None, **columns: Any) -> pd.DataFrame:
    """ADSL of ``n`` subjects, in turn in each arm."""
    labels = arms or ["Drug"]
    return pd.DataFrame(
        {
            "USUBJID": pd.Series([str(i) for i in range(1, n + 1)], dtype="str"),
            "TRT01P": pd.Series([labels[i % len(labels)] for i in range(n)], dtype="str"),
            **columns,
        }
    )


def shelf(specs: list[dict[str, Any]], datasets: dict[str, pd.DataFrame], page: dict[str, Any] | None = None) -> Shelf:
    """The shelf of these analyses."""
    facts = Facts()
    for spec in specs:
        import_module(f"crf2csr.ard.{spec['method']}").analyze(choose(spec, datasets, page or ONE), facts)
    return Shelf(facts.frame())


def texts(made: dict[str, Any]) -> dict[str, list[str]]:
    """Each row's head and the text of its cells; a heading has none."""
    return {row["head"]: ["".join(part["t"] for part in cell) for cell in row["cells"]] for row in made["rows"]}


def unbound(made: dict[str, Any]) -> list[str]:
    """Parts of cells that hold a digit and no fact."""
    parts = [part for row in made["rows"] for cell in row["cells"] for part in cell]
    return [part["t"] for part in parts if "f" not in part and any(c.isdigit() for c in part["t"])]
