"""The page of the comparison: what agreed, in how many digits, and what stands open; one self-contained file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from crf2csr.specs import read_yaml
from crf2csr.templating import templates
from qc.compare import Comparison, by_method

HERE = Path(__file__).parent
CLOSEST = 25


def render(study: Path, found: Comparison, folder: Path) -> str:
    """Fill the template for one study; R wrote into ``folder`` what it was."""
    environment = templates(HERE)
    about = read_yaml(study / "config/config.yaml")["study"]
    versions = pd.read_csv(folder / "versions.csv", dtype="str")
    rows, table = found.rows, by_method(found)
    open_rows = rows[rows["status"].isin(["differs", "only in R", "unexplained"])]
    measured = rows[(rows["status"] == "agrees") & rows["format"].ne("count") & rows["python"].ne("")]
    return environment.get_template("page.html.j2").render(
        study=about,
        sound=found.sound,
        n=len(rows),
        agree=int((rows["status"] == "agrees").sum()),
        methods=_records(table.astype({"least_digits": "object"}).where(table.notna(), "")),
        calls=_records(_calls(rows)),
        reasons=_records(_reasons(rows)),
        open=_records(open_rows.head(500)),
        n_open=len(open_rows),
        failed=_records(found.failed),
        closest=_records(measured.nsmallest(CLOSEST, "digits", keep="first")),
        derived=_records(_derived(found.derived)),
        drawn=_records(found.drawn),
        versions=_records(versions),
    )


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    return table.to_dict("records")


def _calls(rows: pd.DataFrame) -> pd.DataFrame:
    """By method and call of R: how many results, and the least digits agreed."""
    known = rows[rows["status"].isin(["agrees", "differs"])]
    grouped = known.groupby(["of", "method", "kind"], sort=True)
    return grouped.agg(results=("id", "size"), least=("digits", "min")).reset_index()


def _reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """By method and statistic: what R does not compute, why, and what proves it."""
    open_ = rows[rows["status"] == "not recomputed"]
    return open_.groupby(["of", "stat_name", "method"], sort=True).agg(results=("id", "size")).reset_index()


def _derived(table: pd.DataFrame) -> pd.DataFrame:
    """One line per parameter; the visits side by side."""
    at = table["visit"] + ": " + table["differ"]
    named = table.assign(differ=at.where(table["rows"] != table["agree"], ""))
    return (
        named.groupby(["dataset", "flag", "parameter"], sort=False)
        .agg(
            visits=("visit", ", ".join),
            rows=("rows", "sum"),
            agree=("agree", "sum"),
            differ=("differ", lambda texts: "; ".join(filter(None, texts))),
        )
        .reset_index()
    )
