"""What the declared estimands make of the records: which event decides, and which rows carry each estimand.

Of a subject's intercurrent events the first one that is not under treatment policy decides; on one day composite comes
before hypothetical, and that before while on treatment. It strikes a record of its own day or later.

Reference: ICH E9(R1) addendum on estimands, 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crf2csr.columns import among
from crf2csr.estimands import POLICY, ROLES, STRATEGIES
from crf2csr.trace import edges_to, own_rows

COMPOSITE, HYPOTHETICAL, WHILE = STRATEGIES[:3]
# Derivation types of a value that stands for a later visit: last observed value, or baseline where there is none.
LAST, BASE = "LOV", "BOCF"
VALUES = ["USUBJID", "PARAMCD", "AVAL", "TENTHS", "BASE", "_BASE", "CHG", "PCHG"]
VALUES += ["AVALCAT1", "AVALCA1N", "BASECAT1", "BASECA1N"]


@dataclass(frozen=True)
class Handling:
    """How one flag of rows is filled.

    Attributes
    ----------
    flag : str
        The variable that is Y on the rows that carry the estimand.
    records : str
        The flag of the records that may count.
    missing : str
        What a response is without such a record: non-response, last observation, left missing.
    strategies : dict of str
        Strategy of each intercurrent event.
    """

    flag: str
    records: str
    missing: str
    strategies: dict[str, str]


def handlings(lists: dict[str, Any], dataset: str, rows: str) -> list[Handling]:
    """Return how the flags of the ``responses`` or ``scores`` of a data set are filled, one per flag.

    The first is the main one, which says how a response was reached: primary estimands come before secondary, and
    these before supplementary ones. A study without estimands has none.
    """
    found: dict[str, Handling] = {}
    declared = (lists.get("estimands") or {}).get("estimands", [])
    for estimand in sorted(declared, key=lambda one: ROLES.index(one["role"])):
        for entry in estimand["data"]:
            if entry["rows"] == rows and dataset in entry["datasets"]:
                made = Handling(entry["flag"], entry["records"], entry.get("missing", ""), estimand["events"])
                found.setdefault(made.flag, made)
    return list(found.values())


def deciding(adice: pd.DataFrame, strategies: dict[str, str]) -> pd.DataFrame:
    """Return the event that decides of each subject who has one (index USUBJID): ASTDT, ICETERM, ASEQ, STRATEGY."""
    found = adice.assign(STRATEGY=adice["ICECD"].map(strategies).astype("str"))
    found = found[found["STRATEGY"].notna() & (found["STRATEGY"] != POLICY)]
    found["_RANK"] = found["STRATEGY"].map({name: n for n, name in enumerate(STRATEGIES)})
    ordered = found.sort_values(["ASTDT", "_RANK", "ASEQ"], kind="stable")
    return ordered.drop_duplicates("USUBJID").set_index("USUBJID")[["ASTDT", "ICETERM", "ASEQ", "STRATEGY"]]


def empty_flags(rows: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Add the analysis flags of the specification that no estimand fills."""
    lacking = [n for n in spec["variables"] if n.startswith("ANL") and n.endswith("FL") and n not in rows]
    return rows.assign(**{name: pd.Series(np.nan, index=rows.index, dtype="str") for name in lacking})


def scores(
    rows: pd.DataFrame,
    adice: pd.DataFrame,
    how: list[Handling],
    windows: dict[str, list[dict[str, Any]]],
    subjects: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fill the flags of scores.

    A record is not used from the day of the deciding event on. Under while on treatment the last value before the
    event stands for the later visits, on rows of its own.

    Parameters
    ----------
    rows : DataFrame
        As of :func:`crf2csr.adam._records.derive`, with ``_KEY``.
    adice : DataFrame
        USUBJID, ICECD, ICETERM, ASTDT, ASEQ.
    how : list of Handling
        As of :func:`handlings` for scores.
    windows : dict
        Analysis windows of each parameter.
    subjects : DataFrame
        ADSL of the treated subjects, index USUBJID: TRTSDT.

    Returns
    -------
    tuple of DataFrame
        The rows with the flags, the rows that stand for later visits, and the edges of these.
    """
    more, edges = [], []
    for handling in how:
        events = deciding(adice, handling.strategies)
        struck = (rows["USUBJID"].map(events["ASTDT"]).astype("Int64") <= rows["ADT"]).fillna(False).astype(bool)
        rows[handling.flag] = rows[handling.records].mask(struck & (rows["ABLFL"] != "Y"))
        ending = events[events["STRATEGY"] == WHILE]
        if len(ending):
            stand = _standing(rows, handling, ending, windows, subjects)
            more.append(stand)
            edges.append(own_rows(stand["_KEY"], stand["_SRC"]))
            edges.append(edges_to(stand, "ADICE", "_ICE"))
    nothing = rows.iloc[0:0]
    return (
        rows,
        pd.concat(more, ignore_index=True).drop(columns=["_SRC", "_ICE"]) if more else nothing,
        pd.concat(edges, ignore_index=True) if edges else edges_to(nothing, "ADSL", None),
    )


def _standing(
    rows: pd.DataFrame,
    handling: Handling,
    ending: pd.DataFrame,
    windows: dict[str, list[dict[str, Any]]],
    subjects: pd.DataFrame,
) -> pd.DataFrame:
    """The last value before the event, once for each visit that the event strikes."""
    mine = rows[(rows[handling.records] == "Y") & among(rows["USUBJID"], ending.index)]
    before = mine[mine[handling.flag] == "Y"].sort_values(["AVISITN", "ADT"], kind="stable")
    last = before.drop_duplicates(["USUBJID", "PARAMCD"], keep="last")
    is_base = last["ABLFL"] == "Y"
    source = last[[name for name in VALUES if name in last]].assign(
        _SRC=last["_KEY"],
        DTYPE=np.where(is_base, BASE, LAST),
        CHG=last["CHG"].mask(is_base, 0.0),
        PCHG=last["PCHG"].mask(is_base & (last["BASE"] > 0), 0.0),
    )
    cells = source.merge(visits(windows), on="PARAMCD")
    seen = mine[["USUBJID", "PARAMCD", "AVISIT", "ADT"]]
    day = cells[["USUBJID", "PARAMCD", "AVISIT"]].merge(seen, on=["USUBJID", "PARAMCD", "AVISIT"], how="left")["ADT"]
    target = cells["USUBJID"].map(subjects["TRTSDT"]) + cells["AWTARGET"] - 1
    event = cells[["USUBJID"]].join(ending, on="USUBJID")
    keep = (event["ASTDT"] <= day.where(day.notna(), target)).fillna(False).astype(bool)
    cells = cells.assign(
        _ICE=event["ASEQ"].astype("Int64"),
        _KEY=handling.flag + "|" + cells["AVISIT"] + "|" + cells["_SRC"],
        SRCDOM=pd.Series(np.nan, index=cells.index, dtype="str"),
        _POST=True,
    )
    return cells.assign(**{handling.flag: "Y"})[keep].reset_index(drop=True)


def visits(windows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Return PARAMCD, AVISIT, AVISITN, AWTARGET, AWRANGE of every window of each parameter."""
    cells = [
        (code, w["visit"], float(w["number"]), w["target"], f"{w['from']} to {w['to']} days")
        for code, some in windows.items()
        for w in some
    ]
    names = ["PARAMCD", "AVISIT", "AVISITN", "AWTARGET", "AWRANGE"]
    return pd.DataFrame(cells, columns=names).astype(
        {"PARAMCD": "str", "AVISIT": "str", "AVISITN": "float64", "AWTARGET": "Int64", "AWRANGE": "str"}
    )
