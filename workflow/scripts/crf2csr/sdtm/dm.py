"""DM: one row per person; a rescreened person keeps the row of the later screening, traced to both."""

from __future__ import annotations

import pandas as pd

from crf2csr import dates
from crf2csr.errors import Cause
from crf2csr.sdtm import _mapping
from crf2csr.sdtm._verbs import Context, Filled, fill
from crf2csr.trace import Made


def last_dose(rows: pd.DataFrame, context: Context) -> Filled:
    """Last day with drug: end of the last interval taken, else the sources named under ``last_dose``.

    The study's page lists the rules in order; the first that gives a date decides. A rule that names a ``start``
    gives none where the last start is later: the last interval is open, and an earlier end is not the last dose.
    """
    values = pd.Series(float("nan"), index=rows.index, dtype="str")
    recs = values.copy()
    for rule in context.page["last_dose"]:
        asked = {key: value for key, value in rule.items() if key != "start"}
        found = fill(rows, asked, context, "config/config.yaml: last_dose")
        if "start" in rule:
            begun = fill(rows, asked | {"date": rule["start"]}, context, "config/config.yaml: last_dose").values
            still_open = (dates.to_day(begun) > dates.to_day(found.values)).fillna(False).astype(bool)
            found.values = found.values.mask(still_open)
        use = values.isna() & found.values.notna()
        values, recs = values.mask(use, found.values), recs.mask(use, found.recs)
    return Filled(values, recs)


def assign_arms(rows: pd.DataFrame, page: dict) -> pd.DataFrame:
    """Fill ARM and ACTARM variables; who has no arm gets the reason in ARMNRS."""
    arms = {arm["code"]: arm["label"] for arm in page["arms"]}
    dosed = rows["RFXSTDTC"].notna()
    if "ARMCD" not in rows:
        if len(arms) != 1:
            raise Cause(
                "with several arms the mapping of DM must assign ARMCD", file="config/sdtm/dm.yaml", field="ARMCD"
            )
        rows["ARMCD"] = pd.Series(next(iter(arms)), index=rows.index, dtype="str").where(dosed)
    if "ACTARMCD" not in rows:
        rows["ACTARMCD"] = rows["ARMCD"].where(dosed)
    for code, name in (("ARMCD", "ARM"), ("ACTARMCD", "ACTARM")):
        if name not in rows:
            rows[name] = rows[code].map(arms).astype("str")
    if "ARMNRS" not in rows:
        reason = pd.Series("SCREEN FAILURE", index=rows.index, dtype="str")
        treated_not = rows["ARMCD"].notna() & ~dosed
        rows["ARMNRS"] = reason.mask(treated_not, "ASSIGNED, NOT TREATED").where(rows["ACTARMCD"].isna())
    return rows


DERIVATIONS = {"last_dose": last_dose}
# For the annotated CRF: the rules that stand for what a derivation reads of the forms.
READS = {"last_dose": lambda page: page["last_dose"]}


def tabulate(context: Context) -> Made:
    """Build DM (one row per USUBJID)."""
    made = _mapping.tabulate(context)
    rows = made.data
    if "RFICDTC" not in rows:
        rows["RFICDTC"] = pd.Series(float("nan"), index=rows.index, dtype="str")
    order = rows.sort_values(["USUBJID", "SUBJID"], kind="stable")
    recs = order.groupby("USUBJID")["_REC"].agg(
        lambda ids: " ".join(dict.fromkeys(" ".join(reversed(list(ids))).split()))
    )
    count = order.groupby("USUBJID")["SUBJID"].agg(list)
    one = order.groupby("USUBJID", as_index=False).tail(1).reset_index(drop=True)
    one["_REC"] = one["USUBJID"].map(recs)
    previous = one["USUBJID"].map(count.map(lambda ids: " ".join(ids[:-1])))
    one["PRVSUBJ"] = previous.astype("str").where(previous != "")
    made.ledger.enter(
        "DM: one row per person",
        "DM",
        len(rows),
        len(one),
        {"earlier screening of the same person": len(rows) - len(one)},
    )
    if "AGE" not in one:
        one["AGE"] = dates.age_years(one["BRTHDTC"], one["RFICDTC"])
        one["AGEU"] = pd.Series("YEARS", index=one.index, dtype="str").where(one["AGE"].notna())
    one["DTHFL"] = (
        pd.Series("Y", index=one.index, dtype="str").where(one["DTHDTC"].notna()) if "DTHDTC" in one else float("nan")
    )
    one["DMDY"] = dates.study_day(dates.to_day(one["DMDTC"]), dates.to_day(one["RFSTDTC"]))
    made.data = assign_arms(one, context.page)
    return made
