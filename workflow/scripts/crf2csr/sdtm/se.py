"""SE: the elements of the trial that each subject went through, by the dates of DM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.sdtm import _design, _mapping
from crf2csr.sdtm._verbs import Context
from crf2csr.trace import Made


def tabulate(context: Context) -> Made:
    """Build SE: each arm's path, and for those without an arm the elements of ``no_arm``."""
    design, dm = context.lists["trial_design"], context.domains["dm"]
    made = Made(pd.DataFrame())
    walks = {
        arm["code"]: [step["code"] for step in _design.path_of(design, arm["code"])] for arm in context.page["arms"]
    }
    parts = [_walk(dm[dm["ACTARMCD"] == arm], codes, design, made) for arm, codes in walks.items()]
    parts.append(_walk(dm[~dm["ACTARMCD"].isin(list(walks))], design.get("no_arm", []), design, made))
    rows = pd.concat(parts, ignore_index=True)
    rows["SESTDY"], rows["SEENDY"] = pd.NA, pd.NA
    made.data = _mapping.standard(rows, context)
    return made


def _walk(people: pd.DataFrame, codes: list[str], design: dict[str, Any], made: Made) -> pd.DataFrame:
    """Rows of some people for the elements ``codes``: those whose start is known and not after their end."""
    known = _design.by_code(design)
    parts = []
    for order, code in enumerate(codes, start=1):
        element = known[code]
        rows = pd.DataFrame(
            {
                "USUBJID": people["USUBJID"],
                "_REC": people["_REC"],
                "ETCD": code,
                "ELEMENT": element["name"],
                "TAETORD": order,
                "EPOCH": element["epoch"],
                "SESTDTC": _first_known(people, element["start"]),
                "SEENDTC": _first_known(people, element["end"]),
            }
        )
        started = rows["SESTDTC"].notna()
        turned = (dates.to_day(rows["SEENDTC"]) < dates.to_day(rows["SESTDTC"])).fillna(False).astype(bool)
        good = rows[started & ~turned]
        made.ledger.enter(
            f"SE: {element['name']}",
            "DM",
            len(rows),
            len(good),
            {"element was not entered": int((~started).sum()), "ends before it starts": int((started & turned).sum())},
        )
        parts.append(good)
    columns = ["USUBJID", "_REC", "ETCD", "ELEMENT", "TAETORD", "EPOCH", "SESTDTC", "SEENDTC"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({c: pd.Series(dtype="str") for c in columns})


def _first_known(people: pd.DataFrame, variables: list[str]) -> pd.Series:
    value = pd.Series(np.nan, index=people.index, dtype="str")
    for variable in variables:
        value = value.where(value.notna(), people[variable])
    return value
