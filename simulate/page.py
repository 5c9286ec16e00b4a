"""The page of a simulation: what was simulated, a figure, and every number with its Monte-Carlo error."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import pandas as pd

from crf2csr import numbers
from crf2csr.tlf import _figure
from simulate.grid import METHODS, Grid

HERE = Path(__file__).parent


def figure(grid: Grid, table: pd.DataFrame, null: float) -> str:
    """Share of trials that reject ``null`` over the true rate: one panel per share of dropout, one line per method."""
    drawing = _figure.canvas(860, 330)
    width = 0.92 / len(grid.dropout)
    for panel, left in enumerate(grid.dropout):
        axes = drawing.add_axes((0.065 + panel * width, 0.26, width - 0.03, 0.63))
        for number, method in enumerate(grid.methods):
            mine = table[(table["dropout"] == left) & (table["method"] == method) & (table["null"] == null)]
            look = _figure.look(number)
            axes.errorbar(
                mine["rate"],
                mine["rejected"],
                yerr=1.96 * mine["rejected_error"],
                color=look["color"],
                linestyle=look["linestyle"],
                marker=look["marker"],
                markersize=4,
                linewidth=1.4,
                label=METHODS[method],
            )
        axes.axhline(1 - (1 + grid.level) / 2, color="#808080", linewidth=0.8)
        axes.axvline(null, color="#808080", linewidth=0.8, linestyle=":")
        axes.set_ylim(-0.02, 1.02)
        axes.set_title(f"{left * 100:.0f} % leave", fontsize=10)
        axes.set_xlabel("True response rate")
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", "20", "40", "60", "80", "100"] if panel == 0 else [])
        if panel == 0:
            axes.set_ylabel(f"Trials that reject {null * 100:g} % (%)")
            drawing.legend(*axes.get_legend_handles_labels(), fontsize=9, loc="lower center", ncols=len(grid.methods))
    said = f"Share of {grid.trials} simulated trials that reject a response rate of at most {null:g}"
    return _figure.svg(drawing, f"power-{null:g}", said, "Every point stands in the table below, with its error.")


def render(grid: Grid, table: pd.DataFrame) -> str:
    """Return the page: self-contained, without script."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    css = (HERE.parent / "compare/page.css").read_text(encoding="utf-8")  # pages beside the report look alike
    return environment.get_template("page.html.j2").render(
        css=markupsafe.Markup(css),
        digest=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        grid=grid,
        words=METHODS,
        figures=[(null, markupsafe.Markup(figure(grid, table, null))) for null in grid.null_rates],
        rows=_rows(grid, table),
    )


def _rows(grid: Grid, table: pd.DataFrame) -> list[dict[str, Any]]:
    """One line per dropout, method and true rate; shares in percent, errors in percentage points."""
    rows: list[dict[str, Any]] = []
    about = ["rate", "estimate", "bias", "coverage", "coverage_error", "width", "width_error"]
    for (left, method, rate), mine in table.groupby(["dropout", "method", "rate"], sort=False):
        one = mine.iloc[0]
        rows.append(
            {
                "key": (grid.dropout.index(left), grid.methods.index(method), rate),
                "dropout": _percent(left, 0),
                "method": METHODS[str(method)],
                **{
                    name: _percent(float(one[name]), 1 if name in ("estimate", "bias", "rate") else 2) for name in about
                },
                "rejected": [
                    (_percent(p, 1), _percent(e, 2))
                    for p, e in zip(mine["rejected"], mine["rejected_error"], strict=True)
                ],
            }
        )
    return sorted(rows, key=lambda row: row["key"])


def _percent(value: float, digits: int) -> str:
    found = numbers.rounded(value * 100, digits)
    return str(abs(found) if found == 0 else found)
