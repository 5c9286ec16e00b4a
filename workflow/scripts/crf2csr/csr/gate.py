"""GATE: the run is green only if every ledger balances and no blocker is left that nobody has accepted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.csr import _integrity
from crf2csr.errors import Cause, together

ACCEPT = "is a blocker; correct it at the source or accept it in config/accepted_queries.yaml"


def unbalanced(tables: dict[str, pd.DataFrame]) -> list[Cause]:
    """One cause for each step of a ledger whose rows in are not its rows out and its rows lost."""
    found = []
    for name, table in sorted(tables.items()):
        if "/_ledger/" not in name or "ROWS_IN" not in table:
            continue
        # Two steps of one name may lose the same number of rows: then the losses are a multiple of the difference.
        steps = (
            table.groupby(["STEP", "SOURCE", "ROWS_IN", "ROWS_OUT"], sort=False, dropna=False)["ROWS_LOST"]
            .sum()
            .reset_index()
        )
        gone = steps["ROWS_IN"] - steps["ROWS_OUT"]
        right = steps["ROWS_LOST"].eq(0) & gone.eq(0) | steps["ROWS_LOST"].gt(0) & gone.gt(0) & (
            steps["ROWS_LOST"] % gone.where(gone > 0, 1)
        ).eq(0)
        for step, source, rows_in, out, lost in steps[~right].itertuples(index=False, name=None):
            found.append(
                Cause(
                    f"the ledger does not balance: {rows_in} rows in, {out} out, {lost} lost",
                    file=name,
                    field=f"{step} ({source})",
                )
            )
    return found


def blockers(queries: pd.DataFrame, files: dict[str, str]) -> list[Cause]:
    """One cause for each blocker that nobody has accepted, named by file, line and field."""
    left = queries[(queries["SEVERITY"] == "blocker") & (queries["ACCEPTED"] == "")]
    found = []
    for rule, form, record, field, value, message in (
        left[["RULE", "FORM", "REC", "FIELD", "VALUE", "MESSAGE"]].fillna("").itertuples(index=False, name=None)
    ):
        line = record.rpartition(":")[2]
        found.append(
            Cause(
                f"{message} [{rule}, record {record}] {ACCEPT}",
                file=files.get(form, form),
                line=int(line) if line.isdecimal() else None,
                field=field or None,
                value=value or None,
            )
        )
    return found


def verdict(tables: dict[str, pd.DataFrame], part: dict[str, Any]) -> str:
    """Return the stamp's text, or raise one cause per open blocker and per step that lost a row."""
    accepted = (part["accepted"] or {}).get("accepted") or []
    queries, idle = _integrity.queries({n: t for n, t in tables.items() if "/_queries/" in n}, accepted)
    causes = unbalanced(tables) + blockers(queries, part["files"])
    if causes:
        raise together(causes)
    grave = int((queries["SEVERITY"] == "blocker").sum())
    said = [f"{len(queries)} queries, {grave} blockers, all accepted; every ledger balances"]
    return "\n".join(said + [f"this acceptance matches no query: {entry}" for entry in idle]) + "\n"
