"""GATE: the run is green only if no blocker is left that nobody has accepted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crf2csr.errors import Cause


def verdict(tables: dict[str, pd.DataFrame], part: dict[str, Any]) -> str:
    """Return the stamp's text, or raise one cause that names every open blocker."""
    queries = pd.concat([t for n, t in tables.items() if "/_queries/" in n], ignore_index=True).drop_duplicates()
    blockers = queries[queries["SEVERITY"] == "blocker"]
    accepted = part["accepted"].get("accepted", []) if part["accepted"] else []
    keys = pd.Series([f"{a['rule']}|{a['record']}|{a['field']}" for a in accepted], dtype="str")
    own = blockers["RULE"] + "|" + blockers["REC"] + "|" + blockers["FIELD"]
    left = blockers[~own.isin(keys)]
    if len(left):
        lines = (left["REC"] + " " + left["FIELD"] + " [" + left["RULE"] + "] " + left["MESSAGE"]).tolist()
        raise Cause(f"{len(left)} blocker queries are not accepted (config/accepted_queries.yaml): " + "; ".join(lines))
    return f"{len(queries)} queries, {len(blockers)} blockers, all accepted\n"
