"""The page of a comparison: one self-contained file without script; the sheets beside it hold every line."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import markupsafe
import pandas as pd

from compare import cut, results
from crf2csr.safe import visible
from crf2csr.templating import templates

if TYPE_CHECKING:
    from compare.__main__ import Comparison

HERE = Path(__file__).parent
FIRST = 300  # lines of a table that stand in the page
NAMED = 12  # subjects that are named beside a count
__all__ = ["render", "visible"]


def render(found: Comparison) -> str:
    """Fill the template. Text of the data is escaped, and what is hidden in it is made visible."""
    environment = templates(HERE)
    css = (HERE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    forms = found.forms
    moved = found.results
    touched = {
        w: _first(forms.records[forms.records["what"] == w]) for w in ("changed", "added", "removed", "ambiguous")
    }
    return environment.get_template("page.html.j2").render(
        css=markupsafe.Markup(css),
        digest=digest,
        study=found.new.study.page["study"],
        cuts=[cut.about(found.old) | {"name": "Old"}, cut.about(found.new) | {"name": "New"}],
        unfit=found.unfit,
        cautions=found.cautions,
        forms=_records(forms.forms),
        subjects=_first(forms.subjects),
        cells=_first(forms.cells),
        records=touched,
        tables=_records(forms.tables),
        configuration=_first(found.configuration),
        files=_records(found.configuration.groupby("file", sort=True).size().rename("n").reset_index()),
        sites=_records(found.sites) if found.sites is not None else None,
        queries=_queries(found.queries),
        results=_results(moved) if moved is not None else None,
        kinds=results.WHAT,
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object)
    return plain.where(plain.notna(), "").to_dict("records")


def _first(table: pd.DataFrame) -> dict[str, Any]:
    """The lines that stand in the page, and how many there are."""
    return {"n": len(table), "rows": _records(table.head(FIRST))}


def _queries(table: pd.DataFrame | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {what: _first(table[table["what"] == what]) for what in ("opened", "closed", "changed", "stays")}


def _results(moved: results.Moved) -> dict[str, Any]:
    touched = moved.displays[moved.displays[list(results.WHAT)].sum(axis=1) > 0]
    shown = moved.facts.head(FIRST)
    # Those that some display prints come first: they are what a reader sees.
    if len(moved.facts) > FIRST:
        printed = moved.facts["displays"] != ""
        shown = pd.concat([moved.facts[printed], moved.facts[~printed]]).head(FIRST)
    return {
        "same": moved.same,
        "counts": {w: int((moved.facts["what"] == w).sum()) for w in results.WHAT},
        "displays": _records(touched),
        "n_displays": len(moved.displays),
        "n": len(moved.facts),
        "rows": _records(shown),
        "named": _named(moved.subjects, set(shown["change"].dropna().astype(int))),
        "listings": _records(moved.listings[(moved.listings["removed"] > 0) | (moved.listings["added"] > 0)]),
    }


def _named(subjects: pd.DataFrame, changes: set[int]) -> dict[int, dict[str, str]]:
    """The first subjects of each change that the page shows, as text."""
    mine = subjects[subjects["change"].isin(changes)]
    named: dict[int, dict[str, str]] = {}
    for (change, moved), group in mine.groupby(["change", "moved"], sort=True):
        more = f" and {len(group) - NAMED} more" if len(group) > NAMED else ""
        named.setdefault(int(change), {})[moved] = ", ".join(group["subject"].head(NAMED)) + more
    return named
