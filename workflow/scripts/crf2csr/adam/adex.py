"""ADEX: exposure by subject: duration, dose, interruptions, compliance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr.adam import _exposure
from crf2csr.adam._occurrence import ask, flag, with_subject
from crf2csr.columns import among
from crf2csr.trace import Made, edges_to

FROM_EX = ["DDUR", "NINTR", "DINTR", "TDOSE", "ADOSE", "RDI", "NADJ"]
FROM_DA = ["TDISP", "TRET", "TSCHED", "COMPL"]


def derive(
    adsl: pd.DataFrame,
    ex: pd.DataFrame,
    da: pd.DataFrame,
    *,
    spec: dict[str, Any],
    page: dict[str, Any],
    lists: dict[str, Any],
) -> Made:
    """Build one row per treated subject and parameter; a value that cannot be had is missing with its reason."""
    treated = adsl[adsl["SAFFL"] == "Y"].reset_index(drop=True)
    made = Made(adsl)
    inside = made.ledger.split(
        ex,
        among(ex["USUBJID"], treated["USUBJID"]),
        "ADEX: intervals of treated subjects",
        "EX",
        "subject was not treated",
    )
    counted = made.ledger.split(
        da,
        among(da["USUBJID"], treated["USUBJID"]),
        "ADEX: counts of treated subjects",
        "DA",
        "subject was not treated",
    )
    values, reasons = _values(inside, counted, treated, page)
    about = {p["code"]: p for p in spec["parameters"]}
    rows = (
        values[list(about)]
        .rename_axis(index="USUBJID", columns="PARAMCD")
        .stack(future_stack=True)
        .rename("AVAL")
        .reset_index()
    )
    rows["AREAS"] = (
        rows.join(reasons.stack(future_stack=True).rename("WHY"), on=["USUBJID", "PARAMCD"])["WHY"]
        .astype("str")
        .where(rows["AVAL"].isna())
    )
    rows["PARAM"] = rows["PARAMCD"].map({k: p["label"] for k, p in about.items()})
    rows["PARAMN"] = rows["PARAMCD"].map({k: n for n, k in enumerate(about, start=1)})
    rows["PARCAT1"] = rows["PARAMCD"].map({k: p["category"] for k, p in about.items()})
    limits = page["compliance"]
    is_share = (rows["PARAMCD"] == "COMPL") & rows["AVAL"].notna()
    within = is_share & (rows["AVAL"] >= limits["from"]) & (rows["AVAL"] <= limits["to"])
    rows["CRIT1"] = pd.Series(f"Compliance {limits['from']}-{limits['to']} %", index=rows.index, dtype="str").where(
        is_share
    )
    rows["CRIT1FL"] = flag(within).mask(is_share & ~within, "N")
    rows["_KEY"] = rows["PARAMCD"] + "|" + rows["USUBJID"]
    rows["SRCVAR"] = rows["PARAMCD"].map(
        dict.fromkeys(FROM_EX, "EXDOSE") | dict.fromkeys(FROM_DA, "DASTRESN") | {"TDUR": "TRTEDT"}
    )
    made.edges = _edges(rows, inside, counted)
    made.queries.append(_implausible(rows, counted, adsl, limits))
    made.data = with_subject(rows, adsl, spec)
    return made


def _values(
    ex: pd.DataFrame, da: pd.DataFrame, treated: pd.DataFrame, page: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every parameter by USUBJID (float64), and why one is missing."""
    about = treated.set_index("USUBJID")
    last = about["TRTEDT"].astype("Int64")
    rows = _exposure.intervals(ex, last)
    out = pd.DataFrame({"TDUR": (last - about["TRTSDT"] + 1).astype("float64")})
    out = out.join(_exposure.coverage(rows, last)).astype("float64")
    out["DINTR"] = out["TDUR"] - out["DDUR"]
    unknown = rows["TAKEN"].isna().groupby(rows["USUBJID"]).any().reindex(out.index, fill_value=True).astype(bool)
    out["TDOSE"] = rows.groupby("USUBJID")["TAKEN"].sum().reindex(out.index).where(~unknown)
    out["ADOSE"] = out["TDOSE"] / out["TDUR"]
    out["RDI"] = 100 * out["TDOSE"] / (_exposure.planned(treated, page["arms"])["DOSE"] * out["TDUR"])
    changed = rows["EXDOSE"].ne(rows.groupby("USUBJID")["EXDOSE"].shift(1)) & (rows.groupby("USUBJID").cumcount() > 0)
    out["NADJ"] = changed.groupby(rows["USUBJID"]).sum().reindex(out.index).astype("float64")
    shares = _exposure.compliance(da, treated, page["arms"])
    out = out.join(shares[FROM_DA])
    reasons = pd.DataFrame(np.nan, index=out.index, columns=out.columns, dtype="str")
    for name in FROM_EX:
        reasons[name] = reasons[name].mask(unknown, "Dose, frequency or dates of an interval are not known")
    reasons["RDI"] = reasons["RDI"].mask(~unknown, "Planned dose is not declared")
    for name in FROM_DA:
        reasons[name] = shares["REASON"]
    return out, reasons


def _edges(rows: pd.DataFrame, ex: pd.DataFrame, da: pd.DataFrame) -> pd.DataFrame:
    """From exposure to every interval, from tablets to every count, and to the subject for its dates."""
    keys = rows[["USUBJID", "PARAMCD", "_KEY"]]
    used = keys[keys["PARAMCD"].isin(FROM_EX)].merge(ex[["USUBJID", "EXSEQ"]], on="USUBJID")
    counted = keys[keys["PARAMCD"].isin(["TDISP", "TRET", "COMPL"])].merge(da[["USUBJID", "DASEQ"]], on="USUBJID")
    dated = keys[keys["PARAMCD"].isin(["TDUR", "DINTR", "ADOSE", "RDI", "TSCHED", "COMPL"])]
    return pd.concat(
        [edges_to(used, "EX", "EXSEQ"), edges_to(counted, "DA", "DASEQ"), edges_to(dated, "ADSL", None)],
        ignore_index=True,
    )


def _implausible(rows: pd.DataFrame, da: pd.DataFrame, adsl: pd.DataFrame, limits: dict[str, Any]) -> pd.DataFrame:
    """Query P30: more tablets returned than dispensed, or compliance above the limit; nothing is truncated."""
    odd = rows[(rows["PARAMCD"] == "COMPL") & ((rows["AVAL"] < 0) | (rows["AVAL"] > limits["to"])).fillna(False)]
    first = da[da["DATESTCD"] == "RETAMT"].drop_duplicates("USUBJID", keep="last").set_index("USUBJID")["_REC"]
    value = odd["AVAL"].map(lambda share: f"{share:.1f} %")
    return ask(
        odd.assign(_REC=odd["USUBJID"].map(first)),
        adsl,
        rule="P30",
        field="RETAMT",
        severity="major",
        value=value,
        message=f"Compliance from tablets is below 0 or above {limits['to']} %; it is kept as computed.",
    )
