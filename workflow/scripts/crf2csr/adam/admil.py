"""ADMIL: milestones of each phase: when a response was first seen, how long it was seen, and the best response.

A milestone is a criterion (as in ADRS) on a score of ADCC, against the baseline of the phase. One record per subject,
line of treatment and milestone, whether it was reached or not: AVAL is the day of the phase on which it was first
seen (its first day is 1) and CNSR 0, or the day of the last assessment and CNSR 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam import _criteria
from crf2csr.errors import Cause
from crf2csr.trace import Made, edges_to

KEY = ["USUBJID", "APHASEN"]
NOISE = 1e-6  # what ten times a float may miss of a whole number


def derive(
    adsl: pd.DataFrame,
    adph: pd.DataFrame,
    adcc: pd.DataFrame,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build ADMIL from the scores of ADCC."""
    lines = adph[adph["APERIOD"].notna()]
    made = Made(pd.DataFrame())
    made.ledger.enter(
        "ADMIL: lines of treatment", "ADPH", len(adph), len(lines), {"not a line of treatment": len(adph) - len(lines)}
    )
    parts, edges = [], []
    for number, parameter in enumerate(spec["parameters"], start=1):
        scored = _scores(parameter, adcc)
        rows, links = (
            _reached(parameter, scored, lines) if "criterion" in parameter else _best(parameter, scored, lines, spec)
        )
        about = {
            "PARAM": parameter["label"],
            "PARAMCD": parameter["code"],
            "PARAMN": number,
            "PARCAT1": parameter.get("category"),
        }
        parts.append(rows.assign(**about, _KEY=parameter["code"] + "|" + rows["_LINE"]))
        edges.append(links.assign(_KEY=parameter["code"] + "|" + links["_LINE"]))
    rows = pd.concat(parts, ignore_index=True)
    links = pd.concat(edges, ignore_index=True)
    bare = rows[~rows["_KEY"].isin(links["_KEY"])]
    made.edges = pd.concat(
        [edges_to(links, "ADCC", "ASEQ"), edges_to(rows, "ADPH", "_PHSEQ"), edges_to(bare, "ADSL", None)],
        ignore_index=True,
    )
    made.data = _named(rows, adsl, adph, spec)
    return made


def _scores(parameter: dict[str, Any], adcc: pd.DataFrame) -> pd.DataFrame:
    """Records of the score that a parameter is of, with baseline and value in whole tenths."""
    name = (parameter.get("criterion") or parameter.get("best") or {}).get("of")
    if name not in set(adcc["PARAMCD"]):
        raise Cause(
            "no record of ADCC bears this parameter", file="config/adam/admil.yaml", field=parameter["code"], value=name
        )
    mine = adcc[(adcc["PARAMCD"] == name) & (adcc["ANL01FL"] == "Y") & adcc["BASETYPE"].notna() & adcc["AVAL"].notna()]
    mine = mine[(mine["ADT"] > mine["BASEDT"]).fillna(False).astype(bool)]
    tenths = {"_NOW": 10 * mine["AVAL"].astype("float64"), "_BASE": 10 * mine["BASE"].astype("float64")}
    odd = mine[(tenths["_NOW"].round() - tenths["_NOW"]).abs() > NOISE]
    if len(odd):
        raise Cause(
            "a score that is not in whole tenths cannot be judged",
            file="config/adam/admil.yaml",
            field=parameter["code"],
            value=odd["AVAL"].iloc[0],
        )
    mine = mine.assign(**{key: values.round().astype("Int64") for key, values in tenths.items()})
    return mine.assign(_LINE=mine["USUBJID"] + "|" + mine["APHASEN"].astype("str")).sort_values(
        ["USUBJID", "ADT", "ASEQ"], kind="stable"
    )


def _frame(lines: pd.DataFrame) -> pd.DataFrame:
    names = ["USUBJID", "APHASE", "APHASEN", "APERIOD", "APERIODC", "PHSDT", "PHEDT"]
    rows = lines[names].reset_index(drop=True).assign(_PHSEQ=lines["ASEQ"].to_numpy())
    return rows.assign(STARTDT=rows["PHSDT"], _LINE=rows["USUBJID"] + "|" + rows["APHASEN"].astype("str"))


