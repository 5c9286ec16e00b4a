"""ADVS: vital signs and body mass index with baseline, change and windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crf2csr import dates
from crf2csr.adam import _records
from crf2csr.columns import among
from crf2csr.trace import Made, edges_to


def derive(
    adsl: pd.DataFrame, vs: pd.DataFrame, *, spec: dict[str, Any], page: dict[str, Any], lists: dict[str, Any]
) -> Made:
    """Build ADVS: each measurement of the parameters, and BMI at each weight, of treated subjects."""
    treated = adsl[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    made = Made(vs)
    codes = [p["code"] for p in spec["parameters"]]
    rows = made.ledger.split(
        vs, vs["VSTESTCD"].isin(codes), "ADVS: parameters", "VS", "test is not a parameter of ADVS, or nothing was done"
    )
    done = ~(rows["VSSTAT"] == "NOT DONE").fillna(False).astype(bool)
    rows = made.ledger.split(rows, done, "ADVS: measurements that were done", "VS", "not done")
    rows = made.ledger.split(
        rows,
        among(rows["USUBJID"], treated.index),
        "ADVS: measurements of treated subjects",
        "VS",
        "subject was not treated",
    )
    rows = _measured(rows.reset_index(drop=True))
    index, made.edges = body_mass_index(rows)
    rows = pd.concat([rows, index], ignore_index=True) if len(index) else rows
    windows = {p["code"]: page["windows"][p.get("windows", spec["windows"])] for p in spec["parameters"]}
    rows = _records.derive(rows, treated, windows, page)
    made.data = _records.label(rows, spec, treated)
    return made


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    order = rows.sort_values(["VSDTC", "VSSEQ"], kind="stable", na_position="first")
    return pd.DataFrame(
        {
            "USUBJID": rows["USUBJID"],
            "PARAMCD": rows["VSTESTCD"],
            "ADT": dates.to_day(rows["VSDTC"]),
            "VISIT": rows["VISIT"],
            "VISITNUM": rows["VISITNUM"],
            "VSSEQ": rows["VSSEQ"],
            "AVAL": rows["VSSTRESN"].astype("float64"),
            "AVALU": rows["VSSTRESU"],
            "ASEQ0": order.groupby("USUBJID").cumcount().reindex(rows.index),
            "AREAS": pd.Series("Result is not a number in its bounds", index=rows.index, dtype="str").where(
                rows["VSSTRESN"].isna()
            ),
            "SRCDOM": "VS",
            "SRCVAR": "VSSTRESN",
            "SRCSEQ": rows["VSSEQ"],
            "_KEY": "VS|" + rows["USUBJID"] + "|" + rows["VSSEQ"].astype("str"),
        }
    )


def body_mass_index(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """BMI in kg/m2 at each weight (kg), with the subject's first known height (cm), and the edges to both.

    Height is measured at screening only: an adult's does not change in twelve weeks.
    """
    height = rows[(rows["PARAMCD"] == "HEIGHT") & (rows["AVAL"] > 0)].sort_values(
        ["ADT", "ASEQ0"], kind="stable", na_position="last"
    )
    tall = height.drop_duplicates("USUBJID").set_index("USUBJID")
    weight = rows[(rows["PARAMCD"] == "WEIGHT") & rows["AVAL"].notna() & among(rows["USUBJID"], tall.index)]
    metres = weight["USUBJID"].map(tall["AVAL"]) / 100
    made = weight.assign(
        PARAMCD="BMI",
        AVAL=weight["AVAL"] / metres**2,
        AVALU="kg/m2",
        AREAS=np.nan,
        SRCDOM=np.nan,
        SRCVAR="VSSTRESN",
        SRCSEQ=pd.NA,
        VSSEQ=pd.NA,
        _KEY="BMI" + weight["_KEY"].str[2:],
    )
    made = made.astype({"AREAS": "str", "SRCDOM": "str", "SRCSEQ": "Int64", "VSSEQ": "Int64"})
    used = pd.DataFrame(
        {
            "_KEY": made["_KEY"],
            "USUBJID": made["USUBJID"],
            "W": weight["VSSEQ"],
            "H": made["USUBJID"].map(tall["VSSEQ"]),
        }
    )
    return made, pd.concat([edges_to(used, "VS", "W"), edges_to(used, "VS", "H")], ignore_index=True)