def _reached(parameter: dict[str, Any], scored: pd.DataFrame, lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """When a criterion was first met in each line, how long it was seen to be met, and whether it held."""
    met = _criteria.met(scored["_BASE"], scored["_NOW"], parameter["criterion"])
    judged = scored[met.notna()].assign(_MET=met[met.notna()] == 1)
    by = judged.groupby("_LINE", sort=False)
    following = by["ADT"].shift(-1).astype("Int64")
    # A response lasts from each assessment that shows it to the next one; what the last shows is one day.
    days = (following - judged["ADT"]).fillna(1).where(judged["_MET"], 0)
    first, last = judged[judged["_MET"]].groupby("_LINE").head(1).set_index("_LINE"), by.tail(1).set_index("_LINE")
    rows = _frame(lines)
    at = rows["_LINE"].map
    rows["CNSR"] = (
        pd.Series(1, index=rows.index, dtype="Int64")
        .mask(rows["_LINE"].isin(first.index), 0)
        .where(rows["_LINE"].isin(last.index))
    )
    rows["ADT"] = at(first["ADT"]).astype("Int64").fillna(at(last["ADT"]).astype("Int64"))
    rows["AVAL"] = (rows["ADT"] - rows["STARTDT"] + 1).astype("float64")
    rows["NASSESS"] = at(by.size()).astype("Int64").fillna(0)
    rows["RESPDUR"] = at(days.groupby(judged["_LINE"]).sum()).astype("Int64")
    since = judged["_LINE"].map(first["ADT"]).astype("Int64")
    lost = (
        judged[((judged["ADT"] > since).fillna(False).astype(bool)) & ~judged["_MET"]]
        .groupby("_LINE")
        .head(1)
        .set_index("_LINE")
    )
    rows["LOSSDT"] = at(lost["ADT"]).astype("Int64")
    rows["HELDFL"] = pd.Series(np.where(rows["LOSSDT"].isna(), "Y", "N"), index=rows.index, dtype="str").where(
        rows["CNSR"] == 0
    )
    return rows, judged[["USUBJID", "_LINE", "ASEQ"]]


def _best(
    parameter: dict[str, Any], scored: pd.DataFrame, lines: pd.DataFrame, spec: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lowest score of each line, its change, and the first of ``grades`` (milestones) that it meets."""
    about = parameter["best"]
    lowest = scored.sort_values(["_NOW", "ADT"], kind="stable").groupby("_LINE").head(1).set_index("_LINE")
    final = scored.groupby("_LINE").tail(1).set_index("_LINE")
    rows = _frame(lines)
    at = rows["_LINE"].map
    rows["ADT"] = at(lowest["ADT"]).astype("Int64")
    rows["BASE"], rows["AVAL"] = at(lowest["BASE"]).astype("float64"), at(lowest["AVAL"]).astype("float64")
    rows["PCHG"], rows["LASTVAL"] = at(lowest["PCHG"]).astype("float64"), at(final["AVAL"]).astype("float64")
    rows["LASTDT"] = at(final["ADT"]).astype("Int64")
    rows["NASSESS"] = at(scored.groupby("_LINE").size()).astype("Int64").fillna(0)
    known = {p["code"]: p for p in spec["parameters"] if "criterion" in p}
    grade = pd.Series(about["none"], index=lowest.index, dtype="str").where(lowest["_BASE"].notna())
    for code in reversed(about["grades"]):
        if code not in known:
            raise Cause("is not a milestone", file="config/adam/admil.yaml", field=parameter["code"], value=code)
        reached = _criteria.met(lowest["_BASE"], lowest["_NOW"], known[code]["criterion"]) == 1
        grade = grade.mask(reached.fillna(False).astype(bool), known[code]["label"])
    rows["AVALC"] = at(grade).astype("str")
    return rows, scored[["USUBJID", "_LINE", "ASEQ"]]


def _named(rows: pd.DataFrame, adsl: pd.DataFrame, adph: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """Add days from the onset and, where the specification wants them, variables of the phase and of the subject."""
    phases, about = adph.set_index(KEY), adsl.set_index("USUBJID")
    for name in spec["variables"]:
        if name in rows or name in ("STUDYID", "ASEQ"):
            continue
        if name in phases:
            rows = rows.join(phases[name], on=KEY)
        elif name in about:
            rows[name] = rows["USUBJID"].map(about[name])
    if "ONSETDT" in about:
        onset = rows["USUBJID"].map(about["ONSETDT"])
        rows["ADYON"], rows["LOSSDYON"] = dates.study_day(rows["ADT"], onset), dates.study_day(rows["LOSSDT"], onset)
    return rows
